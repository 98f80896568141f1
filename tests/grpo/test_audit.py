"""The audit of the reward's density: computed by hand, its thresholds, its place in a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cppo_grpo.checks import check
from cppo_grpo.commands.launch import summary
from cppo_grpo.commands.train import train
from cppo_grpo.config import TrainConfig
from cppo_grpo.reports.run import write_report
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.stages.audit import audit, decide, density, quadrants, solver_ladder

from cppo_env import UsageError
from cppo_env.errors import CppoError, SandboxError
from cppo_env.evaluation.records import EpisodeRecord
from tests.support.tiny_runs import carry_out, go_on

DENSE = {
    "nonzero_tuples": 0.2,
    "nonzero_problems": 0.4,
    "varied_problems": 0.3,
    "acceptance": 0.9,
    "parse_rate": 0.99,
}


def test_figures_by_hand() -> None:
    rewards_PM = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 1]], dtype=float)
    void_PM = np.zeros((5, 3), dtype=bool)
    void_PM[3, 2] = void_PM[4, :] = (
        True  # without it problem 3 is all zero, and of problem 4 nothing is left
    )
    accepted_PM = np.ones((5, 3), dtype=bool)
    accepted_PM[1] = False
    read_PM = np.ones((5, 3), dtype=bool)
    read_PM[1, 0] = read_PM[4, 0] = False
    assert density(rewards_PM, accepted_PM, read_PM, void_PM) == pytest.approx(
        {
            "nonzero_tuples": 4 / 11,
            "nonzero_problems": 2 / 4,
            "varied_problems": 1 / 4,
            "acceptance": 8 / 11,
            "parse_rate": 10 / 11,
        }
    )


def test_ladder_and_quadrants_by_hand() -> None:
    solved_PMK = np.zeros((2, 2, 4), dtype=bool)
    solved_PMK[0, 0, 0] = solved_PMK[1, 1] = True
    void_PM = np.array([[False, False], [False, True]])
    # Of problem 1 one tuple is left, too few for a budget of 8.
    assert solver_ladder(solved_PMK, void_PM) == pytest.approx(
        {1: (1 / 8 + 0) / 2, 2: (1 / 4 + 0) / 2, 4: (1 / 2 + 0) / 2, 8: 1.0}
    )
    accepted, solved, void = (
        np.array([digit == "1" for digit in one]) for one in ("1100", "1010", "0001")
    )
    assert quadrants(accepted, solved, void) == pytest.approx(
        {"accepted_solved": 1 / 3, "accepted_failed": 1 / 3, "refused_solved": 1 / 3}
        | {"refused_failed": 0.0}
    )


def test_nothing_but_void_episodes_is_an_error_and_no_verdict_on_the_reward() -> None:
    record = EpisodeRecord(
        problem_id="add",
        episode=0,
        methods=("m",),
        accepted=True,
        reason="",
        programs=("x",),
        verdicts=("IE",),
        messages=("no engine\nanswers",),
        reward=0.0,
        void=True,
        tests=1,
        tokens=1,
        acting_s=0.0,
        judging_s=0.0,
    )
    nothing, zeros_N = Samples([], [], []), np.zeros(2)
    void = Rollout(
        plans=nothing,
        programs=nothing,
        branches=np.zeros((0, 2), dtype=np.int64),
        problems_N=np.zeros(2, dtype=np.int64),
        rewards_N=zeros_N,
        r_out_N=zeros_N,
        validity_N=zeros_N,
        solver_rewards_NK=np.zeros((2, 1)),
        void_N=np.ones(2, dtype=bool),
        records=[record, record],
    )
    with pytest.raises(SandboxError, match=r"every episode is void \(no engine answers\)"):
        audit([void, void], tuples=2)
    assert audit([void, replace(void, void_N=np.array([True, False]))], tuples=2)["parse_rate"] == 1


@pytest.mark.parametrize(
    ("figure", "value", "decision"),
    [
        ("nonzero_tuples", 0.05, "go"),
        ("nonzero_tuples", 0.04, "unclear"),
        ("nonzero_tuples", 0.029, "no-go"),
        ("nonzero_problems", 0.25, "go"),
        ("nonzero_problems", 0.24, "unclear"),
        ("nonzero_problems", 0.09, "no-go"),  # .91 of the groups are all zero
        ("varied_problems", 0.10, "go"),
        ("varied_problems", 0.05, "unclear"),
        ("varied_problems", 0.049, "no-go"),
        ("acceptance", 0.02, "unclear"),
        ("acceptance", 0.98, "unclear"),
        ("acceptance", 0.97, "go"),
        ("parse_rate", 0.95, "go"),
        ("parse_rate", 0.94, "unclear"),
    ],
)
def test_thresholds(figure: str, value: float, decision: str) -> None:
    assert decide(DENSE) == "go"
    assert decide(DENSE | {figure: value}) == decision


def test_a_run_whose_reward_is_hopeless_trains_nothing_and_says_so_as_json(tmp_path: Path) -> None:
    run = carry_out(
        tmp_path / "run", audit_steps=2, eval_episodes=4
    )  # after 4 steps nobody can write a plan
    result = summary(run)
    assert {name: result["audit"][name] for name in DENSE} == dict.fromkeys(DENSE, 0.0)
    assert result["audit"]["decision"] == "no-go"
    assert result["audit"]["thresholds"]["acceptance"]["most"] == 0.98
    assert result["audit"]["solver_pass_at_k"] == {"1": 0.0, "2": 0.0, "4": 0.0, "8": 0.0}
    assert result["audit"]["quadrants"]["refused_failed"] == 1.0
    assert result["steps"] == 0 and "pass_at_k_after" not in result
    assert not run.model.exists()
    records = run.read_episodes("audit")
    assert len(records) == len({record.key for record in records}) == 2 * 2 * 3
    assert all((record.problem_id, 0) in {other.key for other in records} for record in records)
    assert write_report(run).exists()
    go_on(run.path)
    assert summary(run)["steps"] == 0


@pytest.mark.parametrize("steps", [0, 1])
def test_a_no_go_is_the_answer_of_an_audit_and_the_failure_of_a_training(
    tmp_path: Path, steps: int
) -> None:
    one = TrainConfig(
        run=tmp_path / "run",
        env="CPPO-Strategies-v0",
        sandbox="local",
        allow_untrusted_sandbox=True,
        **{"hidden": 32, "layers": 1, "audit_steps": 1, "steps": steps},
        **{"problems_per_step": 2, "tuples": 2, "max_tokens_plan": 16, "max_tokens_solve": 8},
    )
    if steps:
        with pytest.raises(CppoError, match=r"audit: no-go, so nothing was trained; .*") as caught:
            train(one)
        result = caught.value.result
    else:
        result = train(one)
    assert result is not None and result["audit"]["decision"] == "no-go"
    assert not (tmp_path / "run" / "model").exists()


def test_an_audited_run_is_the_run_without_an_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cppo_grpo.stages.training.decide", lambda shares: "unclear")
    audited, plain = carry_out(tmp_path / "audited", audit_steps=2), carry_out(tmp_path / "plain")
    weights = [(run.model / "model.safetensors").read_bytes() for run in (audited, plain)]
    assert weights[0] == weights[1]


def test_an_audit_needs_plans() -> None:
    with pytest.raises(UsageError, match="audit_steps"):
        check(TrainConfig(audit_steps=1, planner="none"))
