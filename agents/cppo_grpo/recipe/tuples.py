"""The settings of `cppo tuples write`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cppo_env.engine import check_k
from cppo_env.errors import UsageError
from cppo_grpo.ranges import at_least_0, at_least_1
from cppo_grpo.recipe.problems import WithProblems


@dataclass(frozen=True, slots=True)
class TuplesConfig(WithProblems):
    """Settings of tuples that a teacher writes (docs/recipe.md)."""

    output: Path
    """File of the tuples, JSON lines. What it holds already stays, and is not asked for again;
    `OUTPUT.attempts` beside it has a line for each answer, with its cost."""
    teacher: Literal["chat", "transformers", "vllm"] = "chat"
    """How the teacher is reached: an OpenAI-compatible endpoint, or a local model."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the teacher, such as --options.model=NAME
    --options.base_url=http://localhost:8000/v1."""
    limit: int | None = None
    """Only the first LIMIT problems."""
    k: int = 4
    """K: methods of a tuple."""
    prompts: str = "plain"
    """Words of the PLAN and SOLVE prompts: plain, strong, math, or a folder with plan.jinja or
    solve.jinja."""
    wanted: int = 1
    """Tuples wanted of each problem."""
    attempts: int = 4
    """Answers asked for at most, of each problem."""
    judge: str = "format*distinct"
    """Judge that a tuple has to pass (docs/gates.md)."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge."""
    solve: bool = True
    """Let the teacher write the program of each method as well, and run it. Programs that fail are
    stored as null."""
    least_solved: int = 1
    """Methods of a tuple whose programs have to pass, with `solve`."""
    novelty: float = 0.55
    """A further tuple of a problem is dropped if its methods are, on average, at least this much
    like those of one that is kept (`cppo_env.judges.wording`)."""
    sandbox: str = "auto"
    """Where programs run."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox."""
    temperature_plan: float = 0.9
    """Sampling temperature of plans."""
    temperature_solve: float = 0.7
    """Sampling temperature of programs."""
    max_tokens_plan: int = 1024
    """Maximum tokens of a plan."""
    max_tokens_solve: int = 4096
    """Maximum tokens of a program's answer."""
    batch: int = 16
    """Problems asked about at once."""
    budget: int | None = None
    """Requests to the teacher at most, in this call."""
    price: float | None = None
    """Price of a million generated tokens, for the cost that is reported."""
    seed: int = 0
    """Seeds the draws, as far as the teacher can repeat them."""

    @property
    def log(self) -> Path:
        """The file of attempts."""
        return self.output.with_name(self.output.name + ".attempts")

    def check(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UsageError: names the setting.
        """
        check_k(self.k)
        at_least_1(self, "wanted", "attempts", "batch", "max_tokens_plan", "max_tokens_solve")
        at_least_1(self, "limit", "budget")
        at_least_0(self, "temperature_plan", "temperature_solve", "novelty", "price", "seed")
        if not 0 <= self.least_solved <= self.k:
            raise UsageError(f"least_solved: got {self.least_solved}, expected 0 to k = {self.k}")
        if not self.output.parent.is_dir():
            raise UsageError(f"output: there is no folder {self.output.parent}")
