"""The nodes of a Ray cluster that judge: started, looked after, and given what they lack."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import ray
from ray.exceptions import ActorDiedError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cppo_cluster.ray_connection import connect, disconnect, said_by
from cppo_cluster.ray_head import Head
from cppo_cluster.ray_node import Node
from cppo_cluster.versions import own_version
from cppo_cluster.wire import encode_problem
from cppo_env.errors import SandboxError
from cppo_env.types import Problem

REST_S = 0.5
"""How long a node that lost something gets nothing."""
ANEW_S = 10.0
"""When to try a node again whose sandbox could not be started."""
HELD = 4096
"""Problems that are kept in the object store."""
CALLS = 64
"""Batches that an actor takes at the same time; the threads of several callers share it."""


@dataclass(eq=False)
class Place:
    """A node that judges."""

    node: str
    name: str
    """Of the machine, for people."""
    actor: Any
    workers: int
    facts: Any
    """Reference to what its sandbox says, which is there when it is ready."""
    sandbox: str = ""
    """Name of its sandbox, once it is ready."""
    ready: bool = False
    failed: bool = False
    known: set[str] = field(default_factory=set[str])
    """Problems that were sent, or that its stores should have."""
    lacks: set[str] = field(default_factory=set[str])
    """Problems that it has asked for."""
    flying: WeakSet[Any] = field(default_factory=WeakSet[Any])
    """Chunks of all batches that it has; those of a batch that was given up end with it."""
    rests_until: float = 0.0


class Nodes:
    """An actor on each node of the cluster that has CPUs. Thread-safe.

    Args:
        address: see `RaySandbox`.
        workers: CPUs that an actor reserves at most; all of its node if None.
        judge: name and options of the sandbox, and the stores, of each node.

    Raises:
        SandboxError: there is no such cluster.
    """

    def __init__(
        self,
        address: str | None,
        workers: int | None,
        judge: tuple[str, Mapping[str, Any], Sequence[str]],
    ) -> None:
        self._workers, self._judge = workers, judge
        self.have_stores = bool(judge[2])
        self._places: dict[str, Place] = {}
        self._contents: OrderedDict[str, Any] = OrderedDict()
        self._told: set[str] = set()
        """Whose failure was told."""
        self._lock = threading.Lock()
        self.closed = False
        self.failure = "no node has a free CPU"
        """Why the last node that failed cannot judge."""
        self._began = connect(address, SandboxError)
        self.head = Head()

    @property
    def hopeless(self) -> bool:
        """Whether every node has failed to start its sandbox."""
        return bool(self._places) and all(place.failed for place in self._places.values())

    def ready(self) -> list[Place]:
        """The nodes that can judge now."""
        with self._lock:
            if self.closed:
                return []
            now = time.monotonic()
            self._look(now)
            for place in self._places.values():
                asked = not place.ready and not place.failed
                if asked and now > place.rests_until and ray.wait([place.facts], timeout=0)[0]:
                    self._greet(place)
            return [one for one in self._places.values() if one.ready and now > one.rests_until]

    def _tell(self, whose: str, line: str) -> None:
        if whose not in self._told:
            self._told.add(whose)
            print(line, file=sys.stderr, flush=True)

    def _look(self, now: float) -> None:
        if lost := self.head.lost:
            self._tell("head", f"{lost}; the nodes that still answer judge on")
        nodes: dict[str, tuple[str, int]] = {
            node["NodeID"]: (node["NodeManagerAddress"], int(node["Resources"].get("CPU", 0)))
            for node in self.head.nodes
            if node["Alive"]
        }
        for gone in set(self._places) - set(nodes):
            del self._places[gone]
        for node, (address, cores) in nodes.items():
            workers = min(self._workers or cores, cores)
            place = self._places.get(node)
            if workers and (place is None or (place.failed and now > place.rests_until)):
                self._places[node] = self._start(node, address, workers)

    def _start(self, node: str, address: str, workers: int) -> Place:
        name, options, stores = self._judge
        judge: Any = ray.remote(Node)
        actor = judge.options(
            num_cpus=workers,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=CALLS,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        ).remote(name, {"workers": workers, **options}, stores, own_version())
        return Place(node, address, actor, workers, actor.facts.remote())

    def _greet(self, place: Place) -> None:
        try:
            said: dict[str, str] = ray.get(place.facts)
            place.sandbox = said["name"]
            place.ready = True
            self._compare(place)
        except ActorDiedError as error:
            self.failure = said_by(error)
            place.failed = True
            place.rests_until = time.monotonic() + ANEW_S
            self._tell(
                place.node,
                f"the node {place.name} of the Ray cluster cannot judge: {self.failure}; it is "
                f"tried again every {ANEW_S:g} s",
            )
        except RayError as error:  # it is being started anew
            self.failure = said_by(error)
            self._ask_again(place)

    def _compare(self, place: Place) -> None:
        for other in self._places.values():
            if other.ready and other.sandbox != place.sandbox:
                self._tell(
                    "different",
                    f"the nodes of the Ray cluster judge in different sandboxes: {other.name} in "
                    f"{other.sandbox}, {place.name} in {place.sandbox}; name the one that all "
                    "nodes shall have, such as sandbox=docker",
                )

    def _ask_again(self, place: Place) -> None:
        place.ready = False
        place.rests_until = time.monotonic() + REST_S
        place.facts = place.actor.facts.remote()

    def others(self, place: Place) -> bool:
        """Whether another node can judge now."""
        return any(one is not place for one in self.ready())

    def doubt(self, place: Place, reason: str) -> None:
        """Say once that a node gives IE, so that others are asked."""
        self._tell(
            f"{place.node} doubted",
            f"the node {place.name} of the Ray cluster could not judge a job, and another one is "
            f"asked: {reason}",
        )

    def lost(self, place: Place) -> None:
        """A node lost something: what was sent may be gone with its judge."""
        with self._lock:
            place.known.clear()
            if place.ready:
                self._ask_again(place)

    def content(self, name: str, problem: Problem) -> list[Any]:
        """A reference to a problem in the object store, in a list."""
        with self._lock:
            reference = self._contents.get(name)
            if reference is None:
                reference = self._contents[name] = ray.put(encode_problem(problem))
                while len(self._contents) > HELD:
                    self._contents.popitem(last=False)
            return [reference]

    def close(self) -> None:
        """End the nodes' judges, and the connection or cluster if this has begun it."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            self.head.close()
            disconnect(self._end_judges, stay=not self._began)

    def _end_judges(self) -> None:
        for place in self._places.values():
            ray.kill(place.actor)
