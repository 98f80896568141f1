"""Calls of third-party code in this process, which may never return."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

STOP_S = 1.0
"""How long a call may take to end once it has been interrupted."""
_stuck: dict[int, threading.Thread] = {}
"""Id of an object → the thread in which a call of it goes on, which cannot be stopped."""
_lock = threading.Lock()


class Interrupted(BaseException):
    """Raised in a call that takes too long; as no `Exception`, so that few handlers swallow it."""


def within(seconds: float, owner: object, call: Callable[[], T]) -> T:
    """What a call returns or raises, made in a separate thread.

    A call that takes longer is interrupted, which ends Python code but not, say, a `sleep`. As long
    as it goes on all the same, no other call of that owner is made: so threads do not pile up.

    Args:
        seconds: how long the call may take.
        owner: the object that is called.
        call: the call.

    Raises:
        TimeoutError: it takes longer, or an earlier call of the owner is still going on.
    """
    with _lock:
        for key, thread in list(_stuck.items()):
            if not thread.is_alive():
                del _stuck[key]
        if id(owner) in _stuck:
            raise TimeoutError("it is not called, because it is still busy with an earlier answer")
    results: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()

    def answer() -> None:
        with contextlib.suppress(Interrupted):  # it may come just after the call has ended
            results.put(_outcome(call))

    thread = threading.Thread(target=answer, name="cppo-sandbox-checker", daemon=True)
    thread.start()
    try:
        value, error = results.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s{_end(owner, thread)}") from None
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType] - of the call, where nothing was raised


def _outcome(call: Callable[[], T]) -> tuple[T, None] | tuple[None, BaseException]:
    try:
        return call(), None
    except BaseException as error:  # raised again where the call was asked for
        return None, error


def _end(owner: object, thread: threading.Thread) -> str:
    """Interrupt a call; returns what has to be said if that does not end it."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted)
    )
    thread.join(STOP_S)
    if not thread.is_alive():
        return ""
    with _lock:
        _stuck[id(owner)] = thread  # whose call keeps the owner alive, and so its id
        return f", and it goes on in a thread that cannot be stopped (number {len(_stuck)})"
