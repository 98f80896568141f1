"""A sampler on many machines: players on the nodes of a Ray cluster draw for the learner."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import ray
from cppo_grpo.launcher import launched_processes
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from ray.exceptions import RayError, RayTaskError
from torch import Tensor
from transformers import PreTrainedModel

from cppo_cluster.draws import SentPrompts, put_weights
from cppo_cluster.ray_connection import connect, said_by
from cppo_cluster.ray_head import Head
from cppo_cluster.ray_player import Skeleton
from cppo_cluster.ray_players import Players, Seat
from cppo_env import plugins
from cppo_env.errors import CppoError, SamplerError, UsageError

LOSSES = 3
"""How often prompts may be lost with their player before the step stops."""
LATE = 2
"""A chunk is late when it has taken this much longer than any that has come back, as a factor."""
LEAST_S = 1.0
"""Chunks that come back sooner count as this long."""
TELL_S = 20.0
"""After how long to say that there is no player yet."""


@dataclass(eq=False, slots=True)
class _Chunk:
    """Prompts that travel together: their numbers."""

    rows: list[int]
    losses: int = 0
    drawn: bool = False


@dataclass(eq=False, slots=True)
class _Flight:
    """A chunk on its way; a late one may be on two."""

    seat: Seat
    chunk: _Chunk
    begun: float


class RaySampler:
    """Samples with players on a Ray cluster, each of which holds an engine and nothing else.

    Prompts go out and token ids with their log-probs come back, in chunks; a player that is done
    gets the next. Weights go through the object store once per update, and a player loads them
    before it draws. A draw follows from its seed and stream, so it is the same whoever draws it.
    Chunks of a player that dies are drawn elsewhere, and so are late ones once a player is idle.

    Args:
        model: the trained model; players have copies of it.
        address: the cluster's, see `ray.init`. None: the one that this process is connected to, or
            that of RAY_ADDRESS, else a local one, which ends with this process.
        players: how many. None: one for each GPU of the cluster, or without any one for each node.
        cpus: CPUs that each reserves, and its threads.
        sampler: engine of each player.
        sampler_options: options of the engine.
        batch_size: prompts that a player draws at a time. Draws are those of the engine in this
            process with the same `batch_size`, to the last bit on processors of one kind.
        patience_s: how long to wait for a player, at the start and later.

    Raises:
        UsageError: an option cannot work.
        SamplerError: there is no such cluster, or no player can be started.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        address: str | None = None,
        players: int | None = None,
        cpus: int = 1,
        sampler: str = "transformers",
        sampler_options: Mapping[str, Any] | None = None,
        batch_size: int = 64,
        patience_s: float = 300.0,
    ) -> None:
        for name, value in (("players", players), ("cpus", cpus), ("batch_size", batch_size)):
            if value is not None and value < 1:
                raise UsageError(f"{name}: got {value}, expected at least 1")
        if sampler == "ray":
            raise UsageError("sampler: got 'ray', expected the engine of each player")
        engine = (sampler, dict(sampler_options or {}))
        made_of = partial(plugins.load("samplers", sampler), model)
        plugins.check_options(made_of, engine[1], f"sampler {sampler!r}")
        if launched_processes() > 1 and not (address or os.environ.get("RAY_ADDRESS")):
            raise UsageError(
                f"address: got none, and {launched_processes()} processes would each start a "
                "cluster; start one (ray start --head) and give its address"
            )
        connect(address, SamplerError)
        self._head = Head()
        self._batch_size, self._patience_s = batch_size, patience_s
        self._version, self._weights = 0, None
        self._players = Players(players, cpus, engine, Skeleton.of(model))
        self.update(model.named_parameters())
        self._wait_for_first()

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order; see `Sampler.sample`.

        Raises:
            SamplerError: the same prompts were lost three times, or there is no player.
        """
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[dict[int, Completion]]:
        """The same completions by prompt index, each chunk when it is there.

        Raises:
            SamplerError: the same prompts were lost three times, or there is no player.
        """
        # Neighbours of like length waste no padding, and the copies of a prompt meet in one chunk.
        order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), tuple(prompts[i])))
        waiting = deque(
            _Chunk(order[start : start + self._batch_size])
            for start in range(0, len(order), self._batch_size)
        )
        flying: dict[Any, _Flight] = {}
        left, longest_s = len(waiting), 0.0
        ends = time.monotonic() + self._patience_s
        try:
            while left:
                if lost := self._head.lost:
                    raise SamplerError(f"{lost}; the step stops")
                busy = {flight.seat for flight in flying.values()}
                for seat in self._players.ready():
                    if seat in busy or not seat.free:
                        continue
                    chunk = waiting.popleft() if waiting else _late(flying.values(), longest_s)
                    if chunk is not None:
                        reference = self._send(seat, chunk, prompts, params)
                        flying[reference] = _Flight(seat, chunk, time.monotonic())
                if not flying:
                    if time.monotonic() > ends:
                        raise SamplerError(self._nobody())
                    time.sleep(0.05)
                    continue
                for reference in ray.wait([*flying], timeout=1.0)[0]:
                    flight = flying.pop(reference)
                    chunk, drawn = flight.chunk, self._take(reference, flight)
                    if chunk.drawn:
                        continue
                    if drawn is not None:
                        chunk.drawn, left = True, left - 1
                        longest_s = max(longest_s, time.monotonic() - flight.begun)
                        yield dict(zip(chunk.rows, drawn, strict=True))
                    elif all(other.chunk is not chunk for other in flying.values()):
                        waiting.appendleft(chunk)
                ends = time.monotonic() + self._patience_s
        finally:
            for reference, flight in flying.items():
                flight.seat.owed = reference

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Put the trainer's weights into the object store, from where players load them.

        Raises:
            SamplerError: the store and the disk behind it are full.
        """
        try:
            self._weights = put_weights(named_weights)
        except RayError as error:
            raise SamplerError(
                f"Ray: no room for the weights in the object store: {said_by(error)}; the step "
                "stops"
            ) from error
        self._version += 1

    def _send(
        self,
        seat: Seat,
        chunk: _Chunk,
        prompts: Sequence[Sequence[int]],
        params: SamplingParams,
    ) -> Any:
        streams = params.streams_of(len(prompts))
        return seat.actor.draw.remote(
            self._version,
            [self._weights],
            SentPrompts.of([prompts[i] for i in chunk.rows]),
            replace(params, streams=tuple(streams[i] for i in chunk.rows)),
        )

    def _take(self, reference: Any, flight: _Flight) -> list[Completion] | None:
        """What was drawn, or None if it was lost."""
        chunk = flight.chunk
        try:
            drawn: Any = ray.get(reference)
        except RayTaskError as error:  # the engine raised: it would again
            if isinstance(error.cause, CppoError):
                raise error.cause from None
            raise
        except RayError as error:
            self._players.lost(flight.seat, error)
            chunk.losses += 1
            if chunk.losses >= LOSSES and not chunk.drawn:
                raise SamplerError(
                    f"Ray: {len(chunk.rows)} prompts were lost with their player {LOSSES} times: "
                    f"{self._players.failure}; the step stops"
                ) from error
            return None
        return drawn.completions()

    def _wait_for_first(self) -> None:
        begun, told = time.monotonic(), False
        while not self._players.ready():
            waits_s = time.monotonic() - begun
            if self._players.failed or waits_s > self._patience_s:
                raise SamplerError(self._nobody())
            if waits_s > TELL_S and not told:
                told = True
                print(
                    f"waiting up to {self._patience_s:g} s for a player on Ray; it needs free "
                    "CPUs, or a free GPU where the cluster has any",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(0.05)

    def _nobody(self) -> str:
        return f"no player on Ray can draw: {self._players.failure}"


def _late(flights: Iterable[_Flight], longest_s: float) -> _Chunk | None:
    """A chunk that an idle player draws as well: the draws are the same, the first answer counts.

    Args:
        flights: what is on its way, and nothing waits.
        longest_s: how long the slowest chunk took that has come back.
    """
    limit = time.monotonic() - LATE * max(longest_s, LEAST_S)
    open_flights = [flight for flight in flights if not flight.chunk.drawn]
    for flight in open_flights:
        alone = all(one is flight or one.chunk is not flight.chunk for one in open_flights)
        if longest_s and alone and flight.begun < limit:
            return flight.chunk
    return None
