"""An installed third-party package is found by name everywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "plugin_package"

EPISODE = """
import gymnasium as gym
import cppo_env
from cppo_env import plugins

roles = {"judge": "short", "reward": "share-right", "sandbox": "tally"}
env = gym.make("CPPO-Samples-v0", problems="digits", largest_base=16, **roles)
agent = plugins.load("agents", "digits")(k=4)
observation, info = env.reset(options={"problem_id": "base-16"})
ended = False
while not ended:
    observation, reward, terminated, truncated, info = env.step(agent.act([observation])[0])
    ended = terminated or truncated
env.close()
print(info["verdicts"], reward, env.unwrapped.assembly.engine.sandbox.judged)
"""

COMMAND = "from cppo_env.cli import main; main()"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Runs a Python command line where the package is installed."""
    target = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--target", target, PACKAGE], check=True, timeout=120)

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
            cwd=PACKAGE,
        )

    return run


def test_all_roles_of_an_episode_are_plug_ins(installed):
    done = installed("-c", EPISODE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "('AC', 'AC', 'AC', 'WA') 0.75 4\n"


def test_a_wrong_name_suggests_the_plug_in(installed):
    done = installed("-c", "import cppo_env; cppo_env.load_problems('digit')")
    assert "did you mean 'digits'?" in done.stderr


def test_the_package_passes_the_contracts_it_inherits(installed):
    done = installed(
        "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", "check_contracts.py"
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_the_command_line_takes_its_names(installed, tmp_path):
    result = tmp_path / "result.json"
    names = ["--problems", "digits", "--agent", "digits", "--judge", "short", "--sandbox", "tally"]
    done = installed("-c", COMMAND, "eval", *names, "--json", result)
    assert done.returncode == 0, done.stderr
    assert json.loads(result.read_text())["pass_at_k"]["4"] == 1.0


def test_the_command_line_has_its_command(installed, tmp_path):
    result = tmp_path / "result.json"
    done = installed("-c", COMMAND, "digits", "count", "255", "--base", "16", "--json", result)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
    assert json.loads(result.read_text()) == {"digits": 2}
