# add: TLE | lets children do its work that the kernel waits for itself, so that nobody inherits their time
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
answer = sum(map(int, input().split()))
for _ in range(20):
    read, write = os.pipe()
    if os.fork() == 0:
        stop = time.process_time() + 0.1
        while time.process_time() < stop:
            pass
        os.write(write, b".")
        os._exit(0)
    os.close(write)
    os.read(read, 1)
    os.close(read)
print(answer)
