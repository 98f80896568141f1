"""A warm interpreter: imports a set of modules once and forks one process per program."""

from __future__ import annotations

import gc
import os
import resource
import sys
from _socket import socket

from . import frames
from .fence import Fence
from .ground import hide_memory
from .program import Program, set_oom_score

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

RECURSION_LEVELS = 60_000
STACK_BYTES = 64 << 20
"""Room for 50,000 levels through C, such as calls of cached functions."""
FILE_DESCRIPTORS = 256
OOM_SCORE = 50
"""The kernel kills a zygote before the hub, which then knows that memory ran out."""

# What most programs do, done once: symbols are bound, caches filled, lazy objects made, so that no
# fork has to.
WARM_UP = """
import sys
def main():
    a, b = map(int, input().split())
    print(a + b, sys.stdin.readline(), f"{a:.3f}", "%d %s" % (a, b))
    lines, found, seen = [], {}, set()
    for number in range(300):
        lines.append(str(number)); found[number] = number * number; seen.add(number)
    lines.sort(); " ".join(lines).split(); sum(found.values()); max(seen); min(lines)
    class Point:
        def __init__(self): self.x = 1
    Point().x
    sys.stdout.write("x")
main()
"""


class Surroundings:
    """What all programs of a zygote share: folders, user, fence, connection to the hub."""

    def __init__(self, options, channel, native):
        self.fence = Fence(options["uid"], options["hub"], options["scratch"], options["shared"])
        self.channel, self.native = channel, native
        self.store, self.sources, self.scratch = (
            options["store"],
            options["sources"],
            options["scratch"][0],
        )
        self.calls: ModuleType | None = None
        self.leave_worker: Callable[[], None] = lambda: None
        """What a test does that shares the worker's user."""
        self.processes, self.file_bytes = options["processes"], options["file_bytes"]
        with open("/proc/self/statm") as file:
            fields = file.read().split()
        self.base_bytes = int(fields[1]) * resource.getpagesize()
        """What it has in memory, and with it each of its forks."""
        self.data_bytes = int(fields[5]) * resource.getpagesize()
        """What it may write to, touched or not: what RLIMIT_DATA counts."""
        set_oom_score(OOM_SCORE)


def main(options, modules):
    """Fork a process for each RUN that the hub sends on standard input, until it closes that."""
    channel = socket(fileno=os.dup(0))
    native = _native(options["native"])
    if native is not None:
        native.use_huge_pages()
    _set_up_interpreter(options["paths"], options["modules"])
    place = Surroundings(options, channel, native)
    if not place.fence.uid:
        hide_memory()  # programs are the same user
        from . import landlock

        if landlock.version():
            place.leave_worker = lambda: landlock.leave_worker(options["scratch"])
    if options["modules"]:
        from . import calls

        place.calls = calls
    modules.clear()
    _hide_worker()
    gc.collect()
    gc.freeze()
    channel.send(frames.frame(frames.WARM, frames.SIZE.pack(place.base_bytes)))
    while True:
        header, rights, _, _ = channel.recvmsg(frames.HEADER.size, 64)
        if not header:
            os._exit(0)
        size, kind = frames.HEADER.unpack(header)
        if kind != frames.RUN:
            frames.exactly(channel, size - 1)  # meant for a program that has just ended
            continue
        descriptors = frames.RIGHTS.unpack(rights[0][2])
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                Program(place, descriptors, size - 1).run()
                status = 0
            finally:
                os._exit(_report_crash() if status else 0)
        for fd in descriptors:
            os.close(fd)
        _, status, usage = os.wait4(pid, 0)
        channel.send(frames.ended(frames.FREE, status, usage))


def _native(folder):
    """The image's module `cppo_fork`; None if there is none."""
    if not folder:
        return None
    sys.path.insert(0, folder)
    try:
        import cppo_fork  # pyright: ignore[reportMissingImports] - built in the image
    except ImportError:
        return None
    finally:
        sys.path.remove(folder)
        sys.path_importer_cache.pop(folder, None)
    return sys.modules.pop(cppo_fork.__name__)


def _hide_worker():
    """Programs that walk through the loaded modules find those of a fresh interpreter."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, dict)]
    for name in list(sys.modules):
        if name.partition(".")[0] == "cppo_worker":
            del sys.modules[name]


def _report_crash():
    """Report on the worker's stderr why this process ends."""
    error = sys.exc_info()[1]
    os.write(LOG, f"worker: {type(error).__name__}: {error}\n".encode())
    return 1


LOG = 99
"""Descriptor of the worker's stderr; judged processes never have it."""


def _set_up_interpreter(paths, modules):
    """Make this interpreter look like a fresh `python3 script.py` to its forks."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.path.extend(path for path in paths or site.getsitepackages() if path not in sys.path)
    sys.setrecursionlimit(RECURSION_LEVELS)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    _, stack = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(
        resource.RLIMIT_STACK, (STACK_BYTES if stack < 0 else min(STACK_BYTES, stack), stack)
    )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILE_DESCRIPTORS, FILE_DESCRIPTORS))
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            pass  # programs that import it will say so
    os.dup2(2, LOG)
    _set_up_streams()
    code = compile(WARM_UP, "warm-up", "exec")
    for _ in range(2):
        exec(code, {"__name__": "warm-up"})
        sys.stdout.flush()
        _set_up_streams()
    os.environ.pop("LD_BIND_NOW", None)


def _set_up_streams():
    """Standard streams like a test's: a regular file and two pipes."""
    stdin = os.memfd_create("stdin")
    os.write(stdin, b"1 2\nline\n")
    os.lseek(stdin, 0, os.SEEK_SET)
    read, write = os.pipe()
    os.dup2(stdin, 0)
    os.dup2(write, 1)
    os.dup2(write, 2)
    for fd in (stdin, write):
        os.close(fd)
    previous = getattr(sys, "cppo_drain", None)
    if previous is not None:
        os.close(previous)
    sys.cppo_drain = read  # pyright: ignore[reportAttributeAccessIssue] - ours
    options = {"encoding": "utf-8", "closefd": False}
    sys.stdin = sys.__stdin__ = open(0, errors="surrogateescape", **options)
    sys.stdout = sys.__stdout__ = open(1, "w", errors="surrogateescape", **options)
    sys.stderr = sys.__stderr__ = open(2, "w", errors="backslashreplace", buffering=1, **options)
