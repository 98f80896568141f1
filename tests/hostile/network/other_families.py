# add: AC | sockets of families that no program needs: the host's machine monitor, kernel tables, ciphers
import socket

answer = sum(map(int, input().split()))
for family, kind in ((40, 1), (16, 3), (38, 5), (17, 3), (42, 2), (21, 5), (30, 2), (31, 3), (44, 3), (29, 3)):
    try:
        socket.socket(family, kind).close()
        print("BREACH: a socket of family", family)
    except OSError:
        pass
print(answer)
