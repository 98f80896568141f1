"""Ctrl-C at a moment that suits: held back while something must not be cut in two."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed while it was held back."""

    pressed: bool = False


@contextmanager
def held_back() -> Iterator[Interrupt]:
    """Hold a Ctrl-C back; who asked decides what becomes of it. Threads other than the main one get none."""
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
    """Hold a Ctrl-C back until the block is done."""
    with held_back() as interrupt:
        yield
    if interrupt.pressed:
        signal.raise_signal(signal.SIGINT)
