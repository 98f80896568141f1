"""Playing, storing, resuming and summarising episodes."""

import dataclasses
import json
from collections.abc import Callable, Sequence

import pytest
from cppo_agents import OracleAgent, RandomAgent

from cppo_env import (
    CppoError,
    Observation,
    Problem,
    TestCase,
    UsageError,
    load_problems,
)
from cppo_env.errors import AgentError
from cppo_env.evaluation.records import EpisodeRecord, RunFolder
from cppo_env.evaluation.run import PATIENCE, Evaluation
from cppo_env.evaluation.setting import Setting, make_agent
from cppo_env.evaluation.summary import budgets, problem_scores
from cppo_env.intervals import beta
from cppo_env.testing import FakeSandbox, make_problem

METHODS = ("one", "two", "three", "four")


def problems(count: int) -> list[Problem]:
    return [make_problem(f"p{number}") for number in range(count)]


class Verdicts:
    """An agent whose programs name verdicts, which the fake sandbox then gives."""

    def __init__(self, choose: Callable[[str], Sequence[str]]):
        self.choose = choose

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        return [
            tuple(f"```\n{verdict}\n```" for verdict in self.choose(one["problem"]))
            if one["phase"]
            else METHODS
            for one in observations
        ]


def evaluate(agent, problem_set, folder=None, sandbox=None, **setting) -> Evaluation:
    chosen = Setting(**{"batch": 2, **setting})
    evaluation = Evaluation(chosen, load_problems(problem_set), agent, folder)
    evaluation.run(sandbox or FakeSandbox(), "test")
    return evaluation


def judged(sandbox: FakeSandbox) -> list[int]:
    """Programs per sandbox call, without the first, which asks for the interpreter's version."""
    return [len(jobs) for jobs in sandbox.batches[1:]]


def one_right_in_even_problems(statement: str) -> Sequence[str]:
    number = int(statement.partition(":")[0].removeprefix("Problem p"))
    return ("WA", "AC", "TLE", "RE") if number % 2 == 0 else ("WA",) * 4


def test_pass_at_k_verdicts_and_rates_of_a_known_outcome():
    result = evaluate(Verdicts(one_right_in_even_problems), problems(5)).result()
    assert result["pass_at_k"] == pytest.approx({"1": 3 / 20, "2": 3 / 10, "4": 3 / 5})
    assert result["verdicts"] == {"WA": 11, "AC": 3, "TLE": 3, "RE": 3}
    assert (result["n_problems"], result["n_episodes"], result["void"], result["excluded"]) == (
        5,
        5,
        0,
        [],
    )
    assert (result["tuple_success"], result["validity"], result["reward"]) == (0.6, 1.0, 0.6)


def test_each_step_of_a_batch_is_one_sandbox_call():
    sandbox = FakeSandbox()
    evaluate(Verdicts(one_right_in_even_problems), problems(5), sandbox=sandbox)
    assert judged(sandbox) == [8, 8, 4]


def one_right_in_each_tuple(statement: str) -> Sequence[str]:
    return ("WA", "AC", "TLE", "RE")


class Independent(Verdicts):
    """Says that its K attempts are independent draws."""

    independent_attempts = True


@pytest.mark.parametrize("attempts", [4, 8, 32])
def test_a_coordinator_scores_the_same_however_many_tuples_it_plays(attempts):
    result = evaluate(Verdicts(one_right_in_each_tuple), problems(3), attempts=attempts).result()
    assert {result["pass_at_k"]["4"], result["pass_at_k"][str(attempts)]} == {1.0}
    assert (result["pass_at_k"]["1"], result["pass_at_k"]["2"]) == (0.25, 0.5)
    assert result["pass_at_k_in_order"] == {"1": 0.0, "2": 1.0, "4": 1.0}
    assert result["tuple_success"] == 1.0
    assert result["independent_attempts"] is False


