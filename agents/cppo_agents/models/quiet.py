"""No progress bars of transformers beside our own."""

from __future__ import annotations


def no_progress_bars() -> None:
    """Switch off those of loading and writing; whatever reads or writes a model calls this."""
    from transformers.utils import logging

    logging.disable_progress_bar()
