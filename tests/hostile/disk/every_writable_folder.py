# add: AC TLE RE MLE | a gigabyte in each place that takes it
import os
import tempfile

assert os.getuid() != 0, "BREACH: runs as root"
answer = sum(map(int, input().split()))
roots = {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue", os.path.expanduser("~"), "/"}
for root in roots:
    try:
        with open(f"{root}/hostile_leak", "wb", 0) as file:
            for _ in range(1024):
                file.write(b"x" * (1 << 20))
        print("BREACH: a gigabyte in", root)
    except OSError:
        pass
print(answer)
