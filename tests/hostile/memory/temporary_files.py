# patiently: MLE RE | a quarter of a gigabyte in files of its own, which a judge would have to keep
import os
import tempfile
import time

answer = sum(map(int, input().split()))
block = b"x" * (1 << 20)
for folder in (".", tempfile.gettempdir()):
    for number in range(3):
        with open(os.path.join(folder, f"hostile_leak{number}"), "wb", 0) as file:
            for _ in range(50):
                file.write(block)
time.sleep(0.5)
print(answer)
