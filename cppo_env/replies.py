"""Model answers, read as plans or as solutions.

The agents of `cppo eval` and the learner of `cppo train` share these rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from cppo_env import parsing


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model."""

    text: str
    truncated: bool = False
    """The text was cut at the token limit."""
    tokens: int = 0
    """Tokens that the model generated."""
    thoughts: int = 0
    """Those of them that are thoughts, where thoughts had a budget of their own."""
    thoughts_cut: bool = False
    """The thoughts used up their budget, and were ended for the model."""
    asked: int | None = None
    """Methods that it was asked for, 0 if it is no plan. Default: K."""

    def methods(self, k: int = 4) -> tuple[str, ...]:
        """The K methods of a plan; none if truncated, even if its last line looks complete."""
        return () if self.truncated else parsing.read_plan(self.text, k)

    def unreadable(self, k: int = 4) -> str:
        """Why it is no plan of K methods; empty if it is one."""
        return parsing.CUT_OFF if self.truncated else parsing.explain_plan(self.text, k)

    @property
    def without_program(self) -> str:
        """Why it holds no program; empty if it holds one."""
        return parsing.explain_program(self.text, self.truncated)

    @property
    def solution(self) -> str:
        """The solution; empty if truncated, even if it holds a whole program."""
        return "" if self.truncated else self.text
