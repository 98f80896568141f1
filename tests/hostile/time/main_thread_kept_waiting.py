# briefly: TLE | keeps its own main process waiting for a core, to be excused for its wall clock
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
end = time.monotonic() + 20
for _ in range(3):
    if os.fork() == 0:
        while time.monotonic() < end:
            read, write = os.pipe()
            if os.fork() == 0:
                stop = time.process_time() + 0.02
                while time.process_time() < stop:
                    pass
                os._exit(0)
            os.close(write)
            os.read(read, 1)
            os.close(read)
        os._exit(0)
os.nice(19)
while time.monotonic() < end:
    pass
print(sum(map(int, input().split())))
