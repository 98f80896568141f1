"""Delay Ctrl-C while something must not be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed during the delay."""

    pressed: bool = False


@contextmanager
def held_back() -> Iterator[Interrupt]:
    """Delay Ctrl-C; the caller decides what happens then. Only the main thread receives any."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def remember(number: int, frame: object) -> None:
        interrupt.pressed = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C until the block ends."""
    with held_back() as interrupt:
        yield
    if interrupt.pressed:
        signal.raise_signal(signal.SIGINT)
