"""A sandbox on many machines: one actor on each node of a Ray cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import ray
from cppo_sandboxes.base import check_workers

from cppo_cluster.naming import Names
from cppo_cluster.ray_batch import Batch
from cppo_cluster.ray_nodes import Nodes
from cppo_env import plugins
from cppo_env.errors import SandboxError, UsageError
from cppo_env.protocols import Sandbox
from cppo_env.types import Job, Report, Verdict

TELL_S = 20.0
"""After how long to say that no node has judged yet."""


class RaySandbox:
    """Runs jobs on all nodes of a Ray cluster, those that join later included. Thread-safe.

    Each node judges with a sandbox of its own, in a plain process beside its actor. Programs and
    the names of problems travel; a node fetches a problem once, from the object store, unless it
    has it in `stores`. Jobs of a node that dies are handed in elsewhere; after three losses they
    are IE.

    Args:
        address: the cluster's, see `ray.init`. None: the one that this process is connected to, or
            that of RAY_ADDRESS, else a local one, which ends with this sandbox.
        workers: concurrent programs on each node, for which its actor reserves CPUs; all CPUs of
            the node if None.
        sandbox: what judges on each node, see `make_sandbox`.
        sandbox_options: its options, beside `workers`.
        stores: problem sets (paths or names) that lie on every node.
        patience_s: how long to wait for a node that is ready, at the start and later.

    Raises:
        UsageError: an option cannot work.
        SandboxError: there is no such cluster, or no node can judge.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        workers: int | None = None,
        sandbox: str = "auto",
        sandbox_options: Mapping[str, Any] | None = None,
        stores: Sequence[str] = (),
        patience_s: float = 300.0,
    ) -> None:
        check_workers(workers)
        if sandbox == "ray":
            raise UsageError("sandbox: got 'ray', expected what judges on each node")
        if sandbox != "auto":
            plugins.check("sandboxes", sandbox)
        self._make = partial(
            type(self),
            address,
            workers=workers,
            sandbox=sandbox,
            sandbox_options=sandbox_options,
            stores=stores,
            patience_s=patience_s,
        )
        self._patience_s = patience_s
        self._names = Names()
        self._nodes = Nodes(address, workers, (sandbox, dict(sandbox_options or {}), list(stores)))
        try:
            self._wait_for_first()
        except BaseException:
            self.close()
            raise
        if sandbox == "auto":
            print(f"Ray's nodes judge with {self.facts['name']}", file=sys.stderr, flush=True)

    def _wait_for_first(self) -> None:
        begun, waiting = time.monotonic(), False
        while not self._nodes.ready():
            waits_s = time.monotonic() - begun
            if waits_s > self._patience_s or self._nodes.hopeless:
                raise SandboxError(f"no node of the Ray cluster can judge: {self._nodes.failure}")
            if waits_s > TELL_S and not waiting:
                waiting = True
                print(
                    f"waiting up to {self._patience_s:g} s for a node of the Ray cluster with "
                    "free CPUs; a smaller workers needs fewer",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(0.1)

    @property
    def facts(self) -> Mapping[str, str]:
        """What the nodes' sandbox says of itself, and how many nodes there are now."""
        places = self._nodes.ready()
        said: dict[str, str] = ray.get(places[0].facts) if places else {}
        workers = sum(place.workers for place in places)
        return {**said, "ray": ray.__version__, "nodes": f"{len(places)} with {workers} workers"}

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order; infrastructure failures are IE."""
        reports = [Report(Verdict.IE, message="no report")] * len(jobs)
        self.run_each(jobs, reports.__setitem__, lambda: True)
        return reports

    def run_each(
        self,
        jobs: Sequence[Job],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
        /,
    ) -> None:
        """What `run` does, with each report told when its chunk is there."""
        Batch(self._nodes, jobs, self._names.of(jobs), tell, wanted, self._patience_s).run()

    def close(self) -> None:
        """End the nodes' judges, and the cluster if this sandbox has started it."""
        self._nodes.close()

    def cached(self) -> Sandbox:
        """A `CachedSandbox` around this one."""
        from cppo_sandboxes.cached import CachedSandbox

        return CachedSandbox(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its settings."""
        return self._make, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
