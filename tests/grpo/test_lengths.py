"""Prompts that are too long never reach a model, in evaluation and in training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cppo_agents import TransformersAgent
from cppo_agents.models.lengths import Lengths
from cppo_grpo.runs.log import MetricsLog

import cppo_env
from cppo_env import Observation
from cppo_env.errors import UsageError
from tests.support.architectures import SHAPES, make_tokenizer, save
from tests.support.tiny_runs import carry_out

LIMITS: dict[str, Any] = {"plan_tokens": 8, "solve_tokens": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A GPT-2 of 2,048 learned positions: one more is an IndexError."""
    config = SHAPES["GPT-2"]()
    config.n_positions = 2048
    return str(save(tmp_path_factory.mktemp("model"), config, make_tokenizer()))


def test_a_context_is_shared_by_prompt_method_and_answer() -> None:
    lengths = Lengths(plan=100, solve=300, context=1000)
    assert (lengths.room_plan, lengths.room_solve) == (900, 600)
    assert lengths.obstacle(900, 600) is None
    assert "longer than the context leaves beside 100" in str(lengths.obstacle(901, 600))
    assert "longer than the context leaves beside 400" in str(lengths.obstacle(900, 601))
    limited = replace(lengths, max_prompt=500)
    assert limited.obstacle(500, 500) is None
    assert "max_prompt_tokens=500" in str(limited.obstacle(501, 500))
    assert Lengths(0, 300).obstacle(10**9, 10**9) is None
    assert Lengths(0, 300, 1000).obstacle(10**9, 700) is None  # nobody plans


def test_an_agent_declines_long_problems_and_answers_them_with_nothing(folder: str) -> None:
    agent = TransformersAgent(folder, **LIMITS)
    problem = cppo_env.load_problems("samples")[0]
    long = replace(problem, statement=problem.statement + " again" * 400)
    assert agent.declines(problem) is None
    assert "longer than the context leaves" in str(agent.declines(long))
    observation = Observation(phase=1, problem=long.statement, starter_code="", methods=("m",) * 4)
    assert agent.act([observation]) == [("",) * 4]
    assert all(reply.truncated for reply in agent.replies[0])
    with pytest.raises(UsageError, match="long_prompts=refuse: problem"):
        TransformersAgent(
            folder, max_prompt_tokens=99, long_prompts="refuse", problems=[problem], **LIMITS
        )


def test_training_leaves_long_problems_out_and_says_how_many(folder: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "env": "CPPO-Samples-v0",
        "model": folder,
        "warm_start_steps": 1,
        "steps": 1,
        "max_tokens_plan": 8,
        "max_tokens_solve": 8,
        "max_prompt_tokens": 1000,
    }
    run = carry_out(tmp_path / "run", **settings)
    [row] = MetricsLog(run.path / "metrics.jsonl").rows("dropped")
    [(reason, count)] = row["reasons"].items()
    assert reason == "its prompt is longer than max_prompt_tokens=1000"
    assert 0 < count < row["problems"] == 41
    with pytest.raises(UsageError, match=f"long_prompts=refuse: {count} of 41 problems"):
        carry_out(tmp_path / "refused", **settings, long_prompts="refuse")


def test_a_region_whose_answers_are_all_cut_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    carry_out(tmp_path / "cut", max_tokens_plan=2, steps=2)
    assert caplog.text.count("every answer of the region plan was cut at its token limit") == 1
    caplog.clear()
    carry_out(tmp_path / "learnt-from", max_tokens_plan=2, steps=1, mask_truncated_plan=False)
    assert "was cut" not in caplog.text
