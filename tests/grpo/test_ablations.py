"""The ablations of docs/ablations.md: their settings work, and each pays what its row says."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import compute_advantages, solver_rewards
from cppo_grpo.runs.folder import Run
from cppo_grpo.samplers.frozen import FrozenRegion
from cppo_grpo.stages.session import make_cursor, observe
from cppo_grpo.stages.start import starting_point
from rich.console import Console
from safetensors.torch import load_file

from cppo_env import UsageError
from cppo_env.records import EpisodeRecord
from tests.support.rollouts import CONFIG, rollout
from tests.support.tiny_runs import LEARNING, SMALL, carry_out

PAGE = Path(__file__).parents[2] / "docs" / "ablations.md"
FLAGS = re.findall(r"\| `(--[^`]+)` \|", PAGE.read_text())


@pytest.mark.parametrize("flags", FLAGS)
def test_each_row_is_a_run_that_can_start_and_differs_from_the_default(flags: str) -> None:
    words = flags.split()
    settings = {
        name.removeprefix("--"): yaml.safe_load(value)
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
    config = TrainConfig(**settings)
    check(config)
    assert config != TrainConfig()


def solver(**settings: Any) -> np.ndarray:
    """What programs earn in the batch of `tests.support.rollouts`, whose last plan is refused."""
    played = rollout(validity_N=np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0]))
    return solver_rewards(played, replace(CONFIG, **settings))


def test_a_gated_solver_earns_nothing_for_a_refused_plan() -> None:
    paid, gated = solver(), solver(solver_reward="gated")
    assert paid[2].tolist() == [0, 1] and gated[2].tolist() == [0, 0]
    accepted = [0, 3, 4]
    assert gated[accepted].tolist() == paid[accepted].tolist()
    with pytest.raises(UsageError, match="solver_reward=gated with planner=none"):
        check(TrainConfig(planner="none", solver_reward="gated"))


def record(*outcomes: str) -> EpisodeRecord:
    values: dict[str, Any] = {
        **dict.fromkeys(("problem_id", "reason"), ""),
        **dict.fromkeys(("methods", "programs", "verdicts", "messages"), ()),
        **dict.fromkeys(("episode", "tests", "tokens"), 0),
        **dict.fromkeys(("reward", "acting_s", "judging_s"), 0.0),
    }
    return EpisodeRecord(**values, accepted=True, void=False, outcomes=outcomes)


def test_a_dense_solver_earns_its_share_of_tests_and_learns_where_none_passed_all() -> None:
    dense = replace(CONFIG, solver_reward="share")
    played = rollout(
        records=[record("aAW", "WWW"), *[record("", "WW")] * 4, record()],
        solver_rewards_NK=np.zeros((6, 2)),
        rewards_N=np.zeros(6),
    )
    paid = solver_rewards(played, dense)
    assert paid[0].tolist() == pytest.approx([2 / 3, 0.0]) and not paid[1:].any()
    assert compute_advantages(played, dense).solve_B[:2].tolist() == pytest.approx([1.0, -1.0])
    assert not compute_advantages(played, CONFIG).solve_B.any()
    with pytest.raises(UsageError, match="solver_reward=share: it counts tests"):
        solver_rewards(rollout(), dense)
    with pytest.raises(UsageError, match="passk_training: got rewards other than 0 and 1"):
        check(TrainConfig(algorithm="passk_training", solver_reward="share"))


def test_the_curriculum_keeps_what_teaches_any_region() -> None:
    """Problem 0 teaches the planner alone, 1 nothing, and by shares of tests it teaches."""
    played = rollout(
        records=[*[record("WW", "WW")] * 3, *[record("AW", "WW")] * 3],
        solver_rewards_NK=np.zeros((6, 2)),
        rewards_N=np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    )
    for settings, kept in (({}, [True, False]), ({"solver_reward": "share"}, [True, True])):
        config = replace(CONFIG, curriculum=True, **settings)
        cursor = make_cursor(config, 2)
        assert observe(cursor, played, config) == {"left_out": kept.count(False) / 2}
        assert cursor.curriculum is not None
        assert cursor.curriculum.active(0).tolist() == kept


def test_a_frozen_solver_stays_what_it_was_after_the_warm_start(tmp_path: Path) -> None:
    config = TrainConfig(**SMALL, run=tmp_path / "start", frozen="solve")
    check(config)
    run, problems = Run.open(config), config.training.load()
    model, _, agent = starting_point(run, problems, Console(quiet=True))
    prompts = [list(range(5, 25)), list(range(9, 19))]

    def drawn() -> list[list[tuple[int, ...]]]:
        regions = agent.regions.plan, agent.regions.solve
        return [[one.token_ids for one in agent.sampler.sample(prompts, of)] for of in regions]

    before = drawn()
    stored = load_file(run.reference / "model.safetensors")
    assert isinstance(agent.sampler, FrozenRegion)
    frozen: Any = agent.sampler.frozen
    for name, weight in frozen.model.named_parameters():
        assert torch.equal(weight, stored[name]), name
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * torch.randn_like(weight)
    plans, solutions = drawn()
    assert plans != before[0] and solutions == before[1]
    finished = carry_out(tmp_path / "run", frozen="plan", steps=1)
    [row] = finished.log.rows("joint")
    assert row["length_plan"] > 0 and "kl_plan" not in row
    region = config.region("solve")
    assert (region.weight, region.beta) == (0, 0) and config.region("plan").weight == 1
    with pytest.raises(UsageError, match="frozen=solve with plan_only=True"):
        check(TrainConfig(frozen="solve", plan_only=True, reward="validity"))


def test_a_run_with_shares_of_tests_runs_all_of_them(tmp_path: Path) -> None:
    settings = LEARNING | {"warm_start_steps": 10, "steps": 1, "env": "CPPO-Samples-v0"}
    run = carry_out(tmp_path, **settings, solver_reward="share", reward="additive")
    records = run.read_episodes("step-000001")
    tests = {
        one.id: len(one.tests) for one in map(run.config.training.load().__getitem__, range(41))
    }
    for one in records:
        for verdict, outcomes in zip(one.verdicts, one.outcomes, strict=True):
            assert len(outcomes) == (0 if verdict == "CE" else tests[one.problem_id])
    assert {one.reward for one in records} <= {0.0, 0.5, 1.0}
