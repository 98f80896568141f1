# add: AC | connects to addresses outside, by number
import socket

answer = sum(map(int, input().split()))
targets = [("1.1.1.1", 53), ("8.8.8.8", 443), ("169.254.169.254", 80), ("172.17.0.1", 22), ("2606:4700:4700::1111", 53)]
for host, port in targets:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
            client.settimeout(0.15)
            client.connect((host, port))
            print("BREACH", host)
    except ConnectionRefusedError:
        print("BREACH: somebody refused at", host)
    except OSError:
        pass
print(answer)
