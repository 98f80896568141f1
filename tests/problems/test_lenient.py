"""Records as other tools write them: odd fields, changed types, damaged files."""

import json
import math
import warnings
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cppo_env.errors import ProblemDataError
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.layouts import apps as apps_layout
from cppo_env.problems.layouts import code_contests as code_contests_layout
from cppo_env.problems.layouts import livecodebench as livecodebench_layout
from cppo_env.problems.store.writer import write_store
from tests.support.records import apps, code_contests, livecodebench, write_lines

ODD = [
    (code_contests(generated_tests=None), "generated_tests: absent"),
    (code_contests(public_tests=None), "public_tests: absent"),
    (code_contests(public_tests=[1]), "public_tests: expected an object of lists"),
    (
        code_contests(private_tests={"input": None, "output": ["1"]}),
        "private_tests.input: expected",
    ),
    (code_contests(private_tests={"input": ["1"], "output": []}), "1 input and 0 output"),
    (
        code_contests(generated_tests={"input": [1], "output": ["1"]}),
        "generated_tests.input[0]: expected text, got int",
    ),
    (code_contests(solutions={"language": [3], "solution": []}), "1 language and 0 solution"),
    (code_contests(incorrect_solutions={"language": 3}), "language: expected a list, got int"),
    (code_contests(difficulty=-1), "difficulty: expected a number from 0, got -1"),
    (code_contests(source="2"), "source: expected a number from 0, got '2'"),
    (code_contests(cf_tags="math"), "cf_tags: expected a list, got str"),
    (code_contests(time_limit={"seconds": -1}), "seconds: expected a number from 0, got -1"),
    (code_contests(memory_limit_bytes=math.inf), "memory_limit_bytes: expected a number from 0"),
    (apps(solutions="{}"), "solutions: expected a list, got dict"),
    (apps(solutions="[1]"), "solutions[0]: expected text, got int"),
    (apps(difficulty=3), "difficulty: expected text, got int"),
    (apps(url=["x"]), "url: expected text, got list"),
    (livecodebench(contest_date="October"), "contest_date: expected an ISO 8601 date"),
    (livecodebench(difficulty={}), "difficulty: expected text, got dict"),
    (livecodebench(question_title=1), "question_title: expected text, got int"),
]


@pytest.mark.parametrize(("record", "reason"), ODD)
def test_an_odd_field_costs_the_field_and_not_the_record(
    tmp_path: Path, record: dict[str, Any], reason: str
):
    path = write_lines(tmp_path / "test.jsonl", [record])
    field = reason.partition(":")[0] if ":" in reason else ""
    with pytest.warns(ProblemDataWarning, match=r"without a field .* \(1\)") as caught:
        problems = load_problems(path)
    assert len(caught) == 1 and field.partition("[")[0] in str(caught[0].message)
    assert problems.refused == () and sum(problems.unread.values()) == 1
    [line] = problems[0].metadata["unread"]
    assert reason in line
    assert problems.take(1).unread == problems.unread


def test_one_warning_counts_the_fields_also_of_an_indexed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("cppo_env.problems.files.file_index.SMALLEST_KEPT", 0)
    records = [
        code_contests(name=str(number), difficulty=-number, generated_tests=None)
        for number in range(3)
    ]
    path = write_lines(tmp_path / "train.jsonl", records)
    for _ in range(2):  # the second time from the index
        with pytest.warns(ProblemDataWarning, match=r"difficulty \(2\), generated_tests \(3\)"):
            problems = load_problems(path)
    assert [len(problem.tests) for problem in problems] == [2, 2, 2]
    write_store(problems, tmp_path / "store")
    assert "generated_tests" in load_problems(tmp_path / "store")[0].metadata["unread"][0]


def test_a_record_without_any_readable_test_is_refused_and_says_which_field(tmp_path: Path):
    nothing = dict.fromkeys(("public_tests", "generated_tests"))
    record = code_contests(private_tests={"input": None}, **nothing)
    with pytest.warns(ProblemDataWarning), pytest.raises(ProblemDataError, match="no usable"):
        load_problems(write_lines(tmp_path / "train.jsonl", [record]))


def rows_of(struct: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(struct, values, strict=True)) for values in zip(*struct.values(), strict=True)]


def test_structs_turned_into_rows_and_integers_into_floats_are_the_same_problem(tmp_path: Path):
    record = code_contests()
    changed = code_contests(
        difficulty=7.0,
        source=2.0,
        cf_contest_id=1.0,
        cf_rating=800.0,
        time_limit=timedelta(seconds=2.5),
        memory_limit_bytes=256e6,
        input_file=None,
        output_file=math.nan,
        **{name: rows_of(record[name]) for name in ("public_tests", "private_tests")},
        generated_tests=rows_of(record["generated_tests"]),
        solutions=[
            {"language": float(row["language"]), "solution": row["solution"]}
            for row in rows_of(record["solutions"])
        ],
    )
    assert code_contests_layout.decode(changed, None) == code_contests_layout.decode(record, None)
    pq.write_table(pa.Table.from_pylist([changed]), tmp_path / "train.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [read] = load_problems(tmp_path / "train.parquet")
    assert read == code_contests_layout.decode(record, "train")


def test_json_text_turned_into_values_is_the_same_problem():
    record = apps()
    changed = apps(
        problem_id=7.0,
        solutions=json.loads(record["solutions"]),
        input_output=json.loads(record["input_output"]),
    )
    assert apps_layout.decode(changed, None) == apps_layout.decode(record, None)
    row = livecodebench()
    changed = livecodebench(
        public_test_cases=json.loads(row["public_test_cases"]),
        metadata={"func_name": None},
        contest_date=datetime(2024, 10, 5),
        private_test_cases=[{"input": "3\n", "output": "6\n", "testtype": "stdin"}],
    )
    assert livecodebench_layout.decode(changed, None) == livecodebench_layout.decode(row, None)
    assert (
        livecodebench_layout.decode(livecodebench(contest_date=1728086400), None).metadata["date"]
        == "2024-10-05T00:00:00"
    )


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"


@pytest.mark.parametrize("name", ["train.jsonl", "train.parquet"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (POINTER, "a Git LFS pointer"),
        (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"),
        (b'<?xml version="1.0"?><Error/>', "an XML document"),
        (b"Entry not found", "a server's error message"),
        (b"", "an empty file"),
    ],
)
def test_what_is_no_data_file_is_named(tmp_path: Path, name: str, content: bytes, what: str):
    (tmp_path / "set" / name).parent.mkdir()
    (tmp_path / "set" / name).write_bytes(content)
    for path in (tmp_path / "set", tmp_path / "set" / name):
        with pytest.raises(ProblemDataError, match=f"{name}: {what}.*(again|git lfs pull)"):
            load_problems(path)


def test_half_a_download_is_named(tmp_path: Path):
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.Table.from_pylist([code_contests()]), whole)
    half = tmp_path / "half.parquet"
    half.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(ProblemDataError, match=r"half a download: .* without its end"):
        load_problems(half)
    lines = write_lines(tmp_path / "train.jsonl", [apps(problem_id=1), apps(problem_id=2)])
    lines.write_bytes(lines.read_bytes()[:-50])
    with pytest.warns(ProblemDataWarning, match=r":2: the file ends in the middle of a line"):
        assert len(load_problems(lines)) == 1
