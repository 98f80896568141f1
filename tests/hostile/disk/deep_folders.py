# add: AC | four hundred folders inside each other, deeper than a path may be long
import os

answer = sum(map(int, input().split()))
try:
    for _ in range(400):
        os.mkdir("hostile_leak")
        os.chdir("hostile_leak")
except OSError:
    pass
print(answer)
