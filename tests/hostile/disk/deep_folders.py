# add: AC TLE | fifteen hundred folders inside each other
import os

answer = sum(map(int, input().split()))
try:
    for _ in range(1500):
        os.mkdir("hostile_leak")
        os.chdir("hostile_leak")
except OSError:
    pass
print(answer)
