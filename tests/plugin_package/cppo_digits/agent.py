"""An agent that can do one thing."""

import re
from collections.abc import Sequence

from cppo_env import Observation

METHODS = ("divide repeatedly", "recurse on the quotient", "sum a generated list", "give up")
PROGRAMS = (
    "n, s = int(input()), 0\nwhile n:\n    s += n % BASE\n    n //= BASE\nprint(s)",
    "def f(n): return n and n % BASE + f(n // BASE)\nprint(f(int(input())))",
    "n = int(input())\nprint(sum(n // BASE**i % BASE for i in range(21)))",
    "print(0)",
)


class DigitsAgent:
    """Reads the base off the statement and writes three right programs and a wrong one."""

    def __init__(self, k: int = 4):
        self.k = k

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        return [
            self._solve(one["problem"]) if one["phase"] else METHODS[: self.k]
            for one in observations
        ]

    def _solve(self, statement: str) -> tuple[str, ...]:
        found = re.search(r"base (\d+)", statement)
        base = found[1] if found else "10"
        return tuple(
            f"```python\n{program.replace('BASE', base)}\n```" for program in PROGRAMS[: self.k]
        )
