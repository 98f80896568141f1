"""`cppo runs`: the table of runs, one of them, and deleting it."""

import json
import os
import time

import pytest

from cppo_env.commands.runs import (
    RemoveConfig,
    RunsConfig,
    ShowConfig,
    list_runs,
    remove_run,
    show_run,
)
from cppo_env.errors import UsageError

HOUR_AGO = time.time() - 3600


@pytest.fixture
def runs(tmp_path):
    """Two training runs, one of which is running, and an evaluation."""
    for name, seed, written in (("old", 1, HOUR_AGO), ("new", 2, time.time())):
        run = tmp_path / "some" / name
        run.mkdir(parents=True)
        config = {"algorithm": "cppo", "env": "CPPO-Samples-v0", "k": 4, "steps": 10, "seed": seed}
        (run / "config.json").write_text(json.dumps(config))
        rows = [{"stage": "joint", "step": n, "pass_at_k": 0.5, "seconds": 3.0} for n in (1, 2)]
        rows.append({"stage": "eval", "step": 2, "pass_at_k": 0.625, "ci95": [0.5, 0.75]})
        (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        for file in run.iterdir():
            os.utime(file, (written, written))
    played = tmp_path / "played"
    (played / "rollouts").mkdir(parents=True)
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "qwen3"}')
    (played / "config.json").write_text('{"agent": "random", "env": "CPPO-Samples-v0", "k": 4}')
    return tmp_path


def test_runs_are_listed_with_status_figures_and_settings_that_differ(runs, capsys):
    result = list_runs(RunsConfig([runs]))
    rows = {row["name"]: row for row in result["runs"]}
    assert rows["some/old"]["status"] == "stopped" and rows["some/new"]["status"] == "running"
    assert rows["some/new"]["left_s"] == 24.0 and rows["some/old"]["left_s"] is None
    assert rows["some/old"]["ci95"] == (0.5, 0.75) and rows["played"]["method"] == "random"
    assert result["different_settings"] == ["seed"]
    printed = capsys.readouterr().out
    assert "0.625" in printed and "some/old: seed=1" in printed


def test_one_run_is_shown_whole(runs, capsys):
    result = show_run(ShowConfig(runs / "some" / "old"))
    assert result["config"]["seed"] == 1 and result["last_rows"]["eval"]["pass_at_k"] == 0.625
    assert "2/10" in capsys.readouterr().out


def test_a_run_is_deleted_only_when_told_so_and_never_while_it_runs(runs, capsys):
    with pytest.raises(UsageError, match="add --yes true"):
        remove_run(RemoveConfig(runs / "some" / "old"))
    with pytest.raises(UsageError, match="is running; stop it first"):
        remove_run(RemoveConfig(runs / "some" / "new", yes=True))
    for folder in ("some", "model"):
        with pytest.raises(UsageError, match="holds no run"):
            remove_run(RemoveConfig(runs / folder, yes=True))
    remove_run(RemoveConfig(runs / "some" / "old", yes=True))
    assert not (runs / "some" / "old").exists() and (runs / "some" / "new").exists()


def test_folders_that_hold_nothing_are_said(tmp_path, capsys):
    assert list_runs(RunsConfig([tmp_path]))["runs"] == []
    assert "no runs in" in capsys.readouterr().out
    with pytest.raises(UsageError, match="expected a folder of a run"):
        list_runs(RunsConfig([tmp_path / "nowhere"]))
