"""What a model wrote, and what it is worth as a plan or as a solution.

One rule for all who ask a model: the agents of `cppo eval` and the learner of `cppo train`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cppo_env import parsing


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model."""

    text: str
    truncated: bool = False
    """The text ended because it reached the limit of tokens."""
    tokens: int = 0
    """Tokens that the model generated."""

    def methods(self, k: int = 4) -> tuple[str, ...]:
        """The K methods of a plan; none of a truncated one, even if its last line looks like a method."""
        return () if self.truncated else parsing.read_plan(self.text, k)

    def unreadable(self, k: int = 4) -> str:
        """Why it is no plan of K methods; the empty text if it is one."""
        return parsing.CUT_OFF if self.truncated else parsing.explain_plan(self.text, k)

    @property
    def without_program(self) -> str:
        """Why it holds no program; the empty text if it holds one."""
        return parsing.explain_program(self.text, self.truncated)

    @property
    def solution(self) -> str:
        """The solution; a truncated one is empty and earns nothing, even if it holds a whole program."""
        return "" if self.truncated else self.text
