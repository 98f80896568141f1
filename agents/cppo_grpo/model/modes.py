"""Modes of a model: evaluation, no dropout, training with less memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradient checkpointing (it disables the cache); restored on exit."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def without_dropout(model: nn.Module) -> None:
    """Remove dropout, so training and evaluation compute the same function."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name, value in vars(module).items():
            if name.endswith("dropout") and isinstance(
                value, float
            ):  # what attention passes on as a number
                setattr(module, name, 0.0)


def checkpoint_activations(model: Any) -> None:
    """Keep only each layer's input, and recompute the rest in the backward pass."""
    # transformers renamed the method within version 5.
    enable = (
        getattr(model, "activation_checkpointing_enable", None)
        or model.gradient_checkpointing_enable
    )
    enable()
