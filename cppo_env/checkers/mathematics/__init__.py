"""The checker "math": numbers, fractions, sets, intervals and expressions, as models write them.

Text becomes a tree (`grammar`, after `notation` has made LaTeX plain), and trees are compared
(`equality`): exactly where both are rational, otherwise at points. Nothing is evaluated as a
program: the grammar knows digits, one-letter names and a closed list of functions, and every
number, power and nest has a bound, so a hostile answer costs no more than an honest one.
"""

from cppo_env.checkers.mathematics.equality import same_answer
from cppo_env.types import Problem, TestCase

__all__ = ["math", "same_answer"]


def math(problem: Problem, test: TestCase, got: str) -> bool:
    """Whether the printed answer equals the expected one, by the rules of `same_answer`."""
    return same_answer(test.output, got)
