"""Stated answers: what is read from a text, and what equals what. Hostile text costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env import parsing
from cppo_env.checkers.mathematics import same_answer
from tests.core.corpus import cases
from tests.support.cost import cpu_seconds

CASES = cases("answers")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stated_answer_is_read_and_equals_its_value(case):
    found = parsing.read_answer(case.text, case.truncated)
    if case.answer is None:
        assert found is None
    else:
        assert found is not None
        assert same_answer(case.answer, found), found


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("1/3", "0.33"),
        ("1/3", "0.3333333333333333"),
        ("12", "-12"),
        ("100", "10"),
        ("(1,2)", "(2,1)"),
        ("(1,2)", "[1,2]"),
        ("(1,2)", "1,2"),
        ("{1,2}", "{1,2,2}"),
        ("{1,2}", "1"),
        ("x+1", "x-1"),
        ("x", "y"),
        ("pi", "3.14159265"),
        ("sqrt(2)", "1.41421356"),
        ("5", "x=5, y=3"),
        ("Monday", "Mondya"),
        ("Monday", "Tuesday"),
        ("7", ""),
        ("(x+1)^50", "(x+1)^(2^40)"),
        ("387420489", "9^9^9"),
        ("[0,1]", "[0,1)"),
        ("x^2", "x^2 + 10^(-9)"),
    ],
)
def test_another_value_is_another_answer(expected, got):
    assert not same_answer(expected, got)


HOSTILE = [
    "9**9**9",
    "9^9^9^9",
    "9!!!!!!",
    "9^(-9^9)",
    "((x^99)^99)^99",
    "exp(exp(exp(exp(9))))",
    "__import__('os').system('ls')",
    "().__class__.__bases__",
    "(" * 900 + "1" + ")" * 900,
    "{" * 1000 + "}" * 1000,
    "\\sqrt" * 300 + "2",
    "\\frac" * 300,
    "1+" * 900 + "1",
    "-" * 1900 + "1",
    "2" + "!" * 1500,
    "1±" * 900 + "1",
    "1," * 900 + "1",
    "3" + "a" * 1800 + "!",
    "3 " + "kg/day " * 250 + "!",
    "x" * 1900,
    "1" * 1900,
    "1" * 1_000_000,
    "1e999999999",
    "\ud800",
    "\0",
]


@pytest.mark.parametrize("got", HOSTILE, ids=lambda text: f"{text[:24]!a}-{len(text)}")
def test_hostile_answers_are_wrong_and_cost_next_to_nothing(got):
    text = f"The answer is \\boxed{{{got}}}"
    spent = cpu_seconds(lambda: (same_answer("1", got), parsing.read_answer(text)))
    assert spent < 0.5
    assert not same_answer("1", got)
    assert not same_answer("x^2 + \\sqrt{2}", got)


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        "answer:" + " " * 200_000,
        "answer is 5 " + " " * 200_000 + "so",
        "\\boxed{" * 50_000,
    ],
    ids=["empty lines", "blanks", "blanks within", "open boxes"],
)
def test_no_text_without_an_answer_costs_much(text):
    assert cpu_seconds(lambda: parsing.read_answer(text)) < 0.5


@given(st.text(alphabet="0123456789xy+-*/^(){}[],.!\\ sqrtfracpi±⟦⟧U=$%\n", max_size=60))
def test_any_text_is_equal_to_itself_or_no_answer(text):
    assert same_answer(text, text) in (True, False)
    parsing.read_answer(text)


@given(st.fractions(), st.integers(1, 9))
def test_rational_values_are_compared_exactly(value, times):
    written = f"\\frac{{{value.numerator * times}}}{{{value.denominator * times}}}"
    assert same_answer(f"{value}", written)
    assert not same_answer(f"{value}", f"{value} + 10^{{-30}}")
