"""APPS: both published layouts, all shapes of tests; odd records do not stop the others."""

import json
import pickle
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.layouts.apps import decode
from cppo_env.problems.records import FieldError
from cppo_env.types import TestCase
from tests.support import SHARED, need_shared
from tests.support.records import apps, apps_tests, write_lines, write_raw

DATA = SHARED / "data" / "apps"


@need_shared
def test_the_sample_rows_load_completely():
    problems = load_problems(DATA / "hf_train_sample.jsonl")
    assert len(problems) == 90
    assert problems.refused == ()
    assert Counter(problem.metadata["difficulty"] for problem in problems) == dict.fromkeys(
        ("introductory", "interview", "competition"), 30
    )
    assert sum(problem.entry_point is not None for problem in problems) == 5
    rows = map(json.loads, (DATA / "hf_train_sample.jsonl").read_text().splitlines())
    for problem, row in zip(problems, rows, strict=True):
        assert problem.id == str(row["problem_id"])
        assert list(problem.references) == json.loads(row["solutions"])
        assert len(problem.tests) == len(json.loads(row["input_output"])["inputs"])


@need_shared
def test_both_layouts_hold_the_same_problems():
    folders, rows = (
        load_problems(DATA / "raw_derived"),
        load_problems(DATA / "hf_train_sample.jsonl"),
    )
    assert len(folders) == 24
    for problem in folders:
        twin = rows[rows.index(problem.id)]
        assert (problem.statement, problem.starter_code, problem.entry_point) == (
            twin.statement,
            twin.starter_code,
            twin.entry_point,
        )
        assert (problem.tests, problem.references, problem.checker) == (
            twin.tests,
            twin.references,
            twin.checker,
        )


@need_shared
@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("raw_genuine", 3),
        ("raw_genuine/train", 3),
        ("raw_genuine/train/4184", 1),
        ("hf_rebuilt_sample.jsonl", 22),
        (".", 112),
    ],
)
def test_a_problem_a_split_an_archive_a_file_and_a_folder_of_files_all_open(path: str, count: int):
    assert len(load_problems(DATA / path)) == count


@need_shared
def test_a_genuine_call_based_problem_keeps_its_published_outputs():
    problems = load_problems(DATA / "raw_genuine")
    plain, wrapped = problems[problems.index("2404")], problems[problems.index("4184")]
    assert plain.entry_point == "findKthPositive"
    assert plain.tests == (TestCase("[[2, 3, 4, 7, 11], 5]", "9"),)
    assert wrapped.tests[0] == TestCase("[1]", "[false]")
    assert plain.checker == wrapped.checker == "value_or_wrapped"
    assert wrapped.starter_code.startswith("def is_prime(n):")


def test_ids_are_the_same_in_both_layouts_and_found_in_any_spelling(tmp_path: Path):
    write_raw(tmp_path / "train" / "0007", apps())
    problems = load_problems(tmp_path)
    assert problems[0].id == "7"
    assert problems.index("7") == problems.index("0007") == problems.index(7) == 0
    with pytest.raises(UnknownNameError, match=r"no problem '8' among 1"):
        problems.index("8")


def test_splits_are_kept_apart(tmp_path: Path):
    write_raw(tmp_path / "train" / "0001", apps())
    write_raw(tmp_path / "test" / "0001", apps(question="Another one."))
    write_raw(tmp_path / "test" / "0002", apps())
    problems = load_problems(tmp_path)
    assert [problem.id for problem in problems] == ["test/1", "2", "train/1"]
    assert [problem.id for problem in load_problems(tmp_path, split="test")] == ["test/1", "2"]
    with pytest.raises(
        ProblemDataError,
        match=r"none of 3 problems fulfils split='valid'; the set has split: test \(2\)",
    ):
        load_problems(tmp_path, split="valid")


