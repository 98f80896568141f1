"""One program and its tests: what to run when, watching from outside, and reporting.

The hub supervises and is never forked from, so none of its pages is ever copied; the processes that
fork hold as little as they can.
"""

from __future__ import annotations

import os
import time
from _signal import SIGKILL, SIGSEGV, SIGXCPU  # pyright: ignore[reportMissingImports] - C modules have no stubs
from _socket import SCM_RIGHTS, SOL_SOCKET
from enum import Enum, auto

from . import frames
from .pipes import PIECE_BYTES, Pipes, last_words
from .trial import Trial, read
from .usage import Usage

MEMORY_ERRORS = (b"MemoryError", b"std::bad_alloc", b"memory allocation of ")
"""Python's and Java's, C++'s, Rust's."""
SETTLE_S = 0.1
"""How long a killed test may take to disappear."""
COMPILER_CRASHES = (SIGSEGV, SIGXCPU)


class State(Enum):
    """Where a program is."""

    COMPILING = auto()
    """Its process has been forked, compiles it, and then begins a test."""
    WAITING = auto()
    """No test runs; its process waits for a command."""
    TESTING = auto()
    """A test runs: `Supervision.trial`."""
    LEAVING = auto()
    """Its process is about to end: it was told to, or has nothing to run."""
    GONE = auto()
    """It has no process."""
    OVER = auto()
    """The result has been sent to the host."""


