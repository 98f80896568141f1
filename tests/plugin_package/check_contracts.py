"""This package's tests, inherited from the contracts: `pytest check_contracts.py`."""

from cppo_digits.agent import DigitsAgent
from cppo_digits.judge import ShortJudge
from cppo_digits.problems import load
from cppo_digits.reward import share_right
from cppo_digits.sandbox import TallySandbox

from cppo_env.testing import (
    AgentContract,
    JudgeContract,
    ProblemSetContract,
    RewardContract,
    SandboxContract,
)


class TestProblems(ProblemSetContract):
    def make(self):
        return load()


class TestJudge(JudgeContract):
    def make(self):
        return ShortJudge()


class TestReward(RewardContract):
    def make(self):
        return share_right


class TestAgent(AgentContract):
    def make(self):
        return DigitsAgent()


class TestSandbox(SandboxContract):
    def make(self):
        return TallySandbox()
