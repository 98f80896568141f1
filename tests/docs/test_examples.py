"""The examples run as a reader would run them, and their plug-ins pass the contracts."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cppo_env.testing import JudgeContract, ProblemSetContract, SandboxContract
from examples.own_judge import WordOverlapJudge
from examples.own_problem_set import LargestOfN
from examples.own_sandbox import ProcessSandbox
from tests.support.forked import Forked

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOWN = {
    "own_judge.py": "J = 0.0 two methods share 80% of their words",
    "own_problem_set.py": "('AC', 'WA') reward 1.0",
    "own_sandbox.py": "['AC', 'WA', 'WA', 'WA']",
    "reinforce.py": "ceiling of independent attempts 0.684, optimum 1.000",
    "random_agent.py": "verdicts ('WA', 'WA', 'WA', 'WA'), reward 0.0",
    "sb3_ppo.py": "PPO, joint: pass@4 0.",
    "training_loop.py": "step 5: pass@4 0.",
    "trl_grpo.py": "step 2: reward 0.000",
    "vector_env.py": "pass@4 of 9 episodes: 1.000, mean reward 1.000",
}


SHORT = {
    "reinforce.py": ["--episodes=64", "--problems=64"],
    "sb3_ppo.py": ["--episodes=1024", "--problems=64"],
}
"""Arguments for a run of seconds, of the examples that take minutes."""
TORCH = {"sb3_ppo.py", "training_loop.py", "trl_grpo.py"}
"""What takes seconds to import is there when these start."""
NEEDS = {"sb3_ppo.py": "stable_baselines3", "trl_grpo.py": "trl"}
"""Packages that are not among the project's own."""


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_example_shows_what_it_should(name):
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"{name} needs {NEEDS[name]}, which is not installed")
    words = SHORT.get(name, [])
    if name in TORCH:
        started = Forked(words, program=EXAMPLES / name)
    else:
        command = [sys.executable, EXAMPLES / name, *words]
        started = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    stdout, stderr = started.communicate(timeout=300)
    assert started.returncode == 0, stderr
    assert SHOWN[name] in stdout


class TestOwnJudge(JudgeContract):
    def make(self):
        return WordOverlapJudge()


class TestOwnProblemSet(ProblemSetContract):
    def make(self):
        return LargestOfN()


class TestOwnSandbox(SandboxContract):
    def make(self):
        return ProcessSandbox()
