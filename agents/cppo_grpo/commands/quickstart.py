"""`cppo run`: a tiny model made from scratch learns to coordinate, on one machine without a GPU.

The task is `CPPO-Strategies-v0`, whose optimum is known (docs/method.md, section 7).
docs/quickstart.md explains these settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_grpo.changes import changes
from cppo_grpo.config import TrainConfig


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Settings of the quickstart."""

    seed: int = 0
    """Determines the weights, the order of the problems and every draw; the task stays the same."""
    run: Path | None = None
    """The run folder. Default: a new one under `runs/`."""
    resume: Path | None = None
    """The run folder to resume."""
    sandbox: str = "auto"
    """Where programs run: "auto" (Docker if available, else local), "docker" or "local"."""
    allow_untrusted_sandbox: bool = False
    """Train even if the sandbox fails the vital checks of `cppo sandbox selftest`."""
    steps: int = 360
    """Maximum optimizer steps of joint CPPO; stops early at a training success rate of .95."""
    eval_episodes: int = 1024
    """Held-out episodes played before and after training."""
    processes: int | None = None
    """Processes that share the work. Default: two on a machine with two cores or more."""
    given: frozenset[str] | None = field(default=None, compare=False, metadata={"given": True})
    """Names of the settings that the command was given."""

    def train_config(self) -> TrainConfig:
        """All settings of the run; of one that goes on, those that were given."""
        if self.resume is not None:
            given = changes(self)
            given.pop("processes", None)
            return TrainConfig(**given, given=frozenset(given))
        return TrainConfig(
            env="CPPO-Strategies-v0",
            filters={"size": 2048},
            sandbox=self.sandbox,
            allow_untrusted_sandbox=self.allow_untrusted_sandbox,
            run=self.run,
            seed=self.seed,
            warm_start_steps=240,
            steps=self.steps,
            stop_at=0.95,
            problems_per_step=16,
            tuples=8,
            temperature_plan=1.0,
            temperature_solve=0.7,
            max_tokens_plan=40,
            max_tokens_solve=40,
            lr=6e-4,
            lambda_plan=8.0,
            lambda_solve=0.3,
            beta_plan=0.25,
            beta_solve=0.2,
            eval_episodes=self.eval_episodes,
            eval_temperature_plan=0.5,
        )


def run(config: RunConfig) -> dict[str, Any]:
    """Train a tiny model from scratch until its plans coordinate: the quickstart."""
    from cppo_env import load_problems
    from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
    from cppo_grpo.commands.launch import carry_out
    from cppo_grpo.launcher import launched_processes, run_together
    from cppo_grpo.runs.progress import main_console

    if config.eval_episodes < 1:
        raise UsageError(
            f"eval_episodes: got {config.eval_episodes}, expected at least 1 to compare before "
            "and after"
        )
    if launched_processes() == 1 and (count := _processes(config)) > 1:
        return run_together(count, ["run", *_flags(config)])
    console = main_console()
    k = config.train_config().k
    strategies: Any = load_problems("strategies")
    probabilities = strategies.probabilities
    ceiling, optimum = independent_ceiling(probabilities, k), coordinated_optimum(probabilities, k)
    console.print(
        f"A language model made from scratch learns to write {k} methods that cover each other's "
        "failures.\n"
        f"Independent guesses reach {ceiling:.3f} at best, coordinated ones {optimum:.3f}.",
        highlight=False,
        soft_wrap=True,
    )
    result = carry_out("run", config.train_config(), console)
    before, after, (low, high) = (
        result["pass_at_k_before"],
        result["pass_at_k_after"],
        result["ci95_after"],
    )
    console.print(
        f"pass@{k} went from {before:.3f} to [bold]{after:.3f}[/] (95 % {low:.3f} to {high:.3f}) "
        "in "
        f"{result['steps']} steps and {result['train_seconds']:.0f} s; "
        f"independent guesses end at {ceiling:.3f}, the optimum is {optimum:.3f}",
        highlight=False,
        soft_wrap=True,
    )
    return {
        "pass_at_4_before": before,
        "pass_at_4_after": after,
        "ci95": [low, high],
        "independent_ceiling": ceiling,
        "coordinated_optimum": optimum,
        **result,
    }


def _processes(config: RunConfig) -> int:
    from cppo_env.machine import cores

    if config.processes is None:
        return min(2, cores())
    if not 1 <= config.processes <= config.train_config().problems_per_step:
        raise UsageError(
            f"processes: got {config.processes}, expected 1 to "
            f"{config.train_config().problems_per_step}: "
            "each plays a problem of every step at least"
        )
    return config.processes


def _flags(config: RunConfig) -> list[str]:
    """The command line that gives these settings."""
    return [f"--{name}={value}" for name, value in changes(config).items()]
