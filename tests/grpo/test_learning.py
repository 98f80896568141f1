"""A small proof: a planner passes the ceiling of independent guesses."""

from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import pytest

from cppo_env.problems.strategies import independent_ceiling
from tests.support.tiny_runs import carry_out

ENV = "CPPO-OneFamily-v0"


@pytest.fixture
def one_family() -> Iterator[str]:
    """A quick task: one family, so the planner need not tell families apart."""
    spec = gym.spec("CPPO-Strategies-v0")
    gym.register(
        id=ENV,
        entry_point=spec.entry_point,
        vector_entry_point=spec.vector_entry_point,
        kwargs={**spec.kwargs, "families": 1},
        disable_env_checker=True,
    )
    yield ENV
    del gym.registry[ENV]


def test_a_tiny_model_learns_to_coordinate(tmp_path: Path, one_family: str) -> None:
    run = carry_out(
        tmp_path / "run",
        env=one_family,
        hidden=128,
        layers=2,
        warm_start_steps=150,
        steps=60,
        stop_at=0.85,
        problems_per_step=8,
        tuples=6,
        temperature_plan=1.0,
        lr=6e-4,
        lambda_plan=8.0,
        lambda_solve=0.3,
        beta_plan=0.1,
        beta_solve=0.2,
        eval_episodes=256,
        checkpoint_every=60,
    )
    [before], [after] = run.log.rows("before"), run.log.rows("after")
    ceiling = independent_ceiling([1 / 4] * 4, 4)
    assert before["ci95"][1] < ceiling
    assert after["ci95"][0] > ceiling
    assert after["validity"] > 0.8
