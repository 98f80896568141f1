"""Methods and programs that a problem set names for its problems."""

from __future__ import annotations

from random import Random

from cppo_env.protocols import Demonstrates, ProblemSet


def named_pairs(problems: ProblemSet, index: int, k: int, random: Random) -> list[tuple[str, str]]:
    """(method, program) pairs of a problem; the method is empty if its name is unknown."""
    if isinstance(problems, Demonstrates):
        return problems.demonstrations(index, k, random)
    problem = problems[index]
    methods = problem.metadata.get("methods") or ("",) * len(problem.references)
    return random.sample(
        list(zip(methods, problem.references, strict=True)), len(problem.references)
    )


def named_tuple(
    problems: ProblemSet, index: int, k: int, random: Random
) -> tuple[tuple[str, ...], list[str]] | None:
    """K different methods of a problem, and its programs; None if fewer methods are named."""
    pairs = named_pairs(problems, index, k, random)
    methods = tuple(dict.fromkeys(method for method, _ in pairs if method))
    if len(methods) < k:
        return None
    return methods[:k], [program for _, program in pairs]
