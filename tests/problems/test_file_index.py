"""Large files are read once: a valid index is kept between runs."""

import os
import warnings
from pathlib import Path

import pytest

from cppo_env.errors import ProblemDataError
from cppo_env.problems import ProblemDataWarning, Problems, load_problems
from tests.support.records import lcb_tests, livecodebench, write_lines


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cppo" / "index"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 18 MB: ten problems, a damaged line, a duplicate problem."""
    large = lcb_tests(("1" * 1_800_000, "2"))
    records = [
        livecodebench(question_id=f"q{number}", private_test_cases=large) for number in range(10)
    ]
    return write_lines(tmp_path / "test6.jsonl", [*records[:4], b"{", *records[4:], records[0]])


def opened(path: Path) -> Problems:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProblemDataWarning)
        problems = load_problems(path)
    assert isinstance(problems, Problems)
    return problems


def edit_unseen(path: Path) -> None:
    """Change q3 without changing the file's size and time."""
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"q3"', b'"x3"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_second_opening_reads_the_index_only(cache: Path, path: Path):
    first = opened(path)
    assert len(list(cache.iterdir())) == 1
    edit_unseen(path)
    second = opened(path)
    assert [second.summary(index) for index in range(10)] == [
        first.summary(index) for index in range(10)
    ]
    assert second.refused == first.refused
    assert [refusal.line for refusal in second.refused] == [5, 12]
    assert second[9].tests == first[9].tests


def test_a_file_that_changed_is_read_again(cache: Path, path: Path):
    opened(path)
    edit_unseen(path)
    os.utime(path)
    assert opened(path).index("x3") == 3
    assert len(list(cache.iterdir())) == 1


def test_a_record_is_checked_when_it_is_used(cache: Path, path: Path):
    problems = opened(path)
    with path.open("r+b") as file:
        file.write(b"[")
    with pytest.raises(
        ProblemDataError, match=r"test6\.jsonl:1: not JSON .*; the file has changed, load it again"
    ):
        problems[0]


def test_damaged_or_absent_indices_cost_time_only(cache: Path, path: Path):
    opened(path)
    [kept] = cache.iterdir()
    for damage in (b"", b"[]", b'{"mark": 1}', kept.read_bytes()[:-100]):
        kept.write_bytes(damage)
        assert len(opened(path)) == 10
    cache.parent.rename(cache.parent.with_name("moved"))
    cache.parent.write_text("a file where the folder should be")
    assert len(opened(path)) == 10


def test_small_files_leave_nothing_behind(cache: Path, tmp_path: Path):
    opened(write_lines(tmp_path / "test.jsonl", [livecodebench()]))
    assert not cache.exists()
