"""The desk that hands the prompts of several calls to the players, and their draws back."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from cppo_grpo.samplers import Completion
from ray.exceptions import RayError, RayTaskError

from cppo_cluster.ray_connection import said_by
from cppo_cluster.ray_head import Head
from cppo_cluster.ray_players import Players, Seat
from cppo_env.errors import CppoError, SamplerError

LOSSES = 3
"""How often prompts may be lost with their player before the step stops."""
LATE = 2
"""A chunk is late when it has taken this much longer than any that has come back, as a factor."""
LEAST_S = 1.0
"""Chunks that come back sooner count as this long."""
LOOK_S = 0.2
"""How often a call looks whether others have done something for it."""


@dataclass(eq=False, slots=True)
class _Chunk:
    """Prompts that travel together: their numbers."""

    rows: Sequence[int]
    losses: int = 0
    drawn: bool = False


@dataclass(eq=False, slots=True)
class Call:
    """The prompts of one call of the sampler.

    Args:
        turn: calls with a lower one come first.
        chunks: the numbers of the prompts that travel together.
        send: sends prompts by their numbers to a player; returns the reference to its answer.
        take: makes completions of an answer, by their numbers; and says what is to be sent again.
    """

    turn: int
    chunks: Iterable[Sequence[int]]
    send: Callable[[Seat, Sequence[int]], Any]
    take: Callable[[Sequence[int], Any], tuple[dict[int, Completion], list[int]]]
    waiting: deque[_Chunk] = field(init=False)
    left: int = field(init=False)
    """Chunks that are not drawn."""
    drawn: list[dict[int, Completion]] = field(default_factory=list[dict[int, Completion]])
    """What nobody has picked up."""
    longest_s: float = 0.0
    """How long the slowest chunk took that has come back."""
    failure: Exception | None = None

    def __post_init__(self) -> None:
        """Line the chunks up."""
        self.waiting = deque(map(_Chunk, self.chunks))
        self.left = len(self.waiting)


@dataclass(eq=False, slots=True)
class _Flight:
    """A chunk on its way; a late one may be on two."""

    call: Call
    seat: Seat
    chunk: _Chunk
    begun: float


class Desk:
    """Serves the calls of several threads. Whoever waits there works for all of them.

    Args:
        players: who draw.
        head: the head of the cluster.
        patience_s: how long to wait for a player.
    """

    def __init__(self, players: Players, head: Head, patience_s: float) -> None:
        self._players, self._head, self._patience_s = players, head, patience_s
        self._lock = threading.Lock()
        """Guards the players and all that follows."""
        self._calls: list[Call] = []
        self._flying: dict[Any, _Flight] = {}

    def draw(self, call: Call) -> Iterator[dict[int, Completion]]:
        """The completions of a call by the numbers of their prompts, each chunk when it is there.

        Raises:
            SamplerError: the same prompts were lost three times, or there is no player.
        """
        with self._lock:
            self._calls = sorted([*self._calls, call], key=lambda one: one.turn)
        ends = time.monotonic() + self._patience_s
        try:
            while call.left:
                if lost := self._head.lost:
                    raise SamplerError(f"{lost}; the step stops")
                with self._lock:
                    self._collect()
                    self._hand_out()
                    drawn, call.drawn, flying = call.drawn, [], [*self._flying]
                if call.failure is not None:
                    raise call.failure
                yield from drawn
                if flying:
                    ends = time.monotonic() + self._patience_s
                elif time.monotonic() > ends:
                    raise SamplerError(f"no player on Ray can draw: {self._players.failure}")
                if not drawn and flying:
                    ray.wait(flying, timeout=LOOK_S)
                elif not drawn:
                    time.sleep(0.05)
            yield from call.drawn
        finally:
            with self._lock:
                self._leave(call)

    def _collect(self) -> None:
        """Take what has come back, of all calls."""
        if not self._flying:
            return
        for reference in ray.wait([*self._flying], num_returns=len(self._flying), timeout=0)[0]:
            flight = self._flying.pop(reference)
            call, chunk = flight.call, flight.chunk
            try:
                drawn: Any = ray.get(reference)
            except RayTaskError as error:  # the engine raised: it would again
                call.failure = error.cause if isinstance(error.cause, CppoError) else error
            except RayError as error:
                self._lose(flight, error)
            else:
                if not chunk.drawn:
                    self._take(flight, drawn)

    def _take(self, flight: _Flight, answer: Any) -> None:
        """What is finished goes back; the rest of it waits for its next part, before others."""
        call, chunk = flight.call, flight.chunk
        chunk.drawn = True
        call.longest_s = max(call.longest_s, time.monotonic() - flight.begun)
        try:
            finished, rest = call.take(chunk.rows, answer)
        except SamplerError as error:
            call.failure = error
            return
        if finished:
            call.drawn.append(finished)
        if rest:
            call.waiting.appendleft(_Chunk(rest))
        else:
            call.left -= 1

    def _lose(self, flight: _Flight, error: RayError) -> None:
        """The player of a chunk is gone, so another one draws it."""
        call, chunk = flight.call, flight.chunk
        self._players.lost(flight.seat, error)
        chunk.losses += 1
        if chunk.drawn or any(other.chunk is chunk for other in self._flying.values()):
            return
        if chunk.losses >= LOSSES:
            call.failure = SamplerError(
                f"Ray: {len(chunk.rows)} prompts were lost with their player {LOSSES} times: "
                f"{self._players.failure}; the step stops"
            )
        call.waiting.appendleft(chunk)

    def _hand_out(self) -> None:
        """Give each player that has nothing to do a chunk, of the first call that has one."""
        busy = {flight.seat for flight in self._flying.values()}
        for seat in self._players.ready():
            if seat in busy or not seat.free:
                continue
            call = next((one for one in self._calls if one.waiting), None)
            if call is not None:
                chunk = call.waiting.popleft()
            elif late := self._late():
                call, chunk = late
            else:
                return
            try:
                reference = call.send(seat, chunk.rows)
            except RayError as error:
                call.failure = SamplerError(f"Ray: {said_by(error)}; the step stops")
            else:
                self._flying[reference] = _Flight(call, seat, chunk, time.monotonic())

    def _late(self) -> tuple[Call, _Chunk] | None:
        """A chunk that an idle player draws as well, now that nothing waits.

        The draws are the same, and the first answer counts.
        """
        flights = [one for one in self._flying.values() if not one.chunk.drawn]
        for flight in sorted(flights, key=lambda one: one.call.turn):
            alone = all(one is flight or one.chunk is not flight.chunk for one in flights)
            longest_s = flight.call.longest_s
            limit = time.monotonic() - LATE * max(longest_s, LEAST_S)
            if longest_s and alone and flight.begun < limit:
                return flight.call, flight.chunk
        return None

    def _leave(self, call: Call) -> None:
        """Nobody waits any more for what players still draw for a call."""
        self._calls.remove(call)
        for reference, flight in [*self._flying.items()]:
            if flight.call is call:
                flight.seat.owed = reference
                del self._flying[reference]
