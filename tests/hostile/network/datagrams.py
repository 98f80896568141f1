# add: AC RE | sends datagrams outside
import socket

answer = sum(map(int, input().split()))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    for host in ("1.1.1.1", "255.255.255.255", "224.0.0.1"):
        try:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            client.sendto(b"hostile", (host, 9))
            print("BREACH", host)
        except OSError:
            pass
print(answer)
