"""Model text is data: reading any text gives a value and never an exception."""

import ast
import resource
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cppo_env
from cppo_env.parsing import (
    explain_plan,
    explain_program,
    read_plan,
    read_program,
    without_thoughts,
    write_plan,
)
from cppo_env.types import Problem, TestCase
from tests.core.corpus import cases
from tests.support.cost import cpu_seconds

PLANS = cases("plans")
PROGRAMS = cases("programs")
HELD_OUT_PLANS = cases("held_out/plans")
HELD_OUT_PROGRAMS = cases("held_out/programs")


def named(case):
    return pytest.param(case, id=case.name)


@pytest.mark.parametrize("case", [named(case) for case in PLANS])
def test_plan(case):
    assert read_plan(case.text, case.k) == case.methods
    reason = explain_plan(case.text, case.k)
    assert (reason == "") == bool(case.methods)
    assert case.reason in reason


@pytest.mark.parametrize("case", [named(case) for case in PROGRAMS])
def test_program(case):
    assert read_program(case.text, case.truncated) == case.program
    reason = explain_program(case.text, case.truncated)
    assert (reason == "") == (case.program is not None)
    assert case.reason in reason


def test_the_corpora_are_large():
    assert len(PLANS) >= 80 and len(PROGRAMS) >= 80
    assert len(HELD_OUT_PLANS) >= 50 and len(HELD_OUT_PROGRAMS) >= 40


def test_held_out_plans_are_read_and_none_wrongly():
    found = [(case, read_plan(case.text, case.k)) for case in HELD_OUT_PLANS]
    wrong = [case.name for case, methods in found if methods and methods != case.methods]
    assert wrong == []
    readable = [(case, methods) for case, methods in found if case.methods]
    assert sum(methods == case.methods for case, methods in readable) >= 0.95 * len(readable)


def test_held_out_programs_are_read():
    right = [read_program(case.text, case.truncated) == case.program for case in HELD_OUT_PROGRAMS]
    assert sum(right) >= 0.95 * len(right)


def test_every_program_of_the_corpora_runs_as_it_should():
    with_programs = [case for case in (*PROGRAMS, *HELD_OUT_PROGRAMS) if case.program is not None]
    pairs = [
        (
            Problem(case.name, "Print it.", tests=(TestCase("", case.prints),)),
            read_program(case.text, case.truncated),
        )
        for case in with_programs
    ]
    reports = cppo_env.grade_batch(pairs, sandbox="local")
    got = {case.name: report.verdict for case, report in zip(with_programs, reports, strict=True)}
    assert got == {case.name: case.verdict for case in with_programs}


# What texts are made of: everything that the readers look at, in any order.
PIECES = st.sampled_from(
    [
        *(
            "A: ",
            "B: ",
            "C) ",
            "D. ",
            "(A) ",
            "1. ",
            "2) ",
            "**A:** ",
            "Method B: ",
            "### C ",
            "- ",
        ),
        *(
            "```",
            "```python",
            "~~~",
            "````",
            "```text",
            "<think>",
            "</think>",
            "</reasoning>",
            "> ",
        ),
        *(
            "\n",
            "\n\n",
            "    ",
            "\t",
            "\r\n",
            "\u2028",
            "\x0c",
            "\ud800",
            "\x00",
            "---",
            "| A | b |",
        ),
        *(
            "sort the list",
            "print(1)",
            "x = '''",
            '"""',
            "'",
            "#",
            "def f():",
            "[",
            "{",
            '"A": "b"',
        ),
        *("<|channel|>final<|message|>", "analysisX assistantfinal", "`", "*", "_", "é", "ı", "İ."),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 26))
@example("A" * 200_000, 4)
@example("A: x\n" * 5_000, 4)
@example("</think>\n" * 5_000, 4)
@example("```python\n" * 5_000, 4)
@example("```python\n'''\n```\n" * 1_000, 4)
@example("*" * 5_000, 4)
@example("[" * 5_000, 4)
@example("(" * 100_000, 4)
@example("-" * 100_000 + "1", 4)
@example("A: " + "**a" * 5_000, 1)
@example('x = {b"A": "a b", None: "c d"}', 2)
@example('f(A={(1, 2): "a b"}, B={2: "c d"})', 2)
@example('{"A": "\\ud800 x", "B": "y"}', 2)
@example("\\begin{enumerate}\nSort them.\n\\end{enumerate}", 2)
def test_reading_any_text_gives_a_value(text, k):
    methods = read_plan(text, k)
    assert len(methods) in (0, k)
    assert all(method.strip() and "\n" not in method for method in methods)
    assert bool(explain_plan(text, k)) == (not methods)
    program = read_program(text)
    assert (explain_program(text) == "") == (program is not None)
    assert read_program(text, truncated=True) is None
    if program is not None:
        program.encode()
    assert isinstance(without_thoughts(text), str)


WORDS = (
    st.text("abc xyz,.", min_size=1)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text.strip(" .,"))
)


@given(st.lists(WORDS, min_size=1, max_size=26))
def test_write_plan_is_the_inverse(methods):
    assert read_plan(write_plan(methods), len(methods)) == tuple(methods)


LABELS = [
    lambda n: f"{chr(65 + n)}: ",
    lambda n: f"{chr(65 + n)}) ",
    lambda n: f"({chr(65 + n)}) ",
    lambda n: f"{n + 1}. ",
    lambda n: f"**{chr(65 + n)}:** ",
    lambda n: f"- **Method {n + 1}:** ",
    lambda n: f"### Plan {chr(65 + n)}: ",
    lambda n: f"> {chr(97 + n)}. ",
]


