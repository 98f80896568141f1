"""A Ray cluster of two nodes on this machine, and this process in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.cluster_utils import Cluster


@contextmanager
def two_nodes(**node: Any) -> Iterator[Cluster]:
    """Two nodes with these settings of `ray.cluster_utils.Cluster.add_node`."""
    running = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    running.add_node(**node)
    ray.init(running.address, log_to_driver=False, logging_level="ERROR")
    yield running
    ray.shutdown()
    running.shutdown()