def test_independent_attempts_are_pooled():
    agent = Independent(one_right_in_even_problems)
    result = evaluate(agent, problems(2), attempts=8).result()
    assert result["n_episodes"] == 4
    # Problem 0 has 2 right of 8 attempts, problem 1 none.
    assert result["pass_at_k"]["4"] == pytest.approx((1 - (6 * 5 * 4 * 3) / (8 * 7 * 6 * 5)) / 2)
    assert list(result["pass_at_k"]) == ["1", "2", "4", "8"]
    assert "pass_at_k_in_order" not in result
    assert result["independent_attempts"] is True


def test_a_result_holds_intervals_and_every_problem():
    agent = Verdicts(one_right_in_even_problems)
    result = evaluate(agent, problems(5), attempts=8).result()
    for name in ("tuple_success", "validity", "reward"):
        low, high = result["ci95"][name]
        assert low <= result[name] <= high and low < high
    low, high = result["ci95"]["pass_at_k"]["1"]
    assert low < result["pass_at_k"]["1"] < high
    exact = beta(3, 5)
    assert result["ci95"]["tuple_success"] == pytest.approx([exact.low, exact.high])
    assert [one["problem"] for one in result["problems"]] == [f"p{number}" for number in range(5)]
    first, second, *_ = result["problems"]
    assert (first["episodes"], first["right"], second["right"]) == (2, 2, 0)
    assert first["pass_at_k"] == {"1": 0.25, "2": 0.5, "4": 1.0, "8": 1.0}


