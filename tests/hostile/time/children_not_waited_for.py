# add: TLE | the same with SA_NOCLDWAIT, which leaves a handler in place
import ctypes
import os
import signal
import struct
import time

SA_NOCLDWAIT = 2
libc = ctypes.CDLL(None)
signal.signal(signal.SIGCHLD, lambda *_: None)
action = ctypes.create_string_buffer(160)
libc.sigaction(signal.SIGCHLD, None, action)
flags = 8 + 128
struct.pack_into("i", action, flags, struct.unpack_from("i", action, flags)[0] | SA_NOCLDWAIT)
libc.sigaction(signal.SIGCHLD, action, None)
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
    while not os.read(read, 1):
        pass
    os.close(read)
print(answer)
