"""LiveCodeBench: releases, windows, both kinds of tests, and hostile packed tests."""

import base64
import datetime
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.layouts.livecodebench import decode
from cppo_env.problems.layouts.packed import unpack
from cppo_env.problems.records import FieldError
from cppo_env.types import TestCase
from tests.support import SHARED, need_shared
from tests.support.records import lcb_tests, livecodebench, packed, write_lines

DATA = SHARED / "data" / "livecodebench"


@need_shared
def test_all_sample_rows_load():
    problems = load_problems(DATA)
    assert (len(problems), problems.refused) == (217, ())
    with_private = problems[problems.index("1873_A")]
    assert (len(with_private.public_tests), len(with_private.tests)) == (1, 5)
    functional = problems[problems.index("3046")]
    assert functional.entry_point == "minimumOperations"
    assert functional.tests[0] == TestCase('["2245047"]', "2")


@need_shared
def test_releases_and_windows_select():
    assert len(load_problems(DATA, version="release_v6")) == 207
    assert len(load_problems(DATA, version="v6")) == 110
    assert len(load_problems(DATA, version="v5_v6")) == 207
    january = load_problems(DATA, start_date="2025-01-01", end_date=datetime.date(2025, 1, 31))
    assert {problem.metadata["date"][:7] for problem in january} == {"2025-01"}
    assert len(january) == 27
    with pytest.raises(
        UsageError, match=r"version 'v1' is made of test\.jsonl; .* holds none of them"
    ):
        load_problems(DATA, version="v1")


def test_dates_may_be_timestamps_as_parquet_files_hold_them():
    dates = "2025-01-04T00:00:00", datetime.datetime(2025, 1, 4)
    text, timestamp = (decode(livecodebench(contest_date=one), None) for one in dates)
    assert timestamp.metadata == text.metadata


@pytest.mark.parametrize("version", ["6", "v7", "v0", "v3_v2", "release_v9", "release_v6\n"])
def test_a_release_that_does_not_exist_is_an_error(tmp_path: Path, version: str):
    write_lines(tmp_path / "test6.jsonl", [livecodebench()])
    with pytest.raises(
        UsageError, match="expected release_v1 to release_v6, or v1 to v6, or v1_v3"
    ):
        load_problems(tmp_path, version=version)


def test_a_release_is_the_union_of_its_files(tmp_path: Path):
    for number in range(1, 7):
        name = f"test{number if number > 1 else ''}.jsonl"
        write_lines(tmp_path / name, [livecodebench(question_id=f"q{number}")])
    ids = {
        version: [problem.id for problem in load_problems(tmp_path, version=version)]
        for version in ("release_v1", "release_v3", "v3", "v2_v4", "release_latest")
    }
    assert ids == {
        "release_v1": ["q1"],
        "release_v3": ["q1", "q2", "q3"],
        "v3": ["q3"],
        "v2_v4": ["q2", "q3", "q4"],
        "release_latest": ["q1", "q2", "q3", "q4", "q5", "q6"],
    }


def test_a_release_with_absent_files_is_reported(tmp_path: Path):
    for name in ("test5.jsonl", "test6.jsonl"):
        write_lines(tmp_path / name, [livecodebench(question_id=name)])
    absent = "test.jsonl, test2.jsonl, test3.jsonl, test4.jsonl not found"
    with pytest.warns(ProblemDataWarning, match=f"version 'release_v6' is incomplete: {absent}"):
        assert len(load_problems(tmp_path, version="release_v6")) == 2
    assert len(load_problems(tmp_path, version="v5_v6")) == 2


def test_a_version_of_a_parquet_copy_goes_by_folder_or_by_dates(tmp_path: Path):
    days = {"a": "2024-03-30", "b": "2024-12-24", "c": "2025-01-05", "d": "2025-04-06"}
    rows = [
        livecodebench(question_id=name, contest_date=datetime.datetime.fromisoformat(day))
        for name, day in days.items()
    ]
    for folder, some in (("copy/data", rows), ("by folder/release_v5", rows[:2])):
        (tmp_path / folder).mkdir(parents=True)
        table = pa.Table.from_pylist(some)
        pq.write_table(table, tmp_path / folder / "test-00000-of-00001.parquet")
    with pytest.warns(ProblemDataWarning, match="2 of 4 problems were taken by their dates"):
        problems = load_problems(tmp_path / "copy", version="v6")
    assert [problem.id for problem in problems] == ["c", "d"]
    with pytest.warns(ProblemDataWarning, match="3 of 4"):
        assert len(load_problems(tmp_path / "copy", version="v5_v6")) == 3
    assert len(load_problems(tmp_path / "by folder", version="release_v5")) == 2
    with pytest.raises(ProblemDataError, match="no problem has a date of version 'v3'"):
        load_problems(tmp_path / "copy", version="v3")


def test_hidden_tests_are_read_plain_and_packed():
    hidden = lcb_tests(("3\r\n", "6\n"))
    for text in (hidden, packed(hidden)):
        problem = decode(livecodebench(private_test_cases=text), None)
        assert problem.tests == (TestCase("2\n", "4\n"), TestCase("3\n", "6\n"))
        assert problem.public_tests == (TestCase("2\n", "4\n"),)


def test_a_functional_problem_takes_one_json_value_a_line():
    tests = lcb_tests(('[1, 2]\n"a b"', "[true, null]"), kind="functional")
    record = livecodebench(
        public_test_cases=tests, private_test_cases=packed("[]"), metadata='{"func_name": "f"}'
    )
    problem = decode(record, None)
    assert problem.entry_point == "f"
    assert problem.tests == (TestCase('[[1, 2], "a b"]', "[true, null]"),)