def test_the_interval_is_over_contests_where_they_are_known():
    apart = problems(6)
    together = [
        dataclasses.replace(one, metadata={"platform": "x", "contest_id": str(number // 2)})
        for number, one in enumerate(apart)
    ]

    def all_or_none(statement: str) -> Sequence[str]:
        return ("AC" if "p0:" in statement or "p1:" in statement else "WA",) * 4

    alone = evaluate(Verdicts(all_or_none), apart).result()
    clustered = evaluate(Verdicts(all_or_none), together).result()
    assert (alone["n_contests"], clustered["n_contests"]) == (0, 3)
    assert alone["pass_at_k"] == clustered["pass_at_k"]
    [low, high], [wide_low, wide_high] = (
        one["ci95"]["pass_at_k"]["4"] for one in (alone, clustered)
    )
    assert wide_high - wide_low > high - low


def test_a_plan_that_cannot_be_used_spends_its_attempts():
    class Speechless:
        def act(self, observations):
            return [("",) * 4 for _ in observations]

    sandbox = FakeSandbox()
    result = evaluate(Speechless(), problems(3), sandbox=sandbox).result()
    assert result["pass_at_k"]["4"] == 0.0
    assert result["n_problems"] == 3
    assert result["verdicts"] == {"CE": 12}
    assert judged(sandbox) == []


def test_the_limit_and_the_run_folder(tmp_path):
    folder = RunFolder(tmp_path / "run", {"env": "x"})
    evaluate(Verdicts(one_right_in_even_problems), problems(9), folder, limit=3)
    lines = [
        json.loads(line)
        for line in (tmp_path / "run/rollouts/episodes.jsonl").read_text().splitlines()
    ]
    assert [line["problem_id"] for line in lines] == ["p0", "p1", "p2"]
    assert lines[0]["methods"] == list(METHODS)
    assert lines[0]["verdicts"] == ["WA", "AC", "TLE", "RE"]
    assert lines[0]["programs"] == ["WA", "AC", "TLE", "RE"]
    assert (lines[0]["accepted"], lines[0]["reward"], lines[1]["reward"]) == (True, 1.0, 0.0)
    assert EpisodeRecord.from_json(json.dumps(lines[0])).to_json() == json.dumps(lines[0])


def test_a_draw_follows_from_its_episode_whatever_was_played_before_and_beside_it(tmp_path):
    """More attempts in the same folder are new draws, whatever the pauses and batches."""

    def texts(evaluation: Evaluation) -> dict:
        return {one.key: (one.methods, one.programs) for one in evaluation.records}

    def agent() -> RandomAgent:
        return RandomAgent(seed=7)

    first = evaluate(agent(), problems(6), RunFolder(tmp_path, {}), attempts=4)
    raised = evaluate(agent(), problems(6), RunFolder(tmp_path, {}), attempts=12)
    at_once = evaluate(agent(), problems(6), attempts=12, batch=5)
    assert texts(raised) == texts(at_once)
    assert texts(first).items() <= texts(raised).items()
    assert len(set(texts(at_once).values())) == 18


class Interrupted(Verdicts):
    """Presses Ctrl-C at the n-th call."""

    calls_left = 3

    def act(self, observations):
        self.calls_left -= 1
        if self.calls_left == 0:
            raise KeyboardInterrupt
        return super().act(observations)


def test_an_interrupted_evaluation_goes_on_where_it_was(tmp_path):
    def folder() -> RunFolder:
        return RunFolder(tmp_path, {"env": "x"})

    with pytest.raises(
        KeyboardInterrupt, match="2 of 5 episodes are done; run the same command again to go on"
    ):
        evaluate(Interrupted(one_right_in_even_problems), problems(5), folder())
    sandbox = FakeSandbox()
    resumed = evaluate(Verdicts(one_right_in_even_problems), problems(5), folder(), sandbox=sandbox)
    assert judged(sandbox) == [8, 4]  # three of five episodes
    assert sorted(record.key for record in folder().read()) == [
        (f"p{number}", 0) for number in range(5)
    ]
    direct = evaluate(Verdicts(one_right_in_even_problems), problems(5))
    assert resumed.result()["pass_at_k"] == direct.result()["pass_at_k"]
    nothing_left = FakeSandbox()
    evaluate(Verdicts(one_right_in_even_problems), problems(5), folder(), sandbox=nothing_left)
    assert judged(nothing_left) == []


def test_a_line_that_was_cut_off_is_played_again(tmp_path):
    folder = RunFolder(tmp_path, {})
    evaluate(Verdicts(one_right_in_even_problems), problems(3), folder)
    content = folder.episodes.read_bytes()
    folder.episodes.write_bytes(content[:-20])
    assert [record.problem_id for record in folder.read()] == ["p0", "p1"]
    evaluate(Verdicts(one_right_in_even_problems), problems(3), folder)
    assert [record.problem_id for record in folder.read()] == ["p0", "p1", "p2"]
    assert folder.episodes.read_bytes().startswith(b"".join(content.splitlines(keepends=True)[:2]))


def test_a_folder_of_another_run_is_refused_by_the_setting_that_differs(tmp_path):
    RunFolder(tmp_path, {"env": "x", "k": 4})
    RunFolder(tmp_path, {"env": "x", "k": 4})
    with pytest.raises(UsageError, match="holds a run with k=4, but got 8; give the same settings"):
        RunFolder(tmp_path, {"env": "x", "k": 8})


class Failing(Verdicts):
    """An endpoint that does not answer for some problems."""

    def __init__(self, *cursed: str, phase: int):
        super().__init__(lambda statement: ("AC",) * 4)
        self.cursed, self.phase = cursed, phase

    def act(self, observations):
        actions = [
            None
            if one["phase"] == self.phase
            and any(f"{name}:" in one["problem"] for name in self.cursed)
            else action
            for one, action in zip(observations, super().act(observations), strict=True)
        ]
        if None in actions:
            raise AgentError("no answer from the endpoint", actions)
        return actions


@pytest.mark.parametrize("phase", [0, 1])
def test_an_episode_without_an_answer_is_void_and_played_again(tmp_path, phase):
    folder = RunFolder(tmp_path, {})
    first = evaluate(Failing("p1", phase=phase), problems(4), folder).result()
    assert (first["void"], first["n_problems"], first["pass_at_k"]["4"]) == (1, 3, 1.0)
    [void] = [record for record in folder.read() if record.void]
    assert (void.problem_id, void.reason) == ("p1", "no answer from the endpoint")
    sandbox = FakeSandbox()
    second = evaluate(Failing(phase=phase), problems(4), folder, sandbox=sandbox).result()
    assert (second["void"], second["n_problems"], second["pass_at_k"]["4"]) == (0, 4, 1.0)
    assert judged(sandbox) == [4]


def test_an_internal_error_of_the_sandbox_is_void_and_no_zero():
    result = evaluate(
        Verdicts(lambda statement: ("IE" if "p0:" in statement else "AC",) * 4), problems(2)
    ).result()
    assert (result["void"], result["n_problems"], result["pass_at_k"]["4"]) == (1, 1, 1.0)
    assert result["verdicts"] == {"AC": 4}


def test_an_agent_that_never_answers_ends_the_evaluation():
    names = [f"p{number}" for number in range(20)]
    with pytest.raises(CppoError, match="no answer from the endpoint; gave up after 3 batches"):
        evaluate(Failing(*names, phase=0), problems(20))
    with pytest.raises(CppoError, match="no episode counts; no answer from the endpoint"):
        evaluate(Failing(*names, phase=0), problems(PATIENCE), batch=PATIENCE).result()


def test_what_cannot_be_played_is_excluded_by_name():
    bare = Problem(id="bare", statement="No one solved this.", tests=(TestCase("1\n", "1\n"),))
    untested = Problem(id="untested", statement="No tests.", tests=(), references=("print(1)",))
    problem_set = [make_problem("p0"), bare, untested]
    result = evaluate(OracleAgent(problem_set), problem_set).result()
    assert result["n_problems"] == 1
    assert result["excluded"] == [
        {"problem": "bare", "reason": "the record holds no reference solutions"},
        {"problem": "untested", "reason": "the problem has no tests"},
    ]


@pytest.mark.parametrize(
    ("attempts", "k", "expected"),
    [
        (4, 4, [1, 2, 4]),
        (8, 4, [1, 2, 4, 8]),
        (12, 4, [1, 2, 4, 8, 12]),
        (24, 4, [1, 2, 4, 8, 16, 24]),
        (12, 3, [1, 2, 3, 6, 12]),
        (3, 3, [1, 2, 3]),
        (1, 1, [1]),
    ],
)
def test_budgets_that_are_reported(attempts, k, expected):
    assert budgets(attempts, k) == expected


def test_problems_with_too_few_attempts_leave_a_larger_budget():
    evaluation = evaluate(Failing("p1", phase=0), problems(2), attempts=8)
    assert problem_scores(evaluation.records, 4, 8, independent=False) == {"p0": 1.0}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"env": "CPPO-APS-v0"}, "env: got 'CPPO-APS-v0', expected a registered id.*CPPO-APPS"),
        ({"env": "CartPole-v1"}, "expected one of .*CPPO-APPS-v0"),
        ({"k": 0}, "k: got 0"),
        ({"attempts": 0}, "attempts: got 0, expected 1 or more"),
        ({"attempts": 6}, "attempts: got 6 with K=4, expected whole tuples of 4; give 4 or 8"),
        ({"batch": 0}, "batch: got 0"),
        ({"limit": -1}, "limit: got -1"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(setting, message):
    with pytest.raises(UsageError, match=message):
        chosen = Setting(**setting)
        chosen.episodes()
        chosen.load()


def test_agents_are_made_by_name_and_given_what_they_ask_for():
    problem_set = problems(2)
    shared = {"problems": problem_set, "k": 2, "seed": 5}
    oracle = make_agent("oracle", {}, **shared)
    assert isinstance(oracle, OracleAgent)
    assert oracle.k == 2
    with pytest.raises(UsageError, match="did you mean 'oracle'"):
        make_agent("orcale", {}, **shared)
    with pytest.raises(
        UsageError, match=r"agent 'random': got an unexpected .*'sed'; its options are: k"
    ):
        make_agent("random", {"sed": 1}, **shared)
    with pytest.raises(UsageError, match="model: got none for the planner and the solver"):
        make_agent("chat", {}, **shared)
    with pytest.raises(UsageError, match="back end: got an unexpected keyword argument 'base_ulr'"):
        make_agent("chat", {"model": "m", "base_ulr": "x"}, **shared)
