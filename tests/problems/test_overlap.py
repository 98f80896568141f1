"""Contamination: equal statements by hash, near-duplicates by MinHash."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.errors import ProblemDataError
from cppo_env.problems import load_problems
from cppo_env.problems.validation.overlap import (
    canonical,
    overlap,
    require_disjoint,
    statement_hash,
)
from cppo_env.types import Problem, TestCase
from tests.support import SHARED, need_shared
from tests.support.cli import cppo, fault
from tests.support.records import apps, write_lines

STORY = (
    "Polycarp has $n$ different binary words, where $1 \\le n \\le 10^5$. "
    "He wants to reverse some of them, so that they can be ordered in a chain in which each word "
    "begins with the last character of the word before it. Print the "
    "least number of words that have to be reversed, or $-1$ if there is no way at all to do so."
)


def problem(id: str, statement: str) -> Problem:
    return Problem(id=id, statement=statement, tests=(TestCase("", ""),))


@pytest.mark.parametrize(
    "variant",
    [
        STORY.upper(),
        STORY.replace(" ", "\r\n  "),
        f"<p>{STORY}</p>".replace("\\le", "\\leq"),
        STORY.replace("\\le", "≤").replace("$", "$$$"),
        STORY.replace("$", ""),
        STORY.replace(" ", "\xa0"),
        STORY + "\n\n-----Example-----\nInput\n4\n\nOutput\n1\n",
        STORY + "\n\nExamples\n\nInput\n\n1\n",
        STORY + "\n\nExample 1:\n\nInput: 4\n",
        STORY + "\n\nSample Input 1\n\n4\n",
    ],
)
def test_spelling_markup_and_samples_do_not_hide_a_copy(variant: str):
    assert statement_hash(variant) == statement_hash(STORY)


def test_other_statements_have_other_hashes():
    assert statement_hash(STORY) != statement_hash(STORY.replace("least", "largest"))
    assert statement_hash("a <= b") != statement_hash("a >= b")
    assert len(statement_hash("")) == 64


def test_a_statement_that_begins_with_an_example_is_not_cut_to_nothing():
    assert canonical("Example\nis the name of a town.") != ""


@given(st.text(alphabet="abcXYZ 019.,;+-=()\n"))
def test_the_hash_ignores_case_and_white_space(text: str):
    assert statement_hash(text) == statement_hash(" \n".join(text.upper()))


def test_near_duplicates_are_found_with_their_similarity():
    changed = STORY.replace("Polycarp", "Alice").replace("at all", "")
    other = " ".join(f"word{number}" for number in range(60))
    matches = overlap(
        [problem("a", STORY), problem("b", other)], [problem("c", changed), problem("d", STORY)]
    )
    assert [(match.a, match.b, match.equal) for match in matches] == [
        ("a", "d", True),
        ("a", "c", False),
    ]
    assert 0.7 <= matches[1].similarity < 1
    assert overlap([problem("a", STORY)], [problem("c", changed)], threshold=None) == []


def test_training_on_the_evaluation_set_is_refused():
    train, held_out = [problem("a", STORY), problem("b", "Other.")], [problem("c", STORY.upper())]
    with pytest.raises(
        ProblemDataError,
        match=r"1 problems of the evaluation set are in the training set \(a = c\)",
    ):
        require_disjoint(train, held_out)
    require_disjoint(train, [problem("c", "Something else.")])


@need_shared
def test_the_derived_folders_overlap_completely_and_other_sets_do_not():
    data = SHARED / "data"
    rows = load_problems(data / "apps" / "hf_train_sample.jsonl")
    matches = overlap(load_problems(data / "apps" / "raw_derived"), rows, threshold=None)
    assert all(match.a == match.b for match in matches)
    assert len(matches) == 24
    assert (
        overlap(rows, load_problems(data / "code_contests" / "test_sample.jsonl"), threshold=None)
        == []
    )


def test_a_copy_of_the_evaluation_set_under_another_name_is_refused():
    """Half of its problems are near-duplicates; one of four may be."""
    others = [" ".join(f"{word}{n}" for n in range(40)) for word in ("a", "b", "c", "d")]
    held_out = [problem(str(n), text) for n, text in enumerate([STORY, *others])]
    framed = [problem(f"x{n}", f"{text} Read standard input.") for n, text in enumerate(others)]
    require_disjoint(framed, held_out)  # splits of one set may resemble each other
    require_disjoint(framed[:2], held_out, copies=True)
    with pytest.raises(ProblemDataError, match=r"another name: 4 of 5 problems .*\(x0 ~ 1, x1 ~ 2"):
        require_disjoint(framed, held_out, copies=True)


def test_the_command_reports_the_pairs_and_a_matrix_of_several_sets(tmp_path: Path):
    a = write_lines(tmp_path / "a.jsonl", [apps(problem_id=1, question=STORY), apps(problem_id=2)])
    b = write_lines(tmp_path / "b.jsonl", [apps(problem_id=9, question=STORY.upper())])
    result = tmp_path / "result.json"
    done = cppo("problems", "overlap", a, b, "--json", result)
    assert done.returncode == 0, done.stderr
    assert "2 and 1 problems: 1 pairs equal, 0 similar" in done.stdout
    [pair] = json.loads(result.read_text())["pairs"]
    assert pair["matches"] == [{"a": "1", "b": "9", "similarity": 1.0, "equal": True}]

    done = cppo(
        "problems",
        "overlap",
        a,
        b,
        "samples",
        "samples",
        "--splits",
        "[null,null,train,test]",
        "--json",
        result,
    )
    assert done.returncode == 0, done.stderr
    assert [*json.loads(result.read_text())["sets"].values()] == [2, 1, 27, 14]
    assert "of 14" in done.stdout and "1 + 0" in done.stdout
    assert "expected two or more" in fault(cppo("problems", "overlap", a), 2)
    assert "for 2 sets, expected one for each" in fault(
        cppo("problems", "overlap", a, b, "--splits", "[train]"), 2
    )
