"""The evaluations of a run: before, during and after training, always on the same problems.

They draw from random streams of their own, so a run with evaluations learns what one without does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from rich.console import Console

from cppo_env.errors import ProblemDataError
from cppo_env.problems.validation.overlap import require_disjoint
from cppo_env.problems.views import indexed
from cppo_env.protocols import Judge, ProblemSet, Sandbox
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.config import TrainConfig
from cppo_grpo.parallel import Processes
from cppo_grpo.runs.checkpoints import best_checkpoint, load_weights
from cppo_grpo.runs.log import LogRow
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.random_states import kept_states
from cppo_grpo.stages.evaluation import evaluate
from cppo_grpo.stages.session import Session, environment

EVAL_PLACES = 256
"""Maximum number of episodes that an evaluation plays at once."""


def held_out_problems(config: TrainConfig, training: ProblemSet) -> ProblemSet | None:
    """The problems of a run's evaluations, if it has any.

    Raises:
        ProblemDataError: they are absent, or training problems (docs/method.md, section 4).
    """
    if not config.eval_episodes:
        return None
    held_out = config.held_out.load()
    if not config.allow_overlap:
        _require_disjoint(config, training, held_out)
    return held_out


@contextmanager
def held_out_environment(
    config: TrainConfig,
    sandbox: Sandbox,
    problems: ProblemSet | None,
    processes: Processes,
    judge: Judge,
) -> Iterator[CPPOVectorEnv | None]:
    """The environment of a run's evaluations, with this process's places; None without any.

    It runs refused plans as well, so that every policy spends K attempts.
    """
    if problems is None:
        yield None
        return
    places = np.arange(max(min(EVAL_PLACES, config.eval_episodes), processes.count))
    source, own = config.held_out.of(problems), len(processes.share(places))
    with environment(config, sandbox, source, own, end_on_refusal=False, judge=judge) as env:
        yield env


def _require_disjoint(config: TrainConfig, problems: ProblemSet, held_out: ProblemSet) -> None:
    """Refuse common problems; a run on all splits of a set holds its held-out one."""
    one, other = config.training, config.held_out
    try:
        require_disjoint(
            problems, held_out, copies=(one.env, one.problems) != (other.env, other.problems)
        )
    except ProblemDataError as error:
        found = indexed(problems)
        splits = {found.summary(index).split for index in range(len(found))}
        if config.split is None and {"train", config.held_out.split} <= splits:
            raise ProblemDataError(
                f"split: got none, which trains on all of {config.problems or config.env}, its "
                f"held-out split {config.held_out.split!r} included; expected --split train (or "
                "--eval_episodes 0, or --allow_overlap true)"
            ) from error
        raise


class HeldOut:
    """Evaluates the policy of a session; its log tells what was evaluated already.

    Args:
        session: the parts of the run, restored.
        env: the environment of the evaluations; None without any.
        console: shows the results.
    """

    def __init__(self, session: Session, env: CPPOVectorEnv | None, console: Console):
        self._session, self._env, self._console = session, env, console
        self._figure = session.run.config.decisive_figure
        self._scores = {row["step"]: row[self._figure] for row in session.run.log.rows("eval")}

    @property
    def best_step(self) -> int | None:
        """The first step whose evaluation during training was the best."""
        return max(self._scores, key=self._scores.__getitem__) if self._scores else None

    @property
    def out_of_patience(self) -> bool:
        """Whether the last `eval_patience` evaluations were no better than the best before."""
        patience = self._session.run.config.eval_patience
        return bool(
            patience
            and self.best_step is not None
            and sum(step > self.best_step for step in self._scores) >= patience
        )

    def evaluate(self, when: str, steps: int) -> None:
        """Evaluate before or after training, if the run has evaluations.

        The policy of a step that was evaluated during training is not played again.
        """
        run = self._session.run
        if self._env is None:
            return
        if steps in self._scores:
            [row] = [row for row in run.log.rows("eval") if row["step"] == steps]
            records = run.read_episodes(f"eval-{steps:06d}")
        else:
            row, records = self._play(self._env, f"evaluation {when}")
        run.write_episodes(when, records)
        run.log.append({**row, "stage": when, "step": steps})
        self._tell(f"{when} training", row)

    def during(self, steps: int, cursor: Mapping[str, Any]) -> None:
        """Evaluate after `steps` steps if it is due, and keep the best checkpoint.

        Args:
            steps: the steps taken.
            cursor: the data cursor after them.
        """
        run = self._session.run
        every = run.config.eval_every
        if self._env is None or not every or not steps or steps % every or steps in self._scores:
            return
        with kept_states():
            row, records = self._play(self._env, None)
        best = row[self._figure] > max(self._scores.values(), default=-np.inf)
        self._scores[steps] = row[self._figure]
        if best:
            self._session.save(steps, cursor, best=True)
        run.write_episodes(f"eval-{steps:06d}", records)
        run.log.append({"stage": "eval", "step": steps, **row})
        # From here on all processes find the row, the episodes and the checkpoint on the disk.
        self._session.processes.agree()
        self._tell(f"after {steps} steps", row, ", the best so far" if best else "")
        if self.out_of_patience:
            self._console.print(
                f"eval_patience={run.config.eval_patience}: no evaluation was better since step "
                f"{self.best_step}, so training stops after {steps} steps",
                highlight=False,
                soft_wrap=True,
            )

    def settle(self, steps: int) -> int:
        """Give the policy the run's `final_weights`; returns the number of steps they took.

        Raises:
            CppoError: the best checkpoint is lost or damaged.
        """
        run = self._session.run
        if run.config.final_weights == "last" or self.best_step is None:
            return steps
        return load_weights(best_checkpoint(run.checkpoints), self._session.learner.policy)

    def _play(self, env: CPPOVectorEnv, title: str | None) -> tuple[LogRow, list[Any]]:
        """The figures and the episodes; a title shows their progress."""
        session, config = self._session, self._session.run.config
        session.update_sampler()
        shown = stage(self._console, title, config.eval_episodes) if title else nullcontext()
        with shown as progress:
            found, records = evaluate(
                env,
                session.agent.in_evaluation(config.eval_temperature_plan),
                config.eval_episodes,
                config.seed,
                session.processes,
                shuffle=config.eval_seed,
                show=lambda done: progress.show(done, {}) if progress else None,
            )
        return dataclasses.asdict(found), records

    def _tell(self, when: str, row: LogRow, remark: str = "") -> None:
        low, high = row["ci95"]
        self._console.print(
            f"pass@{self._session.run.config.k} {when} [bold]{row['pass_at_k']:.3f}[/] "
            f"(95 % {low:.3f} to {high:.3f}, {row['episodes']} held-out episodes)"
            + ("" if row["validity"] is None else f", valid plans {row['validity']:.3f}")
            + remark,
            highlight=False,
            soft_wrap=True,
        )
