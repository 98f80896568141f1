# add: MLE RE TLE | a mapping, touched page by page (the first touch of a page costs a fresh machine much CPU time)
import mmap

room = mmap.mmap(-1, 1 << 30)
for page in range(0, 1 << 30, 4096):
    room[page] = 1
print(sum(map(int, input().split())))
