# patiently: MLE RE | a mapping, touched page by page
import mmap

room = mmap.mmap(-1, 1 << 30)
for page in range(0, 1 << 30, 4096):
    room[page] = 1
print(sum(map(int, input().split())))