def test_the_key_id_stands_for_problem_id(tmp_path: Path):
    record = apps()
    record["id"] = record.pop("problem_id")
    assert load_problems(write_lines(tmp_path / "train.jsonl", [record]))[0].id == "7"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({"inputs": [["1", "2 3"]], "outputs": [["4", "5"]]}, TestCase("1\n2 3", "4\n5")),
        ({"inputs": ["1\r\n2\r\n"], "outputs": ["3\r\n"]}, TestCase("1\n2\n", "3\n")),
        (
            {"inputs": [[1, "a\r\nb"]], "outputs": [[True]], "fn_name": "f"},
            TestCase('[1, "a\\r\\nb"]', "[true]"),
        ),
        (
            {"inputs": [[{"1": 2}]], "outputs": [None], "fn_name": "f"},
            TestCase('[{"1": 2}]', "null"),
        ),
        ({"inputs": [[]], "outputs": ["é"], "fn_name": "f"}, TestCase("[]", '"é"')),
    ],
)
def test_every_published_shape_of_a_test(pairs: dict[str, object], expected: TestCase):
    assert decode(apps_tests(**pairs), None).tests == (expected,)


def test_integer_keys_are_announced():
    keyed = apps_tests(inputs=[[{"1": 2}]], outputs=[0], fn_name="f")
    named = apps_tests(inputs=[[{"a": 2}]], outputs=[0], fn_name="f")
    assert [decode(record, None).metadata["integer_keys"] for record in (keyed, named, apps())] == [
        True,
        False,
        False,
    ]


def test_integers_of_any_length_survive():
    digits = "7" * 10_000
    record = apps(input_output=f'{{"inputs": [[{digits}]], "outputs": [{digits}], "fn_name": "f"}}')
    assert decode(record, None).tests == (TestCase(f"[{digits}]", digits),)


REFUSED = [
    (apps(question=None), "question: absent"),
    (apps(question="  \n"), "question: empty"),
    (apps(question=3), "question: expected text, got int"),
    (apps(question="\ud800"), "question: half a surrogate pair"),
    (apps(problem_id=None), "problem_id: absent or empty"),
    (apps(problem_id=[1]), "problem_id: expected a number or text"),
    (apps(input_output=""), "input_output: empty: a problem without tests"),
    (apps(input_output="{"), "input_output: not JSON"),
    (apps(input_output="[" * 100_000), "input_output: JSON nested too deeply"),
    (apps(input_output="[]"), "input_output: expected an object, got list"),
    (apps_tests(inputs=[], outputs=[]), "input_output: a problem without tests"),
    (apps_tests(inputs=["1", "2"], outputs=["1"]), "input_output: 2 inputs, but 1 outputs"),
    (apps_tests(inputs="1", outputs=["1"]), "input_output.inputs: expected a list, got str"),
    (apps_tests(outputs=["1"]), "input_output.inputs: absent"),
    (apps_tests(inputs=[1], outputs=["1"]), r"input_output.inputs[0]: expected text, got int"),
    (
        apps_tests(inputs=["1"], outputs=[[["1"]]]),
        r"input_output.outputs[0][0]: expected text, got list",
    ),
    (
        apps_tests(inputs=["1"], outputs=["1"], fn_name="f"),
        r"input_output.inputs[0]: expected a list, got str",
    ),
    (
        apps_tests(inputs=[[1]], outputs=["1"], fn_name="f()"),
        "input_output.fn_name: expected a function's name",
    ),
    (b"{", "not JSON"),
    (b"[1]", "expected a JSON object, got list"),
    (b'{"question": "\xff"}', "not UTF-8 at byte 14 of the line"),
]


@pytest.mark.parametrize(("record", "reason"), REFUSED)
def test_a_malformed_record_is_refused_by_name_and_the_rest_load(
    tmp_path: Path, record: dict | bytes, reason: str
):
    path = write_lines(
        tmp_path / "train.jsonl", [apps(problem_id=1), b"", record, apps(problem_id=2)]
    )
    with pytest.warns(ProblemDataWarning, match="2 problems loaded, 1 records refused") as caught:
        problems = load_problems(path)
    assert len(caught) == 1
    assert [problem.id for problem in problems] == ["1", "2"]
    [refusal] = problems.refused
    assert (refusal.file, refusal.line) == (path, 3)
    assert reason in str(refusal)
    assert str(refusal).startswith(f"{path}:3: ")
    assert "\n" not in str(refusal)


