"""A program and the test that it failed, as Python that judges it again."""

from __future__ import annotations

from cppo_env.types import CheckerProgram, Problem

SCRIPT = """\
# {id}, test {number} of {count}
from cppo_env import Problem, TestCase, grade
from cppo_env.types import {types}

problem = Problem(
    id={id},
    statement={statement},
    tests=(TestCase({input}, {output}),),
    starter_code={starter_code},
    entry_point={entry_point},
    limits={limits},
    checker={checker},
)
program = {program}

print(grade(problem, program))
"""


def source(problem: Problem, test: int, program: str) -> str:
    """A script that needs `cppo_env` alone; whatever a model wrote stays inside its literals."""
    case, checker = problem.tests[test], problem.checker
    if not isinstance(checker, str | CheckerProgram):
        return f"# {problem.id!r} has a checker in Python, which cannot be written down here\n"
    return SCRIPT.format(
        id=repr(problem.id),
        number=test + 1,
        count=len(problem.tests),
        types="Limits" if isinstance(checker, str) else "CheckerProgram, Limits",
        statement=repr(problem.statement),
        input=repr(case.input),
        output=repr(case.output),
        starter_code=repr(problem.starter_code),
        entry_point=repr(problem.entry_point),
        limits=repr(problem.limits),
        checker=repr(checker),
        program=repr(program),
    )
