"""The bundled problems: references are right, and every named mistake is caught."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import cppo_env
from cppo_env.errors import UsageError
from cppo_env.judges import FormatJudge
from cppo_env.problems import samples
from cppo_env.testing import ProblemSetContract
from cppo_env.types import Verdict

PROBLEMS = samples.load()
EACH = pytest.mark.parametrize("problem", list(PROBLEMS), ids=lambda problem: problem.id)
FOLDERS = [Path(samples.__file__).parent / problem.id for problem in PROBLEMS]


class TestSamples(ProblemSetContract):
    def make(self):
        return samples.load()


def test_there_is_a_mix_of_kinds_and_difficulties():
    kinds = Counter(
        "stdin"
        if not problem.entry_point
        else "class"
        if "class Solution" in problem.starter_code
        else "function"
        for problem in PROBLEMS
    )
    assert len(PROBLEMS) >= 28
    assert min(kinds[kind] for kind in ("stdin", "class", "function")) >= 5
    assert sum(len(samples.load(difficulty=level)) for level in ("easy", "medium", "hard")) == len(
        PROBLEMS
    )
    assert sum(len(problem.references) >= 4 for problem in PROBLEMS) >= 10


@EACH
def test_references_are_named_methods_that_a_plan_could_hold(problem):
    methods = problem.metadata["methods"]
    assert len(methods) == len(problem.references) >= 2
    assert len(problem.metadata["mistakes"]) == len(problem.wrong) >= 2
    assert all(": " in method and method.endswith(".") for method in methods)
    (ruling,) = FormatJudge().rule([(problem, methods)])
    assert ruling.accepted, ruling.reason


@EACH
def test_statement_shows_the_public_tests_and_no_hidden_one(problem):
    assert len(problem.public_tests) >= 1
    assert tuple(problem.tests[: len(problem.public_tests)]) == problem.public_tests
    assert len({test.input for test in problem.tests}) == len(problem.tests) >= 8
    for test in problem.public_tests:
        assert test.input.strip("[]\n") in problem.statement
        assert test.output.strip() in problem.statement
    for test in problem.tests[len(problem.public_tests) :]:
        assert f"```\n{test.input}```" not in problem.statement


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_holds_only_what_is_read(folder):
    entries = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }
    programs = {entry for entry in entries if entry.endswith(".py")}
    assert entries - programs == {
        "problem.toml",
        "statement.md",
        "tests.json",
        "references",
        "wrong",
    }
    assert {Path(program).parent.name for program in programs} == {"references", "wrong"}
    for program in programs:
        ast.parse((folder / program).read_text())


def test_the_package_stays_small():
    assert (
        sum(path.stat().st_size for folder in FOLDERS for path in folder.rglob("*.*")) < 1_500_000
    )


def test_a_problem_is_found_by_its_id():
    assert PROBLEMS[PROBLEMS.index("broken-board")].metadata["title"] == "Queens on a broken board"


def test_another_source_is_refused():
    with pytest.raises(UsageError, match="expected none"):
        samples.load(Path("elsewhere"))


@pytest.mark.parametrize("name", ["local", pytest.param("docker", marks=pytest.mark.docker)])
def test_references_are_right_and_far_from_the_limits(name):
    pairs = [(problem, program) for problem in PROBLEMS for program in problem.references]
    reports = cppo_env.grade_batch(pairs, sandbox=name)
    assert refused(pairs, reports, {Verdict.AC}) == []
    slowest = max(test.cpu_s for report in reports for test in report.tests)
    assert slowest < 0.5 * samples.LIMITS.cpu_s


def test_wrong_programs_are_caught():
    pairs = [(problem, program) for problem in PROBLEMS for program in problem.wrong]
    reports = cppo_env.grade_batch(pairs, sandbox="local")
    assert refused(pairs, reports, {Verdict.WA, Verdict.RE, Verdict.TLE}) == []
    assert sum(report.verdict is Verdict.TLE for report in reports) >= 10


def refused(pairs, reports, expected):
    """The programs whose verdict is not an expected one."""
    return [
        (problem.id, report.verdict, report.message, program)
        for (problem, program), report in zip(pairs, reports, strict=True)
        if report.verdict not in expected
    ]
