"""What programs leave in a network namespace: counters, and connections waiting to be forgotten."""

from __future__ import annotations

import os


class Network:
    """The worker's private loopback. Nothing in it can be undone, so a used one ends the worker.

    Args:
        own: whether no other process of the machine uses this namespace, where programs have
            sockets.
    """

    def __init__(self, own: bool) -> None:
        self._counters = os.open("/proc/net/snmp", os.O_RDONLY) if own and _has_counters() else -1
        self._seen = self._read()

    def used(self) -> bool:
        """Whether a program sent anything, or tried to, since this object was made."""
        return self._read() != self._seen

    def _read(self) -> bytes:
        return os.pread(self._counters, 1 << 16, 0) if self._counters >= 0 else b""


def _has_counters() -> bool:
    return os.path.exists("/proc/net/snmp")  # gVisor's kernel has none
