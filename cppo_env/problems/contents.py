"""A digest of what a problem asks and how it judges, to tell whether two sets are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from cppo_env.types import Problem


def digest_of(problem: Problem) -> str:
    """A digest of statement, starter code, entry point, checker, limits and tests; not of the id.

    Tests are decoded one at a time.
    """
    digest = hashlib.sha256()
    for text in _parts(problem):
        content = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()[:32]


def _parts(problem: Problem) -> Iterator[str]:
    yield from (problem.statement, problem.starter_code, str(problem.entry_point))
    yield from (_named(problem.checker), repr(problem.limits))
    for tests in (problem.public_tests, problem.tests):
        yield str(len(tests))
        for test in tests:
            yield test.input
            yield test.output


def _named(checker: Any) -> str:
    """A checker's name, and the fields of one that is a dataclass; never its address."""
    if isinstance(checker, str):
        return checker
    name: object = getattr(checker, "__qualname__", type(checker).__qualname__)
    fields: tuple[Any, ...] = getattr(checker, "__dataclass_fields__", ())
    settings = {one: getattr(checker, one, None) for one in fields}
    return f"{checker.__module__}.{name} {settings}"
