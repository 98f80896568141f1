# add: AC | leaves times, flags and attributes on its folders for the test after it
import fcntl
import os
import struct

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_SETVERSION, NODUMP = 0x80086601, 0x40086602, 0x40087602, 0x40
a, b = map(int, input().split())
for folder in (".", os.environ.get("TMPDIR", "/tmp")):
    status = os.stat(folder)
    if 738291 in (status.st_mtime_ns % 10**6, status.st_atime_ns % 10**6) or status.st_mtime_ns:
        print("BREACH: the times of", folder, status)
    # An interpreter below /tmp is mounted there, read-only; programs cannot mount anything.
    left = [name for name in os.listdir(folder) if not os.path.ismount(os.path.join(folder, name))]
    if os.listxattr(folder) or left:
        print("BREACH: something in", folder, left)
    fd = os.open(folder, os.O_RDONLY)
    try:
        [flags] = struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8)))
        if flags & NODUMP:
            print("BREACH: the flags of", folder)
        fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("l", flags | NODUMP))
        fcntl.ioctl(fd, FS_IOC_SETVERSION, struct.pack("i", 738291))
    except OSError:
        pass
    open(os.path.join(folder, "hostile_leak"), "w").close()
    os.unlink(os.path.join(folder, "hostile_leak"))
    for mark in (
        lambda: os.setxattr(folder, "user.hostile", b"738291"),
        lambda: os.utime(folder, ns=(738291, 738291)),
        lambda: os.utime(folder),
        lambda: os.chmod(folder, 0o711),
    ):
        try:
            mark()
        except OSError:
            pass
print(a + b)
