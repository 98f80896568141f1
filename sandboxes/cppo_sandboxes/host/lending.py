"""Pools that equal sandboxes of one process share."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from cppo_sandboxes.host.pool import Pool

_shared: dict[tuple[object, ...], tuple[Pool, int]] = {}
_lock = threading.Lock()


def borrow(key: tuple[object, ...], make: Callable[[], Pool]) -> Pool:
    """The process-wide pool for a key, made by `make` if unused; return it with `give_back`."""
    key = (os.getpid(), *key)  # a forked child must not use its parent's connections
    with _lock:
        pool, users = _shared.get(key) or (make(), 0)
        _shared[key] = (pool, users + 1)
        return pool


def give_back(pool: Pool) -> None:
    """Undo one `borrow`; the last one closes the pool."""
    with _lock:
        key, users = next((key, users) for key, (other, users) in _shared.items() if other is pool)
        if users > 1:
            _shared[key] = (pool, users - 1)
            return
        del _shared[key]
    pool.close()
