"""A checker with a memory, in a separate module so that other users' processes can import it."""

from cppo_env.checkers import strict
from cppo_env.types import Problem, TestCase


class Recorder:
    """The strict rule; remembers the last answer for the message of a failing test."""

    def __init__(self) -> None:
        self.got = ""

    def __call__(self, problem: Problem, test: TestCase, got: str) -> bool:
        self.got = got[:300]
        return strict(problem, test, got)
