# add: AC | asks its parent to trace it, then stops
import ctypes
import os
import signal

answer = sum(map(int, input().split()))
print(answer, flush=True)
if ctypes.CDLL(None).ptrace(0, 0, None, None) == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
