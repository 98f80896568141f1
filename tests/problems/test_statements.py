"""Statements as prompts, and what they say about their judge."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.problems import load_problems
from cppo_env.problems.layouts.cues import INTERACTIVE, SEVERAL_ANSWERS, checker_for, judge_cues
from cppo_env.problems.layouts.statements import normalise
from tests.support import SHARED, need_shared


@pytest.mark.parametrize(
    ("published", "text"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("1 ≤ n\xa0≤\u200910\u200b", "1 ≤ n ≤ 10"),
        ("\ufeffone\x00 two\x07\tthree", "one two\tthree"),
        ("cafe\u0301", "café"),
        ("a &lt; b &amp;&amp; c &gt;= d &#39;x&#39;&nbsp;&le; 3", "a < b && c >= d 'x' ≤ 3"),
        ("if (a &b;) x &notanentity; &copy", "if (a &b;) x &notanentity; &copy"),
        ("sum $$$a_i$$$ and $b$, \\le \\frac{1}{2}", "sum $a_i$ and $b$, \\le \\frac{1}{2}"),
        ("<p>One</p><p>2<sup>10</sup>, a<sub>i</sub></p>", "\nOne\n\n2^{10}, a_{i}\n"),
        ("<ul><li>x</li><li>y</li></ul>", "\n\n- x\n- y\n"),
        (
            "The input is <n> <i> <a>; vector<int> v; 1 <b> 2",
            "The input is <n> <i> <a>; vector<int> v; 1 <b> 2",
        ),
        ("<pre>1 2\n3</pre>line<br/>break", "\n1 2\n3\nline\nbreak"),
        ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
    ],
)
def test_published_text_becomes_plain_text(published: str, text: str):
    assert normalise(published) == (text, ())


@pytest.mark.parametrize(
    ("published", "losses"),
    [
        ("A long enough statement that has a picture: <image> and goes on after it.", ("images",)),
        ('<img src="a.png" alt="x"/>', ("images", "images_only")),
        ("![figure](http://example.org/a.png)", ("images", "images_only")),
        ("Solve it.\n\n[Image]\n", ("images", "images_only")),
        ("Values:<table><tr><td>1</td><td>2</td></tr></table>", ("tables",)),
        ("caf\ufffd", ("undecodable",)),
    ],
)
def test_what_is_lost_is_reported(published: str, losses: tuple[str, ...]):
    text, reported = normalise(published)
    assert reported == losses
    assert "<img" not in text and "<image>" not in text and "](" not in text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_normalising_ends_in_plain_text_with_unix_lines(text: str):
    normal = normalise(text).text
    assert "\r" not in normal and "\x00" not in normal and "\xa0" not in normal
    normal.encode()


@given(st.text(alphabet="abc XYZ019.,\n$\\{}_^"))
def test_plain_text_passes_unchanged(text: str):
    assert normalise(text.replace("$$$", "$")).text == text.replace("$$$", "$")


@pytest.mark.parametrize(
    "phrase",
    [
        "If there are multiple answers, print any of them.",
        "If there are many possible solutions, you may output any.",
        "Print any valid sequence.",
        "Find any suitable permutation.",
        "If there are several solutions, any of them is accepted: print one.",
        "You may return the answer in any order.",
        "print n integers — any suitable permutation",
        "If multiple good sequences exist, printing any of them is accepted",
    ],
)
def test_several_right_answers_are_recognised(phrase: str):
    assert judge_cues(f"Some story. {phrase}") == (SEVERAL_ANSWERS,)


@pytest.mark.parametrize(
    "phrase",
    [
        "You can perform the operations any number of times in any order.",
        "There can be multiple stars in the same point of the sky.",
        "Print the number of ways.",
        (
            "Choose any index i and move the element to the beginning; "
            "print the least number of moves."
        ),
        "It is possible that there are many of them. In such a case, output the smallest one.",
        "Each test contains multiple test cases.",
    ],
)
def test_other_uses_of_the_words_are_not(phrase: str):
    assert judge_cues(f"Some story. {phrase}") == ()


def test_interaction_is_recognised():
    assert judge_cues("This is an interactive problem. Do not forget to flush the output.") == (
        INTERACTIVE,
    )


@pytest.mark.parametrize(
    ("phrase", "checker"),
    [
        ("Print YES or NO.", "strict"),
        ("You can print each letter in any case (upper or lower).", "case_insensitive"),
        (
            "You can print the words in any case (either lowercase, uppercase or mixed).",
            "case_insensitive",
        ),
        ("The output is case insensitive.", "case_insensitive"),
        (
            "Your answer is right if its absolute or relative error does not exceed 10^{-4}.",
            "float_1e-4",
        ),
        ("absolute error must not exceed 0.0001", "float_1e-4"),
        ("absolute or relative error of at most 10^{-6} is accepted", "float_1e-6"),
        ("The answer's relative error is at most 1e-9.", "float_1e-9"),
    ],
)
def test_the_rule_that_a_statement_asks_for_is_used(phrase: str, checker: str):
    assert checker_for(f"A story. {phrase} The end.") == checker


@need_shared
@pytest.mark.parametrize(
    ("folder", "path", "tag", "recall"),
    [
        ("apps", "apps", "many_right_answers", 0.7),
        ("code_contests", "code_contests/test_sample.jsonl", "many_right_answers", 0.8),
        ("code_contests", "code_contests/test_sample.jsonl", "interactive", 1.0),
        ("code_contests", "code_contests/test_sample.jsonl", "case_insensitive", 1.0),
    ],
)
def test_cues_agree_with_the_hints_of_the_sample(folder: str, path: str, tag: str, recall: float):
    """Whatever is found is among the hints, which come from a broader keyword search."""
    tags = json.loads((SHARED / "data" / folder / "notes.json").read_text())["tags"]
    found, hinted = set(), set()
    for problem in load_problems(SHARED / "data" / path):
        cues = judge_cues(problem.statement)
        kinds = {
            "many_right_answers": SEVERAL_ANSWERS in cues,
            "interactive": INTERACTIVE in cues,
            "case_insensitive": problem.checker == "case_insensitive",
        }
        if kinds[tag]:
            found.add(problem.id)
        if tag in tags.get(problem.id, ()):
            hinted.add(problem.id)
    assert len(found & hinted) >= recall * len(hinted)
    assert len(found - hinted) <= 2  # "(in any case)" and "case insensitive", which it lacks
