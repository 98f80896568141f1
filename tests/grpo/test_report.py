"""`report.html` of a run: the episodes that it chooses, and how to repeat the run."""

import shlex
import warnings
from pathlib import Path

import pytest
from cppo_grpo.commands.train import train as train_command
from cppo_grpo.config import TrainConfig
from cppo_grpo.reports.chosen import choose
from cppo_grpo.reports.run import repeat_command, report_page
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import MetricsLog

from cppo_env.cli import _parse
from cppo_env.errors import CppoError
from cppo_env.records import EpisodeRecord

IDS = "strategies/train/0", "strategies/train/1", "strategies/train/2"


def played(problem: str, *verdicts: str, **changed: object) -> EpisodeRecord:
    values = {
        "problem_id": problem,
        "episode": 0,
        "methods": tuple(f"Method <{n}>." for n in range(len(verdicts))),
        "accepted": True,
        "reason": "",
        "programs": tuple("print(1)" for _ in verdicts),
        "verdicts": verdicts,
        "messages": tuple("" for _ in verdicts),
        "reward": float("AC" in verdicts),
        "void": False,
        "tests": 1,
        "tokens": 1,
        "acting_s": 0.0,
        "judging_s": 0.0,
    }
    return EpisodeRecord(**values | changed)


def test_the_episodes_that_are_worth_a_look_are_chosen(tmp_path):
    run = Run.open(TrainConfig(run=tmp_path / "run"))
    first, lost, never = IDS
    run.write_episodes("step-000001", [played(first, "WA", "WA"), played(lost, "WA", "AC")])
    run.write_episodes("step-000002", [played(first, "WA", "AC"), played(lost, "WA", "WA")])
    refused = played(never, "WA", "WA", accepted=False, reason="method 2 repeats method 1")
    broken = played(never, "IE", "IE", void=True, reason="the engine is away")
    run.write_episodes("step-000003", [refused, broken, played(first, "AC", "AC")])
    with (run.path / "rollouts" / "step-000003.jsonl").open("a") as file:
        file.write("damaged\n[1, 2]\n")
    found = choose(run)
    assert found.damaged == 2
    shown = {
        kind: [(one.file, one.record.problem_id) for one in s] for kind, s in found.kinds.items()
    }
    assert shown == {
        "First solved in training": [("step-000002", first)],
        "Lost again in training": [("step-000002", lost)],
        "Plans that the gate refused": [("step-000003", never)],
        "Void episodes": [("step-000003", never)],
        "The last episodes, as they come": [("step-000003", never), ("step-000003", first)],
    }
    page = report_page(run)
    assert [(one.problem, one.lost) for one in found.lost] == [(lost, "step-000002")]
    assert f'<td>{lost}</td><td class="n">1 of 2</td>' in page
    assert "last solved in step 1" in page and "after 1 step without success" in page
    assert "by “Method &lt;1&gt;.”" in page and "Method <1>" not in page
    assert "2 damaged lines of episodes" in page and "the engine is away" in page


def test_the_command_that_repeats_a_run_gives_its_settings():
    config = TrainConfig(
        algorithm="pkpo",
        filters={"families": 2},
        log_to=("tensorboard",),
        lr=3e-5,
        stop_at=0.5,
        replacement=True,
        problems="a folder's name",
    )
    words = shlex.split(repeat_command(config))
    assert words[:2] == ["cppo", "train"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jsonargparse's own, of its newest version
        parsed, *_ = _parse("cppo train", train_command, words[2:])
    assert parsed.to_json() == config.to_json()


def test_a_damaged_row_of_metrics_is_named(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"stage": "joint", "step": 1})
    with log.path.open("ab") as file:
        file.write(b'\xff{broken\n{"stage": "joint", "st')
    with pytest.raises(CppoError, match=r"metrics\.jsonl:2: .*expected a row of metrics"):
        log.rows("joint")
