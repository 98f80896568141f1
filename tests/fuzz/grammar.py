"""Random programs: statements of `STATEMENTS` with random numbers, in random order.

The programs also limit themselves: few processes, small pieces of memory, no endless loops outside
its limits.
"""

# ruff: noqa: E501 - a table of statements

from __future__ import annotations

import random

PRELUDE = """\
import array, ctypes, fcntl, mmap, os, random, resource, signal, socket, sys, threading, time
rnd = random.Random({seed})
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
room = ctypes.create_string_buffer(rnd.randbytes(8192), 8192)
text = ctypes.create_string_buffer(b"hostile_leak")
me, parent = os.getpid(), os.getppid()
forks = 0
def number():
    return rnd.choice([0, 1, 2, 3, 4, 8, 16, -1, me, parent, 1 << rnd.randrange(32), rnd.randrange(256),
                       rnd.getrandbits(32), rnd.getrandbits(63), ctypes.addressof(room), ctypes.addressof(text),
                       ctypes.addressof(room) + rnd.randrange(8192)])
def call(number_, *arguments):
    return libc.syscall(ctypes.c_long(number_), *map(ctypes.c_long, arguments))
def tolerant(action, *arguments):
    try:
        return action(*arguments)
    except (OSError, ValueError, OverflowError, TypeError, MemoryError):
        return None
def fork():
    global forks
    forks += 1
    return os.fork() if forks < 12 else 1
a, b = map(int, input().split())
"""

STATEMENTS = (
    # system calls, in this process and in others
    "for _ in range({few}): call(rnd.randrange(470), *[number() for _ in range(6)])",
    "for _ in range({few}): call({call}, *[number() for _ in range(6)])",
    "if tolerant(fork) == 0:\n    for _ in range({many}): call(rnd.randrange(470), *[number() for _ in range(6)])",
    "if tolerant(fork) == 0:\n    for _ in range({few}): call({call}, *[number() for _ in range(6)])\n    os._exit(0)",
    "if call(56, {flags} | {signal}, 0, 0, 0, 0) == 0: os._exit({few})",
    "if call(56, {flags} | {signal}, 0, 0, 0, 0) == 0: time.sleep(1007)",
    "call(157, rnd.randrange(70), number(), number(), number(), number())",
    # descriptors
    "for fd in range(6): tolerant(fcntl.fcntl, fd, rnd.choice([1, 2, 4, 8, 10, 15, 1024, 1026, 1031, 1033, 1036]), {few})",
    "for fd in range(4): tolerant(fcntl.fcntl, fd, rnd.choice([5, 6, 36, 37, 15]), rnd.randbytes(32))",
    "for fd in range(4): tolerant(fcntl.ioctl, fd, rnd.choice([0x5421, 0x5452, 0x541B, 0x5450, 0x40086602, {big}]), room)",
    "for fd in range(4): tolerant(fcntl.flock, fd, rnd.choice([1, 2, 4, 5, 6, 8]))",
    "tolerant(os.dup2, rnd.randrange(4), rnd.randrange(250))",
    "tolerant(os.close, rnd.randrange(6))",
    "tolerant(os.set_blocking, rnd.randrange(3), False)",
    "tolerant(os.write, rnd.randrange(6), rnd.randbytes({few}))",
    "tolerant(os.write, 1, b'x' * rnd.randrange(1 << 17))",
    "tolerant(os.ftruncate, rnd.randrange(4), number())",
    "for _ in range({many}): tolerant(os.pipe)",
    "for _ in range({few}): tolerant(os.memfd_create, 'x')",
    "tolerant(os.open, f'/proc/{{rnd.choice([me, parent, 1])}}/{name}', rnd.choice([0, 1, 2]))",
    "tolerant(lambda: os.write(os.open(f'/proc/self/{name}', 1), rnd.choice([b'0', b'1', b'5', rnd.randbytes(9)])))",
    # signals and process groups
    "for n in range(1, 65): tolerant(signal.signal, n, rnd.choice([signal.SIG_IGN, signal.SIG_DFL, lambda *_: None]))",
    "tolerant(signal.pthread_sigmask, signal.SIG_BLOCK, range(1, 65))",
    "tolerant(os.kill, rnd.choice([0, me, parent, 1, parent + 1, me + 1]), {signal})",
    "tolerant(os.kill, -1, rnd.choice([0, 18, 19, 20, 23]))",
    "tolerant(os.setsid)",
    "tolerant(os.setpgid, 0, rnd.choice([0, parent, me]))",
    "tolerant(signal.setitimer, rnd.randrange(3), rnd.random() / 10, rnd.random() / 10)",
    "if tolerant(fork) == 0: os.kill(os.getpid(), signal.SIGSTOP)",
    "if tolerant(fork) == 0: tolerant(os.kill, me, rnd.choice([9, 19, 20, 23])); time.sleep(1007)",
    # limits and scheduling
    "tolerant(resource.setrlimit, rnd.randrange(16), ({big}, {big}))",
    "tolerant(resource.setrlimit, rnd.randrange(16), (rnd.randrange(9), rnd.randrange(9, 99)))",
    "tolerant(os.nice, rnd.randrange(20))",
    "tolerant(os.sched_setaffinity, rnd.choice([0, parent, 1]), [rnd.randrange(4)])",
    "tolerant(os.sched_setscheduler, 0, rnd.randrange(7), os.sched_param(0))",
    "call(251, rnd.randrange(4), rnd.choice([0, me, parent]), rnd.getrandbits(16))",
    # files
    "tolerant(lambda: open({path}, 'w').write('x' * rnd.randrange(1 << 16)))",
    "tolerant(os.mkdir, {path}, rnd.randrange(0o1000)); tolerant(lambda: open({path} + '/x', 'w'))",
    "tolerant(os.symlink, rnd.choice(['/proc/self', '.', '..', 'loop', '/']), {path})",
    "tolerant(os.link, __file__, {path}); tolerant(os.mkfifo, {path}, 0)",
    "tolerant(os.chmod, {folder}, rnd.randrange(0o10000)); tolerant(os.utime, {folder}, ({few}, {few}))",
    "tolerant(os.setxattr, {folder}, 'user.hostile_leak', b'x' * {few})",
    "tolerant(os.rename, {path}, {path}); tolerant(os.rename, {folder}, {path})",
    "tolerant(os.rmdir, {folder}); tolerant(os.chdir, {folder}); tolerant(os.unlink, __file__)",
    "for n in range({many}): tolerant(lambda: (os.mkdir('d'), os.chdir('d')))",
    "tolerant(os.umask, 0o777)",
    # sockets
    "s, t = socket.socketpair(); tolerant(s.sendmsg, [b'x'], [(1, 1, array.array('i', [0, 1, 2, s.fileno(), t.fileno()]))])",
    "s = tolerant(socket.socket, rnd.randrange(46), rnd.randrange(11)); tolerant(lambda: s.bind(('127.0.0.1', 0)))",
    "s = tolerant(socket.create_server, ('127.0.0.1', 0)); tolerant(lambda: socket.create_connection(s.getsockname(), 0.1))",
    "s = socket.socket(1); tolerant(s.bind, '\\0hostile_leak'); tolerant(s.listen)",
    # memory and threads
    "m = tolerant(mmap.mmap, -1, rnd.randrange(1, 1 << 22)); tolerant(lambda: m.write(b'x' * len(m)))",
    "m = tolerant(mmap.mmap, -1, 1 << 20); tolerant(lambda: m.madvise(rnd.randrange(26)))",
    "call(9, 0, 1 << 20, rnd.randrange(8), rnd.choice([1, 2, 0x21, 0x22, 0x8022]), -1, 0)",
    "call(10, ctypes.addressof(room) & ~4095, 4096, rnd.randrange(8)); call(11, number(), number())",
    "for _ in range({few}): tolerant(threading.Thread(target=time.sleep, args=(9,), daemon={daemon}).start)",
    "for _ in range({few}): tolerant(threading.Thread(target=call, args=({call}, number(), number())).start)",
    "sys.setrecursionlimit(rnd.randrange(100, 10**6)); ctypes.memset(id(rnd.choice([1, 'x', (), int])), 0, 0)",
    "ctypes.string_at(number(), 1)",
    # endings
    "if tolerant(fork) == 0:\n    if tolerant(fork) == 0: time.sleep(1007)\n    os._exit(0)",
    "if tolerant(fork) == 0: os.execv('/bin/sh', ['sh', '-c', rnd.choice(['sleep 1007', 'kill -9 $PPID', 'exit 3', 'ulimit -n 3; cat'])])",
    "stop = time.process_time() + {few} / 300\nwhile time.process_time() < stop: pass",
    "if rnd.random() < 0.1: os._exit({few})",
    "if rnd.random() < 0.1: os.abort()",
    "print(a + b, flush=True)",
)  # fmt: skip
NAMES = ("mem", "oom_score_adj", "comm", "clear_refs", "fd/0", "fd/1", "attr/current", "coredump_filter",
         "timerslack_ns", "setgroups", "uid_map", "sched", "autogroup", "environ", "task/1/children")  # fmt: skip
