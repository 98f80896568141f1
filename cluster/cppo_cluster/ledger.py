"""The jobs of a server, by id: each runs once, whoever asks for it and however often."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from cppo_sandboxes.host.faults import told

from cppo_cluster.wire import encode_report
from cppo_env.errors import UsageError
from cppo_env.protocols import ReportsEach
from cppo_env.types import Job, Report, Verdict

MOST_JOBS = 20_000
"""Jobs that wait or run; beyond, clients are told to come back."""
MOST_BATCHES = 512
"""Requests whose jobs are not all done; each has a thread."""
KEPT_BYTES = 256 << 20
"""Size of the finished reports that are kept for a resend; the oldest go first."""
ORPHAN_S = 60.0
"""How long jobs that nobody listens to are kept waiting; those that run come to their end."""


class Full(Exception):
    """There is no room for the jobs now."""


class Listener:
    """A stream of reports, as lines of JSON."""

    def __init__(self, jobs: int) -> None:
        self.lines: asyncio.Queue[bytes] = asyncio.Queue()
        self.left = jobs


@dataclass(slots=True, eq=False)
class _Entry:
    """A job."""

    content: bytes
    """Digest of the job."""
    batch: _Batch
    line: bytes | None = None
    """Its report, once it is there."""
    listeners: set[Listener] = field(default_factory=set[Listener])


@dataclass(slots=True, eq=False)
class _Batch:
    """The jobs that one request has begun."""

    entries: dict[str, _Entry] = field(default_factory=dict[str, _Entry])
    """Those without a report."""
    left_at: float = 0.0
    """When the last listener went."""
    wanted: bool = True


class Ledger:
    """Runs jobs and keeps their reports. All methods belong to the thread of the event loop."""

    def __init__(self, sandbox: ReportsEach, *, most_jobs: int = MOST_JOBS) -> None:
        self._sandbox, self._most_jobs = sandbox, most_jobs
        self._entries: dict[str, _Entry] = {}
        self._finished: OrderedDict[str, int] = OrderedDict()
        self._finished_bytes = 0
        self._batches = 0
        self.open = 0
        """Jobs that wait or run."""
        self.judged = 0
        """Jobs that were run since the start."""
        self.resent = 0
        """Jobs that were asked for again."""
        self.closing = False
        self.listeners: set[Listener] = set()
        """Streams that are open."""

    def close(self) -> None:
        """End all streams; the clients ask again, and whatever is running is not told."""
        self.closing = True
        for listener in self.listeners:
            listener.lines.put_nowait(b"")

    def submit(self, jobs: Sequence[tuple[str, str, Job]]) -> Listener:
        """Listen to jobs, given as id, name of the problem and job; those that are new begin.

        Raises:
            UsageError: there are too many, an id comes twice, or stands for another job.
            Full: there is no room now.
        """
        if len(jobs) > self._most_jobs:
            raise UsageError(f"got {len(jobs)} jobs, expected at most {self._most_jobs} at a time")
        contents = {number: _content(name, job) for number, name, job in jobs}
        if len(contents) < len(jobs):
            raise UsageError("a job id comes twice in a request")
        for number, content in contents.items():
            if (entry := self._entries.get(number)) and entry.content != content:
                raise UsageError(f"the job id {number} stands for another job already")
        new = [(number, job) for number, _, job in jobs if number not in self._entries]
        if new and (self.open + len(new) > self._most_jobs or self._batches >= MOST_BATCHES):
            raise Full
        self.resent += len(jobs) - len(new)
        listener, batch = Listener(len(jobs)), _Batch()
        for number, content in contents.items():
            entry = self._entries.get(number)
            if entry is None:
                entry = self._entries[number] = batch.entries[number] = _Entry(content, batch)
            if entry.line is None:
                entry.listeners.add(listener)
            else:
                listener.lines.put_nowait(entry.line)
        if new:
            self._start(new, batch)
        self.listeners.add(listener)
        return listener

    def leave(self, numbers: Sequence[str], listener: Listener) -> None:
        """Listen no more."""
        self.listeners.remove(listener)
        entries = [entry for number in numbers if (entry := self._entries.get(number))]
        for entry in entries:
            entry.listeners.discard(listener)
        for batch in {entry.batch for entry in entries}:
            if not self.closing and not _heard(batch):
                batch.left_at = time.monotonic()
                asyncio.get_running_loop().call_later(ORPHAN_S, self._abandon, batch)

    def _abandon(self, batch: _Batch) -> None:
        """Forget the open jobs of a batch if nobody has listened for long; a resend runs them."""
        if _heard(batch) or time.monotonic() - batch.left_at < 0.9 * ORPHAN_S:
            return
        batch.wanted = False
        for number in batch.entries:
            del self._entries[number]
        batch.entries.clear()

    def _start(self, jobs: Sequence[tuple[str, Job]], batch: _Batch) -> None:
        """Run jobs in a thread of their own; the sandbox shares its workers among batches."""
        self.open += len(jobs)
        self._batches += 1
        loop = asyncio.get_running_loop()
        untold = set(range(len(jobs)))

        def tell(position: int, report: Report) -> None:
            untold.discard(position)
            if not self.closing:  # else it may be IE of our end: the client asks the next server
                number = jobs[position][0]
                line = json.dumps({"id": number, "report": encode_report(report)}).encode() + b"\n"
                loop.call_soon_threadsafe(self._settle, batch, number, line)

        def work() -> None:
            reason = "the sandbox left it out"
            try:
                self._sandbox.run_each([job for _, job in jobs], tell, lambda: batch.wanted)
            except Exception as error:  # a plug-in's; else whoever listens would wait for ever
                reason = told(error, "the sandbox failed")
            for position in sorted(untold):
                tell(position, Report(Verdict.IE, message=reason))
            if not self.closing:
                loop.call_soon_threadsafe(self._ended)

        threading.Thread(target=work, name="cppo-judge-batch", daemon=True).start()

    def _ended(self) -> None:
        self._batches -= 1

    def _settle(self, batch: _Batch, number: str, line: bytes) -> None:
        self.open -= 1
        self.judged += 1
        entry = batch.entries.pop(number, None)
        if entry is None:  # abandoned
            return
        entry.line = line
        for listener in entry.listeners:
            listener.lines.put_nowait(line)
        entry.listeners.clear()
        self._finished[number] = len(line)
        self._finished_bytes += len(line)
        while self._finished_bytes > KEPT_BYTES:
            oldest, size = self._finished.popitem(last=False)
            self._finished_bytes -= size
            del self._entries[oldest]


def _heard(batch: _Batch) -> bool:
    return any(entry.listeners for entry in batch.entries.values())


def _content(name: str, job: Job) -> bytes:
    text = json.dumps([name, job.program, job.language, job.stop_early])
    return hashlib.sha256(text.encode()).digest()
