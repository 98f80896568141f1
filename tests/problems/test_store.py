"""The Parquet store equals the layout it was made from, at any size, in any process."""

import json
import multiprocessing
import os
import pickle
import tracemalloc
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.store.reader import StoredProblems
from cppo_env.problems.store.tests import CHUNK_BYTES, StoredTests, pack
from cppo_env.problems.store.writer import write_store
from cppo_env.problems.views import Indexed
from cppo_env.testing import ProblemSetContract
from cppo_env.types import Limits, Problem, TestCase
from tests.support import SHARED, need_shared
from tests.support.cli import cppo, fault
from tests.support.records import apps, code_contests, livecodebench, write_lines


def store_of(problems: list[Problem], folder: Path) -> StoredProblems:
    write_store(Indexed(problems), folder)
    return StoredProblems(folder)


def problem(id: str, **facts: object) -> Problem:
    return Problem(
        id=id, **{"statement": f"Problem {id}.", "tests": (TestCase("1", "2"),), **facts}
    )  # pyright: ignore


@need_shared
@pytest.mark.parametrize(
    "path",
    [
        "apps",
        "apps/raw_genuine",
        "code_contests/test_sample.jsonl",
        "code_contests/train_sample_merged_tests.jsonl",
        "livecodebench",
    ],
)
def test_a_store_holds_the_same_problems_as_its_source(path: str, tmp_path: Path):
    source = load_problems(SHARED / "data" / path)
    write_store(source, tmp_path / "store")
    store = load_problems(tmp_path / "store")
    assert list(store) == list(source)
    assert [store[index] for index in range(0, len(store), 7)] == [
        source[index] for index in range(0, len(store), 7)
    ]
    assert [store.summary(index) for index in range(len(store))] == [
        source.summary(index) for index in range(len(source))
    ]
    last = source[len(source) - 1].id
    assert store.index(last) == source.index(last)


PROBLEMS = st.builds(
    problem,
    st.text(min_size=1),
    statement=st.text(),
    tests=st.lists(st.builds(TestCase, st.text(), st.text()), max_size=5).map(tuple),
    public_tests=st.lists(st.builds(TestCase, st.text(), st.text()), max_size=2).map(tuple),
    starter_code=st.text(),
    entry_point=st.none() | st.text(),
    limits=st.builds(Limits, cpu_s=st.floats(0.1, 100), memory_bytes=st.integers(1, 2**40)),
    checker=st.text(),
    references=st.lists(st.text()).map(tuple),
    wrong=st.lists(st.text()).map(tuple),
    metadata=st.dictionaries(
        st.text().map("x".__add__),
        st.none() | st.integers(-(2**60), 2**60) | st.text() | st.just((1, "a")),
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PROBLEMS, min_size=1, max_size=4, unique_by=lambda problem: problem.id))
@example([problem("a", checker="{"), problem("b", checker='"strict"'), problem("c", checker='"')])
def test_any_problem_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, problems: list[Problem]
):
    store = store_of(problems, tmp_path_factory.mktemp("any") / "store")
    assert list(store) == problems
    assert [store[store.index(problem.id)] for problem in problems] == problems


class TestContract(ProblemSetContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path):
        self.store = store_of([problem("a"), problem("b")], tmp_path / "store")

    def make(self) -> StoredProblems:
        return self.store


def test_many_groups_and_shards_are_addressed_correctly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cppo_env.problems.store.writer.GROUP_BYTES", 200)
    monkeypatch.setattr("cppo_env.problems.store.writer.GROUPS_PER_SHARD", 3)
    problems = [
        problem(str(number), statement="s" * (50 + number % 7 * 40)) for number in range(60)
    ]
    store = store_of(problems, tmp_path / "store")
    assert len(list((tmp_path / "store").glob("problems-*.parquet"))) > 5
    assert [store[index] for index in range(60)] == problems
    assert list(store) == problems


