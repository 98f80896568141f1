"""TRL's trainer on our rewards: the rewards are right, and a real trainer takes two steps."""

from pathlib import Path

import gymnasium as gym
import pytest
from cppo_agents import OracleAgent
from cppo_trl import planner_reward, planner_rows, solver_reward, solver_rows

import cppo_env
from cppo_env.errors import AgentError
from cppo_env.parsing import read_plan, write_plan
from cppo_env.prompts import observe, solve_messages
from cppo_env.testing import FakeSandbox
from cppo_env.types import Report, Verdict
from tests.support.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
PROBLEMS = cppo_env.load_problems("strategies").take(3)
METHODS = ("add them up", "take the largest", "take the smallest", "sort them")


def message(text):
    return [{"role": "assistant", "content": text}]


def fenced(program):
    return f"```python\n{program}\n```"


@pytest.fixture(scope="module")
def box():
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        yield sandbox


def test_a_solver_earns_what_the_sandbox_says(box):
    rows = solver_rows(PROBLEMS)
    assert [row["problem"] for row in rows] == [0, 1, 2]
    assert PROBLEMS[1].statement in rows[1]["prompt"][1]["content"]
    assert "Method to use: add" in solver_rows(PROBLEMS, "add")[0]["prompt"][1]["content"]
    completions = [
        message(fenced(PROBLEMS[2].references[0])),
        message(fenced(PROBLEMS[0].wrong[0])),
        message("no program"),
        fenced(PROBLEMS[0].references[0]),
    ]
    reward = solver_reward(PROBLEMS, box)
    assert reward(completions=completions, problem=[2, 0, 1, 0], prompts=[]) == [1.0, 0.0, 0.0, 1.0]
    assert reward(completions=[message("none")], problem=[0]) == [0.0]


def test_a_planner_earns_the_environments_reward(box):
    env = gym.make_vec("CPPO-Strategies-v0", num_envs=4, problems=PROBLEMS, sandbox=box).unwrapped
    rows = planner_rows(PROBLEMS)
    assert "exactly 4 alternative" in rows[0]["prompt"][0]["content"]
    reward = planner_reward(env, OracleAgent(PROBLEMS, k=4))
    plan, twice = write_plan(METHODS), write_plan((METHODS[0],) * 4)
    assert read_plan(twice, 4)
    completions = [message(plan), message(twice), message("no plan"), message(plan)]
    assert reward(completions=completions, problem=[0, 0, 1, 2]) == [1.0, 0.0, 0.0, 1.0]


def test_an_infrastructure_failure_is_none_and_leaves_the_group():
    class Broken(FakeSandbox):
        def run(self, jobs):
            return [Report(Verdict.IE)] * len(jobs)

    right = message(fenced(PROBLEMS[0].references[0]))
    assert solver_reward(PROBLEMS, Broken())(completions=[right], problem=[0]) == [None]
    env = gym.make_vec(
        "CPPO-Strategies-v0", num_envs=1, problems=PROBLEMS, sandbox=Broken()
    ).unwrapped
    reward = planner_reward(env, OracleAgent(PROBLEMS, k=4))
    assert reward(completions=[message(write_plan(METHODS))], problem=[0]) == [None]


def test_the_trainer_takes_two_steps_on_plans():
    """And on solutions in tests/docs, which runs the example as it stands."""
    pytest.importorskip("trl", reason="needs the extra trl")
    example = Forked(["--region", "plan"], program=ROOT / "examples" / "trl_grpo.py")
    stdout, stderr = example.communicate(timeout=300)
    assert example.returncode == 0, stderr
    assert "step 2: reward " in stdout


def test_an_agent_that_fails_voids_its_episodes_only():
    class Down:
        def act(self, observations):
            raise AgentError("down", [None for _ in observations])

    env = gym.make_vec(
        "CPPO-Strategies-v0", num_envs=1, problems=PROBLEMS, sandbox=FakeSandbox()
    ).unwrapped
    reward = planner_reward(env, Down())
    assert reward(completions=[message(write_plan(METHODS))], problem=[0]) == [None]


def test_prompts_have_the_form_that_the_entry_point_decides():
    called = cppo_env.Problem("f", "Double it.", (), entry_point="double")
    streams = cppo_env.Problem("s", "Double it.", (), starter_code="# write here\n")
    for problem in (called, streams):
        [row] = solver_rows([problem])
        assert row["prompt"] == solve_messages(observe(problem), "")
    assert "double" in str(solver_rows([called])) and "standard input" in str(
        solver_rows([streams])
    )
