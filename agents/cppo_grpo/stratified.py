"""A small sample of a step's episodes in which each group has its share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np


def stratified(
    groups: Sequence[Hashable], solved: Sequence[bool], count: int, seed: int
) -> list[int]:
    """Choose episodes: one of each group in turn, and of a group solved ones and others in turn.

    Every other group begins with one that was not solved, so that both are there even if there
    are more groups than episodes are wanted.

    Args:
        groups: the group of each episode.
        solved: whether it was solved.
        count: how many are wanted; all of them if there are no more.
        seed: decides which.

    Returns:
        Their numbers, in order.
    """
    random = np.random.default_rng(seed)
    waiting: defaultdict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number in random.permutation(len(groups)).tolist():
        waiting[groups[number]][not solved[number]].append(number)
    turns = [
        _in_turn(solved_ones, others) if at % 2 == 0 else _in_turn(others, solved_ones)
        for at, (solved_ones, others) in enumerate(waiting.values())
    ]
    longest = max(map(len, turns), default=0)
    by_round = [one[n] for n in range(longest) for one in turns if n < len(one)]
    return sorted(by_round[:count])


def _in_turn(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """One of each in turn, then the rest of the longer one."""
    both = [one for pair in zip(first, second, strict=False) for one in pair]
    shorter = min(len(first), len(second))
    return [*both, *first[shorter:], *second[shorter:]]
