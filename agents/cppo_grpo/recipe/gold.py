"""Gold tuples: JSON lines of K methods for a problem, with programs where they are known.

    {"problem_id": "…", "methods": ["…", "…", "…", "…"], "programs": ["…", null, "…", "…"]}

`programs` may be left out. Further fields are kept by whoever wrote them and ignored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cppo_env.assembly import find_problem
from cppo_env.errors import UnknownNameError, UsageError
from cppo_env.judges import repeats_a_method
from cppo_env.protocols import ProblemSet
from cppo_env.types import Problem
from cppo_grpo.recipe.json_lines import read_lines

WHAT = '{"problem_id", "methods": [K texts], "programs": [K texts or null] (optional)}'


@dataclass(frozen=True, slots=True)
class GoldTuple:
    """K methods of a problem that are worth imitating."""

    problem_id: str
    methods: tuple[str, ...]
    programs: tuple[str | None, ...] = ()
    """One for each method, None where there is none; empty where none is known."""


def read_tuples(files: Sequence[str | Path], k: int) -> list[GoldTuple]:
    """The tuples of some files.

    Raises:
        UsageError: a file cannot be read, or a line is no tuple of K methods; the message has its
            number.
    """
    return [
        _tuple(row, k, f"{file}:{number}")
        for file in map(Path, files)
        for number, row in read_lines(file, WHAT)
    ]


def _tuple(row: dict[str, Any], k: int, place: str) -> GoldTuple:
    problem_id, listed = row.get("problem_id"), row.get("methods")
    if not isinstance(problem_id, str) or not isinstance(listed, list):
        raise UsageError(f"{place}: got the fields {', '.join(row) or 'none'}, expected {WHAT}")
    methods = cast(list[Any], listed)
    if len(methods) != k:
        raise UsageError(
            f"{place}: {problem_id!r} has {len(methods)} methods, expected K = {k}; mend the line, "
            "or give --k"
        )
    if not all(isinstance(one, str) and one.strip() for one in methods):
        raise UsageError(f"{place}: a method of {problem_id!r} is empty or no text")
    given: Any = row.get("programs") or []
    programs = cast(list[Any], given) if isinstance(given, list) else [given]
    known = all(one is None or isinstance(one, str) for one in programs)
    if programs and not (known and len(programs) == k):
        raise UsageError(f"{place}: programs: expected {k} texts or null, one for each method")
    lines = tuple(" ".join(str(method).split()) for method in methods)
    if repeats_a_method(lines):
        raise UsageError(
            f"{place}: {problem_id!r} repeats a method, expected {k} different ones; mend or leave "
            "out the line"
        )
    return GoldTuple(problem_id, lines, tuple(programs))


def with_problems(
    tuples: Sequence[GoldTuple], problems: ProblemSet, where: str
) -> list[tuple[Problem, GoldTuple]]:
    """Each tuple with its problem.

    Raises:
        UsageError: the set does not hold one of the problems.
    """
    known = problems_named((one.problem_id for one in tuples), problems, where)
    return [(known[one.problem_id], one) for one in tuples]


def problems_named(ids: Iterable[str], problems: ProblemSet, where: str) -> dict[str, Problem]:
    """The problems with these ids, by id.

    Raises:
        UsageError: the set does not hold one of them.
    """
    try:
        return {one: problems[find_problem(problems, one)] for one in dict.fromkeys(ids)}
    except UnknownNameError as error:
        raise UsageError(
            f"{where}: {error}; give the problem set of the {where} with --problems, --env and "
            "--split"
        ) from None
