"""The comparison rules: each row of the table is an answer and what an honest judge says of it."""

import json
import math
import resource
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env import plugins
from cppo_env.checkers import tolerance
from cppo_env.errors import UnknownNameError
from cppo_env.types import Problem, TestCase
from tests.support.cost import cpu_seconds

STDIN = Problem("stdin", "", ())
CALL = Problem("call", "", (), entry_point="f")


def says(checker: str, problem: Problem, expected: str, got: str) -> bool:
    return plugins.load("checkers", checker)(problem, TestCase("", expected), got)


STRICT_TEXT = [
    # expected, got, same
    ("1 2\n", "1 2", True),
    ("1 2\n", " 1\t\n\n2 \n\n", True),
    ("1\n2\n", "1 2", True),
    ("1 2", "2 1", False),
    ("1 1 2", "1 2", False),
    ("1 2 3", "1 2", False),
    ("1 2", "1 2 3", False),
    ("", "", True),
    ("", " \r\n", True),
    ("", "0", False),
    ("0", "", False),
    ("a\r\nb\r\n", "a\nb\n", True),
    ("a\nb\n", "a\r\nb\r\n", True),
    ("12", "1 2", False),
    # white space is ASCII white space
    ("a b", "a\u00a0b", False),
    ("a b", "a\u2003b", False),
    ("a b", "a\x1cb", False),
    ("a\x85b", "a\x85b ", True),
    ("a b", "a\v\fb", True),
    # integers are exact and have one spelling
    ("50000000000000001", "50000000000000000", False),
    ("9" * 5000, "9" * 5000 + " ", True),
    ("9" * 5000, "9" * 4999 + "8 ", False),
    ("1000", "1_000", False),
    ("123", "\u0661\u0662\u0663", False),
    ("123", "１２３", False),
    ("1", "1.0", False),
    ("1", "0.9999999999", False),
    ("1000000", "1e6", False),
    ("0010", "10", False),
    ("0", "-0", False),
    ("1", "True", False),
    ("1000001", "1000000", False),
    # floats
    ("0.3333333333", "0.333333", True),
    ("0.3333333333", "0.33333", False),
    ("0.333333", "0.3333333333", True),
    ("2.0", "2", True),
    ("2.50", "2.5", True),
    ("2.5", "25e-1", True),
    ("2.5", "+2.5", True),
    ("-0.0", "0.0", True),
    ("1e-7", "0", True),
    ("1e3", "1000", True),
    ("1000000.0", "1000000.9", True),
    ("1000000.0", "1000001.1", False),
    ("1000.5", "1_000.5", False),
    ("1.5", "\u0661.5", False),
    ("0.5", ".5", True),
    ("0.5", "1/2", False),
    ("0.5", "nan", False),
    ("0.5", "inf", False),
    # beyond the range of a float as decimals
    ("1e400", "2e400", False),
    ("1e400", "1.0000001e400", True),
    ("1e400", "1" + "0" * 400, True),
    ("1e400", "inf", False),
    ("1.5", "1e400", False),
    ("1e9999999999999999999", "1e9999999999999999998", False),
    ("1.5", "1e999", False),
    ("1.5", "1.5f", False),
    ("1.5", "0x1.8p0", False),
    ("1.2.3", "1.2.30", False),
    # by spelling
    ("nan", "nan ", True),
    ("nan", "NaN", False),
    ("inf", "inf ", True),
    ("inf", "Infinity", False),
    ("inf", "1e999", False),
    # strings
    ("YES", "yes", False),
    ("Case #1: 0.5", "Case #1: 0.50", True),
    ("Case #1: 1", "Case #1:1", False),
    ("é", "e\u0301", False),
    ("\udc80", "\udc80 ", True),
    ("a", "\udc80", False),
]


@pytest.mark.parametrize(("expected", "got", "same"), STRICT_TEXT)
def test_strict_compares_text_token_by_token(expected, got, same):
    assert says("strict", STDIN, expected, got) is same


