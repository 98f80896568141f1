"""Several answers shown to one Python checker in one process: its fork costs more than the check.

Each case has a fresh `__main__`, its own files and its own standard output (`worker.together`). A
case in which the checker does anything but say its verdict and end is left open, and run once more
in a process of its own, whose end tells what is wrong.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cppo_env.types import Limits
from cppo_sandboxes.host.checker_files import Files
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.worker import frames

LIMITS = Limits(cpu_s=2.0, wall_s=6.0, memory_bytes=1 << 30, output_bytes=1 << 20)
"""Of a group. A group that needs more has cost little when its cases are run one by one."""
CASES = 64
"""In a group, at most."""
GROUP_BYTES = 1 << 18
"""Size of a group's files. For longer ones the fork costs least."""


def groups(cases: Sequence[Files]) -> Iterator[list[int]]:
    """The positions of the cases of each group; what fits in none is left out."""
    group: list[int] = []
    room = GROUP_BYTES
    for position, files in enumerate(cases):
        size = sum(map(len, files))
        if size > GROUP_BYTES:
            continue
        if size > room or len(group) == CASES:
            yield group
            group, room = [], GROUP_BYTES
        group.append(position)
        room -= size
    if group:
        yield group


def bundle(cases: Sequence[Files]) -> bytes:
    """A group's input."""
    return marshal.dumps(list(cases), frames.MARSHAL_VERSION)


def outcomes(outcome: RunOutcome, count: int) -> list[RunOutcome | None]:
    """What the checker did with each of a group's cases; None for an open one.

    The process has read what judged programs wrote, so nothing that it says is trusted.
    """
    head, _, said = outcome.answer.partition(b"\n")
    sizes = [int(word) if word.isdigit() and len(word) < 5 else None for word in head.split(b" ")]
    whole = outcome.how == frames.ENDED_EXIT and outcome.number == 0
    if not whole or len(sizes) != count or sum(filter(None, sizes)) != len(said):
        return [None] * count
    results: list[RunOutcome | None] = []
    for size in sizes:
        if size is None:
            results.append(None)
        else:
            results.append(replace(outcome, answer=said[:size], stderr=b""))
            said = said[size:]
    return results
