"""Model text is data: whatever it holds, reading it gives a value and never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.parsing import read_plan, read_program, write_plan

PLAN = "A: sort\nB: use a heap\nC: count\nD: scan twice"


@pytest.mark.parametrize(
    "text", [PLAN, "\n" + PLAN + "\n\n", PLAN.replace("\n", "\n\n"), PLAN.replace("B:", "**B:**")]
)
def test_reads_a_plan(text):
    assert read_plan(text) == ("sort", "use a heap", "count", "scan twice")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A: sort\nB: use a heap\nC: count",
        PLAN + "\nE: more",
        "Here are four methods:\n" + PLAN,
        PLAN.replace("C:", "B:"),
        PLAN.replace("count", "count\nand sum"),
        "B: x\nA: y\nC: z\nD: w",
        "A:\nB: b\nC: c\nD: d",
    ],
)
def test_anything_else_is_no_plan(text):
    assert read_plan(text) == ()


@given(
    st.lists(st.text("abc xyz,.", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=26)
)
def test_write_plan_is_the_inverse(methods):
    assert read_plan(write_plan(methods), len(methods)) == tuple(methods)


@given(st.text(), st.integers(1, 26))
def test_reading_never_raises(text, k):
    assert len(read_plan(text, k)) in (0, k)
    assert read_program(text) is None or isinstance(read_program(text), str)


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("```python\nprint(1)\n```", "print(1)"),
        ("thinking\n```\nprint(1)\n```\nthen better\n```py\nprint(2)\n```\nbye", "print(2)"),
        ("~~~\nprint(1)\n~~~", "print(1)"),
        ("````python\ns = '''\n```\n'''\n````", "s = '''\n```\n'''"),
        ("  ```python\n  if 1:\n      print(1)\n  ```", "if 1:\n    print(1)"),
        ("print(1)", "print(1)"),
        ("```python\n```", ""),
    ],
)
def test_reads_the_last_closed_fence(text, program):
    assert read_program(text) == program


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I would sort the list.",
        "```python\nprint(1)",
        "```\nprint(1)\n```\nand now\n```python\nprint(2)",
        "```\nx = '\ud800'\n```",
        "(" * 100_000,
        "-" * 100_000 + "1",
    ],
)
def test_prose_and_truncated_answers_hold_no_program(text):
    assert read_program(text) is None
