"""The first test that a program failed, for the page of an episode."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup

from cppo_env.records import EpisodeRecord, FirstFailure, checker_name
from cppo_env.rendering import cut
from cppo_env.types import EXCERPT_CHARS, MIB, Problem, Verdict
from cppo_viewer import texts

SHOWN_CHARS = 4000
"""Of an input or expected output; the rest is counted."""


def failing_test(record: EpisodeRecord, branch: int) -> int | None:
    """The first test that a program failed, of those that ran."""
    if record.failures:
        known = record.failures[branch] if branch < len(record.failures) else None
        return known.test if known else None
    outcomes = record.outcomes[branch] if branch < len(record.outcomes) else ""
    return next((n for n, letter in enumerate(outcomes) if letter.upper() != "A"), None)


def shown(record: EpisodeRecord, branch: int, problem: Problem | None) -> dict[str, Any] | None:
    """The first failing test of a program as texts; None if it failed none."""
    number = failing_test(record, branch)
    if number is None:
        return None
    known = record.failures[branch] if record.failures else None
    outcomes = record.outcomes[branch] if branch < len(record.outcomes) else ""
    found: dict[str, Any] = {
        "number": number + 1,
        "kind": "public" if outcomes[number : number + 1].islower() else "hidden",
        "cost": known and f"{known.cpu_s:.3g} s CPU, {known.memory_bytes / MIB:.0f} MiB",
        "got": None if known is None or known.got is None else _got(known),
        "stderr": texts.plain(known.stderr) if known else "",
        "input": None,
        "expected": None,
        "difference": [],
    }
    if problem is None or number >= len(problem.tests):
        return found
    case = problem.tests[number]
    found |= {"input": _cut(case.input), "expected": _cut(case.output)}
    found["checker"] = "" if problem.checker == "strict" else checker_name(problem)[:80]
    if known and known.got is not None and known.verdict == Verdict.WA:
        found["difference"] = list(_difference(case.output, known))
    return found


def _got(known: FirstFailure) -> Markup:
    """The answer, with what is left out before and after the excerpt."""
    text = known.got or ""
    before = f"… {known.skipped:,} characters as expected\n" if known.skipped else ""
    left = known.length - known.skipped - len(text)
    return texts.plain(before + text + (f"\n… {left:,} more characters" if left else ""))


def _difference(expected: str, known: FirstFailure) -> Iterator[tuple[str, Markup]]:
    """Lines of both texts from where they part: a sign (-, + or blank) and the line."""
    end = known.skipped + EXCERPT_CHARS
    old = expected[known.skipped : end].splitlines()
    new = (known.got or "").splitlines()
    if len(old) <= 1 and len(new) <= 1 and not known.skipped:
        return  # they stand below each other anyway
    for kind, *places in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        a, b, c, d = places
        if kind == "equal":
            yield from ((" ", texts.plain(line)) for line in old[a:b])
            continue
        yield from (("-", texts.plain(line)) for line in old[a:b])
        yield from (("+", texts.plain(line)) for line in new[c:d])


def _cut(value: object) -> Markup:
    return texts.plain(cut(value if isinstance(value, str) else repr(value), SHOWN_CHARS))
