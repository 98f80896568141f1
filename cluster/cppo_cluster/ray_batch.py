"""The jobs of one call, on their way to the nodes of a Ray cluster and back."""

from __future__ import annotations

import contextlib
import pickle
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError

from cppo_cluster.ray_connection import said_by
from cppo_cluster.ray_head import SILENT_S
from cppo_cluster.ray_nodes import Nodes, Place
from cppo_env.types import Job, Report, Verdict

LOSSES = 3
"""How often a job may be lost with its node before its verdict is IE."""
SLOTS = 4
"""Chunks that a node has at a time; it takes the next when it has done one."""
CHUNK_JOBS = 64
"""Jobs of a chunk at most, unless the workers of a node want more; see `chunk_jobs`."""
STEAL_S = 5.0
"""A node with nothing left to do takes over chunks that are this old; the first report counts."""
PLACES = 3
"""At how many nodes a chunk may be, the first one included."""


def chunk_jobs(jobs: int, nodes: int, workers: int) -> int:
    """How many jobs travel together.

    A node gets two chunks for each slot, so that a late chunk is small; but its slots hold a job
    for each worker, as long as there are jobs.

    Args:
        jobs: of the batch.
        nodes: that judge.
        workers: of all nodes together.
    """
    small = -(-jobs // (2 * SLOTS * nodes))
    busy = -(-min(jobs, workers) // (SLOTS * nodes))
    return max(1, min(CHUNK_JOBS, small), busy)


@dataclass(eq=False)
class _Chunk:
    """Jobs that travel together: positions in the batch."""

    positions: list[int]
    places: list[Place] = field(default_factory=list[Place])
    """Where it was sent."""
    begun: float = 0.0


class Batch:
    """The jobs of one call."""

    def __init__(
        self,
        nodes: Nodes,
        jobs: Sequence[Job],
        names: Sequence[str | Report],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
        patience_s: float,
    ) -> None:
        self._nodes, self._jobs, self._tell, self._wanted = nodes, jobs, tell, wanted
        self._patience_s = patience_s
        self._names: dict[int, str] = {}
        for position, name in enumerate(names):
            if isinstance(name, Report):
                tell(position, name)
            else:
                self._names[position] = name
        self._open = set(self._names)
        self._losses = dict.fromkeys(self._names, 0)
        self._doubted: set[int] = set()
        """Jobs that were IE on one node, which may be its fault: another one has the last word."""
        self._reason = ""
        self._came = time.monotonic()
        """When reports came last."""
        places = nodes.ready()
        workers = sum(place.workers for place in places)
        size = chunk_jobs(len(self._names), max(1, len(places)), workers)
        order = [*self._names]
        self._waiting = deque(
            _Chunk(order[start : start + size]) for start in range(0, len(order), size)
        )
        self._flying: dict[Any, tuple[Place, _Chunk]] = {}
        self._at: dict[Place, int] = {}
        """Chunks that a node has."""

    def run(self) -> None:
        """Return when each job has been told."""
        ends = time.monotonic() + self._patience_s
        while self._open:
            if self._nodes.closed:
                return self._give_up("the sandbox has been closed; make a new one")
            if not self._wanted():
                return self._give_up("nobody waits for it any more")
            # Nodes judge on without it; but nobody says any more that one of them is gone.
            if (lost := self._nodes.head.lost) and time.monotonic() > self._came + SILENT_S:
                return self._give_up(lost)
            self._hand_out(self._nodes.ready())
            if self._flying:
                some, _ = ray.wait([*self._flying], timeout=1.0)
                done, _ = ray.wait([*self._flying], num_returns=len(self._flying), timeout=0)
                for reference in dict.fromkeys([*some, *done]):
                    self._take(reference)
                ends = time.monotonic() + self._patience_s
            elif time.monotonic() > ends:
                return self._give_up(
                    f"no node can judge for {self._patience_s:g} s: "
                    f"{self._reason or self._nodes.failure}"
                )
            else:
                time.sleep(0.1)
        for reference in self._flying:  # stolen, and told by another
            with contextlib.suppress(RayError):
                ray.cancel(reference)
        return None

    def _give_up(self, reason: str) -> None:
        for position in sorted(self._open):
            self._tell(position, Report(Verdict.IE, message=reason))
        self._open.clear()

    def _hand_out(self, places: Sequence[Place]) -> None:
        """Fill free slots, those of the idlest node first; then with what is late elsewhere.

        Among equals, the one that other batches use least: theirs may be small and many.
        """
        while places and (chunk := self._next(places)) is not None:
            place = min(
                (one for one in places if one not in chunk.places or len(places) == 1),
                key=lambda one: (self._at.get(one, 0) / one.workers, len(one.flying) / one.workers),
                default=None,
            )
            if place is None or self._at.get(place, 0) >= SLOTS:
                self._waiting.appendleft(chunk)
                return
            try:
                self._send(place, chunk)
            except RayError as error:  # the object store and the disk behind it are full
                for position in chunk.positions:
                    self._settle(position, Report(Verdict.IE, message=said_by(error)))

    def _next(self, places: Sequence[Place]) -> _Chunk | None:
        if all(self._at.get(place, 0) >= SLOTS for place in places):
            return None
        if self._waiting:
            return self._waiting.popleft()
        late = time.monotonic() - STEAL_S
        for _, chunk in self._flying.values():
            idle = any(not self._at.get(one, 0) for one in places if one not in chunk.places)
            if idle and len(chunk.places) < PLACES and chunk.begun < late:
                chunk.begun = time.monotonic()
                return _Chunk([*chunk.positions], chunk.places)
        return None

    def _send(self, place: Place, chunk: _Chunk) -> None:
        chunk.begun = time.monotonic()
        chunk.places.append(place)
        chunk.positions = [position for position in chunk.positions if position in self._open]
        new: dict[str, list[Any]] = {}
        sent: list[tuple[str, str, str, bool]] = []
        for position in chunk.positions:
            job, name = self._jobs[position], self._names[position]
            if name not in place.known:
                if name in place.lacks or not self._nodes.have_stores:
                    new[name] = self._nodes.content(name, job.problem)
                place.known.add(name)
            sent.append((name, job.program, job.language, job.stop_early))
        self._flying[place.actor.run.remote(sent, new)] = place, chunk
        place.flying.add(chunk)
        self._at[place] = self._at.get(place, 0) + 1

    def _take(self, reference: Any) -> None:
        place, chunk = self._flying.pop(reference)
        place.flying.discard(chunk)
        self._at[place] -= 1
        try:
            missing, reports = pickle.loads(ray.get(reference))
        except RayError as error:
            self._reason = said_by(error)
            self._nodes.lost(place)
            return self._lose(chunk)
        if missing:  # its judge has dropped them, or another thread sends them just now
            place.known.difference_update(missing)
            place.lacks.update(missing)
            self._waiting.appendleft(_Chunk(chunk.positions))
            return None
        self._came = time.monotonic()
        doubtful: list[int] = []
        for position, report in zip(chunk.positions, reports, strict=True):
            first = position in self._open and position not in self._doubted
            if report.verdict is Verdict.IE and first and self._nodes.others(place):
                doubtful.append(position)
            else:
                self._settle(position, report)
        if doubtful:
            self._nodes.doubt(place, reports[chunk.positions.index(doubtful[0])].message)
            self._doubted.update(doubtful)
            self._waiting.append(_Chunk(doubtful, [place]))
        return None

    def _lose(self, chunk: _Chunk) -> None:
        """Hand the jobs in again, each by itself, so that one which breaks nodes is alone."""
        for position in chunk.positions:
            self._losses[position] += position in self._open
            if self._losses[position] >= LOSSES:
                message = f"lost with its node {LOSSES} times: {self._reason}"
                self._settle(position, Report(Verdict.IE, message=message))
            elif position in self._open:
                self._waiting.append(_Chunk([position]))

    def _settle(self, position: int, report: Report) -> None:
        if position in self._open:
            self._open.remove(position)
            self._tell(position, report)
