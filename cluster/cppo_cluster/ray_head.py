"""The head of the Ray cluster, which knows the nodes; and whether it still answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ray
from ray.exceptions import RayError

from cppo_cluster.ray_connection import give_up, reach

LOOK_S = 2.0
"""How often to ask for the nodes: some come or go."""
SILENT_S = 45.0
"""After how long without an answer the head counts as lost.

Longer than a switch takes to start anew, and shorter than the minute after which Ray ends a process
that `connect` has not told otherwise.
"""


class Head:
    """Asks the head for the nodes, now and then.

    It does so in a thread of its own, and first by a connection of its own: Ray waits for ever for
    a head that is gone, and a process that ends while a thread waits so breaks.
    """

    def __init__(self) -> None:
        self.nodes: Sequence[Mapping[str, Any]] = ray.nodes()
        """What it said last."""
        self._address = ray.get_runtime_context().gcs_address
        self._answered = time.monotonic()
        self._closed = threading.Event()
        threading.Thread(target=self._ask, name="ray-head", daemon=True).start()

    @property
    def lost(self) -> str | None:
        """One line if it has not answered for long."""
        silent_s = time.monotonic() - self._answered
        if silent_s < SILENT_S:
            return None
        give_up()
        return f"Ray's head at {self._address} has not answered for {silent_s:.0f} s"

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()

    def _ask(self) -> None:
        while not self._closed.wait(LOOK_S) and ray.is_initialized():
            try:
                reach(self._address)
                self.nodes = ray.nodes()
            except (OSError, RayError):  # no answer, or this process leaves the cluster
                continue
            self._answered = time.monotonic()
