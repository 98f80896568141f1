# add: AC | terminals, of which the machine has 4,095
import os

answer = sum(map(int, input().split()))
for _ in range(250):
    try:
        os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
        print("BREACH: a terminal of the machine")
    except OSError:
        break
print(answer)
