"""Spaces for text of any script, and for K texts; batched with the environments' axis first.

Gymnasium looks up a text's characters in a list of letters and digits. A `UnicodeText` becomes code
points instead, wherever it must be numbers: flattened, and in the memory that the processes of
`vectorization_mode="async"` share.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import (
    flatdim,
    flatten,
    flatten_space,  # pyright: ignore[reportUnknownVariableType] - typed in part
    unflatten,
)
from gymnasium.vector.utils import (
    batch_space,
    concatenate,
    create_empty_array,
    create_shared_memory,  # pyright: ignore[reportUnknownVariableType] - typed in part
    read_from_shared_memory,
    write_to_shared_memory,
)
from numpy.typing import NDArray

from cppo_env.errors import UsageError

SAMPLE_LENGTH = 80
"""Maximum length of a random text; `sample` is only for tests."""
FLAT_LENGTH = 2**16
"""Code points of a flattened text, and of one in shared memory."""
PADDING = 0x110000
"""Behind the end of a flattened text; no character has this code point."""


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

    def contains(self, x: Any) -> bool:
        """Whether `x` is K texts: a tuple, a list or an array of them."""
        return not (isinstance(x, np.ndarray) and x.ndim != 1) and super().contains(x)


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


# ---- a text as FLAT_LENGTH numbers ----


@flatdim.register(UnicodeText)
def _flat_length(space: UnicodeText) -> int:
    return FLAT_LENGTH


@flatten_space.register(UnicodeText)
def _flat_space(space: UnicodeText) -> spaces.Box:
    return spaces.Box(0, PADDING, (FLAT_LENGTH,), np.int32)


@flatten.register(UnicodeText)
def _flatten_text(space: UnicodeText, x: str) -> Any:
    if len(x) > FLAT_LENGTH:
        raise UsageError(
            f"got a text of {len(x):,} characters, expected at most {FLAT_LENGTH:,} in a flat "
            "observation; do not flatten, and make async environments with "
            'vector_kwargs={"shared_memory": False}'
        )
    flat = np.full(FLAT_LENGTH, PADDING, np.int32)
    flat[: len(x)] = np.frombuffer(x.encode("utf-32-le", "surrogatepass"), "<i4")
    return flat


@unflatten.register(UnicodeText)
def _unflatten_text(space: UnicodeText, x: NDArray[np.integer[Any]]) -> str:
    text = np.asarray(x)[np.asarray(x) != PADDING].astype("<i4")
    return text.tobytes().decode("utf-32-le", "surrogatepass")


@create_shared_memory.register(UnicodeText)
def _share_text(space: UnicodeText, n: int = 1, ctx: Any = multiprocessing) -> Any:
    return ctx.Array("i", n * FLAT_LENGTH)


def _rows(shared_memory: Any) -> NDArray[np.int32]:
    """The texts of N environments in shared memory: int32[N, FLAT_LENGTH]."""
    return np.frombuffer(shared_memory.get_obj(), np.int32).reshape(-1, FLAT_LENGTH)


@write_to_shared_memory.register(UnicodeText)
def _write_text(space: UnicodeText, index: int, value: str, shared_memory: Any) -> None:
    _rows(shared_memory)[index] = flatten(space, value)  # pyright: ignore


class SharedTexts(Sequence[Any]):
    """What N environments wrote to shared memory, read at each access.

    Gymnasium asks for it once and hands out deep copies, which are plain tuples.
    """

    def __init__(self, read: Callable[[], tuple[Any, ...]]):
        self._read = read

    def __getitem__(self, index: Any) -> Any:
        """The text or texts of an environment."""
        return self._read()[index]

    def __len__(self) -> int:
        """Number of environments."""
        return len(self._read())

    def __deepcopy__(self, memo: Any) -> tuple[Any, ...]:
        return self._read()


@read_from_shared_memory.register(UnicodeText)
def _read_text(space: UnicodeText, shared_memory: Any, n: int = 1) -> Any:
    return SharedTexts(lambda: tuple(_unflatten_text(space, row) for row in _rows(shared_memory)))


@read_from_shared_memory.register(Texts)
def _read_texts(space: Texts, shared_memory: Any, n: int = 1) -> Any:
    branches = [
        read_from_shared_memory(one, memory, n)
        for one, memory in zip(space.spaces, shared_memory, strict=True)
    ]
    return SharedTexts(lambda: tuple(zip(*branches, strict=True)))
