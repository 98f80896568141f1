# add: AC | a filter of its own asks a listener before it may exit, who never answers
import ctypes
import os
import struct
import time

libc = ctypes.CDLL(None)
NO_NEW_PRIVS, SET_FILTER, NEW_LISTENER, NOTIFY, ALLOW = 38, 1, 8, 0x7FC00000, 0x7FFF0000
SECCOMP, EXIT_GROUP = {"x86_64": (317, 231), "aarch64": (277, 94)}[os.uname().machine]
answer = sum(map(int, input().split()))
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, EXIT_GROUP), (6, 0, 0, NOTIFY), (6, 0, 0, ALLOW)]
code = b"".join(struct.pack("=HBBI", *step) for step in steps)
room = ctypes.create_string_buffer(code, len(code))
libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
libc.syscall(SECCOMP, SET_FILTER, NEW_LISTENER, struct.pack("@HP", len(steps), ctypes.addressof(room)))
print(answer, flush=True)
if os.fork() == 0:
    time.sleep(1007)
os._exit(0)
