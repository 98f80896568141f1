"""What became of each problem over a run: when it was solved, and whether it was lost again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from operator import not_

from cppo_env.evaluation.folders import is_evaluation, step_of


@dataclass(frozen=True, slots=True)
class History:
    """A problem over the files of episodes that played it: its steps, or its evaluations.

    A file with void episodes of it alone does not count. Solved means: some program of some
    episode passed every test.
    """

    problem: str
    held_out: bool
    """Whether these are evaluations; a problem that was also trained on has two histories."""
    plays: tuple[tuple[str, bool], ...]
    """File and whether it solved the problem, in the order of the steps; never empty."""

    @property
    def solved(self) -> int:
        """The number of files that solved it."""
        return sum(solved for _, solved in self.plays)

    @property
    def first(self) -> str | None:
        """The file that solved it first."""
        return next((file for file, solved in self.plays if solved), None)

    @property
    def last(self) -> str | None:
        """The newest file that solved it."""
        return next((file for file, solved in reversed(self.plays) if solved), None)

    @property
    def failed_first(self) -> int:
        """Files that failed before the first success; all without one."""
        return _failures(solved for _, solved in self.plays)

    @property
    def failed_since(self) -> int:
        """Files that failed since the last success; all without one."""
        return _failures(solved for _, solved in reversed(self.plays))

    @property
    def lost(self) -> str | None:
        """The file since which it fails, although it had been solved; None if it was not lost."""
        return self.plays[-self.failed_since][0] if self.solved and self.failed_since else None


def histories(played: Iterable[tuple[str, str, bool]]) -> list[History]:
    """The histories of all problems that were played.

    Args:
        played: problem, file (without `.jsonl`) and whether it was solved, of episodes that are not
            void, in any order; or of all episodes of a file together. An audit is no part of it.
    """
    files: defaultdict[tuple[str, bool], dict[str, bool]] = defaultdict(dict)
    for problem, file, solved in played:
        if file == "audit":
            continue
        of = files[problem, is_evaluation(file)]
        of[file] = of.get(file, False) or solved
    return [
        History(problem, held_out, tuple(sorted(found.items(), key=lambda one: step_of(one[0]))))
        for (problem, held_out), found in files.items()
    ]


def _failures(solved: Iterable[bool]) -> int:
    """Failures before the first success."""
    return sum(1 for _ in takewhile(not_, solved))
