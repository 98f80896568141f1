"""Several answers shown to one Python checker in one process: its fork costs more than the check.

Only a plain checker (`plain_checkers`) is shown several: no answer makes it say something else of
the next. Each case has a fresh `__main__`, its own files and its own standard output
(`worker.together`). A case in which the checker does anything but say its verdict and end is left
open, and run once more in a process of its own, whose end tells what is wrong.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from cppo_env.parsing.python_source import after_future_imports
from cppo_env.types import CheckerProgram, Limits
from cppo_sandboxes.host.checker_files import PREPARED, Files, Prepared
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.host.plain_checkers import is_plain
from cppo_sandboxes.languages import LANGUAGES
from cppo_sandboxes.worker import frames

LIMITS = Limits(cpu_s=2.0, wall_s=6.0, memory_bytes=1 << 30, output_bytes=1 << 20)
"""Of a group. A group that needs more has cost little when its cases are run one by one."""
CASES = 64
"""In a group, at most."""
GROUP_BYTES = 1 << 18
"""Size of a group's files. For longer ones the fork costs least."""


@lru_cache(maxsize=PREPARED)
def prepare(program: CheckerProgram) -> Prepared | None:
    """The program that is shown many cases; None if the checker must see each alone."""
    if program.language != "python" or not is_plain(program.source):
        return None
    # As when it is run alone, no line where Python looks for it may name another encoding.
    source = after_future_imports(program.source, "\n\n")
    return Prepared(LANGUAGES["python"], source.encode("utf-8", "surrogatepass"), together=True)


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


def ended_well(outcome: RunOutcome) -> bool:
    """Whether a group's process has got to its end."""
    return outcome.how == frames.ENDED_EXIT and outcome.number == 0


def outcomes(outcome: RunOutcome, count: int) -> list[RunOutcome | None]:
    """What the checker did with each of a group's cases; None for an open one.

    The process has read what judged programs wrote, so nothing that it says is trusted.
    """
    head, _, said = outcome.answer.partition(b"\n")
    sizes = [int(word) if word.isdigit() and len(word) < 5 else None for word in head.split(b" ")]
    if not ended_well(outcome) or len(sizes) != count or sum(filter(None, sizes)) != len(said):
        return [None] * count
    results: list[RunOutcome | None] = []
    for size in sizes:
        if size is None:
            results.append(None)
        else:
            results.append(replace(outcome, answer=said[:size], stderr=b""))
            said = said[size:]
    return results
