"""The layouts of which no genuine file is at hand, by records built to their schemas."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cppo_env
from cppo_env.errors import UsageError
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.files.hub import SETS
from cppo_env.problems.files.sources import LAYOUTS
from cppo_env.problems.store.writer import write_store
from cppo_env.testing import FakeSandbox
from cppo_env.types import CheckerProgram, Limits, TestCase
from tests.support.more_records import (
    CPP_CHECKER,
    CPP_PARTS,
    HUMANEVAL_PROMPT,
    PYTHON_CHECKER,
    aethercode,
    code_contests_plus,
    codeforces,
    deepcoder,
    humaneval_plus,
    mbpp_plus,
    prime_intellect,
    taco,
)
from tests.support.records import DOUBLE, DOUBLES, write_lines

TESTS = (TestCase("2\n", "4\n"), TestCase("3\n", "6\n"))
SETS_HERE: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "deepcoder": ("DeepCoder", deepcoder),
    "codeforces": ("Codeforces", codeforces),
    "code_contests_plus": ("CodeContestsPlus", code_contests_plus),
    "aethercode": ("AetherCode", aethercode),
    "taco": ("TACO", taco),
    "prime_intellect": ("PrimeIntellect", prime_intellect),
    "humaneval_plus": ("HumanEvalPlus", humaneval_plus),
    "mbpp_plus": ("MBPPPlus", mbpp_plus),
}


def read(path: Path, record: dict[str, Any]) -> cppo_env.Problem:
    [problem] = load_problems(write_lines(path / "train.jsonl", [record]))
    return problem


@pytest.mark.parametrize("name", SETS_HERE)
def test_a_set_is_found_by_path_by_name_and_by_id_also_as_parquet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    gym_name, record = SETS_HERE[name]
    monkeypatch.setenv("CPPO_DATA", str(tmp_path))
    (tmp_path / name).mkdir()
    path = tmp_path / name / "train-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([record()]), path)
    lines = write_lines(tmp_path / "lines" / "train.jsonl", [record()])
    [problem] = load_problems(name)
    assert list(load_problems(path)) == list(load_problems(lines)) == [problem]
    write_store(load_problems(name), tmp_path / "kept")
    assert list(load_problems(tmp_path / "kept")) == [problem]
    env = gym.make(f"CPPO-{gym_name}-v0", sandbox=FakeSandbox())
    observation, info = env.reset(seed=0)
    assert (observation["problem"], info["problem_id"]) == (problem.statement, problem.id)
    env.close()
    assert {*SETS_HERE} < {*LAYOUTS} and SETS[name].licence


def test_deepcoder_reads_both_shapes_and_calls_in_both(tmp_path: Path):
    listed = read(tmp_path / "a", deepcoder())
    assert (listed.tests, listed.checker, listed.references) == (TESTS, "strict", (DOUBLE,))
    lists = deepcoder(tests=json.dumps(DOUBLES))
    assert read(tmp_path / "b", lists) == listed
    case = {"input": "[1, 2]\n3", "output": "true", "testtype": "functional"}
    for number, (tests, more) in enumerate(
        (
            ([{**case, "metadata": {"func_name": "f"}}], {}),
            ([case], {"metadata": json.dumps({"func_name": "f"})}),
            ([{"type": "function_call", "fn_name": "f", "input": [[1, 2], 3], "output": True}], {}),
            ({"inputs": [[[1, 2], 3]], "outputs": [True], "fn_name": "f"}, {}),
        )
    ):
        problem = read(tmp_path / f"c{number}", deepcoder(tests=json.dumps(tests), **more))
        assert (problem.entry_point, problem.tests) == ("f", (TestCase("[[1, 2], 3]", "true"),))


def test_deepcoders_folders_are_taken_one_or_all_and_share_problems_once(tmp_path: Path):
    for folder in ("taco", "lcbv5", "primeintellect", "codeforces"):
        records = [deepcoder(), deepcoder(problem=f"Something of {folder}.")]
        write_lines(tmp_path / folder / "train.jsonl", records)
    with pytest.warns(ProblemDataWarning, match="3 records refused.*already in .*codeforces"):
        assert len(load_problems(tmp_path)) == 5
    assert len(load_problems(tmp_path, subset="lcbv5")) == 2
    with pytest.raises(UsageError, match="subset: got 'lcb', expected one of the folders codeforc"):
        load_problems(tmp_path, subset="lcb")


def test_codeforces_has_its_checker_statement_limits_and_date(tmp_path: Path):
    problem = read(tmp_path, codeforces(input_mode="file"))
    assert problem.checker == CheckerProgram("python", PYTHON_CHECKER)
    assert problem.limits == Limits(cpu_s=1.5, wall_s=10.0, memory_bytes=256 << 20)
    assert problem.public_tests == (TestCase("5\n", "2 3\n"),)
    assert problem.metadata["date"] == "2024-10-05T00:00:00"
    parts = (
        "Parts\n\nRead",
        "Input\nOne number.",
        "Output\n2 3",
        "Note\nAny",
        "the file input.txt",
    )
    assert all(part in problem.statement for part in parts)
    plain = codeforces(generated_checker=None, output_format="Print each letter in any case.")
    assert read(tmp_path / "plain", plain).checker == "case_insensitive"


def test_codeforces_tests_of_the_folder_are_added_and_missing_ones_counted(tmp_path: Path):
    write_lines(tmp_path / "data" / "train.jsonl", [codeforces(generated_tests=2)])
    with pytest.warns(ProblemDataWarning, match=r"cannot be read: generated_tests \(1\)"):
        assert len(load_problems(tmp_path)[0].tests) == 2
    rows = [
        {"problem_id": name, "input": f"{number}\n", "output": "1 1\n", "test_case_i": number}
        for number, name in enumerate(("7/A", "7/B", "7/A"))
    ]
    (tmp_path / "generated_tests").mkdir()
    pq.write_table(
        pa.Table.from_pylist(rows), tmp_path / "generated_tests" / "test_cases_0007.parquet"
    )
    problems = load_problems(tmp_path)
    assert [test.input for test in problems[0].tests] == ["5\n", "9\n", "0\n", "2\n"]
    assert problems[0].metadata["generated_tests"] == 2


def test_plus_sets_have_programs_limits_and_a_checker_in_cpp(tmp_path: Path):
    problem = read(tmp_path / "plus", code_contests_plus())
    assert problem.checker == CheckerProgram("cpp17", CPP_CHECKER)
    assert problem.limits == Limits(cpu_s=2.0, wall_s=10.0, memory_bytes=256 << 20)
    assert problem.tests[0] == TestCase("5\n", "2 3\n")
    assert problem.references == ("n = int(input())\nprint(n, 0)\n",)
    assert problem.wrong == ("n = int(input())\nprint(n, n)\n",)
    assert problem.metadata["solutions"] == {"cpp": (CPP_PARTS,)}
    other = read(tmp_path / "aether", aethercode())
    assert (other.id, other.metadata["contest_category"]) == ("17", "ICPC")
    assert other.checker == problem.checker


def test_taco_reads_its_units_and_names_problems_by_content(tmp_path: Path):
    problem = read(tmp_path / "a", taco())
    assert problem.tests == TESTS and problem.id.startswith("codeforces-")
    assert problem.limits == Limits(cpu_s=2.5, wall_s=10.0, memory_bytes=256 << 20)
    calls = json.dumps({"inputs": [[1]], "outputs": [[2]], "fn_name": "f"})
    assert read(tmp_path / "b", taco(input_output=calls)).checker == "value_or_wrapped"
    with pytest.warns(ProblemDataWarning, match="time_limit"):
        assert read(tmp_path / "c", taco(time_limit="soon")).limits.cpu_s == Limits().cpu_s


def test_prime_intellect_takes_the_program_from_its_fence(tmp_path: Path):
    problem = read(tmp_path / "a", prime_intellect())
    assert (problem.id, problem.tests) == ("vcp_7", TESTS[:1])
    assert problem.references == (DOUBLE.strip(),)
    info = json.loads(prime_intellect()["verification_info"])
    for number, form in enumerate((info, str(info))):  # an object; what Python prints
        again = read(tmp_path / str(number), prime_intellect(verification_info=form))
        assert again == problem


def test_evalplus_becomes_calls_checked_by_the_canonical_solution(tmp_path: Path):
    problem = read(tmp_path / "humaneval", humaneval_plus())
    assert (problem.entry_point, problem.statement) == ("halves", "Half of each number.")
    assert [test.input for test in problem.tests] == ["[[1, 2]]", "[[]]", "[[5]]"]
    assert problem.starter_code == HUMANEVAL_PROMPT
    assert isinstance(problem.checker, CheckerProgram)
    assert "return [number / 2" in problem.checker.source
    mbpp = read(tmp_path / "mbpp", mbpp_plus())
    assert (mbpp.id, mbpp.entry_point, mbpp.checker) == ("Mbpp/900", "twice", "strict")
    assert mbpp.tests == (TestCase("[1]", "[1, 1]"), TestCase("[-2.5]", "[-2.5, -2.5]"))
    own = {"entry_point": "twice", "canonical_solution": mbpp_plus()["code"], "plus_input": []}
    lines = humaneval_plus(task_id="Mbpp/900", prompt='"""\nTwice.\n"""\n', **own)
    assert read(tmp_path / "own", lines).starter_code == "def twice(number):\n"


REFUSED = [
    (deepcoder(problem=""), "problem: empty"),
    (deepcoder(tests="[]"), "tests: a problem without tests"),
    (deepcoder(tests='[{"input": "1", "testtype": "stdin"}]'), "tests[0].output: expected text"),
    (deepcoder(tests='[{"testtype": "interactive"}]'), "expected testtype stdin or functional"),
    (
        deepcoder(tests='[{"type": "function_call", "input": [], "output": 1}]'),
        "tests: functional tests, but no name",
    ),
    (codeforces(interaction_format="Print ?"), "interaction_format: interactive"),
    (codeforces(official_tests=None), "official_tests: a problem without tests"),
    (code_contests_plus(test_cases=[]), "test_cases: a problem without tests"),
    (
        code_contests_plus(description="This is an interactive problem."),
        "description: interactive",
    ),
    (aethercode(test_cases=None), "test_cases: a problem without tests"),
    (taco(input_output=""), "input_output: empty: a problem without tests"),
    (
        prime_intellect(verification_info='{"language": "rust", "test_cases": []}'),
        "verification_info.language: expected python, got 'rust'",
    ),
    (prime_intellect(verification_info="{"), "neither JSON nor a Python literal"),
    (humaneval_plus(entry_point="f"), "entry_point: the canonical solution defines no function"),
    (humaneval_plus(task_id="Mbpp/252"), "complex numbers"),
    (mbpp_plus(test="inputs = [[{1}]]\nresults = [1]\nassertion(twice(*i), e, 0)"), "a set has no"),
    (
        mbpp_plus(test="inputs = [[1]]\nresults = [f(1)]\nassertion(twice(*i), e, 0)"),
        "test: results: no list of literals",
    ),
]


@pytest.mark.parametrize(("record", "reason"), REFUSED)
def test_what_does_not_fit_is_refused_by_name(tmp_path: Path, record: dict[str, Any], reason: str):
    good = {"codeforces": codeforces(id="good")}
    first = next((make for _, make in SETS_HERE.values() if make().keys() == record.keys()), None)
    assert first is not None
    other = good["codeforces"] if "official_tests" in record else first()
    for key in ("id", "problem_id", "task_id"):
        if key in other:
            other[key] = "HumanEval/1" if key == "task_id" else "good"
    with pytest.warns(ProblemDataWarning, match="1 problems loaded, 1 records refused"):
        problems = load_problems(write_lines(tmp_path / "train.jsonl", [other, record]))
    [refusal] = problems.refused
    assert reason in f"{refusal.field}: {refusal.reason}"
