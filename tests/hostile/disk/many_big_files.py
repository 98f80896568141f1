# add: AC TLE RE MLE | the same in files of eight megabytes
answer = sum(map(int, input().split()))
try:
    for i in range(256):
        with open(f"hostile_leak{i}", "wb", 0) as file:
            for _ in range(8):
                file.write(b"x" * (1 << 20))
    print("BREACH: two gigabytes were written")
except OSError:
    pass
print(answer)
