"""Model text is data: whatever it holds, reading it gives a value and never an exception."""

import resource
import time

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
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_text_costs_much_to_read(name):
    """At most 0.2 s of CPU time and 100 MB, on a machine with nothing else to do."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    read_program(COSTLY[name])
    assert time.process_time() - start < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_long_program_wants_a_fence():
    program = "x = 1\n" * 20_000
    assert read_program(program) is None
    assert read_program(f"```python\n{program}```") == program.rstrip("\n")
    assert read_program(program[:30_000]) == program[:30_000]
