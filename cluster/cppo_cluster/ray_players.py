"""The players of a learner on a Ray cluster: started, looked after, replaced."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayError

from cppo_cluster.ray_connection import said_by
from cppo_cluster.ray_player import Player, Skeleton
from cppo_cluster.versions import own_version

REST_S = 0.5
"""How long a player that lost something gets nothing."""


@dataclass(eq=False)
class Seat:
    """The place of a player, which Ray starts anew or which gets another one."""

    actor: Any
    process: Any
    """Reference to its process id, which is there when the player is ready."""
    ready: bool = False
    rests_until: float = 0.0
    owed: Any = None
    """Reference to what it still draws, although somebody else has drawn it, or nobody waits."""

    @property
    def free(self) -> bool:
        """Whether it owes nothing."""
        if self.owed is not None and _is_there(self.owed):
            self.owed = None
        return self.owed is None


class Players:
    """Players on the nodes of a cluster that have room for them.

    Args:
        count: how many. None: one for each GPU, or without any one for each node with CPUs.
        cpus: CPUs that each reserves.
        engine: name and options of its sampler.
        skeleton: the model.
    """

    def __init__(
        self,
        count: int | None,
        cpus: int,
        engine: tuple[str, Mapping[str, Any]],
        skeleton: Skeleton,
    ) -> None:
        gpus = int(ray.cluster_resources().get("GPU", 0))
        nodes = [one for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU")]
        player: Any = ray.remote(Player)
        self._player: Any = player.options(
            num_cpus=cpus,
            num_gpus=1 if gpus else 0,
            max_restarts=-1,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        self._arguments = (*engine, skeleton, cpus, own_version())
        self.failure = "no node has room for one"
        """Why the last player that failed cannot draw."""
        self.failed = False
        """Whether one could not even be made."""
        self._seats = [self._start() for _ in range(count or gpus or len(nodes) or 1)]

    def ready(self) -> list[Seat]:
        """Those that can draw now."""
        now = time.monotonic()
        for seat in self._seats:
            if not seat.ready and now > seat.rests_until and _is_there(seat.process):
                self._greet(seat)
        return [seat for seat in self._seats if seat.ready]

    def lost(self, seat: Seat, error: RayError) -> None:
        """A player lost what it was drawing; Ray starts it anew.

        Its node may be gone with other players, so each has to answer before it gets anything more.
        """
        self.failure = said_by(error)
        seat.rests_until = time.monotonic() + REST_S
        for one in self._seats:
            if one is seat or one.ready:
                self._ask_again(one)

    def _start(self) -> Seat:
        actor = self._player.remote(*self._arguments)
        return Seat(actor, actor.process.remote())

    def _greet(self, seat: Seat) -> None:
        try:
            ray.get(seat.process)
            seat.ready = True
        except ActorDiedError as error:  # its engine cannot be made, or Ray gave it up
            self.failure, self.failed = said_by(error), True
            seat.actor = self._player.remote(*self._arguments)
            self._ask_again(seat)
        except RayError as error:  # it is being started anew
            self.failure = said_by(error)
            seat.rests_until = time.monotonic() + REST_S
            self._ask_again(seat)

    def _ask_again(self, seat: Seat) -> None:
        seat.ready = False
        seat.process = seat.actor.process.remote()


def _is_there(reference: Any) -> bool:
    return bool(ray.wait([reference], timeout=0)[0])