class Call:
    """A pickle of this runs a command when it is loaded."""

    def __init__(self, *command: Any):
        self.command = command

    def __reduce__(self) -> Any:
        return self.command


def hostile(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


TEXT = "X\x02\x00\x00\x00[]"
BOMB = base64.b64encode(zlib.compress(bytes(3 << 20), 9)).decode()
HOSTILE = {
    "calls os.system": hostile(pickle.dumps(Call(os.system, ("touch hit",)))),
    "calls eval": hostile(pickle.dumps(Call(eval, ("open('hit', 'w')",)), protocol=0)),
    "imports a module": hostile(b"\x80\x04cantigravity\nfly\n."),
    "imports by stack": hostile(b"\x80\x04\x8c\x02os\x8c\x06system\x93."),
    "persistent id": hostile(b"\x80\x04Phit\n."),
    "extension registry": hostile(b"\x80\x04\x82\x01."),
    "holds a list": hostile(pickle.dumps(["[]"])),
    "holds bytes": hostile(pickle.dumps(b"[]")),
    "two texts": hostile((TEXT + TEXT + ".").encode("latin-1")),
    "no text": hostile(b"\x80\x04."),
    "huge memo index": hostile((TEXT + "r\xff\xff\xff\x7f" + TEXT + ".").encode("latin-1")),
    "huge declared length": hostile(b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f[]."),
    "cut off": hostile(pickle.dumps("[]" * 500)[:-200]),
    "cut off zlib": base64.b64encode(zlib.compress(os.urandom(900))[:-100]).decode(),
    "not zlib": base64.b64encode(b"plain").decode(),
    "not base64": "%%%",
    "not JSON inside": packed("print(1)"),
    "an object inside": packed('{"input": ""}'),
    "no text at all": packed(lcb_tests(("1", "2")).replace('"1"', "1")),
    "another type": packed(lcb_tests(("1", "2"), kind="interactive")),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_packing_is_refused_and_never_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
):
    monkeypatch.chdir(tmp_path)
    records = [livecodebench(question_id=name) for name in ("a", "b", "c")]
    records[1]["private_test_cases"] = HOSTILE[case]
    with pytest.warns(
        ProblemDataWarning, match=r"test6\.jsonl:2: problem b: (private|public)_test_cases"
    ):
        problems = load_problems(write_lines(tmp_path / "test6.jsonl", records))
    assert [problem.id for problem in problems] == ["a", "c"]
    assert not (tmp_path / "hit").exists()


def test_a_decompression_bomb_is_refused_before_it_unfolds():
    assert len(BOMB) < 6000
    with pytest.raises(FieldError, match="unpacks to more than 1048576 bytes"):
        unpack(BOMB, "private_test_cases", max_bytes=1 << 20)


@given(st.text())
def test_any_text_survives_the_packing(text: str):
    assert unpack(packed(text), "field") == text


@given(st.binary(max_size=60))
def test_any_bytes_in_place_of_a_pickle_are_a_text_or_a_refusal(data: bytes):
    try:
        assert isinstance(unpack(hostile(data), "field"), str)
    except FieldError as error:
        assert error.field == "field"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"question_id": ""}, "question_id: absent or empty"),
        ({"question_content": ""}, "question_content: empty"),
        ({"metadata": "[]"}, "metadata: expected an object, got list"),
        (
            {"metadata": '{"func_name": "a b"}'},
            "metadata.func_name: expected a function's name, got 'a b'",
        ),
        (
            {
                "public_test_cases": lcb_tests(("1", "2"), kind="functional"),
                "private_test_cases": "",
            },
            "metadata: functional tests, but no func_name",
        ),
        (
            {
                "public_test_cases": lcb_tests(("1", "2"), kind="functional"),
                "metadata": '{"func_name": "f"}',
            },
            "public_test_cases: expected testtype stdin or functional, got ['functional', 'stdin']",
        ),
        (
            {
                "public_test_cases": lcb_tests(("1 x", "2"), kind="functional"),
                "metadata": '{"func_name": "f"}',
            },
            "public_test_cases[0].input: not JSON (Extra data: line 1 column 3 (char 2))",
        ),
        (
            {"public_test_cases": "[]", "private_test_cases": packed("[]")},
            "public_test_cases: a problem without tests, here and in private_test_cases",
        ),
        (
            {"public_test_cases": json.dumps([{"input": "1"}])},
            "public_test_cases[0].output: expected text, got NoneType",
        ),
    ],
)
def test_a_malformed_record_is_refused_by_its_field(changed: dict[str, Any], reason: str):
    with pytest.raises(FieldError) as caught:
        decode(livecodebench(**changed), None)
    assert str(caught.value) == reason


def test_a_window_without_problems_is_an_error(tmp_path: Path):
    path = write_lines(
        tmp_path / "test.jsonl", [livecodebench(), livecodebench(question_id="b", contest_date="")]
    )
    assert len(load_problems(path, end_date="2024-10-05")) == 1
    with pytest.raises(ProblemDataError, match="none of 2 problems fulfils end_date='2024-10-04'"):
        load_problems(path, end_date="2024-10-04")
    with pytest.raises(UsageError, match="start_date: got 'soon', expected a day such as"):
        load_problems(path, start_date="soon")
