a, b = map(int, input().split())
print(a + b, "\n" * 8_000_000)
