"""`cppo regrade`: stored programs, judged again by other rules."""

import json
from dataclasses import replace

import pytest

import cppo_env
from cppo_env import Limits, TestCase, UsageError
from cppo_env.commands.regrade import RegradeConfig, regrade
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.summary import compare_runs
from tests.support.cli import cppo, fault

PROGRAMS = (
    "print(int(input()))",
    "print('Yes' if int(input()) else 'no')",
    "import time\nn = int(input())\ntime.sleep(1.2)\nprint('YES')",
    "print('no')",
)
RECORD = {
    "problem_id": 1,
    "question": "Print YES or NO.",
    "solutions": "",
    "input_output": json.dumps({"inputs": ["1\n", "0\n"], "outputs": ["YES\n", "NO\n"]}),
    "difficulty": "introductory",
    "url": "",
    "starter_code": "",
}


class Plays:
    """Plays the four programs."""

    def act(self, observations):
        return [
            tuple(f"```python\n{one}\n```" for one in PROGRAMS)
            if observation["phase"]
            else ("One.", "Two.", "Three.", "Four.")
            for observation in observations
        ]


@pytest.fixture
def run(tmp_path):
    """An evaluation of two problems of a file."""
    path = tmp_path / "records.jsonl"
    records = [RECORD, {**RECORD, "problem_id": 2, "question": "Print YES or NO, again."}]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    cppo_env.evaluate(Plays(), "CPPO-APPS-v0", problems=path, sandbox="local", run=tmp_path / "run")
    return tmp_path / "run"


def test_another_checker_moves_verdicts_and_the_old_records_stay(run, tmp_path):
    before = (run / "rollouts" / "episodes.jsonl").read_text()
    assert [one.verdicts for one in load_run(run).records] == [("WA",) * 4] * 2
    out = tmp_path / "out.json"
    rules = "--checker", "case_insensitive", "--sandbox", "local"
    done = cppo("regrade", run, *rules, "--json", out)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert result["transitions"] == {"WA → AC": 2}
    [first, _] = result["moved"]
    assert (first["problem"], first["branch"], first["before"], first["after"]) == (
        "1", 1, "WA", "AC"
    )  # fmt: skip
    assert (result["solved_before"], result["solved_after"]) == (0, 2)
    assert "2 of 8 verdicts moved" in done.stdout and "WA → AC" in done.stdout
    assert (run / "rollouts" / "episodes.jsonl").read_text() == before
    again = load_run(tmp_path / "run-regraded")
    assert [one.verdicts for one in again.records] == [("WA", "AC", "WA", "WA")] * 2
    assert all("checker=case_insensitive" in one.rules for one in again.records)
    assert {one.reward for one in again.records} == {1.0}  # the run's own reward, made again
    with pytest.raises(UsageError, match="rules of problem 1"):
        compare_runs([f"old={run}", f"new={tmp_path / 'run-regraded'}"])


def test_other_limits_and_every_test(run, tmp_path):
    result = regrade(
        RegradeConfig(
            run, tmp_path / "slow", sandbox="local", wall_s=0.8, stop_early=False, cache=False
        )
    )
    assert result["transitions"] == {"WA → TLE": 2}
    records = load_run(tmp_path / "slow").records
    assert {record.outcomes for record in records} == {("WW", "WW", "TT", "WW")}


def test_it_goes_on_where_it_stopped_and_keeps_to_its_rules(run, tmp_path):
    config = RegradeConfig(run, tmp_path / "new", sandbox="local", checker="case_insensitive")
    whole = regrade(config)
    file = tmp_path / "new" / "rollouts" / "episodes.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0] + lines[1][:40])  # it was killed while it wrote
    assert regrade(config) == whole
    assert file.read_text().splitlines(keepends=True)[0] == lines[0]
    with pytest.raises(UsageError, match="give the same settings to go on with it"):
        regrade(replace(config, checker="strict"))


def test_a_sandbox_that_fails_voids_and_is_asked_again(run, tmp_path):
    for record in load_run(run).records:
        assert not record.void
    file = run / "rollouts" / "episodes.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[0] |= {"void": True, "verdicts": ["IE"] * 4, "reason": "no engine"}
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = regrade(RegradeConfig(run, tmp_path / "new", sandbox="local"))
    assert result["transitions"] == {"IE → WA": 4}
    assert result["void"] == 0


def test_what_cannot_be_judged_again_is_one_line(run, tmp_path):
    def error(*arguments):
        return fault(cppo("regrade", *arguments), 2)

    assert "did you mean 'unordered'" in error(run, "--checker", "unorderd")
    assert "cpu_s: got -1.0, expected more than 0" in error(run, "--cpu_s", -1)
    assert "cpu_s: got 1e+308, expected more than 0 and at most 3,600" in error(
        run, "--cpu_s", 1e308
    )
    assert "memory_mib: got 1e+300, expected more than 0" in error(run, "--memory_mib", 1e300)
    elsewhere = "--to", tmp_path / "fortran", "--sandbox", "local", "--language", "fortran"
    assert "no language 'fortran'; known: python, cpp17" in fault(
        cppo("regrade", run, *elsewhere), 1
    )
    assert "the run itself, which stays as it is" in error(run, "--to", run)
    assert "holds no run" in error(tmp_path)
    assert "there is no file" in error(run, "--rollouts", "step-000001")
    (run / "rollouts" / "episodes.jsonl").write_text("{")
    assert "holds no episode that can be read" in fault(cppo("regrade", run), 1)


def test_rules_keep_what_they_do_not_change():
    from cppo_env.evaluation.regrade import Rules

    problem = cppo_env.Problem(
        "p", "s", (TestCase("", ""),), limits=Limits(cpu_s=3.0), checker="unordered"
    )
    changed = Rules(limits={"memory_bytes": 7}).applied(problem)
    assert (changed.limits.cpu_s, changed.limits.memory_bytes, changed.checker) == (
        3.0, 7, "unordered"
    )  # fmt: skip