STRICT_JSON = [
    ("[1,2]", "[1, 2]", True),
    ("[1,2]", "[2,1]", False),
    ("[1,2]", "[1,2,3]", False),
    ("[1,2]", "[1]", False),
    ("[[1,[2]],[]]", "[[1, [2]], []]", True),
    ("[[1,[2]],[]]", "[[1, [2]]]", False),
    ("[]", "{}", False),
    ("[]", "null", False),
    ("1", "true", False),
    ("true", "1", False),
    ("0", "false", False),
    ("[1,0]", "[true, false]", False),
    ("[true,false]", "[true, false]", True),
    ("[true,false]", "[1, 0]", False),
    ("0", "null", False),
    ('""', "null", False),
    ('"1"', "1", False),
    ("1", '"1"', False),
    ('"yes"', '"Yes"', False),
    ('"a b"', '"a  b"', False),
    ('"\u00e9"', '"\\u00e9"', True),
    ("2", "2.0", True),
    ("2", "2.0000001", False),
    ("50000000000000001", "5e16", False),
    ("50000000000000001", "50000000000000000", False),
    ("2.0", "2", True),
    ("2.0", "true", False),
    ("0.3333333333", "0.333333", True),
    ("[0.5,[0.25]]", "[0.50000001, [0.25]]", True),
    ("0.5", '"0.5"', False),
    ("0.5", "1" * 400, False),
    ("NaN", "NaN ", True),
    ("[NaN]", "[null]", False),
    ("Infinity", "1e999", False),
    ("Infinity", "1" + "0" * 400, False),
    ("Infinity", "Infinity ", True),
    ("1e400", "2e400", False),
    ("1e400", "1.0000001e400", True),
    ("1e400", "Infinity", False),
    ("[1e400]", "[1" + "0" * 400 + "]", True),
    ("1" + "0" * 400, "1e400", True),
    ("1" + "0" * 400, "1" + "0" * 399 + "1", False),
    ("1" + "0" * 400, '"1' + "0" * 400 + '"', False),
    ("1.5", "1e9999999999999999999", False),
    ("Infinity", "-Infinity", False),
    ("1.5", "Infinity", False),
    ('{"a":1,"b":[2]}', '{"b": [2], "a": 1}', True),
    ('{"a":1}', '{"a": true}', False),
    ('{"1":2}', '{"1": 2}', True),
    ('{"1":2}', '{"1": 2, "2": 3}', False),
    ('{"1":2}', '{"2": 2}', False),
    ("1" * 5000, "1" * 5000 + " ", True),
    ("1" * 5000, "1" * 4999 + "2", False),
    ("1" * 5000, f'"{"1" * 5000}"', False),
    ("1" * 5000, "1e999", False),
    ("[1]", "", False),
    ("[1]", "[1] [1]", False),
    ("[1]", "[1", False),
    ("[1]", "[" * 100_000, False),
    ("[1]", "\udc80", False),
]


@pytest.mark.parametrize(("expected", "got", "same"), STRICT_JSON)
def test_strict_compares_returned_values_part_by_part(expected, got, same):
    assert says("strict", CALL, expected, got) is same


def test_a_broken_expected_value_is_no_wrong_answer():
    with pytest.raises(ValueError, match="Expecting value"):
        says("strict", CALL, "[1, ", "[1]")


