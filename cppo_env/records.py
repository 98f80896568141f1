"""The lines of `rollouts/*.jsonl`: the full record of each episode, and how its tests are noted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import UsageError
from cppo_env.places import place_of
from cppo_env.types import MIB, CheckerProgram, Problem, Report, Verdict


@dataclass(frozen=True, slots=True)
class FirstFailure:
    """The first test that a program failed, and excerpts of what it wrote there.

    They may repeat hidden inputs: they are for the owner of the problems, and never go to a prompt.
    """

    test: int
    """Counted from 0 among all tests of the problem."""
    verdict: str
    cpu_s: float
    wall_s: float
    memory_bytes: int
    """Peak resident memory."""
    got: str | None = None
    """See `ProgramOutput`, for this and what follows; None where the sandbox did not say."""
    skipped: int = 0
    length: int = 0
    stderr: str = ""

    @classmethod
    def of(cls, report: Report) -> FirstFailure | None:
        """That of a report; None if the program failed no test."""
        number, wrote = report.failing, report.output
        if number is None:
            return None
        test = report.tests[number]
        costs = round(test.cpu_s, 4), round(test.wall_s, 4), test.memory_bytes
        if wrote is None:
            return cls(number, test.verdict.value, *costs)
        said = wrote.got, wrote.skipped, wrote.length, wrote.stderr
        return cls(number, test.verdict.value, *costs, *said)

    @classmethod
    def read(cls, values: dict[str, Any]) -> FirstFailure:
        """That of a record's line. Raises TypeError if it is none."""
        found = cls(**values)
        numbers: tuple[Any, ...] = (found.cpu_s, found.wall_s, found.memory_bytes)
        counts: tuple[Any, ...] = (found.test, found.skipped, found.length)
        texts: tuple[Any, ...] = (found.verdict, found.got or "", found.stderr)
        if not (
            all(isinstance(one, int | float) for one in numbers)
            and all(isinstance(one, int) and one >= 0 for one in counts)
            and all(isinstance(one, str) for one in texts)
        ):
            raise TypeError(f"got {str(values)[:80]!r}, which is no first failing test")
        return found