def test_large_tests_are_never_all_decoded(tmp_path: Path):
    """60 MB of tests of one problem are walked in less than 15 MB."""
    tests = [
        TestCase(f"{number} " + "7 " * (CHUNK_BYTES // 4), str(number)) for number in range(120)
    ]
    store = store_of([problem("large", tests=tests), problem("small")], tmp_path / "store")
    del tests
    tracemalloc.start()
    large = store[0].tests
    assert len(large) == 120
    assert [test.output for test in large] == [str(number) for number in range(120)]
    assert large[119].input.startswith("119 ")
    assert large[3].output == "3"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 15e6


def test_a_small_problem_does_not_read_its_large_neighbour(tmp_path: Path):
    large = [TestCase(os.urandom(CHUNK_BYTES // 2).hex(), "") for _ in range(5)]
    write_store(
        Indexed([problem("a"), problem("large", tests=large), problem("b")]), tmp_path / "store"
    )
    groups = pq.ParquetFile(tmp_path / "store" / "problems-00000.parquet").num_row_groups
    assert groups == 3


@given(st.lists(st.builds(TestCase, st.text(), st.text())), st.data())
def test_stored_tests_are_a_sequence(tests: list[TestCase], data: st.DataObject):
    chunks = list(pack(tests))
    stored = StoredTests([count for count, _ in chunks], lambda: [chunk for _, chunk in chunks])
    assert stored == tests
    assert len(stored) == len(tests)
    cut = data.draw(st.slices(len(tests)))
    assert stored[cut] == tests[cut]
    for index in range(-len(tests), len(tests)):
        assert stored[index] == tests[index]
    with pytest.raises(IndexError):
        stored[len(tests)]


def read_ids(store: StoredProblems, indices: range) -> list[tuple[str, int, str]]:
    return [
        (store[index].id, len(store[index].tests), store[index].tests[0].output)
        for index in indices
    ]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_share_a_store(tmp_path: Path, method: str):
    store = store_of([problem(str(number)) for number in range(40)], tmp_path / "store")
    here = read_ids(store, range(40))
    with multiprocessing.get_context(method).Pool(2) as pool:
        parts = pool.starmap(
            read_ids, [(store, range(start, start + 10)) for start in range(0, 40, 10)]
        )
    assert [entry for part in parts for entry in part] == here


def test_an_unfinished_store_is_no_store(tmp_path: Path):
    problems = Indexed([problem("a"), problem("b", checker=lambda *_: True)])
    with pytest.raises(UsageError, match="problem 'b' has a function as its checker"):
        write_store(problems, tmp_path / "store")
    assert not (tmp_path / "store").exists()
    assert len(store_of([problem("a")], tmp_path / "store")) == 1
    with pytest.raises(UsageError, match="exists already"):
        write_store(problems, tmp_path / "store")


def test_a_store_of_another_version_is_refused(tmp_path: Path):
    store_of([problem("a")], tmp_path / "store")
    table = pq.read_table(tmp_path / "store" / "index.parquet")
    pq.write_table(
        table.replace_schema_metadata({"cppo.store": "0"}), tmp_path / "store" / "index.parquet"
    )
    with pytest.raises(
        ProblemDataError,
        match="store format b'0', expected 1; write it again with cppo problems import",
    ):
        load_problems(tmp_path / "store")


def test_stores_are_filtered_and_pickled_like_any_set(tmp_path: Path):
    problems = [
        problem(str(number), metadata={"difficulty": "easy" if number % 2 else "hard"})
        for number in range(9)
    ]
    store = store_of(problems, tmp_path / "store")
    easy = load_problems(tmp_path / "store", difficulty="easy")
    assert [entry.id for entry in easy] == ["1", "3", "5", "7"]
    assert pickle.loads(pickle.dumps(easy))[1] == problems[3]
    assert pickle.loads(pickle.dumps(store[4].tests)) == problems[4].tests


def test_an_imported_set_still_has_the_options_of_its_loader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CPPO_DATA", str(tmp_path))
    for number in (5, 6):
        write_lines(
            tmp_path / "livecodebench" / f"test{number}.jsonl",
            [livecodebench(question_id=f"q{number}")],
        )
    write_store(Indexed(load_problems("livecodebench")), tmp_path / "livecodebench-store")
    assert isinstance(load_problems("livecodebench"), StoredProblems)
    assert [problem.id for problem in load_problems("livecodebench", version="v6")] == ["q6"]


def test_the_import_of_a_downloaded_set_takes_its_name(tmp_path: Path):
    path = write_lines(tmp_path / "code_contests" / "data" / "valid.jsonl", [code_contests(), b"{"])
    result = tmp_path / "result.json"
    environment = {"CPPO_DATA": str(tmp_path)}
    done = cppo("problems", "import", "code_contests", "--json", result, env=environment)
    assert done.returncode == 0, done.stderr
    written = json.loads(result.read_text())
    assert (written["problems"], written["store"]) == (1, str(tmp_path / "code_contests-store"))
    assert written["refused"][0]["line"] == 2
    path.unlink()
    listed = cppo("problems", "list", "code_contests", env=environment)
    assert listed.returncode == 0, listed.stderr
    assert "1 problem" in listed.stdout
    assert "exists already" in fault(
        cppo("problems", "import", "code_contests", env=environment), 2
    )


def test_refusals_survive_filters(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps(), b"{"])
    with pytest.warns(ProblemDataWarning):
        assert len(load_problems(path, difficulty="interview").refused) == 1
