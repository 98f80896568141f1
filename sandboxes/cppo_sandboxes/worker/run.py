"""One program on its way through its tests: which to run when, watching it from outside, saying what it did.

The hub supervises, and is never forked from, so none of its pages is ever copied; the processes
that fork hold as little as they can.
"""

from __future__ import annotations

import os
import time
from _signal import SIGKILL, SIGSEGV, SIGXCPU
from _socket import SCM_RIGHTS, SOL_SOCKET

from . import frames
from .pipes import PIECE_BYTES, Capture, Pipes

QUICK_S = 0.02
"""A test that takes longer is watched: its pipes are drained and its CPU time is read."""
WATCH_S = 0.02
TREE_S = 0.25
"""How often the CPU time of the program's children is added up."""
IDLE_AFTER_S = 0.5
IDLE_SHARE = 0.1
OVERLOAD = 4
"""On a machine with too much to do, a program may take so many times its wall-clock limit."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MEMORY_ERRORS = (b"MemoryError", b"std::bad_alloc", b"_ArrayMemoryError")
COMPILER_CRASHES = (SIGSEGV, SIGXCPU)


class Run:
    """One task of the host (see `program.Program`); a state machine that the hub's events drive.

    Args:
        worker: the hub: `fence`, `send`, `flush`, `poll`, `out_of_memory`, `memory_bytes`.
        zygote: the handle of the zygote whose fork the program will be.
        task: the task; `raw` is its marshalled form.
    """

    def __init__(self, worker, zygote, task, raw):
        self.started_at = time.monotonic()
        self.over = False
        self._worker, self.zygote, self._task, self._raw = worker, zygote, task, raw
        self.job = task["job"]
        self._index, self._stop, self._final = task["start"], task["stop"], task["final"]
        self._call_based = task["entry"] is not None
        self._cancelled = False
        self._done = (
            None  # how the run has ended (DONE_*, text), while its process may still be there
        )
        self._begin()

    # ---- what the hub has to say ----

    def window(self, stop, final):
        """More inputs have arrived."""
        self._stop, self._final = stop, final
        self._step()

    def cancel(self):
        """Stop as soon as possible; what runs now is not reported."""
        self._cancelled = True
        self._end(frames.ENDED_SIGNAL)
        self._step()

    def hear(self, kind, payload):
        """Take in a frame of the program's process or of its zygote."""
        if kind == frames.ENDED:
            self._settle(*frames.USAGE.unpack(payload))
            self._step()
        elif kind == frames.COMPILED:
            self._compiled = self._running = True
            self._own_s = frames.SECONDS.unpack(payload)[0]
            self._started = time.monotonic()
        elif kind == frames.FREE:
            self._freed(*frames.USAGE.unpack(payload))
        elif kind == frames.REFUSED:
            self._leaving, self._done = True, (payload[0], payload[1:])
        elif kind == frames.FAULT:
            self._running = self._leaving = False
            self._report(frames.ENDED_FAULT, 0, 0.0, 0.0, 0, b"", payload)
            self._done = (frames.DONE_ALL, b"")
            self._step()

    def timeout_s(self):
        """After which time `tick` wants to be called; None if only after events."""
        if not self._running:
            return None
        elapsed_s = time.monotonic() - self._started
        if self._capture is None:
            return max(0.0, self._quick_s - elapsed_s)
        return max(0.001, min(WATCH_S, self._task["wall_s"] - elapsed_s))

    def reaped(self, cpu_s):
        """An orphan of the running test has ended."""
        self._orphans_s += cpu_s

    # ---- the program's process ----

    def _begin(self):
        """Start the process; it compiles the program and runs the next test at once."""
        self._worker.fence.learn_trusted()
        self._pipes = Pipes(self._call_based)
        self._alive, self._compiled, self._running = True, False, False
        self._own_s = 0.0
        self._prepare()
        # An only test runs in the program's process, unless that has paid for a compiler.
        self._leaving = bool(
            self._final and self._index + 1 == self._stop and self._task["compile"] is None
        )
        payload = frames.COMMAND.pack(self._index, self._leaving) + self._raw
        rights = frames.RIGHTS.pack(*self._pipes.writes)
        channel = self.zygote.channel
        channel.sendmsg(
            [frames.HEADER.pack(len(payload) + 1, frames.RUN)], [(SOL_SOCKET, SCM_RIGHTS, rights)]
        )
        channel.sendall(payload)

    def _prepare(self):
        """Forget the test before."""
        self._leaving = False
        self._orphans_s = 0.0
        self._capture = self._ended_by = None
        self._quick_s = 0.0 if self._pipes.chatty else QUICK_S

    def _step(self):
        """Do what comes next, if nothing runs."""
        if self._running or (self._alive and (self._leaving or not self._compiled)):
            return
        if self._done is None and self._cancelled:
            self._done = (frames.DONE_CANCELLED, b"")
        if self._done is None and self._index == self._stop:
            if not self._final:
                return (
                    self._worker.flush()
                )  # the host sends more inputs when it knows how far we are
            self._done = (frames.DONE_ALL, b"")
        if self._done is None and not self._alive:
            self._begin()
        elif self._done is None and not self._pipes.changed():
            self._prepare()
            self._command(self._index, frames.NEXT)
            self._running = True
            self._started = time.monotonic()
        elif self._alive:
            self._leaving = True
            self._command(0, frames.QUIT)
        else:
            self.over = True
            self._worker.send(
                frames.frame(
                    frames.DONE, frames.JOB.pack(self.job), bytes(self._done[:1]), self._done[1]
                )
            )

    def _command(self, index, action):
        self.zygote.channel.sendall(
            frames.frame(frames.TEST_NEXT, frames.COMMAND.pack(index, action))
        )

    def _freed(self, status, cpu_s, peak):
        """The program's process has ended; its only test may have run in it."""
        self._alive = False
        if self._running and self._leaving:
            self._settle(status, max(0.0, cpu_s - self._own_s), peak)
        elif not self._leaving:
            self._crashed(status, status == SIGKILL and self._worker.out_of_memory())
        self._running = False
        self._pipes.close()
        self._step()

    def _crashed(self, status, out_of_memory):
        """Its process has ended, and should not have; the kernel may have ended it instead of its test."""
        if self._running and out_of_memory:
            self._ended_by = self._out_of_memory()
            return self._settle(status, 0.0, 0)
        if self._running:
            self._unwatch()
        self._worker.fence.restore()
        if not self._compiled and (out_of_memory or os.WTERMSIG(status) in COMPILER_CRASHES):
            self._done = (frames.DONE_COMPILE_ERROR, b"the compiler crashed on the program")
        else:
            self._done = (
                frames.DONE_CRASHED,
                f"the program's process ended with status {status}".encode(),
            )
        return None

    def abandon(self, out_of_memory):
        """A zygote is gone: end the program, which is to blame if the kernel wanted memory."""
        self._alive = False
        self._crashed(SIGKILL, out_of_memory)
        self._running = False
        if self._done is None:
            self._done = (
                frames.DONE_CRASHED,
                b"a zygote has ended",
            )  # the other tests need a new worker
        self._pipes.close()
        self._step()

    # ---- one test ----

    def _settle(self, status, cpu_s, peak):
        """The test has ended."""
        wall_s = time.monotonic() - self._started
        self._running = False
        self._worker.fence.restore()
        self._unwatch()
        capture = self._capture or Capture()
        self._pipes.drain(capture, last=True)
        if self._cancelled:
            return
        passed = self._judge(status, cpu_s + self._orphans_s, peak, wall_s, capture)
        if self._capture is not None:
            self._worker.out_of_memory()  # what its children came to is not the next one's fault
        self._index += 1
        if not passed and self._task["stop_early"] and self._done is None:
            self._done = (frames.DONE_ALL, b"")

    def _unwatch(self):
        if self._capture is not None:
            for fd in self._pipes.reads:
                self._worker.poll.unregister(fd)

    def tick(self):
        """Look after a test that takes longer."""
        if not self._running:
            return
        elapsed_s = time.monotonic() - self._started
        if self._capture is None:
            if elapsed_s < self._quick_s:
                return
            self._capture = Capture()
            self._tree_at, self._told_idle, self._children_s = TREE_S, False, 0.0
            for fd in self._pipes.reads:
                self._worker.poll.register(fd, 1)
            self._worker.flush()
        if self._ended_by is None:
            self._watch(elapsed_s)
        else:
            self._end(self._ended_by)  # again, if there was nothing to kill yet

    def _watch(self, elapsed_s):
        task, capture = self._task, self._capture
        self._pipes.drain(capture)
        if capture.size > task["output_bytes"]:
            return self._end(frames.ENDED_OUTPUT)
        if capture.size - capture.sent >= PIECE_BYTES:
            before = time.monotonic()
            self._worker.send(frames.frame(frames.OUTPUT, self._number(), capture.take()))
            self._worker.flush()
            self._started += time.monotonic() - before  # the program has been waiting for us
        if not (pid := self._pid()):
            return None
        try:
            cpu_s = time.clock_gettime(
                (~pid << 3) | 2
            )  # of another process, see clock_getcpuclockid(3)
        except OSError:
            return None  # it has just ended
        if self._leaving:
            cpu_s -= self._own_s
        if _resident_bytes(pid) > self._memory_bytes():
            return self._end(frames.ENDED_MEMORY)
        if elapsed_s > self._tree_at:
            self._tree_at = elapsed_s + TREE_S
            self._children_s = self._worker.fence.children_cpu_s(pid)
        busy_s = cpu_s + self._children_s + self._orphans_s
        if busy_s > task["cpu_s"]:
            return self._end(frames.ENDED_CPU)
        wall_s = task["wall_s"]
        if elapsed_s >= wall_s and (
            elapsed_s - _queued_s(pid) >= wall_s or elapsed_s > OVERLOAD * wall_s
        ):
            return self._end(frames.ENDED_WALL)
        if (
            not self._told_idle
            and elapsed_s > IDLE_AFTER_S
            and busy_s + _queued_s(pid) < IDLE_SHARE * elapsed_s
        ):
            self._told_idle = True
            self._worker.send(frames.frame(frames.IDLING, frames.JOB.pack(self.job)))
            self._worker.flush()
        return None

    def _pid(self):
        """The process of the running test; 0 when it has ended or not begun."""
        pid = _child(self.zygote.pid)
        return pid if self._leaving or not pid else _child(pid)

    def _end(self, how):
        """Kill the running test."""
        self._ended_by = how
        if self._running and (pid := self._pid()):
            try:
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                pass  # it has just ended, and its parent has waited for it

    def _memory_bytes(self):
        return self._task["memory_bytes"] + self.zygote.base_bytes

    def _number(self):
        return frames.TEST.pack(self.job, self._index)

    def _judge(self, status, cpu_s, peak, wall_s, capture):
        how, tail = self._ended_by, capture.tail
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if how is None:
                how = frames.ENDED_SIGNAL
                if number == SIGKILL and self._worker.out_of_memory():
                    how = self._out_of_memory()
        else:
            number = os.WEXITSTATUS(status)
        if capture.size > self._task["output_bytes"]:
            how = frames.ENDED_OUTPUT
        elif cpu_s > self._task["cpu_s"] or (how == frames.ENDED_SIGNAL and number == SIGXCPU):
            how = frames.ENDED_CPU
        elif peak > self._memory_bytes() or (
            number and how in (None, frames.ENDED_SIGNAL) and _shows_memory_error(tail)
        ):
            how = frames.ENDED_MEMORY
        if how is None:
            how = frames.ENDED_EXIT
        passed = how == frames.ENDED_EXIT and number == 0
        if self._done is None:
            self._report(how, number, cpu_s, wall_s, peak, capture.take(), b"" if passed else tail)
        return passed

    def _out_of_memory(self):
        """The program has hit the container's limit: it is to blame if its own is not above that."""
        own, all_ = self._task["memory_bytes"], self._worker.memory_bytes
        if all_ and own > all_:
            text = (
                f"the problem's memory limit of {own >> 20} MiB is above the {all_ >> 20} MiB of the sandbox's "
                "containers, which the program has used up; raise DockerSandbox(memory_bytes=…)"
            )
            self._done = (frames.DONE_UNABLE, text.encode())
        return frames.ENDED_MEMORY

    def _report(self, how, number, cpu_s, wall_s, peak, answer, tail):
        outcome = frames.OUTCOME.pack(how, number, cpu_s, wall_s, peak, len(answer))
        self._worker.send(
            frames.frame(frames.RESULT, self._number(), outcome, answer, tail), result=True
        )


def _child(pid):
    """The only child of a process, or 0."""
    children = _read(f"/proc/{pid}/task/{pid}/children").split()
    return int(children[0]) if children else 0


def _shows_memory_error(tail):
    """Whether the last line of stderr is an unhandled out-of-memory error."""
    last = tail.rstrip().rpartition(b"\n")[2]
    return any(name in last for name in MEMORY_ERRORS)


def _resident_bytes(pid):
    """What a living process has in memory."""
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else 0


def _queued_s(pid):
    """Seconds that a process has waited for a core; not its fault, so not charged to its wall clock."""
    fields = _read(f"/proc/{pid}/schedstat").split()
    return int(fields[1]) / 1e9 if fields else 0.0


def _read(path):
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""  # the process has ended
