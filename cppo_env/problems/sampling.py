"""Which problems come next: reproducible draws with a state that checkpoints hold.

A draw depends only on the seed and the number of draws before it. So a resumed run meets the same
problems as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import UsageError

Indices = NDArray[np.int64]


class Curriculum:
    """Leaves out problems that give no signal: a group whose rewards are all equal teaches nothing.

    Args:
        size: number of problems.
        retry_epochs: a problem that was left out comes back after this many epochs, because the
            policy changes.
    """

    def __init__(self, size: int, retry_epochs: int = 4):
        if retry_epochs < 1:
            raise UsageError(f"retry_epochs: got {retry_epochs}, expected 1 or more")
        self.retry_epochs = retry_epochs
        self._teaches = np.ones(size, dtype=np.bool_)
        self._epoch = np.zeros(size, dtype=np.int64)

    def observe(self, index: int, teaches: bool, epoch: int) -> None:
        """Record whether the rewards of the latest attempts at a problem differed."""
        self._teaches[index] = teaches
        self._epoch[index] = epoch

    def active(self, epoch: int) -> NDArray[np.bool_]:
        """The problems of an epoch: they taught something, or nothing for long enough."""
        return self._teaches | (epoch - self._epoch >= self.retry_epochs)

    def state(self) -> dict[str, list[Any]]:
        """The state for `restore`, as JSON: the problems that taught nothing, and when."""
        left_out = np.flatnonzero(~self._teaches)
        return {"index": left_out.tolist(), "epoch": self._epoch[left_out].tolist()}

    def restore(self, state: Mapping[str, Sequence[Any]]) -> None:
        """Continue from a state."""
        self._teaches[:] = True
        self._teaches[list(state["index"])] = False
        self._epoch[list(state["index"])] = state["epoch"]


class ProblemSampler:
    """Draws indices of problems.

    Args:
        size: number of problems.
        seed: seeds every draw.
        replacement: draw independently; otherwise each epoch shuffles all problems.
        weights: probability of each problem (with replacement), or its tendency to come early in an
            epoch (without). A problem with weight 0 is never drawn.
        curriculum: leaves problems out of an epoch, or (with replacement) out of a draw.

    Raises:
        UsageError: there is nothing to draw from, or a weight is negative.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        *,
        replacement: bool = False,
        weights: Sequence[float] | None = None,
        curriculum: Curriculum | None = None,
    ):
        self._weights = np.ones(size) if weights is None else np.asarray(weights, dtype=np.float64)
        if (
            self._weights.shape != (size,)
            or not (self._weights >= 0).all()
            or not self._weights.sum() > 0
        ):
            raise UsageError(f"weights: expected {size} numbers from 0, not all 0, got {weights!r}")
        self._seed, self._replacement, self.curriculum = seed, replacement, curriculum
        self._whole_epochs, self._draws, self._drawn = 0, 0, 0
        self._left: Indices | None = None

    @property
    def epoch(self) -> int:
        """Epochs before this one; with replacement, one is as many problems as there are."""
        return self._drawn // len(self._weights) if self._replacement else self._whole_epochs

    def draw(self, count: int) -> Indices:
        """The next `count` indices, across epochs if need be."""
        if self._replacement:
            random, likely = self._random(self._draws), self._usable()
            self._draws, self._drawn = self._draws + 1, self._drawn + count
            return random.choice(len(likely), size=count, p=likely / likely.sum()).astype(np.int64)
        parts: list[Indices] = []
        while count > 0:
            if self._left is None:
                self._left = self._order()
            taken, self._left = self._left[:count], self._left[count:]
            parts.append(taken)
            count -= len(taken)
            if len(self._left) == 0:
                self._left = None
                self._whole_epochs += 1
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def state(self) -> dict[str, Any]:
        """The state for `restore`, as JSON."""
        return {
            "epoch": self._whole_epochs,
            "draws": self._draws,
            "drawn": self._drawn,
            "left": None if self._left is None else self._left.tolist(),
            "curriculum": self.curriculum.state() if self.curriculum else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the state of a sampler with the same arguments.

        Raises:
            UsageError: an older version stored less.
        """
        needed = {"draws", "drawn"} if self._replacement else {"epoch"}
        if lacking := sorted(needed - state.keys()):
            raise UsageError(
                f"the position in the data holds no {lacking[0]!r}, so an older version wrote it; "
                "go on with that version, or start a new run from the model"
            )
        self._whole_epochs = state["epoch"]
        self._draws, self._drawn = state.get("draws", 0), state.get("drawn", 0)
        self._left = None if state["left"] is None else np.asarray(state["left"], dtype=np.int64)
        if self.curriculum is not None and state["curriculum"] is not None:
            self.curriculum.restore(state["curriculum"])

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, number])

    def _usable(self) -> NDArray[np.float64]:
        """Weights, 0 for problems left out; all problems if none would be left."""
        if self.curriculum is None:
            return self._weights
        usable = np.where(self.curriculum.active(self.epoch), self._weights, 0.0)
        return usable if usable.sum() > 0 else self._weights

    def _order(self) -> Indices:
        """Random order of an epoch, likely problems first (Efraimidis and Spirakis 2006)."""
        usable = self._usable()
        chosen = np.flatnonzero(usable)
        keys = (
            self._random(self._whole_epochs).exponential(size=len(usable))[chosen] / usable[chosen]
        )
        return chosen[np.argsort(keys, kind="stable")].astype(np.int64)
