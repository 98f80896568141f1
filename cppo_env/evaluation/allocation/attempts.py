"""The attempts of a finished run in the order in which they would be made, and what is known then.

Nothing here looks at a verdict to describe an attempt. Known before attempt j are its place, its
method and those before it, the gate's ruling, and what the problem says of itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppo_env.arrays import Bools
from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.comparison.loading import FinishedRun
from cppo_env.judges import folded
from cppo_env.problems.views import indexed
from cppo_env.records import EpisodeRecord
from cppo_env.types import Problem, Verdict

ITS_METHOD = "method"
"""Name of the attempt's own method among what is known of it."""

PASSED = Verdict.AC.value[0].lower()
"""A public test that was passed, in `EpisodeRecord.outcomes`."""

LABELS = frozenset({"difficulty", "platform", "source", "dataset", "cf_rating", "contest_id"})
"""Metadata that a data set publishes with a problem, whether or not its statement says them."""

Known = tuple[tuple[Hashable, ...], ...]
"""What is known of an attempt: descriptions, each one finer than the one before it."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """R equally likely orders of the attempts of a run: its tuples, rotated."""

    problems: tuple[str, ...]
    right_RNJ: Bools
    public_RNJ: Bools
    """Which attempts passed all public tests; none where a problem has none."""
    known_RNJ: Sequence[Sequence[Sequence[Known]]]
    left_out: int
    """Problems with fewer episodes than the others."""


def attempts_of(run: FinishedRun, by: Sequence[str], *, public: bool) -> Attempts:
    """The attempts of a run, with what is known of each.

    Args:
        run: an evaluation, with the same number of episodes for most problems.
        by: metadata of the problem, or "method".
        public: read which attempts passed the public tests.

    Raises:
        CppoError: a problem cannot be loaded.
        UsageError: a description is not known to an agent, or public tests were not all run.
    """
    episodes: defaultdict[str, dict[int, EpisodeRecord]] = defaultdict(dict)
    for record in run.records:
        episodes[record.problem_id][record.episode] = record
    tuples = max(map(len, episodes.values()))
    kept = {
        one: [records[n] for n in sorted(records)]
        for one, records in sorted(episodes.items())
        if len(records) == tuples
    }
    names = [name for name in by if name != ITS_METHOD]
    problems = _problems(run, [*kept]) if names or public else {}
    facts = {
        one: {name: _fact(problems[one], name) for name in names} if names else {} for one in kept
    }
    tests = {one: _public_tests(problems[one]) if public else 0 for one in kept}
    orders = [[*range(start, tuples), *range(start)] for start in range(tuples)]
    rows = [
        [_Row([records[n] for n in order], run.k, facts[one], by, tests[one]) for order in orders]
        for one, records in kept.items()
    ]
    return Attempts(
        problems=tuple(kept),
        right_RNJ=_stacked([[row.right for row in of_problem] for of_problem in rows]),
        public_RNJ=_stacked([[row.public for row in of_problem] for of_problem in rows]),
        known_RNJ=[[of_problem[r].known for of_problem in rows] for r in range(tuples)],
        left_out=len(episodes) - len(kept),
    )


def _stacked(values_NRJ: Sequence[Sequence[Sequence[bool]]]) -> Bools:
    return np.array(values_NRJ, dtype=np.bool_).transpose(1, 0, 2)


class _Row:
    """One order of the tuples of one problem."""

    def __init__(
        self,
        records: Sequence[EpisodeRecord],
        k: int,
        facts: Mapping[str, Any],
        by: Sequence[str],
        public_tests: int,
    ):
        self.right: list[bool] = []
        self.public: list[bool] = []
        self.known: list[Known] = []
        seen = Counter[str]()
        for record in records:
            ran = bool(record.verdicts)
            self.right += [one == Verdict.AC for one in record.verdicts] if ran else [False] * k
            for branch in range(k):
                passed = ran and public_tests > 0 and _passes(record, branch, public_tests)
                self.public.append(passed)
                method = folded(record.methods[branch])
                state = _state(record, repeated=bool(method and seen[method]))
                seen[method] += 1
                self.known.append(
                    _known(len(self.known), state, [facts.get(name, method) for name in by])
                )


def _known(place: int, state: str, facts: Sequence[Hashable]) -> Known:
    """Descriptions of an attempt, from coarse to fine."""
    base = (place, state)
    return ((place,), base, *((*base, *facts[: n + 1]) for n in range(len(facts))))


def _state(record: EpisodeRecord, *, repeated: bool) -> str:
    """What the texts of a plan and the gate say of an attempt."""
    if record.unreadable:
        return "unreadable"
    if record.accepted is False:
        return "refused"
    return "repeated" if repeated else "new"


def _passes(record: EpisodeRecord, branch: int, tests: int) -> bool:
    """Whether a program passed all public tests of its problem, which has that many."""
    if not record.outcomes:
        raise UsageError(
            f"public: the records of problem {record.problem_id} are of an older version and do "
            "not tell tests apart; judge the run again with cppo regrade"
        )
    outcome = record.outcomes[branch]
    ran = [one for one in outcome if one.islower()]
    if any(one != PASSED for one in ran):
        return False
    if len(ran) < tests and any(one.isupper() for one in outcome):
        raise UsageError(
            f"public: a program of problem {record.problem_id} failed a hidden test before all "
            "public ones had run, so its verdict would be known too early; run all tests with cppo "
            "regrade --stop_early false"
        )
    return len(ran) == tests


def _public_tests(problem: Problem) -> int:
    """How many of the tests that judge a problem are public."""
    count = sum(one in problem.public_tests for one in problem.tests)
    if not count:
        raise UsageError(
            f"public: problem {problem.id} has no public tests, so nothing is known of an attempt "
            "before it counts; leave --public out"
        )
    return count


def _problems(run: FinishedRun, ids: Sequence[str]) -> dict[str, Problem]:
    found = indexed(run.problems())
    try:
        return {one: found[found.index(one)] for one in ids}
    except LookupError as error:
        raise CppoError(
            f"{run.path}: {error}; leave out --public, and all of --by but {ITS_METHOD}"
        ) from error


def _fact(problem: Problem, name: str) -> str:
    """A description that an agent can know: of the data set, or in words of the statement."""
    value = problem.metadata.get(name)
    if not isinstance(value, str | int | float):
        raise UsageError(
            f"by: problem {problem.id} has no {name!r} of one word or number; expected "
            f"{ITS_METHOD}, or one of {', '.join(sorted(problem.metadata))}"
        )
    if name not in LABELS and not re.search(rf"\b{re.escape(str(value))}\b", problem.statement):
        raise UsageError(
            f"by: {name} of problem {problem.id} is {str(value)!r}, which its statement does not "
            f"say, so no agent knows it; expected words of the statement, {ITS_METHOD}, or one of "
            f"{', '.join(sorted(LABELS))}"
        )
    return str(value)
