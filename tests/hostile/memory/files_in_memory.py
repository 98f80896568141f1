# patiently: MLE RE | ten files in memory of fifty megabytes, none of them mapped
import os
import time

answer = sum(map(int, input().split()))
block = b"x" * (1 << 20)
files = []
for _ in range(10):
    files.append(os.memfd_create("bomb"))
    for _ in range(50):
        os.write(files[-1], block)
time.sleep(0.5)
print(answer)
