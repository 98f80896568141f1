"""The diagnostic families, and the fingerprint that `cppo bench algorithms` makes of them."""

import json
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from cppo_grpo.commands.bench import BenchConfig, algorithms
from cppo_grpo.diagnostics.families import FAMILIES, Family, K

from cppo_env import UnknownNameError, UsageError, load_problems
from cppo_env.judges import FormatJudge
from cppo_env.testing import ProblemSetContract

FAULTY = Path(__file__).parents[2] / "benchmarks" / "broken_algorithms.py"
TINY = {"hidden": 32, "layers": 1, "steps": 1, "warm_start_steps": 2, "eval_episodes": 4}


class TestDiagnosticProblems(ProblemSetContract):
    def make(self):
        return load_problems("diagnostics", family="noise")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_a_policy_that_plays_what_it_was_shown_scores_the_start(family: Family) -> None:
    """J · R_out of the demonstrations; a program is right where it is the reference."""
    problems = load_problems("diagnostics", split="test", family=family.name)
    judge = FormatJudge(**family.settings.get("judge_options", {}))
    random, scores = Random(0), []
    for index in [*range(len(problems))] * 16:
        methods, programs = zip(*problems.demonstrations(index, K, random), strict=True)
        [ruling] = judge.rule([(problems[index], methods)])
        scores.append(ruling.accepted and set(problems[index].references) <= set(programs))
    assert np.mean(scores) == pytest.approx(family.start, abs=0.04)
    assert family.zero < family.optimum == 1.0
    assert family.skill(1.0) == 1.0


def test_noise_is_in_training_alone_and_exact() -> None:
    train, test = (load_problems("diagnostics", split=s, family="noise") for s in ("train", "test"))
    shares = [Counter(one.metadata["strategy"] for one in problems) for problems in (train, test)]
    assert sorted(shares[0].values()) == [1, 1, 4, 4]
    assert {name for name, count in shares[0].items() if count == 4} == {*shares[1]}
    assert pickle.loads(pickle.dumps(train))[2] == train[2]


def test_a_fingerprint_is_made_of_finished_runs_and_resumed(tmp_path: Path) -> None:
    config = BenchConfig(
        algorithm=(f"{FAULTY}:ignores_gate",),
        families=("gate", "sparse"),
        seeds=1,
        settings=TINY,
        label="faulty",
        run=tmp_path,
        sandbox="local",
    )
    found = algorithms(config)["faulty"]
    assert [one["family"] for one in found] == ["gate", "sparse"]
    assert not any(one["passes"] for one in found)
    written = tmp_path / "faulty" / "gate" / "seed-0" / "metrics.jsonl"
    before = written.stat().st_mtime_ns
    assert algorithms(config) == {"faulty": found}
    assert written.stat().st_mtime_ns == before
    assert json.loads((tmp_path / "fingerprint.json").read_text()) == {"faulty": found}
    page = (tmp_path / "fingerprint.html").read_text()
    assert "<svg" in page
    assert "not run" in page
    with pytest.raises(UsageError, match="steps"):
        algorithms(replace(config, settings=TINY | {"steps": 0}))
    with pytest.raises(UnknownNameError, match="did you mean 'sparse'"):
        algorithms(BenchConfig(families=("sprase",), run=tmp_path))
