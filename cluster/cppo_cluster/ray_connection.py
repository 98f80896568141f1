"""The connection of this process to a Ray cluster."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
from collections.abc import Callable

import ray
from cppo_sandboxes.host.faults import reason_of
from ray.exceptions import RayError

from cppo_env import ending
from cppo_env.errors import CppoError

HEADLESS = ("RAY_gcs_rpc_server_reconnect_timeout_s", "86400")
"""Keeps a process alive without its head: Ray would end it after a minute, in whatever it does, and
a run could not write its checkpoint. `Head` notices sooner."""
_given_up = threading.Event()
ANSWERS_S = 5.0
"""How long an address may take to answer; Ray itself would ask for a quarter of an hour."""


def connect(address: str | None, failure: type[CppoError]) -> bool:
    """Connect to a cluster, unless that is done; whether this began the connection, or a cluster.

    Args:
        address: see `ray.init`. None: the cluster that this process is connected to, or that of
            RAY_ADDRESS, else a local one.
        failure: what to raise if there is no cluster at the address.
    """
    if ray.is_initialized():
        return False
    os.environ.setdefault(*HEADLESS)
    _require_answer(address or os.environ.get("RAY_ADDRESS", ""), failure)
    try:
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, TypeError, RayError) as error:
        raise failure(f"Ray at {address or 'this machine'}: {reason_of(error)}") from error
    atexit.register(disconnect)  # comes before Ray's own
    return True


def disconnect(before: Callable[[], object] = lambda: None, *, stay: bool = False) -> None:
    """Leave the cluster; without a word where its head is gone, for which Ray would wait for ever.

    Args:
        before: what to do before it.
        stay: only do that.
    """
    if not ray.is_initialized():
        return
    if _given_up.is_set() or not _is_reached(ray.get_runtime_context().gcs_address):
        atexit.unregister(ray.shutdown)
        ending.be_sudden()  # Ray's threads would crash it
        return
    before()
    if not stay:
        ray.shutdown()


def give_up() -> None:
    """Note that the head is lost, even if its machine still takes connections (a frozen head)."""
    _given_up.set()


def _is_reached(address: str) -> bool:
    try:
        reach(address)
    except OSError:
        return False
    return True


def _require_answer(address: str, failure: type[CppoError]) -> None:
    """Raise if nothing listens at HOST:PORT; other forms are Ray's to judge."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        reach(f"{host}:{port}")
    except (OSError, OverflowError) as error:
        raise failure(
            f"Ray at {address}: {error}; expected the address of a cluster's head, "
            "such as ray start --head prints it"
        ) from error


def reach(address: str) -> None:
    """Connect to HOST:PORT, and nothing more.

    Raises:
        OSError: nothing answers.
        OverflowError: there is no such port.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), ANSWERS_S).close()


def said_by(error: BaseException) -> str:
    """The last line of what Ray says, which holds the reason."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[-1].strip() if lines else type(error).__name__)[:300]