OTHERS = [
    ("case_insensitive", STDIN, "YES\nno", "yes NO", True),
    ("case_insensitive", STDIN, "YES", "Y", False),
    ("case_insensitive", CALL, '["A", NaN]', '["a", NaN]', True),
    ("case_insensitive", CALL, '["A", true]', '["a", 1]', False),
    ("float_1e-4", STDIN, "0.5 1", "0.50009 1", True),
    ("float_1e-4", STDIN, "0.5 1", "0.50009 1.00009", False),
    ("float_1e-4", CALL, "[0.5]", "[0.50009]", True),
    ("float_1e-5", CALL, "[1.16667]", "[1.1666666666666667]", True),
    ("float_1e-9", STDIN, "1.16667", "1.1666666666666667", True),
    ("float_1e-9", STDIN, "1.16667", "1.16668", False),
    ("float_1e-9", CALL, "1.16667", "1.166664", False),
    ("float_1e-9", STDIN, "0.5", "0.5000001", False),
    ("float_1e-2", STDIN, "0.5", "0.509", True),
    ("strict", STDIN, "1.16667", "1.1666666666666667", False),
    ("case_insensitive", STDIN, "k", "\u212a", False),
    ("case_insensitive", STDIN, "\u00e9", "\u00c9", False),
    ("case_insensitive", CALL, '"k"', '"\u212a"', False),
    ("unordered", CALL, "[" + "7" * 400 + ", 1]", "[1, " + "7" * 400 + "]", True),
    ("unordered", CALL, "[" + "7" * 400 + ", 1]", '[1, "' + "7" * 400 + '"]', False),
    ("unordered", CALL, '[NaN, {"a": [1]}, true]', '[true, {"a": [1.0]}, NaN]', True),
    ("unordered", CALL, '[{"a": 1}]', '[{"a": true}]', False),
    ("unordered", STDIN, "1 2\n3\n3\n", "3\r\n\n3\n1  2", True),
    ("unordered", STDIN, "1 2\n3\n3\n", "3\n1 2", False),
    ("unordered", STDIN, "1 2\n3\n", "2 1\n3", False),
    ("unordered", CALL, "[[1,2],[3]]", "[[3],[1,2]]", True),
    ("unordered", CALL, "[[1,2],[3]]", "[[3],[2,1]]", False),
    ("unordered", CALL, "[1,2]", "[true,2]", False),
    ("unordered", CALL, "1", "1.0", True),
    ("value_or_wrapped", CALL, "[5]", "5", True),
    ("value_or_wrapped", CALL, "[5]", "[5]", True),
    ("value_or_wrapped", CALL, "[[5]]", "[5]", True),
    ("value_or_wrapped", CALL, "[5]", "true", False),
    ("value_or_wrapped", CALL, "[5,6]", "5", False),
    ("value_or_wrapped", CALL, "[[5]]", "5", False),
    ("value_or_wrapped", STDIN, "5 6", "5\n6", True),
    # LiveCodeBench: line by line, numbers as decimals
    ("lcb", STDIN, "1 2\n3", " 1 2 \n3\n\n", True),
    ("lcb", STDIN, "1 2\n3", "1 2 3", False),
    ("lcb", STDIN, "a b", "a  b", False),
    ("lcb", STDIN, "1 2", "1  2.0", True),
    ("lcb", STDIN, "1000", "1_000", True),
    ("lcb", STDIN, "123", "\u0661\u0662\u0663", True),
    ("lcb", STDIN, "0.3333333333", "0.333333", False),
    ("lcb", STDIN, "50000000000000001", "50000000000000000", False),
    ("lcb", STDIN, "1\n\n2", "1\n2", False),
    ("lcb", STDIN, "1", "sNaN", False),
    ("lcb", CALL, "[1]", "[true]", True),
    ("lcb", CALL, "0.3", "0.30000000000000004", False),
    # APPS: a cascade that ends in sets
    ("apps", STDIN, "1 2\n3", " 1 2 \n3\n\n", True),
    ("apps", STDIN, "1\n\n2", "1\n2", True),
    ("apps", STDIN, "1 2 2\n3", "3\n2 1\n3", True),
    ("apps", STDIN, "1 2", "1 3", False),
    ("apps", STDIN, "5 5\n7", "7\n5", True),
    ("apps", STDIN, "7\n5.0 5", "5.0004\n7 7", True),
    ("apps", STDIN, "5 x", "5.0 x", False),
    ("lcb", STDIN, "5 " * 9000, "5.0 " * 9000, True),
    ("lcb", STDIN, "5 " * 40000, "5.0 " * 40000, True),
    ("lcb", STDIN, "5 " * 40000, "5.0 " * 39999, False),
    ("lcb", STDIN, "123456789012345678", "123456789012345679", False),
    ("apps", STDIN, "100000.0", "100000.9", True),
    ("apps", STDIN, "50000000000000001", "50000000000000000", True),
    ("apps", STDIN, "x 0.3333333333", "x 0.333333", False),
    ("apps", STDIN, "1 0.3333333333", "1 0.333333", True),
    ("apps", STDIN, "YES", "yes", False),
    ("apps", CALL, "[5]", "5", True),
    ("apps", CALL, "[5,6]", "5", True),
    ("apps", CALL, "[5,6]", "6", False),
    ("apps", CALL, "[]", "null", False),
]


@pytest.mark.parametrize(("checker", "problem", "expected", "got", "same"), OTHERS)
def test_named_checkers(checker, problem, expected, got, same):
    assert says(checker, problem, expected, got) is same


def test_an_unknown_checker_names_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'strict'"):
        plugins.load("checkers", "stric")


words = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters=" \t\n\r\v\f"), min_size=1)
)
blanks = st.text(" \t\n\r\v\f", min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(words, st.data())
def test_white_space_never_matters(tokens, data):
    got = "".join(token + data.draw(blanks) for token in tokens)
    assert says("strict", STDIN, " ".join(tokens), got)


@given(words, words)
def test_unlike_words_are_unlike_texts(first, second):
    floats = [word for word in first if any(digit in word for digit in "0123456789")]
    if not floats:
        assert says("strict", STDIN, "\n".join(first), "\n".join(second)) is (first == second)


@given(st.integers(), st.integers())
def test_unlike_integers_are_unlike(first, second):
    assert says("strict", STDIN, str(first), str(second)) is (first == second)
    assert says("strict", CALL, str(first), str(second)) is (first == second)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-2e-6, 2e-6))
def test_floats_are_equal_within_the_tolerance(value, offset):
    other = value + offset * max(1.0, abs(value))
    error = abs(value - other) / max(1.0, abs(value))
    if not math.isfinite(other) or math.isclose(error, 1e-6, rel_tol=1e-3):
        return
    for problem in (STDIN, CALL):
        assert says("strict", problem, repr(value), repr(other)) is (error < 1e-6)


@given(values)
def test_a_value_equals_itself_however_it_is_spelt(value):
    assert says("strict", CALL, json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False))


@given(values, values)
def test_values_are_equal_both_ways_round(first, second):
    exact = tolerance(0.0)
    one, other = json.dumps(first), json.dumps(second)
    assert exact(CALL, TestCase("", one), other) is exact(CALL, TestCase("", other), one)


@given(st.text(), st.text(), st.sampled_from(plugins.names("checkers")))
def test_no_output_makes_a_checker_fail(expected, got, checker):
    assert says(checker, STDIN, expected, got) in (True, False)
    assert says(checker, CALL, json.dumps(expected), got) in (True, False)


SIZE = 1 << 22
FLOODS = {
    "digits": "1" * SIZE,
    "bad exponent": "1" * SIZE + "e",
    "bad float": "0." + "0" * SIZE + "1x",
    "long exponent": "1e" + "9" * SIZE,
    "tokens": "1 " * (SIZE // 2),
    "lines": "1\n" * (SIZE // 2),
    "empty lines": "\n" * SIZE + "1",
    "distinct lines": "\n".join(map(str, range(SIZE // 8))),
    "blanks": " " * SIZE + "1",
    "sigmas": "\u03a3'" * (SIZE // 3),
    "ones": "[" + "1," * (SIZE // 2) + "1]",
    "lists": "[" + "[]," * (SIZE // 3) + "1]",
    "objects": "[" + "{}," * (SIZE // 3) + "1]",
    "nested": "[" * (SIZE // 2) + "]" * (SIZE // 2),
    "many nested": "[" + ",".join(["[" * 300 + "]" * 300] * (SIZE // 601)) + "]",
    "keys": "{" + ",".join(f'"{number}":0' for number in range(SIZE // 12)) + "}",
    "no end": '"' + "a" * SIZE,
}
EXPECTED = {"stdin": "0.5 a\n1\n", "call": '[0.5, "a", [1]]'}


@pytest.mark.parametrize("checker", plugins.names("checkers"))
@pytest.mark.parametrize("problem", [STDIN, CALL], ids=["stdin", "call"])
def test_no_answer_costs_much(problem, checker):
    """At most 0.2 s of CPU time and 100 MB, on an otherwise idle machine."""
    for name, got in FLOODS.items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        judge = partial(says, checker, problem, EXPECTED[problem.id], got)
        assert not judge()
        assert cpu_seconds(judge) < 0.4, name
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, name


@pytest.mark.parametrize("checker", ["strict", "unordered", "case_insensitive"])
@pytest.mark.parametrize("flood", ["lists", "many nested", "keys", "distinct lines", "tokens"])
def test_a_long_expected_answer_is_no_licence(checker, flood):
    """The answer is not too long, but wrong; its cost follows from what is expected."""
    for problem in (STDIN, CALL):
        expected = json.dumps(list(range(10_000)))
        judge = partial(says, checker, problem, expected, FLOODS[flood])
        assert not judge()
        assert cpu_seconds(judge) < 0.4


def test_megabytes_are_compared_quickly():
    text = "\n".join(map(str, range(700_000)))
    equal = partial(says, "strict", STDIN, text, text + "\n")
    blanks = partial(says, "strict", STDIN, text, text.replace("\n", " \n"))
    assert equal() and blanks()
    assert cpu_seconds(equal) < 0.1
    assert cpu_seconds(blanks) < 2
