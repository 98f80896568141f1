"""Nothing silently changes what an evaluation measures."""

import dataclasses
import json
from pathlib import Path

import pytest

import cppo_env
from cppo_env import UsageError, provenance
from cppo_env.commands.evaluate import EvalConfig
from cppo_env.problems import ProblemDataWarning, load_problems
from cppo_env.problems.contents import digest_of
from cppo_env.problems.store.writer import write_store
from cppo_env.testing import make_problem
from cppo_env.types import Limits, TestCase
from tests.support.chat_server import Reply, chat_server
from tests.support.cli import cppo, fault
from tests.support.records import apps, write_lines


def evaluated(tmp_path: Path, *arguments: object) -> dict:
    out = tmp_path / "out.json"
    done = cppo("eval", "--sandbox", "local", "--json", out, *arguments)
    assert done.returncode == 0, done.stderr
    return {**json.loads(out.read_text()), "stdout": done.stdout, "stderr": done.stderr}


@pytest.mark.parametrize(
    ("given", "split"),
    [
        ({}, "test"),
        ({"env": "CPPO-Strategies-v0"}, "test"),
        ({"problems": "strategies"}, "test"),
        ({"split": "train"}, "train"),
        ({"filters": {"split": ["train", "test"]}}, None),
        ({"filters": {"difficulty": "no such"}}, None),
    ],
    ids=str,
)
def test_evaluations_play_the_held_out_part_of_a_named_set(given, split):
    assert EvalConfig(**given).on_held_out().split == split


def test_evaluations_play_all_of_a_path(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps()])
    assert EvalConfig(problems=str(path)).on_held_out().split is None


def test_the_bundled_problems_have_two_parts_that_share_none():
    parts = [load_problems("samples", split=split) for split in ("train", "test")]
    assert list(map(len, parts)) == [27, 14]
    assert len(load_problems("samples")) == 41
    ids = [{problem.id for problem in part} for part in parts]
    assert ids[0].isdisjoint(ids[1])


def test_a_folder_that_holds_more_than_is_asked_for_counts_what_is_asked_for(tmp_path: Path):
    strategies = ("--env", "CPPO-Strategies-v0", "--agent", "oracle", "--run", tmp_path / "run")
    whole = evaluated(tmp_path, *strategies, "--limit", 3, "--attempts", 8)
    assert (whole["n_problems"], whole["n_episodes"], whole["beyond_limit"]) == (3, 6, 0)
    part = evaluated(tmp_path, *strategies, "--limit", 2)
    assert (part["n_problems"], part["n_episodes"], part["beyond_limit"]) == (2, 2, 4)
    assert "4 more episodes of the run folder are beyond" in part["stdout"]
    assert "oracle  2/2" in part["stderr"]
    again = evaluated(tmp_path, *strategies, "--limit", 3, "--attempts", 8)
    assert again["pass_at_k"] == whole["pass_at_k"]


def test_a_folder_of_other_problems_is_refused(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps()])
    options = ("--problems", path, "--agent", "random", "--run", tmp_path / "run")
    evaluated(tmp_path, *options)
    write_lines(path, [apps(), apps(problem_id=77)])
    done = cppo("eval", "--sandbox", "local", *options)
    assert "the problems have changed since" in fault(done, 2)


def test_a_result_and_its_folder_say_where_they_come_from(tmp_path: Path):
    result = evaluated(tmp_path, "--limit", 1, "--run", tmp_path / "run")
    [recorded] = json.loads((tmp_path / "run/config.json").read_text())["recorded"]
    assert recorded == result["provenance"]
    assert recorded["sandbox"]["name"] == "local", "and not what was asked for, which may be auto"
    assert recorded["sandbox"]["language"].startswith("CPython 3.")
    assert recorded["versions"]["numpy"] and recorded["machine"]["cores"] >= 1
    assert recorded["problems"]["count"] == 14
    assert result["setting"]["split"] == "test"


@pytest.mark.docker
def test_docker_is_recorded_with_its_image():
    with cppo_env.make_sandbox("docker") as sandbox:
        facts = provenance.provenance([make_problem()], sandbox)["sandbox"]
    assert (facts["name"], facts["image"]) == ("docker", "cppo-sandbox")
    assert facts["image_id"].startswith("sha256:")
    assert facts["language"].startswith("CPython 3.")


