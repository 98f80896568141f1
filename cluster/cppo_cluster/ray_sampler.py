"""A sampler on many machines: players on the nodes of a Ray cluster draw for the learner."""

from __future__ import annotations

import copy
import itertools
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from cppo_grpo.launcher import launched_processes
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from ray.exceptions import RayError
from torch import Tensor
from transformers import PreTrainedModel

from cppo_cluster.draws import put_weights
from cppo_cluster.ray_connection import connect, said_by
from cppo_cluster.ray_desk import Call, Desk
from cppo_cluster.ray_head import Head
from cppo_cluster.ray_parts import Parts
from cppo_cluster.ray_player import Skeleton
from cppo_cluster.ray_players import Players, Seat
from cppo_env import plugins
from cppo_env.errors import SamplerError, UsageError

logger = logging.getLogger(__name__)

TELL_S = 20.0
"""After how long to say that there is no player yet."""


@dataclass(frozen=True)
class _Weights:
    """The weights after an update, in the object store as long as somebody draws with them."""

    version: int
    reference: Any


class RaySampler:
    """Samples with players on a Ray cluster, each of which holds an engine and nothing else.

    Prompts go out and token ids with their log-probs come back, in chunks; a player that is done
    gets the next. Weights go through the object store once per update, and a player loads those
    that a chunk wants before it draws. A draw follows from its seed and stream, so it is the same
    whoever draws it. Chunks of a player that dies are drawn elsewhere, and so are late ones once a
    player is idle. Samplers `with_present_weights` share the players and may draw at the same time,
    each in a thread of its own: a free player goes to the one that was begun first.

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
        segment_tokens: tokens of a sequence that a player draws at a time. What is unfinished is
            sent again, with the newest weights. None: a sequence is drawn as a whole.
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
        segment_tokens: int | None = None,
        patience_s: float = 300.0,
    ) -> None:
        counts = {"players": players, "cpus": cpus, "batch_size": batch_size}
        for name, value in {**counts, "segment_tokens": segment_tokens}.items():
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
        self._batch_size, self._patience_s = batch_size, patience_s
        self._segment_tokens, self._base, self._told_of_updates = segment_tokens, self, False
        self._versions, self._turns, self._turn = itertools.count(1), itertools.count(1), 0
        self._players = Players(players, cpus, engine, Skeleton.of(model))
        self._desk = Desk(self._players, Head(), patience_s)
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
        parts = Parts(prompts, params, self._segment_tokens)

        def send(seat: Seat, rows: Sequence[int]) -> Any:
            weights = (self._base if self._segment_tokens else self)._weights
            return seat.actor.draw.remote(weights.version, [weights.reference], *parts.asked(rows))

        # Neighbours of like length waste no padding, and the copies of a prompt meet in one chunk.
        order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), tuple(prompts[i])))
        size = self._batch_size
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        for finished in self._desk.draw(Call(self._turn, chunks, send, parts.take)):
            if any(one.versions != (self._weights.version,) for one in finished.values()):
                self._tell_of_updates()
            yield finished

    def with_present_weights(self) -> Self:
        """A sampler with the same players, the weights of now, and a later turn.

        With `segment_tokens`, what it draws is begun with these and goes on with newer ones.
        """
        other = copy.copy(self)
        other._turn = next(self._turns)
        return other

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Put the trainer's weights into the object store, from where players load them.

        Raises:
            SamplerError: the store and the disk behind it are full.
        """
        try:
            reference = put_weights(named_weights)
        except RayError as error:
            raise SamplerError(
                f"Ray: no room for the weights in the object store: {said_by(error)}; the step "
                "stops"
            ) from error
        self._weights = _Weights(next(self._versions), reference)

    def _tell_of_updates(self) -> None:
        if not self._base._told_of_updates:
            self._base._told_of_updates = True
            logger.warning(
                "segment_tokens=%d: an update came between two parts of an answer, so this run "
                "depends on how fast it is, and neither a second nor a resumed one will equal it",
                self._segment_tokens,
            )

    def _wait_for_first(self) -> None:
        begun, told = time.monotonic(), False
        while not self._players.ready():
            waits_s = time.monotonic() - begun
            if self._players.failed or waits_s > self._patience_s:
                raise SamplerError(f"no player on Ray can draw: {self._players.failure}")
            if waits_s > TELL_S and not told:
                told = True
                print(
                    f"waiting up to {self._patience_s:g} s for a player on Ray; it needs free "
                    "CPUs, or a free GPU where the cluster has any",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(0.05)
