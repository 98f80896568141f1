"""Does the answer of a program equal the expected one?

A checker is a function `(problem, test, got) -> bool`. `got` is what left the judged process:
everything that a stdin program printed or, where `problem.entry_point` is set, the JSON text of the
value that the function returned. Bytes that are no UTF-8 arrive as lone surrogates
(`errors="surrogateescape"`).

A checker returns False for any garbage in `got`; it raises only when the problem's own data are at
fault (an expected value that is no JSON), which is an internal error and not a wrong answer. It
runs on the host, never beside the program.

`Problem.checker` holds a checker or a name of the entry-point group `cppo_env.checkers`:

    checker = cppo_env.plugins.checker_of(problem)

`strict` is the default. `lcb` and `apps` repeat the comparison rules of two published graders,
flaws included, so that results can be put beside published numbers. The others serve problems with
several right answers.
"""

from cppo_env.checkers.mathematics import math
from cppo_env.checkers.parity import apps, lcb
from cppo_env.checkers.special import case_insensitive, tolerance, unordered, value_or_wrapped
from cppo_env.checkers.strict import strict

__all__ = [
    "apps",
    "case_insensitive",
    "float_1e_1",
    "float_1e_2",
    "float_1e_3",
    "float_1e_4",
    "float_1e_5",
    "float_1e_6",
    "float_1e_7",
    "float_1e_8",
    "float_1e_9",
    "float_1e_10",
    "float_1e_11",
    "float_1e_12",
    "lcb",
    "math",
    "strict",
    "tolerance",
    "unordered",
    "value_or_wrapped",
]

(
    float_1e_1,
    float_1e_2,
    float_1e_3,
    float_1e_4,
    float_1e_5,
    float_1e_6,
    float_1e_7,
    float_1e_8,
    float_1e_9,
    float_1e_10,
    float_1e_11,
    float_1e_12,
) = (tolerance(float(f"1e-{power}")) for power in range(1, 13))
"""For "an absolute or relative error of at most 10^-N is accepted"."""
