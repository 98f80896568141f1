"""The connection of this process to a Ray cluster."""

from __future__ import annotations

import logging

import ray
from cppo_sandboxes.host.faults import reason_of
from ray.exceptions import RayError

from cppo_env.errors import CppoError


def connect(address: str | None, failure: type[CppoError]) -> bool:
    """Connect to a cluster, unless that is done; whether this began the connection, or a cluster.

    Args:
        address: see `ray.init`. None: the cluster that this process is connected to, or that of
            RAY_ADDRESS, else a local one.
        failure: what to raise if there is no cluster at the address.
    """
    if ray.is_initialized():
        return False
    try:
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, TypeError, RayError) as error:
        raise failure(f"Ray at {address or 'this machine'}: {reason_of(error)}") from error
    return True


def said_by(error: BaseException) -> str:
    """The last line of what Ray says, which holds the reason."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[-1].strip() if lines else type(error).__name__)[:300]
