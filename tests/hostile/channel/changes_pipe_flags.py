# add: AC | leaves its pipes non-blocking, tiny and with an owner for signals
import fcntl
import os
import signal

signal.signal(signal.SIGIO, signal.SIG_IGN)  # its own, when its output is read before it ends
print(sum(map(int, input().split())), flush=True)
for fd in (0, 1, 2):
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC | os.O_APPEND)
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, 1031, 4096)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass
