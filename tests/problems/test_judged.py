"""The loaders' tests in the real sandbox: a record's meaning reaches the judged program."""

import json

import pytest

from cppo_env.problems.layouts import apps, code_contests, evalplus, livecodebench
from cppo_env.sandboxing import grade_batch
from cppo_env.types import Problem
from tests.support import records
from tests.support.more_records import humaneval_plus


def call(inputs: list, outputs: list, starter: str = "") -> Problem:
    pairs = {"inputs": inputs, "outputs": outputs, "fn_name": "f"}
    return apps.decode(records.apps(input_output=json.dumps(pairs), starter_code=starter), None)


DIGITS = "7" * 6000
CASES = {
    "integer keys come back": (call([[{"1": 2, "30": 4}]], [31]), "def f(d): return sum(d)"),
    "named keys stay": (call([[{"a": 2}]], ["a"]), "def f(d): return ''.join(d)"),
    "integer keys of the answer": (call([[1]], [{"1": 2}]), "def f(n): return {n: 2}"),
    "a wrapped answer": (call([[1]], [[2]]), "def f(n): return 2 * n"),
    "a plain answer": (call([[1]], [2]), "def f(n): return 2 * n"),
    "a method": (
        call([[1]], [2], "class Solution:\n    def f(self, n):\n        "),
        "class Solution:\n    def f(self, n): return 2 * n",
    ),
    "a list of lines": (
        apps.decode(records.apps_tests(inputs=[["1", "2"]], outputs=[["2", "1"]]), None),
        "a = input()\nprint(input())\nprint(a)",
    ),
    "integers of any length": (
        apps.decode(
            records.apps(
                input_output=f'{{"inputs": [[{DIGITS}]], "outputs": [{DIGITS}], "fn_name": "f"}}'
            ),
            None,
        ),
        "def f(n): return n",
    ),
    "line ends": (
        apps.decode(records.apps_tests(inputs=["a\r\nb\r\n"], outputs=["2\r\n"]), None),
        "import sys\n"
        "print(len([line for line in sys.stdin.read().split('\\n') if len(line) == 1]))",
    ),
    "letters in any case": (
        apps.decode(
            records.apps(
                question="You can print each letter in any case.",
                input_output='{"inputs": [""], "outputs": ["YES"]}',
            ),
            None,
        ),
        "print('yes')",
    ),
    "a program for files": (
        code_contests.decode(
            records.code_contests(input_file="in.txt", output_file="out.txt"), None
        ),
        code_contests.decode(
            records.code_contests(
                input_file="in.txt",
                output_file="out.txt",
                solutions={
                    "language": [3],
                    "solution": [
                        "with open('in.txt') as f, open('out.txt', 'w') as g: "
                        "print(2 * int(f.read()), file=g)"
                    ],
                },
            ),
            None,
        ).references[0],
    ),
    "functional": (
        livecodebench.decode(
            records.livecodebench(
                public_test_cases=records.lcb_tests(("[1, 2]\n3", "6"), kind="functional"),
                private_test_cases="",
                metadata='{"func_name": "f"}',
                starter_code=(
                    "class Solution:\n    def f(self, a: List[int], b: int) -> int:\n        "
                ),
            ),
            None,
        ),
        "class Solution:\n    def f(self, a: List[int], b: int) -> int:\n        return sum(a) + b",
    ),
}


@pytest.mark.parametrize("sandbox", ["local", pytest.param("docker", marks=pytest.mark.docker)])
def test_what_a_record_means_reaches_the_program(sandbox: str):
    reports = grade_batch(list(CASES.values()), sandbox=sandbox)
    failed = {
        name: report for name, report in zip(CASES, reports, strict=True) if report.verdict != "AC"
    }
    assert failed == {}


ODD_ANSWERS = {
    "a number that no float holds": "10**400",
    "a number of 5,000 digits": "10**5000",
    "text": "'x' * 1000",
    "nothing": "None",
    "infinity": "float('inf')",
    "not a number": "float('nan')",
    "many levels": "deep()",
    "an object": "{'1': 2}",
}
DEEP = """
def deep():
    value = []
    for _ in range(3000): value = [value]
    return value
"""


def test_no_answer_makes_the_checker_of_evalplus_fail():
    floats = evalplus.decode(humaneval_plus(), None)
    root = evalplus.decode(
        humaneval_plus(
            prompt="def find_zero(xs: list):\n    ",
            entry_point="find_zero",
            canonical_solution="return -xs[0] / xs[1]\n",
            base_input=[[[1.5, 2.0]]],
            plus_input={},
        ),
        None,
    )
    pairs = [
        (problem, f"{DEEP}\ndef {problem.entry_point}(xs): return {answer}")
        for problem in (floats, root)
        for answer in ODD_ANSWERS.values()
    ]
    right = [(floats, floats.references[0]), (root, root.references[0])]
    reports = grade_batch(right + pairs, sandbox="local")
    verdicts = [str(report.verdict) for report in reports]
    assert verdicts == ["AC"] * 2 + ["WA"] * len(pairs), reports