def test_a_malformed_folder_is_refused_by_the_name_of_its_file(tmp_path: Path):
    write_raw(tmp_path / "0001", apps())
    write_raw(tmp_path / "0002", apps(input_output="{"))
    (write_raw(tmp_path / "0003", apps()) / "question.txt").unlink()
    (write_raw(tmp_path / "0004", apps()) / "metadata.json").write_bytes(b"\xff")
    with pytest.warns(ProblemDataWarning):
        problems = load_problems(tmp_path)
    assert [problem.id for problem in problems] == ["1"]
    assert [refusal.file.relative_to(tmp_path) for refusal in problems.refused] == [
        Path("0002/input_output.json"),
        Path("0003/question.txt"),
        Path("0004/metadata.json"),
    ]


def test_a_second_record_with_the_same_id_is_refused(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps(), apps(question="Other.")])
    with pytest.warns(
        ProblemDataWarning, match=r"train\.jsonl:2: problem 7: already in .*train\.jsonl:1"
    ):
        assert len(load_problems(path)) == 1


def test_nothing_usable_is_an_error_of_one_line(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps(input_output="")])
    with (
        pytest.warns(ProblemDataWarning),
        pytest.raises(ProblemDataError, match="holds no usable problem"),
    ):
        load_problems(path)
    with pytest.raises(ProblemDataError, match=r"no such file or folder"):
        load_problems(tmp_path / "absent.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProblemDataError, match="holds no problems; expected one of the layouts"):
        load_problems(tmp_path / "empty")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        ProblemDataError, match=r"expected a \.jsonl or \.parquet file, or a folder"
    ):
        load_problems(tmp_path / "notes.txt")


def test_a_file_that_changed_after_it_was_indexed_is_an_error_that_says_so(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps(problem_id=1), apps(problem_id=2)])
    problems = load_problems(path)
    write_lines(path, [b"{}"])
    with pytest.raises(ProblemDataError, match="the file has changed, load it again"):
        problems[1]


def test_a_name_that_is_neither_path_nor_set_gets_a_suggestion():
    with pytest.raises(
        UnknownNameError, match="no path and no problems named 'aps'; did you mean 'apps'"
    ):
        load_problems("aps")
    with pytest.raises(
        UsageError, match="problems: got int, expected a path, a name or a ProblemSet"
    ):
        load_problems(3)  # pyright: ignore


def test_an_absent_set_says_what_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CPPO_DATA", str(tmp_path))
    with pytest.raises(
        ProblemDataError, match=f"cppo problems download apps, or put .* into {tmp_path}/apps"
    ):
        load_problems("apps")
    write_lines(tmp_path / "apps" / "train.jsonl", [apps()])
    assert len(load_problems("apps")) == 1


def test_a_set_can_be_sent_to_another_process(tmp_path: Path):
    problems = load_problems(write_lines(tmp_path / "train.jsonl", [apps()]))
    assert pickle.loads(pickle.dumps(problems))[0] == problems[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(apps())), JSON | JSON.map(json.dumps), st.booleans())
def test_no_value_of_any_field_does_more_than_refuse_the_record(
    field: str, value: object, drop: bool
):
    record = apps(**{field: value})
    if drop:
        del record[field]
    try:
        problem = decode(record, None)
    except FieldError as error:
        assert error.field.partition(".")[0].partition("[")[0] in {*record, "id", field}
    else:
        assert problem.statement and len(problem.tests) > 0


@given(st.dictionaries(st.sampled_from(["inputs", "outputs", "fn_name"]), JSON))
def test_no_tests_of_any_shape_do_more_than_refuse_the_record(pairs: dict[str, object]):
    try:
        problem = decode(apps_tests(**pairs), None)
    except FieldError:
        return
    for test in problem.tests:
        test.input.encode(), test.output.encode()
        if problem.entry_point is not None:
            assert isinstance(json.loads(test.input), list)
