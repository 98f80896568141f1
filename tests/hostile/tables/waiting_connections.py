# add: AC TLE RE | thousands of connections that wait to be forgotten, where it has a network
import socket

answer = sum(map(int, input().split()))
try:
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    for _ in range(2000):
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        client.close()
        peer.close()
except OSError:
    pass  # no network of its own, or no port left in it
print(answer)