CALLS = (0, 1, 13, 14, 16, 20, 25, 28, 32, 40, 53, 56, 57, 58, 61, 62, 72, 73, 95, 105, 109, 112, 113, 114, 116,
         117, 119, 121, 125, 126, 130, 131, 149, 151, 157, 160, 186, 200, 202, 218, 222, 223, 234, 247, 253, 254,
         265, 273, 275, 276, 278, 279, 282, 283, 284, 288, 290, 293, 297, 302, 309, 314, 316, 319, 322, 324, 325,
         326, 329, 330, 332, 334, 424, 434, 436, 437, 439, 440, 441, 442, 444, 448, 449)  # fmt: skip


def program(seed: int) -> str:
    """The program with that number."""
    draw = random.Random(seed)
    folders = ("'.'", "'/tmp'", "'/dev/shm'", "os.path.dirname(__file__)")
    lines = [PRELUDE.format(seed=seed)]
    for statement in draw.choices(STATEMENTS, k=draw.randrange(2, 14)):
        folder = draw.choice(folders)
        lines.append(
            statement.format(
                few=draw.randrange(1, 30),
                many=draw.randrange(30, 300),
                big=draw.choice((0, 1, 1 << 20, 1 << 31, (1 << 63) - 1)),
                call=draw.choice(CALLS),
                signal=draw.randrange(65),
                flags=sum(1 << draw.randrange(8, 32) for _ in range(draw.randrange(4))),
                name=draw.choice(NAMES),
                folder=folder,
                path=f"{folder} + '/hostile_leak{draw.randrange(4)}'",
                daemon=draw.random() < 0.5,
            )
        )
    return "\n".join([*lines, "print(a + b)", ""])
