"""Named rules for problems with several right answers. All are `strict` in everything that they do not name."""

from __future__ import annotations

import json
from functools import partial
from typing import cast

from cppo_env.checkers.strict import same_json, same_text, same_value
from cppo_env.types import Checker, Problem, TestCase


def tolerance(limit: float) -> Checker:
    """A checker with another tolerance than 1e-6, absolute or relative, where the expected number is a float."""

    def within(problem: Problem, test: TestCase, got: str) -> bool:
        if problem.entry_point is None:
            return same_text(test.output, got, limit)
        return same_json(test.output, got, partial(same_value, tolerance=limit))

    return within


float_1e_4 = tolerance(1e-4)
"""For "an absolute or relative error of at most 10^-4 is accepted"."""


def case_insensitive(problem: Problem, test: TestCase, got: str) -> bool:
    """Letters in any case, for "you may print each letter in any case"."""
    if problem.entry_point is None:
        return same_text(test.output.lower(), got.lower())
    return same_json(test.output, got, partial(same_value, fold_case=True))


def unordered(problem: Problem, test: TestCase, got: str) -> bool:
    """Lines of text, or elements of the returned array, in any order; each as often as expected, numbers exact."""
    if problem.entry_point is None:
        return _sorted_lines(test.output) == _sorted_lines(got)
    return same_json(test.output, got, _same_elements)


def value_or_wrapped(problem: Problem, test: TestCase, got: str) -> bool:
    """For the call-based rows of APPS: the expected value or, where it is an array of one, the element of that array.

    The published rows hold some results bare and some wrapped in an array of one, and do not tell
    which. Text is compared as in `strict`.
    """
    if problem.entry_point is None:
        return same_text(test.output, got)
    return same_json(test.output, got, _same_or_wrapped)


def _sorted_lines(text: str) -> list[bytes]:
    """The lines with single blanks between tokens, without the empty ones."""
    lines = (b" ".join(line.split()) for line in text.encode("utf-8", "surrogatepass").split(b"\n"))
    return sorted(line for line in lines if line)


def _same_elements(want: object, have: object) -> bool:
    if isinstance(want, list) and isinstance(have, list):
        return _sorted_elements(cast(list[object], want)) == _sorted_elements(
            cast(list[object], have)
        )
    return same_value(cast(object, want), have)


def _sorted_elements(values: list[object]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def _same_or_wrapped(want: object, have: object) -> bool:
    return same_value(want, have) or (
        isinstance(want, list) and same_value(cast(object, want), [have])
    )
