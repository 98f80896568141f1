# add: AC RE | a thousand inotify instances, of which a user has few
import ctypes

libc = ctypes.CDLL(None)
answer = sum(map(int, input().split()))
made = 0
for _ in range(1000):
    if libc.inotify_init1(0) < 0:
        break
    made += 1
if made == 1000:
    print("BREACH")
print(answer)
