# add: AC RE | a daemon that listens for the next test
import os
import socket
import time

answer = sum(map(int, input().split()))
with socket.socket() as client:
    client.settimeout(0.1)
    try:
        client.connect(("127.0.0.1", 47011))
        print("BREACH: the listener of an earlier test answers")
    except OSError:
        pass
print(answer, flush=True)
if os.fork() == 0:
    os.setsid()
    with open("/proc/self/comm", "w") as file:
        file.write("hostile_leak")
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 47011))
    server.listen()
    time.sleep(100)
