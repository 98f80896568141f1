"""Calls of third-party code, which may never return."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What a call returns or raises, made in a separate thread.

    Raises:
        TimeoutError: it takes longer. The thread goes on: Python cannot end one.
    """
    results: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()

    def answer() -> None:
        try:
            results.put((call(), None))
        except BaseException as error:  # raised again where the call was asked for
            results.put((None, error))

    threading.Thread(target=answer, name="cppo-sandbox-checker", daemon=True).start()
    try:
        value, error = results.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType] - of the call, where nothing was raised
