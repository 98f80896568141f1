"""One worker as the pool sees it: its link, its programs, the test inputs it holds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

from cppo_sandboxes.host.batch import TestSet, Work
from cppo_sandboxes.host.faults import told
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.host.link import Link, WorkerGone
from cppo_sandboxes.worker import frames

QUEUE_PROGRAMS = 16
QUEUE_TESTS = 32
"""Queue programs ahead up to this many programs or tests, so no worker waits for the host."""
AHEAD_TESTS = 64
AHEAD_BYTES = 1 << 20
"""Send inputs ahead of the program by this much, and by at least one test."""
STORE_BYTES = 192 << 20
GRACE_S = 60.0
"""How long a worker may be silent; during a program it reports every few seconds."""
COMPILE_S = 60.0
"""How long a compiler may take."""


class Holding:
    """The inputs of one test set that a worker has: tests `start` to `stop`."""

    def __init__(self, tests: TestSet) -> None:
        self.tests = tests
        self.start = self.stop = 0
        self.sizes: deque[int] = deque()
        self.bytes = 0


class Station:
    """A worker in use."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.programs: deque[Work] = deque()
        """In the worker's order; the first one is running. Cancelled ones stay until DONE."""
        self.idling = False
        """The running program sleeps: its core is free for another worker."""
        self.woken = False
        """A program that slept, so that its core was given to another, wants one again."""
        self.slow = False
        """The worker has returned its queue: give it nothing until the running program ends."""
        self.ready = False
        self.retired = False
        """It gets no more programs, and ends when it has none."""
        self.seen: dict[str, int] = {}
        """Problem id → the number of the first of its programs that this worker was given."""
        self.last_key = 0
        self._holdings: dict[int, Holding] = {}
        self._stored_bytes = 0
        self._announced: dict[int, int] = {}
        self._recalled: set[int] = set()
        self._doubted: set[int] = set()
        self.heard_at = self.moved_at = time.monotonic()

    def has_room(self, share: int) -> bool:
        """Whether to queue another program, if `share` of the waiting ones are this worker's."""
        if self.retired:
            return False
        if not self.programs:
            return True
        holding = self._holdings.get(self.programs[0].tests.key)
        queued = len(self.programs)
        if (
            self.slow
            or queued >= min(QUEUE_PROGRAMS, 2 + share)
            or (holding is not None and holding.start)
        ):
            return False
        return sum(work.left for work in self.programs) < QUEUE_TESTS

    def start(self, work: Work) -> None:
        """Queue a program with its first inputs; if it cannot be sent, its verdict is IE."""
        if not self.programs:
            self.heard_at = self.moved_at = time.monotonic()
        self.programs.append(work)
        self.last_key = work.tests.key
        try:
            holding = self._send_ahead(work)
            request = frames.marshalled(frames.RUN, work.task(holding.stop))
        except BaseException as error:  # this job's fault, whoever wrote what raised it
            self.programs.remove(work)
            work.unable(told(error, "the job cannot be sent"))
            return
        self._announced[work.number] = holding.stop
        self.seen.setdefault(work.job.problem.id, work.number)
        self.link.send(request)

    def forget(self, keys: Iterator[int]) -> None:
        """Drop the inputs of test sets whose batch is done."""
        for key in keys:
            if holding := self._holdings.pop(key, None):
                self._drop(holding, holding.stop)

    def overdue(self, now: float) -> bool:
        """Whether the worker is silent, or nothing happened for longer than a program may run."""
        if not self.programs:
            return False
        longest_s = self.programs[0].most_wall_s + COMPILE_S + GRACE_S
        return now - self.heard_at > GRACE_S or now - self.moved_at > longest_s

    def handle(self, kind: int, payload: bytes) -> None:
        """Process one frame of the worker.

        Raises:
            WorkerGone: the worker must not be used any more.
        """
        self.heard_at = time.monotonic()
        try:
            self._take(kind, payload)
        except WorkerGone:
            raise
        except BaseException as error:  # a frame that no worker of ours writes, or a bug here
            raise WorkerGone(told(error, f"frame {kind} of the worker cannot be read")) from error

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == frames.HEARTBEAT:
            return
        self.moved_at = time.monotonic()
        if kind == frames.READY:
            self.ready = True
            return
        if kind == frames.RETIRING:
            self.retired = True
            return
        number = frames.JOB.unpack_from(payload)[0]
        work = next((work for work in self.programs if work.number == number), None)
        if work is None:
            raise WorkerGone(f"the worker speaks of an unknown program (frame {kind})")
        if kind == frames.RESULT:
            self._result(work, payload)
        elif kind == frames.OUTPUT:
            work.add_piece(frames.TEST.unpack_from(payload)[1], payload[frames.TEST.size :])
        elif kind == frames.DONE:
            self._done(
                work,
                payload[frames.JOB.size],
                payload[frames.JOB.size + 1 :].decode("utf-8", "replace"),
            )
        elif kind == frames.RETURNED:
            self.slow = True
            self._remove(work)
            if self.seen.get(work.job.problem.id) == work.number:
                del self.seen[work.job.problem.id]
            if work.report is None:
                work.batch.put_back(work)
        elif kind == frames.IDLING:
            self.idling = not work.sleeper
        elif kind == frames.BUSY:
            self.idling, self.woken = False, True
        else:
            raise WorkerGone(f"the worker sent a frame of unknown kind {kind}")

    def _result(self, work: Work, payload: bytes) -> None:
        _, index = frames.TEST.unpack_from(payload)
        how, doubt, number, cpu_s, wall_s, peak, size = frames.OUTCOME.unpack_from(
            payload, frames.TEST.size
        )
        start = frames.TEST.size + frames.OUTCOME.size
        if work.over:
            return  # it ran on while it was being cancelled; its inputs may have been dropped
        if how == frames.ENDED_FAULT:
            reason = payload[start + size :].decode("utf-8", "replace")
            raise WorkerGone(f"the worker could not run test {index + 1}: {reason}")
        if doubt and index == work.ran and work.doubt():
            self._doubted.add(work.number)
            self._cancel(work)
            return
        outcome = RunOutcome(
            how, number, cpu_s, wall_s, peak, payload[start : start + size], payload[start + size :]
        )
        unable = False
        try:
            work.add(index, outcome)
            if not work.over:
                return self._announce(work)
        except BaseException as error:  # this job's fault, whoever wrote what raised it
            unable = True
            work.unable(told(error, f"test {index + 1} cannot be judged"))
        self.idling = False  # its worker is about to be free
        ended = how == frames.ENDED_EXIT and not number  # the worker does not know that it is over
        if work.left and (ended or unable):
            self._cancel(work)

    def _done(self, work: Work, how: int, text: str) -> None:
        self._remove(work)
        self.idling = self.woken = self.slow = False
        recalled, doubted = work.number in self._recalled, work.number in self._doubted
        self._recalled.discard(work.number)
        self._doubted.discard(work.number)
        if work.over:
            return
        if doubted and how in (frames.DONE_ALL, frames.DONE_CANCELLED):
            work.batch.judge_alone(work)
        elif recalled and how == frames.DONE_CANCELLED:
            work.batch.put_back(work)
        elif how == frames.DONE_COMPILE_ERROR:
            work.compile_error(text)
        elif how == frames.DONE_UNABLE:
            work.unable(text)
        else:
            if work.failed(text or "the worker gave up the program"):
                work.batch.put_back(work)
            raise WorkerGone(text or "the worker gave up a program")

    def judged(self, work: Work) -> None:
        """A checker has decided on a program, which may still be running here."""
        if work in self.programs:
            self.idling = self.idling and work is not self.programs[0]
            self._cancel(work)

    def recall(self) -> None:
        """Take back the running program, to restart it when it can keep a core."""
        work, self.woken = self.programs[0], False
        if work.number not in self._recalled:
            work.sleeper = True
            self._recalled.add(work.number)
            self._cancel(work)

    def _cancel(self, work: Work) -> None:
        self.link.send(frames.frame(frames.CANCEL, frames.JOB.pack(work.number)))

    def _remove(self, work: Work) -> None:
        self.programs.remove(work)
        self._announced.pop(work.number, None)

    # ---- inputs ----

    def _announce(self, work: Work) -> None:
        """Send more inputs when the program approaches the last one it has."""
        known = self._announced[work.number]
        if known == work.tests.length or known - work.ran > AHEAD_TESTS // 2:
            return
        holding = self._send_ahead(work)
        if holding.stop > known:
            self._announced[work.number] = holding.stop
            final = holding.stop == work.tests.length
            self.link.send(
                frames.frame(frames.TESTS, frames.WINDOW.pack(work.number, holding.stop, final))
            )

    def _send_ahead(self, work: Work) -> Holding:
        tests, position = work.tests, work.ran
        holding = self._holdings.get(tests.key)
        if holding is None or holding.start > position:
            if holding is not None:
                self._drop(holding, holding.stop)
            holding = self._holdings[tests.key] = Holding(tests)
            holding.start = holding.stop = position
        budget = AHEAD_BYTES - sum(
            holding.sizes[index - holding.start] for index in range(position, holding.stop)
        )
        while holding.stop < tests.length and holding.stop < position + AHEAD_TESTS:
            if budget <= 0 and holding.stop > position:
                break
            data = tests.input(holding.stop)
            budget -= len(data)
            self._make_room(len(data), holding, position)
            self.link.send(frames.frame(frames.PUT, frames.KEY.pack(tests.key, holding.stop), data))
            holding.sizes.append(len(data))
            holding.bytes += len(data)
            self._stored_bytes += len(data)
            holding.stop += 1
        return holding

    def _make_room(self, size: int, current: Holding, position: int) -> None:
        """Drop inputs until `size` bytes fit: other problems' first, then those already read."""
        if self._stored_bytes + size <= STORE_BYTES:
            return
        wanted = {work.tests.key for work in self.programs}
        for key, holding in list(self._holdings.items()):
            if key not in wanted and holding is not current:
                del self._holdings[key]
                self._drop(holding, holding.stop)
        if self._stored_bytes + size > STORE_BYTES and position > current.start:
            for work in list(self.programs)[1:]:
                if work.tests is current.tests and work.number not in self._recalled:
                    self._recalled.add(work.number)
                    self._cancel(work)
            self._drop(current, position)

    def _drop(self, holding: Holding, stop: int) -> None:
        if stop <= holding.start:
            return
        self.link.send(
            frames.frame(frames.DROP, frames.RANGE.pack(holding.tests.key, holding.start, stop))
        )
        while holding.start < stop:
            size = holding.sizes.popleft()
            holding.start += 1
            holding.bytes -= size
            self._stored_bytes -= size
