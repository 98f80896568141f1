"""The process of one program: compile it once, fork one process per test, end with it.

It is forked from a zygote and trusted, and ends with the program, so nothing of one program reaches
the next. The only test of a program runs in this process itself, which has run nothing of the
program before.
"""

from __future__ import annotations

import marshal
import os
import resource
import time

from . import frames
from .child import CHANNEL
from .code import Binary, CompileError, Script, Unable
from .ground import show_memory

RESERVED_BYTES = 512 << 20
"""Memory that a program may reserve beyond its limit untouched (thread stacks, sparse maps)."""
WORKERS_PROCESSES = 8
"""As many may a worker itself have."""
ANSWERS = 100
"""Descriptor of the pipe for the answers of calls."""
LARGE_BYTES = 16 << 20


class Program:
    """One task of the host: a marshalled dict.

    job, key: numbers of the task and of its test set. start, stop, final: the tests to run, and
    whether more will be announced. source, file_name, compile (command or None), run (command or
    None), entry (name or None), call (see `calls`), stop_early, checked (by a program), together
    (see that module), cpu_s, wall_s, most_wall_s, memory_bytes, allowed_bytes, unused_bytes,
    output_bytes.

    Args:
        place: see `zygote.Surroundings`.
        descriptors: the pipes for stdout, stderr and answers.
        size: bytes of the first command and the task, next in the hub's socket.
    """

    def __init__(self, place, descriptors, size):
        data = frames.exactly(place.channel, size)
        self._place = place
        self._index, self._action = frames.COMMAND.unpack_from(data)
        self._task = task = marshal.loads(memoryview(data)[frames.COMMAND.size :])
        self._call_based = task["entry"] is not None
        for fd, target in zip(descriptors, (1, 2, ANSWERS) if self._call_based else (1, 2)):
            os.dup2(fd, target)
        self._processes = place.processes + (0 if place.fence.uid else _tasks_of_the_machine())
        os.chdir(place.scratch)
        set_oom_score(1000)  # the kernel ends this process or its test rather than the worker

    def _limit(self):
        """The kernel's limits, which all tests inherit; watching enforces finer ones."""
        place = self._place
        data_bytes = self._task["allowed_bytes"] + self._task["unused_bytes"]
        data_bytes += place.data_bytes + RESERVED_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (place.file_bytes, place.file_bytes))

    def run(self):
        """Compile the program and run its tests as the hub commands."""
        send = self._place.channel.send
        try:
            self._remove_others()
            self._code = (Script if self._task["compile"] is None else Binary)(
                self._place, self._task
            )
        except (CompileError, Unable) as error:
            how = frames.DONE_UNABLE if isinstance(error, Unable) else frames.DONE_COMPILE_ERROR
            self._place.channel.sendall(
                frames.frame(frames.REFUSED, bytes((how,)), str(error).encode("utf-8", "replace"))
            )
            return
        if (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
            > self._place.base_bytes + LARGE_BYTES
        ):
            _forget_peak()
        self._limit()
        own_s = time.process_time()
        send(frames.frame(frames.COMPILED, frames.SECONDS.pack(own_s)))
        self._serve(own_s)

    def _remove_others(self):
        """Delete sources and binaries of earlier programs, which this one could read."""
        folder = self._place.sources
        for name in os.listdir(folder):
            if name != self._task["file_name"]:
                os.unlink(os.path.join(folder, name))

    def _serve(self, own_s):
        """Run tests until told to stop; in the process of a test it never returns."""
        place, task, last = self._place, self._task, self._action == frames.LAST
        store = f"{place.store}/{task['key']}-"
        # A backstop: the hub gives a disturbed test twice its time, see `trial`.
        cpu_s = int(2 * task["cpu_s"] + own_s * last) + 2
        run, arguments = self._code.action()
        if place.native is None or last:
            in_test = self._serve_here(store, cpu_s, last)
        else:
            answers = ANSWERS if self._call_based else -1
            in_test = place.native.serve(
                place.channel.fileno(),
                self._index,
                store,
                answers,
                place.fence.uid,
                cpu_s,
                place.processes,
            )
        if in_test:
            try:
                os.chdir(place.scratch)  # it may have been made anew since the last test
                run(*arguments)
            finally:
                os._exit(70)

    def _serve_here(self, store, cpu_s, last):
        """Fallback for `serve` of image/cppo_fork.c: True in each test, False at the end."""
        # One frame, local names, few objects: each page touched after a fork costs a
        # page fault.
        place, index, size = self._place, self._index, frames.HEADER.size + frames.COMMAND.size
        send, receive, quit_ = place.channel.send, place.channel.recv, frames.QUIT
        open_, dup2, close, fork, wait4 = os.open, os.dup2, os.close, os.fork, os.wait4
        pack, unpack = frames.USAGE_FRAME.pack, frames.COMMAND.unpack_from
        length, ended = frames.USAGE_BYTES, frames.ENDED
        while True:
            try:
                fd = open_(store + str(index), 0)
                dup2(fd, 0)
                close(fd)
                pid = 0 if last else fork()
            except OSError as error:
                send(frames.frame(frames.FAULT, str(error).encode()))
            else:
                if pid == 0:
                    self._enter(cpu_s)
                    return True
                _, status, usage = wait4(pid, 0)
                send(pack(length, ended, status, usage[0] + usage[1], usage[2] << 10))
            command = receive(size)
            if len(command) != size:
                return False  # the hub is gone
            index, action = unpack(command, frames.HEADER.size)
            if action == quit_:
                return False

    def _enter(self, cpu_s):
        """Become the process of a test: no inherited descriptors, limits, another user."""
        if self._call_based:
            os.dup2(ANSWERS, CHANNEL)
        os.closerange(CHANNEL + self._call_based, 256)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        uid, processes = self._place.fence.uid, self._processes
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
        if uid:
            os.setresuid(uid, uid, uid)
        else:
            os.setsid()
            show_memory()
            self._place.leave_worker()


def _tasks_of_the_machine():
    """No user has more; in the worker's own namespaces, where this is hidden, nearly none."""
    try:
        with open("/proc/loadavg") as file:
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, IndexError):
        return WORKERS_PROCESSES


def set_oom_score(score):
    """If allowed, make the kernel prefer this process when memory is short."""
    try:
        _write_file("/proc/self/oom_score_adj", b"%d" % score)
    except OSError:
        pass


def _forget_peak():
    """Do not charge the program for the compiler's memory."""
    try:
        _write_file("/proc/self/clear_refs", b"5")
    except OSError:
        pass  # a kernel without it: the test may seem to have used that much


def _write_file(path, data):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, data)
    os.close(fd)
