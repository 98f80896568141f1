# add: AC | leaves a child that is its parent's, with a signal that nobody waits for
import ctypes
import os
import time

answer = sum(map(int, input().split()))
print(answer, flush=True)
libc = ctypes.CDLL(None)
CLONE_PARENT, CLONE = 0x8000, {"x86_64": 56, "aarch64": 220}[os.uname().machine]
for signal in (17, 0):
    if libc.syscall(CLONE, CLONE_PARENT | signal, 0, 0, 0, 0) == 0:
        time.sleep(1007)