class Supervision:
    """One task of the host (see `program.Program`); a state machine driven by the hub's events.

    Args:
        worker: the hub: `fence`, `send`, `flush`, `poll`, `out_of_memory`, `alone_in_group`,
            `memory_bytes`.
        zygote: the handle of the zygote to fork the program from.
        task: the task; `raw` is its marshalled form.
    """

    def __init__(self, worker, zygote, task, raw):
        self.started_at = time.monotonic()
        self._worker, self.zygote, self._task, self._raw = worker, zygote, task, raw
        self.job = task["job"]
        self._index, self._stop, self._final = task["start"], task["stop"], task["final"]
        self._call_based = task["entry"] is not None
        self.state = State.GONE
        self._trial: Trial
        """The running test, or the last one."""
        self._ending: tuple[int, bytes] | None = None
        """How the task ends (DONE_*, text), known before its process has gone."""
        self._begin()

    # ---- what the hub has to say ----

    def window(self, stop, final):
        """More inputs have arrived."""
        self._stop, self._final = stop, final
        self._step()

    def cancel(self):
        """Stop as soon as possible; the running test is not reported."""
        if self._ending is None:
            self._ending = (frames.DONE_CANCELLED, b"")
        if self.state is State.TESTING:
            self._kill(frames.ENDED_SIGNAL)
        self._step()

    def hear(self, kind, payload):
        """Process a frame of the program's process or of its zygote."""
        if kind == frames.ENDED:
            self._settle(*frames.USAGE.unpack(payload))
            self._step()
        elif kind == frames.COMPILED:
            own_s = frames.SECONDS.unpack(payload)[0]
            self._start_trial(own_s if self._runs_it_itself else 0.0)
        elif kind == frames.FREE:
            self._freed(*frames.USAGE.unpack(payload))
        elif kind == frames.REFUSED:
            self.state, self._ending = State.LEAVING, (payload[0], payload[1:])
            self._refused = True
        elif kind == frames.FAULT:
            self._stop_watching()
            self.state = State.WAITING
            self._report(frames.ENDED_FAULT, False, 0, 0.0, 0.0, 0, b"", payload)
            self._ending = (frames.DONE_ALL, b"")
            self._step()

    def timeout_s(self):
        """When to call `tick`; None if only after events."""
        return self._trial.timeout_s() if self.state is State.TESTING else None

    def reaped(self, cpu_s):
        """An orphan of the program ended; a compiler's orphan is not charged to the test."""
        if self.state is State.TESTING:
            self._trial.orphans_s += cpu_s

    # ---- the program's process ----

    def _begin(self):
        """Start the process; it compiles the program and runs the next test at once."""
        self._worker.fence.learn_trusted()
        self._worker.baseline.set()
        self._worker.out_of_memory()  # what a cancelled test or a compiler came to is not its fault
        self._pipes = Pipes(self._call_based)
        # A single test runs in the program's process, unless that was charged for a compiler.
        self._runs_it_itself = bool(
            self._final and self._index + 1 == self._stop and self._task["compile"] is None
        )
        number = self._worker.store.number(self._index)
        payload = frames.COMMAND.pack(number, self._runs_it_itself) + self._raw
        rights = frames.RIGHTS.pack(*self._pipes.writes)
        channel = self.zygote.channel
        channel.sendmsg(
            [frames.HEADER.pack(len(payload) + 1, frames.RUN)], [(SOL_SOCKET, SCM_RIGHTS, rights)]
        )
        channel.sendall(payload)
        self.state, self._refused = State.COMPILING, False

    def _step(self):
        """Do the next thing if nothing runs."""
        if self.state not in (State.WAITING, State.GONE):
            return
        if self._ending is None and self._index == self._stop:
            if not self._final:
                # the host sends more inputs when it knows how far we are
                return self._worker.flush()
            self._ending = (frames.DONE_ALL, b"")
        if self.state is State.GONE:
            self._begin() if self._ending is None else self._finish(*self._ending)
        elif self._ending is None and self._pipes.restore():
            self._command(self._worker.store.number(self._index), frames.NEXT)
            self._start_trial(own_s=0.0)
        else:
            self._command(0, frames.QUIT)
            self.state = State.LEAVING

    def _command(self, index, action):
        self.zygote.channel.sendall(
            frames.frame(frames.TEST_NEXT, frames.COMMAND.pack(index, action))
        )

    def _finish(self, how, text):
        self._worker.look_for_traces()  # before the host hears that there is room for another one
        self._worker.send(frames.frame(frames.DONE, frames.JOB.pack(self.job), bytes((how,)), text))
        self.state = State.OVER

    def _freed(self, status, cpu_s, peak):
        """The program's process ended; its only test may have run in it."""
        if self.state is State.TESTING and self._runs_it_itself:
            self._settle(status, cpu_s, peak)
        elif self.state is not State.LEAVING:
            self._crashed(status, status == SIGKILL and self._worker.out_of_memory())
        elif self._refused:  # whatever a compiler has left: processes, messages, half a binary
            self._worker.fence.restore()
        self._without_process()

    def abandon(self, out_of_memory):
        """The zygote is gone: end the program, which is to blame for a lack of memory."""
        if self.state is not State.GONE:
            self._crashed(SIGKILL, out_of_memory)
        if self._ending is None:  # the other tests need a new worker
            self._ending = (frames.DONE_CRASHED, b"a zygote has ended")
        self._without_process()

    def _without_process(self):
        if self.state is not State.GONE:
            self._pipes.close()
        self.state = State.GONE
        self._step()

    def _crashed(self, status, out_of_memory):
        """Its process ended unexpectedly; the kernel may have killed it instead of its test."""
        if self.state is State.TESTING and out_of_memory:
            self._trial.ended_by = self._out_of_memory()
            return self._settle(status, 0.0, 0)
        self._stop_watching()
        self._worker.fence.restore()
        compiling = self.state is State.COMPILING
        if compiling and (out_of_memory or os.WTERMSIG(status) in COMPILER_CRASHES):
            self._ending = (frames.DONE_COMPILE_ERROR, b"the compiler crashed on the program")
        else:
            text = f"the program's process ended with status {status}"
            self._ending = (frames.DONE_CRASHED, text.encode())
        return None

    # ---- one test ----

    def _start_trial(self, own_s):
        memory_bytes = self._task["allowed_bytes"] + self.zygote.base_bytes
        usage = Usage(self._worker, self._worker.baseline, memory_bytes, own_s)
        self._trial = Trial(self._task, usage, memory_bytes, watch_at_once=self._pipes.chatty)
        self.state = State.TESTING

    def _settle(self, status, cpu_s, peak):
        """The test has ended."""
        trial = self._trial
        wall_s = trial.elapsed_s()
        trial.finish()
        self._worker.fence.restore()
        self._stop_watching()
        self.state = State.WAITING
        self._pipes.drain(trial.capture, last=True)
        if self._ending is not None and self._ending[0] == frames.DONE_CANCELLED:
            return
        passed = self._judge(trial, status, trial.cpu_s(cpu_s), peak, wall_s)
        self._index += 1
        if not passed and self._task["stop_early"] and self._ending is None:
            self._ending = (frames.DONE_ALL, b"")

    def _stop_watching(self):
        if self.state is State.TESTING and self._trial.watched:
            self._trial.close()
            for fd in self._pipes.reads:
                self._worker.poll.unregister(fd)

    def tick(self):
        """Check a test that takes longer."""
        if self.state is not State.TESTING:
            return
        trial = self._trial
        if not trial.takes_long():
            return
        if not trial.watched:
            trial.watched = True
            for fd in self._pipes.reads:
                self._worker.poll.register(fd, 1)
            self._worker.flush()
        if self._ending is not None:
            self._kill(frames.ENDED_SIGNAL)  # cancelled, perhaps before there was anything to kill
        elif trial.ended_by is not None:
            self._kill(trial.ended_by)  # again, if there was nothing to kill yet
        else:
            self._watch(trial)

    def _watch(self, trial):
        capture = trial.capture
        self._pipes.drain(capture)
        if capture.size > self._task["output_bytes"]:
            return self._kill(frames.ENDED_OUTPUT)
        if capture.size - capture.sent >= PIECE_BYTES:
            before = time.monotonic()
            self._worker.send(frames.frame(frames.OUTPUT, self._number(), capture.take()))
            self._worker.flush()
            trial.started += time.monotonic() - before  # the program has been waiting for us
        if not (pid := self._pid()):
            return None
        trial.look(pid)
        was_idle = trial.idle
        excess = trial.excess()
        if excess is not None:
            return self._kill(excess)
        if trial.idle is not was_idle:
            kind = frames.IDLING if trial.idle else frames.BUSY
            self._worker.send(frames.frame(kind, frames.JOB.pack(self.job)))
            self._worker.flush()
        return None

    def _pid(self):
        """The process of the running test; 0 if none."""
        pid = _child(self.zygote.pid)
        return pid if self._runs_it_itself or not pid else _child(pid)

    def _kill(self, how):
        """Kill the running test and, if that does not end it, any process that may hold it."""
        trial, now = self._trial, time.monotonic()
        if trial.ended_by is None:
            trial.ended_by, trial.killed_at = how, now
        elif now - trial.killed_at > SETTLE_S:
            trial.killed_at = now
            self._worker.fence.kill_all()
        if pid := self._pid():
            try:
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                pass  # it has just ended, and its parent has waited for it

    def _number(self):
        return frames.TEST.pack(self.job, self._index)

    def _judge(self, trial, status, cpu_s, peak, wall_s):
        how, tail, size = trial.ended_by, trial.capture.tail, trial.capture.size
        signalled = os.WIFSIGNALED(status)
        number = os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)
        starved = self._worker.out_of_memory()  # asked of each: none answers for the one before
        if how is None and signalled:
            how = frames.ENDED_SIGNAL
        # If it was not killed itself, one of its children was: the group has no other members.
        killed = self._worker.alone_in_group or (signalled and number == SIGKILL)
        if starved and killed and how in (None, frames.ENDED_SIGNAL):
            how = self._out_of_memory()
        if size > self._task["output_bytes"]:
            how = frames.ENDED_OUTPUT
        elif cpu_s > self._task["cpu_s"] or (how == frames.ENDED_SIGNAL and number == SIGXCPU):
            how = frames.ENDED_CPU
        elif (peak := trial.peak_bytes(peak)) > trial.memory_bytes or (
            number and how in (None, frames.ENDED_SIGNAL) and _shows_memory_error(tail)
        ):
            how = frames.ENDED_MEMORY
        if how is None:
            how = frames.ENDED_EXIT
        passed = how == frames.ENDED_EXIT and number == 0
        if self._ending is None:
            answer = trial.capture.take()
            doubt = trial.in_doubt(how, cpu_s)
            tail = b"" if passed else tail
            self._report(how, doubt, number, cpu_s, wall_s, peak, answer, tail)
        return passed

    def _out_of_memory(self):
        """The program hit the container's limit: its fault unless its limit is above that."""
        own, all_ = self._task["allowed_bytes"], self._worker.memory_bytes
        if all_ and own > all_:
            text = (
                f"the problem's memory limit of {own >> 20} MiB is above the {all_ >> 20} MiB "
                "of the sandbox's containers, which the program has used up; "
                "raise DockerSandbox(memory_bytes=…)"
            )
            self._ending = (frames.DONE_UNABLE, text.encode())
        return frames.ENDED_MEMORY

    def _report(self, how, doubt, number, cpu_s, wall_s, peak, answer, tail):
        outcome = frames.OUTCOME.pack(how, doubt, number, cpu_s, wall_s, peak, len(answer))
        self._worker.send(
            frames.frame(frames.RESULT, self._number(), outcome, answer, tail), result=True
        )


def _child(pid):
    """The only child of a process, or 0."""
    children = read(f"/proc/{pid}/task/{pid}/children").split()
    return int(children[0]) if children else 0


def _shows_memory_error(tail):
    """Whether stderr ends with an unhandled out-of-memory error."""
    return any(name in last_words(tail) for name in MEMORY_ERRORS)