KINDS: dict[str, Any] = {
    **{"problem_id": str, "episode": int, "methods": list, "accepted": bool | None},
    **{"programs": list, "verdicts": list, "reward": int | float, "void": bool, "tests": int},
}
"""Types of the fields that decide figures."""
TEXTS = "methods", "verdicts", "messages", "plans", "answers", "outcomes"
"""Fields that are lists of texts."""


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One finished episode. Its fields are the keys of a line."""

    problem_id: str
    episode: int
    """Counts the episodes of this problem from 0."""
    methods: tuple[str, ...]
    accepted: bool | None
    """J: whether the judge accepted the methods; None (null) without a planner."""
    reason: str
    """Why the plan was refused, or why the episode is void."""
    programs: tuple[str | None, ...]
    """The K programs; None where a solution held none."""
    verdicts: tuple[str, ...]
    """K verdicts; empty when the episode ended before its programs ran."""
    messages: tuple[str, ...]
    """The sandbox's message on each program."""
    reward: float
    """The planner's reward."""
    void: bool
    """Infrastructure failure: the episode is excluded and will be replayed."""
    tests: int
    """Tests that ran."""
    tokens: int
    """Tokens that the agent's model generated, as far as the agent counts them."""
    acting_s: float
    """Seconds that the agent took for the batch, divided by its episodes."""
    judging_s: float
    """Seconds that gate and sandbox took for the batch, divided by its episodes."""
    plans: tuple[str, ...] = ()
    """The planner's raw text: one text, or those of all its requests."""
    unreadable: str = ""
    """Why the plan is not K methods; empty if it is, or without a planner."""
    answers: tuple[str, ...] = ()
    """The K raw answers, thoughts included; empty texts where none was requested."""
    no_program: tuple[str, ...] = ()
    """Why each answer has no program; empty text if it has one. Empty when no program ran."""
    outcomes: tuple[str, ...] = ()
    """K texts with a letter for each test that ran: the first one of its verdict, in lower case
    where the test is a public one. Empty in records of older versions."""
    thought_tokens: int = 0
    """Those of `tokens` that are thoughts, where thoughts had a budget of their own."""
    thoughts_cut: int = 0
    """Plans and answers whose thoughts used up that budget, and were ended for the model."""
    rules: str = ""
    """How the problem was judged: checker, limits and number of tests; see `rules_of`."""
    failures: tuple[FirstFailure | None, ...] = ()
    """The first failing test of each program; None where it failed none. Empty when no program
    ran, and in records of older versions."""
    advantage: float | None = None
    """The plan's advantage, before the weight of its region; None where no update learned from
    it."""
    advantages: tuple[float | None, ...] = ()
    """Those of the K programs; empty where no update learned from any."""

    @property
    def correct(self) -> int:
        """Number of the K programs that passed every test."""
        return self.verdicts.count(Verdict.AC.value)

    @property
    def why(self) -> str:
        """Why it is void, or why its plan was refused; empty if it is neither."""
        said = self.unreadable or self.reason
        if self.void and not said:  # the sandbox failed, and speaks of each program
            said = next(filter(None, self.messages), "")
        return said

    @property
    def key(self) -> tuple[str, int]:
        """Identifies the episode."""
        return self.problem_id, self.episode

    @classmethod
    def from_json(cls, line: str) -> EpisodeRecord:
        """The record of a line.

        Raises:
            ValueError: it is no JSON object.
            TypeError: its keys or the types of its values are not those of a record.
        """
        try:
            found: object = json.loads(line)
        except RecursionError:
            raise ValueError("got JSON that is nested too deeply") from None
        if not isinstance(found, dict):
            raise ValueError(f"got {line[:40]!r}, which is no JSON object")
        values = cast(dict[str, Any], found)
        texts: dict[str, Any] = {
            name: tuple(cast(list[Any], value))
            for name, value in values.items()
            if isinstance(value, list)
        }
        failures: Sequence[dict[str, Any] | None] = texts.get("failures", ())
        texts["failures"] = tuple(
            None if one is None else FirstFailure.read(one) for one in failures
        )
        for name, kind in KINDS.items():
            if not isinstance(values.get(name), kind):
                raise TypeError(f"{name}: got {str(values.get(name))[:40]!r}")
        for name in TEXTS:
            if not all(isinstance(one, str) for one in texts.get(name, ())):
                raise TypeError(f"{name}: got {str(texts[name])[:40]!r}, which are not all texts")
        return cls(**values | texts)

    def to_json(self) -> str:
        """The line of a record, without its end."""
        # `asdict` of the whole record would copy every text.
        values = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return json.dumps(values, default=dataclasses.asdict)


def read_records(file: Path) -> list[EpisodeRecord]:
    """The records of a file; a line that an interrupted write left unfinished is none.

    Raises:
        UsageError: there is no such file, or a line is no record.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {file}; expected the episodes of a run") from None
    records: list[EpisodeRecord] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            records.append(EpisodeRecord.from_json(line.decode()))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{file}:{number}: {error}; expected the record of an episode"
            ) from error
    return records


def outcomes_of(problem: Problem, reports: Sequence[Report]) -> tuple[str, ...]:
    """`EpisodeRecord.outcomes` of the reports on one problem."""
    public = _public_tests(problem, max((len(report.tests) for report in reports), default=0))
    return tuple(
        "".join(
            test.verdict.value[0].lower() if n in public else test.verdict.value[0]
            for n, test in enumerate(report.tests)
        )
        for report in reports
    )


def _public_tests(problem: Problem, ran: int) -> set[int]:
    """Which of the tests that ran are public; reads no more tests than it takes to find all."""
    missing, found = len(problem.public_tests), set[int]()
    for n in range(ran):
        if len(found) == missing:
            break
        if problem.tests[n] in problem.public_tests:
            found.add(n)
    return found


def rules_of(problem: Problem) -> str:
    """What decides verdicts beside the program: the checker, the limits and the tests' number."""
    checker, limits = checker_name(problem).replace(" ", "-"), problem.limits
    return (
        f"checker={checker} cpu_s={limits.cpu_s:g} wall_s={limits.wall_s:g} "
        f"memory_mib={limits.memory_bytes / MIB:g} output_mib={limits.output_bytes / MIB:g} "
        f"tests={len(problem.tests)}"
    )


def checker_name(problem: Problem) -> str:
    """What people call a problem's checker: a name, a program's digest, or a function's place."""
    checker = problem.checker
    if isinstance(checker, str):
        return checker
    return checker.name if isinstance(checker, CheckerProgram) else place_of(checker)