def test_a_fingerprint_is_that_of_the_problems():
    problems = load_problems("samples")
    whole = provenance.fingerprint(problems)
    assert whole == provenance.fingerprint(load_problems("samples"))
    assert whole != provenance.fingerprint(problems.take(40))
    assert whole != provenance.fingerprint(problems.shuffle(0))


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "Problem echo: read an integer and print it!"},
        {"tests": (TestCase("1\n", "1\n"), TestCase("-20\n", "-21\n"))},
        {"tests": (TestCase("1\n", "1\n"), TestCase("-20", "\n-20\n"))},
        {"checker": "unordered"},
        {"limits": Limits(cpu_s=4.5)},
        {"starter_code": "def f(): ..."},
        {"public_tests": ()},
    ],
    ids=str,
)
def test_a_fingerprint_covers_contents(change):
    problem = make_problem()
    whole = provenance.fingerprint([problem])
    assert whole == provenance.fingerprint([make_problem()])
    assert whole != provenance.fingerprint([dataclasses.replace(problem, **change)])


def test_a_stored_set_has_the_fingerprint_of_its_files(tmp_path: Path):
    path = write_lines(tmp_path / "mine.jsonl", [apps(), apps(problem_id=2)])
    problems = load_problems(path)
    write_store(problems, tmp_path / "store")
    stored = load_problems(tmp_path / "store")
    assert provenance.fingerprint(stored) == provenance.fingerprint(problems)
    by_reading = [digest_of(problem) for problem in stored]
    assert [stored.digest(index) for index in range(2)] == by_reading
    checked = load_problems(path, checkers={problems[0].id: "unordered"})
    assert provenance.fingerprint(checked) != provenance.fingerprint(problems)


def test_ids_that_a_keep_list_names_in_vain_are_counted(tmp_path: Path):
    keep = tmp_path / "keep.json"
    content = {"format": "cppo keep-list 1", "source": "samples", "checkers": None, "drop": {}}
    keep.write_text(json.dumps({**content, "keep": ["two-sum", "best-streak", "renamed", "gone"]}))
    with pytest.warns(ProblemDataWarning, match="2 of 4 ids name no problem of the set: gone"):
        assert len(load_problems(keep)) == 2
    with pytest.warns(ProblemDataWarning, match="2 of 4 ids"):
        load_problems("samples", keep=keep)
    with pytest.warns(ProblemDataWarning, match="2 of 4 ids"):
        load_problems(keep, split=load_problems("samples")[0].metadata["split"])
    done = cppo("problems", "list", keep)
    assert "warning" in done.stderr and "2 of 4 ids" in done.stderr


def test_a_strategy_without_plans_shows_no_share_of_accepted_ones(tmp_path: Path):
    with chat_server(lambda request: Reply("```python\nprint(1)\n```")) as server:
        options = ("--agent", "chat", "--options.model=m", "--options.strategy=direct")
        result = evaluated(tmp_path, *options, f"--options.base_url={server.url}", "--limit", 1)
    assert result["validity"] is None
    assert "not applicable" in result["stdout"]


class Own:
    """A third-party problem set without views."""

    probabilities = (0.5, 0.5)

    def __init__(self) -> None:
        self.problems = [make_problem(id=f"p{number}") for number in range(5)]

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int):
        return self.problems[index]

    def demonstrations(self, index, k, random):
        return [(f"method of p{index}", "")] * k


@pytest.mark.parametrize("source", ["samples", "strategies", Own(), Own().problems], ids=type)
def test_every_set_has_views(source):
    problems = load_problems(source)
    assert [one.id for one in problems.skip(1).take(2)] == [problems[1].id, problems[2].id]
    assert problems.pick([3, 1])[0].id == problems[3].id
    shuffled = problems.shuffle(0)
    assert len(shuffled) == len(problems)
    assert shuffled.index(problems[2].id) != 2 or shuffled[2].id == problems[2].id


def test_a_view_offers_what_its_set_offers():
    view = load_problems(Own()).skip(2)
    assert isinstance(view, cppo_env.protocols.KnowsOptimum)
    assert isinstance(view, cppo_env.protocols.Demonstrates)
    assert view.demonstrations(0, 1, None) == [("method of p2", "")]
    assert not isinstance(load_problems("samples").take(3), cppo_env.protocols.Demonstrates)


def test_the_split_of_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="expected 'train' or 'test'"):
        load_problems("strategies", split="valid")
