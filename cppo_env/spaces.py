"""Spaces for text of any script, and for K texts; batched with the environments' axis first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

SAMPLE_LENGTH = 80
"""Maximum length of a random text; `sample` is only for tests."""


class UnicodeText(spaces.Text):
    """Text of up to `max_length` Unicode characters (Gymnasium's `Text` lists them)."""

    def __init__(self, max_length: int = 2**24):
        super().__init__(max_length=max_length, min_length=0)

    def contains(self, x: Any) -> bool:
        """Whether `x` is a text that is short enough."""
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A short random text."""
        if mask is None and probability is None:
            mask = (int(self.np_random.integers(SAMPLE_LENGTH + 1)), None)
        return super().sample(mask, probability)

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"


class Texts(spaces.Tuple[Any]):
    """K texts. A batch of N is a tuple of N such tuples."""

    def __init__(self, k: int):
        super().__init__([UnicodeText() for _ in range(k)])


def observation_space(k: int) -> spaces.Dict:
    """The space of `Observation`."""
    return spaces.Dict(
        {
            "phase": spaces.Discrete(2),
            "problem": UnicodeText(),
            "starter_code": UnicodeText(),
            "methods": Texts(k),
        }
    )


@batch_space.register(Texts)
def _batch_texts(space: Texts, n: int = 1) -> spaces.Tuple[Any]:
    return spaces.Tuple([Texts(len(space)) for _ in range(n)])


@create_empty_array.register(Texts)
def _empty_texts(space: Texts, n: int = 1, fn: Any = np.zeros) -> tuple[tuple[str, ...], ...]:
    return (("",) * len(space),) * n


@concatenate.register(Texts)
def _concatenate_texts(space: Texts, items: Iterable[Any], out: Any) -> tuple[Any, ...]:
    return tuple(items)
