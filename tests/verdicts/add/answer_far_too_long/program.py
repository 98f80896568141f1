a, b = map(int, input().split())
print(f"{a + b} " * 4_000_000)
