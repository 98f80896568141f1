# add: AC | leaves marks on standard output and error for the test after it
import fcntl
import os
import struct

F_SETSIG, F_GETSIG, F_SETOWN, F_GETOWN_EX, F_SETPIPE_SZ, F_GETPIPE_SZ = 10, 11, 8, 16, 1031, 1032
F_OFD_SETLK, F_SET_RW_HINT, F_GET_RW_HINT = 37, 1036, 1035
LOCK = struct.pack("hhlli4x", fcntl.F_WRLCK, 0, 738291, 1, 0)
a, b = map(int, input().split())


def marks(fd):
    found = [fcntl.fcntl(fd, F_GETSIG), fcntl.fcntl(fd, F_GETOWN_EX, bytes(8)), os.fstat(fd).st_mtime_ns]
    found += [os.fstat(fd).st_atime_ns, fcntl.fcntl(fd, fcntl.F_GETFL) & ~0o100000]
    try:
        found.append(fcntl.fcntl(fd, F_GET_RW_HINT, bytes(8)))
    except OSError:
        pass
    return found


fresh = [0, bytes(8), 0, 0, os.O_WRONLY, bytes(8)]
for fd in (1, 2):
    seen = marks(fd)
    if seen != fresh[: len(seen)]:
        print("BREACH: marks on", fd, seen)
if fcntl.fcntl(1, F_GETPIPE_SZ) == 1 << 16 or fcntl.fcntl(2, F_GETPIPE_SZ) == 1 << 17:
    print("BREACH: the size of a pipe")
for fd, size in ((1, 1 << 16), (2, 1 << 17)):
    other = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_UN)
    except OSError:
        print("BREACH: somebody has locked", fd)
    os.close(other)
    fcntl.flock(fd, fcntl.LOCK_EX)
    for command, value in ((F_SETSIG, 47), (F_SETOWN, os.getpid()), (F_SETPIPE_SZ, size)):
        fcntl.fcntl(fd, command, value)
    for command, value in ((F_OFD_SETLK, LOCK), (F_SET_RW_HINT, struct.pack("Q", 5))):
        try:
            fcntl.fcntl(fd, command, value)
        except OSError:
            pass
    os.write(2, b"for the time of the last write")
print(a + b)
