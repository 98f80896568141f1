"""Runs without a planner: K independent solutions, and K skills."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cppo_agents.models.chat_format import ChatFormat
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.reports.run import write_report
from cppo_grpo.rollouts.agent import Planner, PolicyAgent, Regions
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler

from cppo_env import UsageError
from cppo_env.errors import UnknownNameError
from cppo_env.parsing import write_plan
from cppo_env.types import Observation
from tests.support.tiny_runs import carry_out

METHODS = {
    "none": [""] * 4,
    "skills": ["skill 1 of 4", "skill 2 of 4", "skill 3 of 4", "skill 4 of 4"],
}


@pytest.mark.parametrize(
    ("planner", "algorithm"),
    [
        ("none", "grpo"),
        ("none", "pkpo"),
        ("none", "passk_training"),
        ("skills", "grpo"),
        ("skills", "upskill"),
    ],
)
def test_programs_are_trained_and_evaluated_without_plans(
    tmp_path: Path, planner: Planner, algorithm: str
) -> None:
    chosen = None if algorithm == "upskill" else planner  # upskill chooses skills by itself
    tuples = 2 if algorithm == "passk_training" else 1  # K of K attempts carry no signal
    run = carry_out(
        tmp_path / "run",
        planner=chosen,
        algorithm=algorithm,
        tuples=tuples,
        steps=2,
        minibatches=2,
        eval_episodes=4,
    )
    for file in sorted((run.path / "rollouts").iterdir()):
        for record in map(json.loads, file.read_text().splitlines()):
            assert record["methods"] == METHODS[planner]
            assert (
                len(record["programs"]) == len(record["verdicts"]) == 4
            )  # a refusing gate ends nothing
    for row in run.log.rows("joint"):
        assert "tokens_plan" not in row and row["length_plan"] == 0
        assert row["tokens_solve"] > 0
        assert ("skill_information" in row) == (algorithm == "upskill")
    assert [row["episodes"] for row in run.log.rows("before") + run.log.rows("after")] == [4, 4]
    assert write_report(run).exists()


def test_the_warm_up_writes_programs_in_evaluations_only(tmp_path: Path) -> None:
    run = carry_out(
        tmp_path / "run",
        reward="validity",
        plan_only=True,
        beta_solve=0.1,
        steps=2,
        eval_episodes=4,
    )
    for row in run.log.rows("joint"):
        assert row["reward_plan"] == row["validity"]
        assert row["tests_per_s"] == row["length_solve"] == row["seconds_sandbox"] == 0
        assert "tokens_solve" not in row
        assert not [name for name in row if name.startswith("verdict_")]
    for name in ("before", "after"):
        records = [
            json.loads(line)
            for line in (run.path / "rollouts" / f"{name}.jsonl").read_text().splitlines()
        ]
        assert all(len(record["verdicts"]) == 4 for record in records)
    assert write_report(run).exists()
    for reward in ("gated", "outcome", "pass_rate"):
        with pytest.raises(UsageError, match="reward=validity"):
            check(TrainConfig(plan_only=True, reward=reward))


def test_an_unknown_algorithm_is_found_out_at_once() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'upskill'"):
        check(TrainConfig(algorithm="upskil", planner="none"))


def test_a_group_of_one_plan_is_refused_only_where_plans_are_written() -> None:
    with pytest.raises(UsageError, match="raise tuples"):
        check(TrainConfig(tuples=1))
    assert TrainConfig(tuples=1, planner="none").planning == "none"
    with pytest.raises(UsageError, match=r"raise k or tuples \(M\)"):
        check(TrainConfig(tuples=1, k=1, planner="none"))


def test_a_truncated_plan_is_refused_even_if_it_reads_like_one() -> None:
    plan = write_plan(["one", "two"])
    tokenizer = train_tokenizer(["some text"])
    ids = tuple(tokenizer(plan).input_ids)

    class Echo(TransformersSampler):
        finish_reason = "stop"

        def stream(self, prompts, params):  # type: ignore[no-untyped-def]
            for drawn in super().stream(prompts, params):
                yield {
                    i: replace(one, token_ids=ids, finish_reason=self.finish_reason)
                    for i, one in drawn.items()
                }

    sampler = Echo(make_model(tokenizer, hidden=32, layers=1))
    params = SamplingParams(4, (tokenizer.eos_token_id,))
    agent = PolicyAgent(ChatFormat(tokenizer), sampler, Regions(params, params))
    observation = Observation(phase=0, problem="p", starter_code="", methods=("", ""))
    assert agent.plan([observation], 2, 0)[1] == [("one", "two")]
    sampler.finish_reason = "length"
    assert agent.plan([observation], 2, 0)[1] == [()]
