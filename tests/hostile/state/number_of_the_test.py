# add: AC | reads from the name of its input which test it is
import os

answer = sum(map(int, input().split()))
name = os.path.basename(os.readlink("/proc/self/fd/0"))
print("BREACH" if {"0", "1", "2"} & set(name.replace(".", "-").split("-")[-1:]) else answer)
