"""CodeContests: JSON lines and Parquet of the published schema."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.layouts.code_contests import decode
from cppo_env.problems.records import FieldError
from cppo_env.types import Limits, TestCase
from tests.support import SHARED, need_shared
from tests.support.records import code_contests, write_lines

DATA = SHARED / "data" / "code_contests"


@need_shared
def test_parquet_and_json_lines_hold_the_same_problems():
    rows, lines = (
        load_problems(DATA / "test_sample_20.parquet"),
        load_problems(DATA / "test_sample.jsonl"),
    )
    assert (len(rows), len(lines)) == (20, 110)
    for problem in rows:
        assert problem == lines[lines.index(problem.id)]


@need_shared
def test_every_training_row_has_all_its_tests():
    problems = load_problems(DATA / "train_sample_merged_tests.jsonl", split="train")
    assert len(problems) == 12
    assert min(len(problem.tests) for problem in problems) == 47
    assert max(len(problem.tests) for problem in problems) == 331
    assert all(problem.limits == Limits() for problem in problems)


def test_a_record_in_full():
    problem = decode(code_contests(), "train")
    assert problem.id == "1_A. Double"
    assert problem.public_tests == (TestCase("2\n", "4\n"),)
    assert [test.input for test in problem.tests] == ["2\n", "3\n", "5\n", "6\n"]
    assert problem.limits == Limits(cpu_s=2.5, wall_s=10.0, memory_bytes=256_000_000)
    assert problem.references == ("print(2 * int(input()))",)
    assert problem.wrong == ("print(0)",)
    metadata = problem.metadata
    assert metadata["languages"] == ("python3", "cpp", "python2")
    assert metadata["solutions"] == {"cpp": ("int main(){}",), "python2": ("print 2",)}
    assert (metadata["platform"], metadata["source"], metadata["difficulty"]) == (
        "codeforces",
        2,
        7,
    )
    assert (metadata["private_tests"], metadata["generated_tests"]) == (1, 2)
    assert (metadata["cf_tags"], metadata["cf_rating"], metadata["split"]) == (
        ("math",),
        800,
        "train",
    )


def test_unknown_limits_are_the_defaults_and_long_ones_leave_time_to_sleep():
    assert decode(code_contests(time_limit=None, memory_limit_bytes=0), None).limits == Limits()
    assert decode(code_contests(time_limit={"seconds": 10, "nanos": 0}), None).limits.wall_s == 25.0


def test_filters_take_the_sets_own_numbers(tmp_path: Path):
    records = [
        code_contests(name=f"p{number}", difficulty=number, source=number % 3)
        for number in range(6)
    ]
    path = write_lines(tmp_path / "valid.jsonl", records)
    assert [problem.id for problem in load_problems(path, difficulty=3)] == ["p3"]
    assert [problem.id for problem in load_problems(path, source=[1, 2], split="valid")] == [
        "p1",
        "p2",
        "p4",
        "p5",
    ]
    assert [problem.id for problem in load_problems(path, platform="codechef")] == ["p1", "p4"]
    assert len(load_problems(path, languages="cpp", min_tests=4)) == 6


@pytest.mark.parametrize(
    "first", ["", '"""About."""\n\x0c\nfrom __future__ import (\n    annotations,\n)\n']
)
def test_programs_for_files_are_made_to_read_and_write_standard_streams(tmp_path: Path, first: str):
    program = (
        f"{first}with open('in.txt') as f, open('out.txt', 'w') as g:\n"
        "    g.write(str(2 * int(f.read())))\n"
    )
    problem = decode(
        code_contests(
            input_file="in.txt",
            output_file="out.txt",
            solutions={"language": [3], "solution": [program]},
        ),
        None,
    )
    assert "read standard input instead of the file in.txt" in problem.statement
    assert "write to standard output instead of the file out.txt" in problem.statement
    [reference] = problem.references
    done = subprocess.run(
        [sys.executable, "-c", reference],
        input="21\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.stdout, done.stderr) == ("42\n", "")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": ""}, "name: empty"),
        ({"description": " "}, "description: empty"),
        (
            {
                name: {"input": [], "output": []}
                for name in ("public_tests", "private_tests", "generated_tests")
            },
            "public_tests: a problem without tests, here and in private_tests and generated_tests",
        ),
    ],
)
def test_a_malformed_record_is_refused_by_name_and_the_rest_load(
    tmp_path: Path, changed: dict[str, Any], reason: str
):
    records = [
        code_contests(name="a"),
        code_contests(**{"name": "b", **changed}),
        code_contests(name="c"),
    ]
    with pytest.warns(ProblemDataWarning):
        problems = load_problems(write_lines(tmp_path / "train.jsonl", records))
    assert [problem.id for problem in problems] == ["a", "c"]
    assert [f"{refusal.field}: {refusal.reason}" for refusal in problems.refused] == [reason]


def test_a_row_of_parquet_is_refused_by_its_number(tmp_path: Path):
    rows = [
        code_contests(name="a"),
        code_contests(name="b", description=""),
        code_contests(name="c"),
    ]
    path = tmp_path / "data" / "train-00000-of-00039-e991a271dbfa9925.parquet"
    path.parent.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    with pytest.warns(
        ProblemDataWarning, match=r"e991a271dbfa9925\.parquet:2: problem .*: description: empty"
    ):
        problems = load_problems(tmp_path)
    assert [problem.id for problem in problems] == ["a", "c"]
    assert [problem.metadata["split"] for problem in problems] == ["train", "train"]
    assert [problems[index].id for index in (1, 0, 1)] == ["c", "a", "c"]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text() | st.integers())
)


@given(st.sampled_from(sorted(code_contests())), VALUES | st.dictionaries(st.text(), VALUES))
def test_no_value_of_any_field_does_more_than_refuse_the_record(field: str, value: object):
    try:
        problem = decode(code_contests(**{field: value}), None)
    except FieldError as error:
        assert error.reason
    else:
        assert problem.limits.cpu_s > 0 and len(problem.tests) > 0
