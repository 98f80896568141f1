"""Evaluations during training: they change nothing, the best weights are kept, and runs resume."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from cppo_grpo.commands.launch import summary
from cppo_grpo.config import TrainConfig
from cppo_grpo.reports.run import write_report
from cppo_grpo.runs.checkpoints import newest_checkpoint
from cppo_grpo.runs.folder import Run
from cppo_grpo.stages.export import export_model
from cppo_grpo.stages.training import train
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console
from safetensors.torch import load_file

from cppo_env import CppoError, SandboxError, UsageError, make_sandbox
from cppo_env.sources import ProblemSource
from tests.support.tiny_runs import (
    LEARNING,
    SMALL,
    assert_equal_runs,
    carry_out,
    facts,
    go_on,
    resumed_from,
    weights,
)

EVALUATING: dict[str, Any] = LEARNING | {
    "steps": 5,
    "eval_every": 2,
    "eval_episodes": 6,
    "keep_checkpoints": 9,
}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return carry_out(tmp_path_factory.mktemp("evaluated") / "run", **EVALUATING, eval_seed=7)


def test_evaluations_change_nothing_of_what_is_learnt(evaluated: Run, tmp_path: Path) -> None:
    without = carry_out(tmp_path / "run", **EVALUATING | {"eval_every": 0, "eval_episodes": 0})
    assert [row["step"] for row in evaluated.log.rows("eval")] == [2, 4]
    assert [row for row in facts(evaluated.path) if row["stage"] == "joint"] == [
        row for row in facts(without.path) if row["stage"] == "joint"
    ]
    mine, theirs = weights(evaluated.path), weights(without.path)
    assert all(torch.equal(mine[name], weight) for name, weight in theirs.items())


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_resumed_run_evaluates_what_the_uninterrupted_one_did(evaluated: Run, step: int) -> None:
    resumed = resumed_from(evaluated.path, step)
    assert_equal_runs(resumed, evaluated.path)
    assert_equal_best(resumed, evaluated.path)
    for name in ("eval-000002", "eval-000004"):
        assert played(Run.find(resumed), name) == played(evaluated, name)


def played(run: Run, name: str) -> list[tuple[Any, ...]]:
    return [(one.problem_id, one.programs, one.verdicts) for one in run.read_episodes(name)]


def test_a_run_killed_before_an_evaluation_plays_it_after_all(
    evaluated: Run, tmp_path: Path
) -> None:
    run = Run.open(TrainConfig(run=tmp_path / "run", **SMALL | EVALUATING | {"eval_seed": 7}))

    def die(row: dict[str, Any]) -> None:
        if row["stage"] == "eval" and row["step"] == 2:
            run.log.rewind("eval", 0)  # as if it had come before the row was written
            raise RuntimeError("killed")

    run.log.listeners.append(die)
    with CachedSandbox(make_sandbox("local")) as box, pytest.raises(RuntimeError, match="killed"):
        train(run, box, Console(quiet=True))
    go_on(run.path)
    assert_equal_runs(run.path, evaluated.path)
    assert_equal_best(run.path, evaluated.path)


def assert_equal_best(found: Path, expected: Path) -> None:
    one, other = (run / "checkpoints" / "best" for run in (found, expected))
    states = [json.loads((best / "state.json").read_text()) for best in (one, other)]
    assert states[0]["step"] == states[1]["step"]
    assert states[0]["cursor"] == states[1]["cursor"]
    mine, theirs = (load_file(best / "weights.safetensors") for best in (one, other))
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], weight) for name, weight in theirs.items())


def test_the_best_weights_are_kept_and_can_be_the_final_ones(
    evaluated: Run, tmp_path: Path
) -> None:
    run = carry_out(tmp_path / "run", **EVALUATING, eval_seed=7, final_weights="best")
    scores = {row["step"]: row["pass_at_k"] for row in run.log.rows("eval")}
    best = max(scores, key=scores.__getitem__)
    assert summary(run)["best_step"] == best
    kept = load_file(run.checkpoints / f"step-{best:06d}" / "weights.safetensors")
    final = weights(run.path)
    assert all(torch.equal(final[name], weight) for name, weight in kept.items() if name in final)
    [after] = run.log.rows("after")
    assert (after["step"], after["pass_at_k"]) == (best, scores[best])
    last = weights(evaluated.path)
    assert any(not torch.equal(final[name], last[name]) for name in final)
    assert "held out, 95 % interval" in write_report(run).read_text()
    exported = export_model(run, tmp_path / "exported")
    assert exported.step == best
    stored = load_file(exported.output / "model.safetensors")
    assert all(torch.equal(stored[name], weight) for name, weight in final.items())

    (run.checkpoints / "best" / "weights.safetensors").write_bytes(b"half of it")
    with pytest.raises(CppoError, match=r"best: .* has changed: .*; .* --final_weights last"):
        go_on(run.path)
    with pytest.raises(CppoError, match=r"best: .* has changed"):
        export_model(run, tmp_path / "damaged")
    given = frozenset({"resume", "final_weights"})
    again = Run.open(TrainConfig(resume=run.path, final_weights="last", given=given))
    with CachedSandbox(make_sandbox("local")) as box:
        train(again, box, Console(quiet=True))
    assert_equal_runs(run.path, evaluated.path)


def test_training_stops_when_patience_ends_and_goes_on_with_more(tmp_path: Path) -> None:
    still = EVALUATING | {"lr": 0.0, "steps": 40, "eval_every": 1}
    # The planner's warm-up: what counts is the share of accepted plans, which does not rise either.
    still |= {"planner": "policy", "plan_only": True, "reward": "validity"}
    run = carry_out(tmp_path / "run", **still, eval_patience=2)
    assert [row["step"] for row in run.log.rows("eval")] == [1, 2, 3], "the first one was the best"
    go_on(run.path)
    assert len(run.log.rows("joint")) == 3
    more = Run.open(TrainConfig(resume=run.path, eval_patience=4))
    with CachedSandbox(make_sandbox("local")) as box:
        train(more, box, Console(quiet=True))
    assert len(run.log.rows("joint")) == 5


def test_another_problem_set_is_evaluated_in_the_order_of_its_seed(tmp_path: Path) -> None:
    settings = SMALL | {"steps": 1, "eval_every": 1, "eval_episodes": 3}
    other = settings | {"eval_env": "CPPO-Samples-v0"}
    names: list[list[str]] = []
    for seed in (None, 1):
        run = carry_out(tmp_path / f"{seed}", **other | {"eval_seed": seed})
        names.append([record.problem_id for record in run.read_episodes("eval-000001")])
        assert names[-1] == [record.problem_id for record in run.read_episodes("before")]
    problems = run.config.held_out.load()
    known = [problems[i].id for i in range(len(problems))]
    assert names[0] == known[:3]
    assert names[1] != names[0] and set(names[1]) <= set(known)
    write_report(run)


def test_the_held_out_problems_follow_those_of_the_training() -> None:
    filters = {"version": "release_v6"}
    assert TrainConfig(problems="mine", filters=filters).held_out == ProblemSource(
        "CPPO-Strategies-v0", "mine", "test", filters
    )
    other = TrainConfig(problems="mine", filters=filters, eval_env="CPPO-APPS-v0")
    assert other.held_out == ProblemSource("CPPO-APPS-v0", None, None, {})
    named = TrainConfig(eval_problems="theirs", eval_split="valid")
    assert named.held_out == ProblemSource("CPPO-Strategies-v0", "theirs", "valid", {})


def test_whatever_ends_an_evaluation_the_steps_before_it_are_kept(tmp_path: Path) -> None:
    settings = SMALL | EVALUATING | {"checkpoint_every": 100}
    run = Run.open(TrainConfig(run=tmp_path, **settings))
    sandbox = make_sandbox("local")
    run.log.listeners.append(
        lambda row: sandbox.close() if row["stage"] == "joint" and row["step"] == 2 else None
    )
    with pytest.raises(SandboxError, match="evaluation: every episode is void"):
        train(run, sandbox, Console(quiet=True))
    newest = newest_checkpoint(run.checkpoints)
    assert newest is not None and newest.name == "step-000002"
    assert len(go_on(tmp_path).log.rows("eval")) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"eval_every": 5}, "eval_every=5: an evaluation needs episodes"),
        ({"eval_patience": 2, "eval_episodes": 4}, "eval_patience=2: .* set eval_every"),
        ({"final_weights": "best"}, "final_weights=best: .* set eval_every"),
        ({"best_by": "validity"}, "best_by=validity: .* set eval_every"),
        ({"best_by": "validity", "planner": "none"}, "best_by=validity with planner=none"),
        ({"eval_env": "CPPO-Apps-v0"}, "CPPO-APPS-v0"),
    ],
)
def test_settings_that_evaluate_nothing_are_refused(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        carry_out(tmp_path / "run", **settings)
