# add: AC | asks for interfaces of the kernel that a program does not need
import ctypes
import os

answer = sum(map(int, input().split()))
libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(256)
# Numbers of x86-64 and arm64.
CALLS = {
    "io_uring_setup": (425, 425, 4, room),
    "io_setup": (206, 0, 1, room),
    "userfaultfd": (323, 282, 1),
    "perf_event_open": (298, 241, room, 0, -1, -1, 0),
    "add_key": (248, 217, b"user", b"hostile", b"x", 1, -3),
    "keyctl": (250, 219, 0, -3, 0),
    "ptrace": (101, 117, 0, 0, 0, 0),
    "process_vm_readv": (310, 270, os.getpid(), None, 0, None, 0, 0),
    "pidfd_getfd": (438, 438, -1, 0, 0),
    "unshare": (272, 97, 0x10000000),
    "seccomp": (317, 277, 2, 0, room),
    "memfd_secret": (447, 447, 0),
    "mincore": (27, 232, None, 0, None),
    "clone with CLONE_PARENT": (56, 220, 0x8000 | 17, 0, 0, 0, 0),
    "clone with CLONE_NEWUSER": (56, 220, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": (435, 435, room, 88),
    "semget": (64, 190, 0x484F5354, 1, 0o1600),
    "a call of the future": (900, 900),
}
for name, (x86, arm, *arguments) in CALLS.items():
    result = libc.syscall(x86 if os.uname().machine == "x86_64" else arm, *arguments)
    if result == 0 and name.startswith("clone"):
        os._exit(0)
    if result != -1:
        print("BREACH", name, result)
print(answer)
