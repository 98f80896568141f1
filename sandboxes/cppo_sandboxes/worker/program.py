"""The process of one program: compile it once, run it on each test, report, exit.

It is forked from a zygote, trusted, and ends with the program, so that nothing of one program reaches the next.
"""

from __future__ import annotations

import select

from . import frames
from .code import Binary, CompileError, Script, Unable
from .runner import Runner


class Program:
    """One task of the host: a marshalled dict.

    job, key: numbers of the task and of its test set. start, stop, final: the tests to run, and whether more will be
    announced. source, file_name, compile (command or None), run (command or None), entry (name or None), call (see
    `calls`), stop_early, cpu_s, wall_s, memory_bytes, output_bytes.
    """

    def __init__(self, place, task):
        self.place = place
        self.task = task
        self.stop, self.final = task["stop"], task["final"]
        self.cancelled = False
        self._outgoing = []
        self._hub = select.poll()
        self._hub.register(place.socket.fileno(), select.POLLIN)

    def run(self):
        """Compile, run the tests as their inputs arrive, report; DONE is the last frame."""
        try:
            self._run()
        except Unable as error:
            self._done(frames.DONE_UNABLE, str(error))

    def _run(self):
        task = self.task
        self.place.fence.learn_trusted()
        try:
            code = (Script if task["compile"] is None else Binary)(self.place, task)
        except CompileError as error:
            return self._done(frames.DONE_COMPILE_ERROR, str(error))
        runner = Runner(self.place, task, code, self)
        index = task["start"]
        while not self.cancelled:
            if index >= self.stop:
                if self.final:
                    return self._done(frames.DONE_ALL)
                self.flush()
                self.listen(None)
                continue
            index, passed = runner.series(index, self.stop)
            if not passed and task["stop_early"]:
                return self._done(frames.DONE_ALL)
            if index < self.stop:
                self.flush()
                self.listen(0)
        return self._done(frames.DONE_CANCELLED)

    def send(self, frame):
        """Queue a frame for the hub."""
        self._outgoing.append(frame)

    def flush(self):
        """Send what is queued."""
        if self._outgoing:
            self.place.socket.sendall(b"".join(self._outgoing))
            self._outgoing = []

    def listen(self, timeout_ms):
        """Take in the frames that the hub has sent; wait for one if `timeout_ms` is None."""
        while self._hub.poll(timeout_ms):
            timeout_ms = 0
            received = frames.receive(self.place.socket)
            if received is None:
                raise SystemExit("the hub is gone")
            kind, payload = received
            if kind == frames.TESTS:
                job, stop, final = frames.WINDOW.unpack(payload)
                if job == self.task["job"]:
                    self.stop, self.final = stop, bool(final)
            elif kind == frames.CANCEL and frames.JOB.unpack(payload)[0] == self.task["job"]:
                self.cancelled = True

    def _done(self, how, text=""):
        self.send(
            frames.frame(frames.DONE, frames.JOB.pack(self.task["job"]), bytes((how,)), text.encode("utf-8", "replace"))
        )
        self.flush()
