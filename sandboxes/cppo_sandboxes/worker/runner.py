"""Run a program on one test: fork, watch from outside, reap, clean up, say what happened."""

from __future__ import annotations

import os
import resource
import time
from _signal import SIG_BLOCK, SIG_SETMASK, SIGCHLD, SIGKILL, SIGXCPU, pthread_sigmask, sigtimedwait

from . import frames
from .child import CHANNEL
from .code import Unable
from .pipes import PIECE_BYTES, Capture, Pipes

RESERVED_BYTES = 256 << 20
"""Memory that a program may reserve beyond its limit if it does not touch it (stacks of threads, sparse maps)."""
QUICK_S = 0.02
"""A test that takes longer is watched: its pipes are drained and its CPU time is read."""
FLUSH_S = 0.01
WATCH_S = 0.02
TREE_S = 0.25
"""How often the CPU time of the program's children is added up."""
IDLE_AFTER_S = 0.5
IDLE_SHARE = 0.1
OVERLOAD = 4
"""On a machine with too much to do, a program may take so many times its wall-clock limit."""
_CHILD = (SIGCHLD,)
PAGE_BYTES = resource.getpagesize()
MEMORY_ERRORS = (b"MemoryError", b"std::bad_alloc", b"_ArrayMemoryError")


class Runner:
    """Runs the tests of one task, one after the other."""

    def __init__(self, place, task, code, program):
        self._place, self._task, self._code, self._program = place, task, code, program
        self._fence = place.fence
        self._call_based = task["entry"] is not None
        self._memory_bytes = task["memory_bytes"] + place.base_bytes
        self._limits = self._rlimits()
        os.chdir(place.scratch)
        pthread_sigmask(SIG_BLOCK, (SIGCHLD,))
        self._pipes = Pipes(self._call_based, place.socket.fileno())
        self._done = []
        self._batch = 1  # a first wrong answer should be known soon; later ones are rarer, and each message costs
        self._passed = True
        self._reported_at = time.monotonic()

    def _rlimits(self):
        """The kernel's limits; the finer ones on CPU time, wall clock and output are enforced by watching."""
        place = self._place
        cpu_s = int(self._task["cpu_s"]) + 2
        data_bytes = self._memory_bytes + RESERVED_BYTES
        limits = [
            (resource.RLIMIT_CPU, (cpu_s, cpu_s)),
            (resource.RLIMIT_DATA, (data_bytes, data_bytes)),
            (resource.RLIMIT_FSIZE, (place.file_bytes, place.file_bytes)),
        ]
        if place.fence.uid:
            limits.append((resource.RLIMIT_NPROC, (place.processes, place.processes)))
        return limits

    def series(self, index, stop):
        """Run tests from `index` on until `stop`, a failure, or a moment to look around.

        Returns:
            The next index, and whether all of these tests ended with exit code 0 within their limits.
        """
        # One frame, few objects: each page that this process writes between two forks costs a page fault, so what
        # quick tests have left is put into frames later, several at a time.
        key, store = self._task["key"], self._place.store
        open_, dup2, close, fork, wait4, read = os.open, os.dup2, os.close, os.fork, os.wait4, os.read
        monotonic, poll, out = time.monotonic, self._pipes.poll, self._pipes.out
        done = self._done
        while index < stop:
            try:
                fd = open_(f"{key}-{index}", os.O_RDONLY, dir_fd=store)
                dup2(fd, 0)
                close(fd)
                started = monotonic()
                pid = fork()
            except OSError as error:
                self.report()
                self._fault(index, error)
                return index + 1, False
            if pid == 0:
                self._become_program()
            ended_pid = 0
            if sigtimedwait(_CHILD, QUICK_S):  # it may have stopped, not ended
                ended_pid, status, usage = wait4(pid, os.WNOHANG)
            if not ended_pid:
                self.report()
                return index + 1, self._slow(index, pid, started)
            ended = monotonic()
            self._fence.restore()
            answer = b""
            ready = poll(0)
            if len(ready) == 1 and ready[0][0] == out:
                answer = read(out, PIECE_BYTES)
                ready = len(answer) == PIECE_BYTES
            if ready or status or self._pipes.changed():
                self.report()
                return index + 1, self._odd(index, status, usage, ended - started, answer)
            done.append((index, usage, ended - started, answer))
            index += 1
            if len(done) == self._batch or ended - self._reported_at > FLUSH_S:
                break
        self.report()
        return index, self._passed

    def report(self):
        """Put the quick tests that are done into frames."""
        self._passed = True
        for index, usage, wall_s, answer in self._done:
            capture = Capture()
            capture.answer(answer)
            self._passed &= self._judge(index, None, 0, usage, wall_s, capture)
        self._done.clear()
        self._batch = min(16, self._batch * 4)
        self._reported_at = time.monotonic()

    def _odd(self, index, status, usage, wall_s, answer):
        """A quick test that failed, wrote more than a pipe holds, wrote to stderr, or changed its pipes."""
        capture = Capture()
        capture.answer(answer)
        self._tidy(capture)
        return self._judge(index, None, status, usage, wall_s, capture)

    def _slow(self, index, pid, started):
        """A test that takes longer."""
        capture = Capture()
        how = self._watch(index, pid, started, capture)
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.monotonic() - started
        self._fence.restore()
        self._tidy(capture)
        return self._judge(index, how, status, usage, wall_s, capture)

    def _tidy(self, capture):
        """Read what is left in the pipes; replace them if the program has changed them."""
        if self._pipes.drain(capture, 0):
            self._program.listen(0)
        if self._pipes.changed():
            self._pipes.renew()

    def _fault(self, index, error):
        self._report(index, frames.ENDED_FAULT, error.errno, 0.0, 0.0, 0, Capture(), str(error).encode())

    def _become_program(self):
        """In the forked process: give up everything, run the code. Never returns."""
        try:
            if self._call_based:
                os.dup2(self._pipes.channel, CHANNEL)
            os.closerange(CHANNEL + self._call_based, 256)
            if self._place.oom_score:
                _write_file("/proc/self/oom_score_adj", b"1000")
            for kind, limit in self._limits:
                resource.setrlimit(kind, limit)
            uid = self._fence.uid
            if uid:
                os.setresuid(uid, uid, uid)
            else:
                os.setsid()
            pthread_sigmask(SIG_SETMASK, ())
            self._code.execute()
        finally:
            os._exit(70)

    def _watch(self, index, pid, started, capture):
        """Stay with a test that takes longer; returns how it was ended, None if it ended by itself."""
        task = self._task
        cpu_limit_s, wall_limit_s, cap = task["cpu_s"], task["wall_s"], task["output_bytes"]
        clock = (~pid << 3) | 2  # the CPU clock of another process, see clock_getcpuclockid(3)
        tree_at, told_idle, children_s = TREE_S, False, 0.0
        pidfd = _pidfd_open(pid)
        self._pipes.watch(pidfd)
        try:
            while not _has_ended(pid):
                elapsed_s = time.monotonic() - started
                timeout_s = max(0.001, min(WATCH_S, wall_limit_s - elapsed_s))
                if self._pipes.drain(capture, timeout_s):
                    self._program.listen(0)
                if capture.size > cap:
                    return self._end(pid, frames.ENDED_OUTPUT)
                if self._program.cancelled:
                    return self._end(pid, frames.ENDED_SIGNAL)
                if capture.size - capture.sent >= PIECE_BYTES:
                    started += self._send_piece(index, capture)
                elapsed_s = time.monotonic() - started
                try:
                    cpu_s = time.clock_gettime(clock)
                except OSError:
                    continue  # it has just ended
                if _resident_bytes(pid) > self._memory_bytes:
                    return self._end(pid, frames.ENDED_MEMORY)
                if elapsed_s > tree_at:
                    tree_at = elapsed_s + TREE_S
                    children_s = self._fence.children_cpu_s(pid)
                if cpu_s + children_s > cpu_limit_s:
                    return self._end(pid, frames.ENDED_CPU)
                if elapsed_s >= wall_limit_s and (
                    elapsed_s - _queued_s(pid) >= wall_limit_s or elapsed_s > OVERLOAD * wall_limit_s
                ):
                    return self._end(pid, frames.ENDED_WALL)
                busy_s = cpu_s + children_s
                if not told_idle and elapsed_s > IDLE_AFTER_S and busy_s + _queued_s(pid) < IDLE_SHARE * elapsed_s:
                    told_idle = True
                    self._program.send(frames.frame(frames.IDLING, frames.JOB.pack(task["job"])))
                    self._program.flush()
        finally:
            self._pipes.unwatch(pidfd)
            sigtimedwait((SIGCHLD,), 0)
        return None

    @staticmethod
    def _end(pid, how):
        os.kill(pid, SIGKILL)
        return how

    def _send_piece(self, index, capture):
        """Send what has been captured; returns the seconds it took, which the program spent waiting for us."""
        before = time.monotonic()
        self._program.send(frames.frame(frames.OUTPUT, frames.TEST.pack(self._task["job"], index), capture.take()))
        self._program.flush()
        return time.monotonic() - before

    def _judge(self, index, how, status, usage, wall_s, capture):
        cpu_s = usage.ru_utime + usage.ru_stime
        peak = usage.ru_maxrss * 1024
        tail = capture.tail
        number = 0
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if how is None:
                how = frames.ENDED_SIGNAL
                if number == SIGKILL and self._place.out_of_memory():
                    how = self._out_of_memory()
        else:
            number = os.WEXITSTATUS(status)
        if capture.size > self._task["output_bytes"]:
            how = frames.ENDED_OUTPUT
        elif cpu_s > self._task["cpu_s"] or (how == frames.ENDED_SIGNAL and number == SIGXCPU):
            how = frames.ENDED_CPU
        elif peak > self._memory_bytes or (number and how in (None, frames.ENDED_SIGNAL) and _shows_memory_error(tail)):
            how = frames.ENDED_MEMORY
        return self._report(
            index, frames.ENDED_EXIT if how is None else how, number, cpu_s, wall_s, peak, capture, tail
        )

    def _out_of_memory(self):
        """The program has hit the container's limit: it is to blame if its own is not above that."""
        own, all_ = self._task["memory_bytes"], self._place.memory_bytes
        if all_ and own > all_:
            raise Unable(
                f"the problem's memory limit of {own >> 20} MiB is above the {all_ >> 20} MiB of the sandbox's "
                "containers, which the program has used up; raise DockerSandbox(memory_bytes=…)"
            )
        return frames.ENDED_MEMORY

    def _report(self, index, how, number, cpu_s, wall_s, peak, capture, tail):
        passed = how == frames.ENDED_EXIT and number == 0
        answer = capture.take()
        self._program.send(
            frames.frame(
                frames.RESULT,
                frames.TEST.pack(self._task["job"], index),
                frames.OUTCOME.pack(how, number, cpu_s, wall_s, peak, len(answer)),
                answer,
                b"" if passed else tail,
            )
        )
        return passed


def _has_ended(pid):
    """Whether a child has ended; it stays to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _pidfd_open(pid):
    """A descriptor that becomes readable when the process ends; None where the kernel or its filters lack it."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _shows_memory_error(tail):
    """Whether the last line of stderr is an unhandled out-of-memory error."""
    last = tail.rstrip().rpartition(b"\n")[2]
    return any(name in last for name in MEMORY_ERRORS)


def _resident_bytes(pid):
    """What a living process has in memory."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _queued_s(pid):
    """Seconds that a process has waited for a core; not its fault, so not charged to its wall clock."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _write_file(path, data):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, data)
    os.close(fd)