@given(
    st.lists(
        WORDS.filter(lambda text: len(text) > 3 and text[0] not in ".,"), min_size=2, max_size=8
    ),
    st.sampled_from(LABELS),
    st.sampled_from(["\n", "\n\n", "\r\n", "\n---\n"]),
    st.sampled_from(["", "Here they are:\n\n", "<think>A: no\n</think>\n", "hm\n</think>\n\n"]),
    st.sampled_from(["", "\n\nEach of these differs.", "\n</think>"]),
)
@example(["a. a", "a. a"], LABELS[0], "\n", "", "")
@example(["C. elegans", "D. rapid"], LABELS[3], "\n", "", "")
def test_plans_in_any_dress_are_read_alike(methods, label, between, before, after):
    text = before + between.join(label(n) + method for n, method in enumerate(methods)) + after
    assert read_plan(text, len(methods)) == tuple(methods)
    assert read_plan(text, len(methods) + 1) == ()
    assert len(methods) == 1 or read_plan(text, len(methods) - 1) == ()


CODE = st.sampled_from(
    [
        "print(1)",
        "import sys\nfor line in sys.stdin:\n    print(line)",
        "s = '''\n```\n   \n'''\nprint(s)",
        'def f(x):\n    """```\n    f(1)\n    ```"""\n    return x\n\n\nprint(f(1))',
        "print('<think>', '</think>')",
        "class Solution:\n\tdef f(self):\n\t\treturn 1",
    ]
)


@given(
    CODE,
    st.sampled_from(["", "Here:\n\n", "<think>\n```python\nfor\n</think>\n", "```text\n5\n```\n"]),
    st.sampled_from(["```python", "```py", "```", "~~~python", "````Python3"]),
    st.sampled_from(["", "\nDone.", "\n```\n5\n```", "\n```bash\npython3 a.py\n```", "\n</think>"]),
    st.booleans(),
)
def test_programs_in_any_dress_are_read_alike(code, before, fence, after, closed):
    mark = fence.rstrip("Ppython3")
    text = f"{before}{fence}\n{code}" + (f"\n{mark}{after}" if closed else "")
    assert read_program(text) == code


@given(CODE, st.text("  \t", max_size=6))
def test_an_indented_block_is_dedented_to_the_same_program(code, indent):
    lines = code.split("\n")
    if any("'''" in line or '"""' in line for line in lines):
        return
    text = "\n".join(f"{indent}{line}" for line in ["```python", *lines, "```"])
    assert read_program(text) == code
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ast.parse(code)


def test_prompts_and_agents_read_by_the_same_rule():
    thought = "vary the structure\n</think>\n\nA: sort\nB: heap\nC: count\nD: pairs"
    assert (
        read_plan(thought)
        == read_plan(without_thoughts(thought))
        == (
            "sort",
            "heap",
            "count",
            "pairs",
        )
    )


COSTLY = {
    "dotted import": "import a" + ".b" * 15_000,
    "spaced import": "from a" + " . b" * 7_500 + " import c",
    "dotted imports": ("import a" + ".b" * 1_990 + "\n=\n") * 8,
    "statements": "a;" * 15_000,
    "jumps": "while a:\n" + " b\n" * 10_000,
    "decorators": "@a\n" * 10_000 + "def f(): pass",
    "nested text": "f'" + "{a}" * 10_000 + "'",
    "long import": "import a" + ".b" * 1_000_000,
    "dedented": "```\n" + "\n".join(" " * (1400 - i) + "x" for i in range(1400)) + "\n```",
    "fences": "```\n" * 200_000,
    "tags": "</think>\n" * 20_000,
    "open strings": "```python\n'''\n```\n" * 5_000,
    "fences behind code": "```python\nx=(\n" + "a```\n" * 20_000,
    "labels": "A: x\n" * 6_000,
    "bold": "A: " + "**a" * 10_000,
    "JSON": '{"A": "b"}\n' * 3_000,
    "backticks": "`" * 200_000,
    "backticks before JSON": "`" * 300 + 'x {"a": 1}',
    "quotation marks for backticks": "'''python\n" * 3_500,
    "prompts": ">>> x = 1\n" * 3_200,
    "here-documents": "cat << E\n" * 20_000,
    "items": "<li>" * 50_000,
    "commands": "\\textbf{" * 2_000,
    "comments": "<!--\n" * 3_000,
    "keys of YAML": "code: |\n  x\n" * 2_700,
    "cells": "A," + "ab " * 5_000,
    "a command": "cat" + " " * 15_000 + "x y << EOF\nA: x\nEOF",
    "labels on one line": "A: b. " * 2_700,
    "parameters": "<function=f>" + "<parameter=code>" * 60_000,
    "tokens": "<|" * 100_000 + "<｜" * 100_000,
    "words that take back": "A: x\n" + "wait" + "!… " * 5_000,
    "a sentence behind code": "n = 1\n" + "a b " * 8_000,
    "slow programs": "```python\nprint(input())\n```\nThe naive version:\n" * 500,
    "struck out": "A: x\n" + "~~a" * 5_000,
    "costs": "A: O(n)\n" * 1_000,
    "parts of a program": "```python\ndef f():\n    g()\n```\n" * 500,
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_text_costs_much_to_read(name):
    """At most 0.2 s of CPU time and 100 MB, on an otherwise idle machine."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = COSTLY[name]
    assert cpu_seconds(lambda: (read_program(text), read_plan(text))) < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_long_program_wants_a_fence():
    program = "x = 1\n" * 20_000
    assert read_program(program) is None
    assert read_program(f"```python\n{program}```") == program.rstrip("\n")
    assert read_program(program[:30_000]) == program[:30_000]
