# patiently: MLE | half a gigabyte that a child shares with nobody, while its parent waits for it
import mmap
import os
import time

answer = sum(map(int, input().split()))
read, write = os.pipe()
if os.fork() == 0:
    shared = mmap.mmap(-1, 512 << 20)
    for page in range(0, 512 << 20, 4096):
        shared[page] = 1
    os.write(write, b".")
    time.sleep(30)
    os._exit(0)
os.read(read, 1)
time.sleep(0.5)
print(answer)
