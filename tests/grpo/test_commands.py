"""`cppo run`, `train` and `report` as a user sees them."""

import dataclasses
import json
from pathlib import Path

import pytest
from cppo_grpo.commands.quickstart import RunConfig, run
from cppo_grpo.commands.report import ReportConfig, report

from cppo_env import ProblemDataError, UsageError
from tests.support import SHARED, need_shared
from tests.support.cli import cppo, flags
from tests.support.tiny_runs import SMALL, carry_out


def test_the_quickstart_returns_the_figures_and_writes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RunConfig.train_config
    small = {name: value for name, value in SMALL.items() if name not in ("steps", "sandbox")}
    monkeypatch.setattr(
        RunConfig, "train_config", lambda self: dataclasses.replace(whole(self), **small)
    )
    settings = RunConfig(
        seed=3, run=tmp_path / "run", sandbox="local", steps=2, eval_episodes=8, processes=1
    )
    result = run(settings)
    assert result["independent_ceiling"] == pytest.approx(0.68359375)
    assert result["coordinated_optimum"] == pytest.approx(1.0)
    assert (result["seed"], result["steps"], result["sandbox"]) == (3, 2, "local")
    low, high = result["ci95"]
    assert 0 <= low <= result["pass_at_4_after"] <= high <= 1
    assert result["train_seconds"] > 0
    assert result["provenance"]["sandbox"]["name"] == "local"
    assert sum(result["time_shares"].values()) == pytest.approx(1)
    for name in (
        "config.json",
        "metrics.jsonl",
        "report.html",
        "checkpoints/step-000002",
        "rollouts/step-000001.jsonl",
    ):
        assert (tmp_path / "run" / name).exists()
    with pytest.raises(UsageError, match="eval_episodes"):
        run(RunConfig(eval_episodes=0))


def test_a_report_shows_curves_and_lines_and_is_rebuilt_from_the_folder(tmp_path: Path) -> None:
    made = carry_out(tmp_path / "run", eval_episodes=4)
    path = Path(report(ReportConfig((str(made.path),)))["report"])
    text = path.read_text()
    assert text.count("<svg") > 5
    assert "independent ceiling 0.684" in text
    assert "coordinated optimum 1.000" in text
    assert "strategies/test/0" in text
    assert "problems fingerprint" in text
    assert "The bakery keeps logs" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    path.unlink()
    report(ReportConfig((str(made.path),)))
    assert path.read_text() == text
    with pytest.raises(UsageError, match="holds no run"):
        report(ReportConfig((str(made.path / "rollouts"),)))


@need_shared
def test_train_takes_steps_on_real_problems(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    settings = SMALL | {"steps": 2, "run": tmp_path / "run", "json": out, "env": "CPPO-APPS-v0"}
    settings |= {"problems": SHARED / "data" / "apps"}
    done = cppo("train", *flags(**settings))
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["steps"] == 2
    records = [
        json.loads(line)
        for line in (tmp_path / "run/rollouts/step-000002.jsonl").read_text().splitlines()
    ]
    assert len(records) == SMALL["problems_per_step"] * SMALL["tuples"]


def test_an_evaluation_that_overlaps_the_training_is_refused(tmp_path: Path) -> None:
    same = {"split": "train", "eval_split": "train", "eval_episodes": 4}
    with pytest.raises(
        ProblemDataError, match="problems of the evaluation set are in the training set"
    ):
        carry_out(tmp_path / "refused", **same)
    carry_out(tmp_path / "allowed", **same, allow_overlap=True)
