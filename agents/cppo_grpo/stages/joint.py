"""Joint CPPO: one step that reads like the flow, and the loop that stores its results."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from rich.console import Console

from cppo_env.errors import SandboxError
from cppo_env.records import EpisodeRecord
from cppo_grpo.config import TrainConfig
from cppo_grpo.interrupts import uninterrupted
from cppo_grpo.learner.credit import compute_advantages, noted
from cppo_grpo.learner.information import add_information
from cppo_grpo.learner.token_values import episode_tokens
from cppo_grpo.regions import REGIONS, RegionName
from cppo_grpo.rollouts.distributed import gather
from cppo_grpo.rollouts.values import require_some
from cppo_grpo.runs.log import LogRow
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.tokens import write_tokens
from cppo_grpo.stages.ahead import Rollouts
from cppo_grpo.stages.held_out import HeldOut
from cppo_grpo.stages.metrics import overlapped_s, rollout_metrics
from cppo_grpo.stages.session import Session, observe
from cppo_grpo.stages.start import shards_weights

logger = logging.getLogger(__name__)

STOP_WINDOW = 20
"""Number of recent steps that `stop_at` averages."""

Keep = Callable[[list[EpisodeRecord], LogRow, Mapping[str, Any]], None]
"""Stores the episodes and metrics of a step, and the data cursor after it."""


def learn(session: Session, steps: int, held_out: HeldOut, console: Console) -> int:
    """Train from step `steps` on. Whatever stops the loop, a checkpoint holds the result.

    Returns:
        The number of steps taken by the end.
    """
    run, config = session.run, session.run.config
    success = "reward_plan" if config.plan_only else "pass_at_k"
    recent = deque((row[success] for row in run.log.rows("joint")), maxlen=STOP_WINDOW)
    cursor: Mapping[str, Any] = session.cursor.state()
    moved = session.learner.moved
    told: set[RegionName] = set()
    if steps < config.steps and _reached(recent, config.stop_at):
        console.print(
            f"stop_at={config.stop_at} is reached after {steps} steps, so none is taken; go on "
            "with --stop_at null",
            highlight=False,
            soft_wrap=True,
        )

    def keep(records: list[EpisodeRecord], row: LogRow, after: Mapping[str, Any]) -> None:
        nonlocal steps, cursor, moved
        run.write_episodes(f"step-{steps + 1:06d}", records)
        steps, cursor, moved = steps + 1, after, session.learner.moved
        run.log.append({"stage": "joint", "step": steps, **row})
        recent.append(row[success])

    with (
        ThreadPoolExecutor(len(session.envs), "cppo-rollout") as beside,
        stage(console, "CPPO", config.steps, steps) as shown,
    ):
        rollouts = Rollouts(session, beside, steps)
        try:
            held_out.during(steps, cursor)  # a run may have been interrupted before it
            while (
                steps < config.steps
                and not _reached(recent, config.stop_at)
                and not held_out.out_of_patience
            ):
                row = _step(session, rollouts, steps, keep)
                shown.show(steps, _figures(row, config.k))
                _tell_of_cut_regions(row, steps, config, told)
                if steps % config.checkpoint_every == 0:
                    session.save(steps, cursor)
                held_out.during(steps, cursor)
            session.save(steps, cursor)
        except BaseException as error:
            _save_before_leaving(session, steps, cursor, moved, error)
            raise
    return steps


def _step(session: Session, rollouts: Rollouts, step: int, keep: Keep) -> LogRow:
    """Rollout → advantages → update; returns the metrics.

    Raises:
        SandboxError: every episode is void.
    """
    started = time.perf_counter()
    config, learner = session.run.config, session.learner
    rollout = gather(session.processes, rollouts.take(step))
    require_some([rollout], f"step {step + 1}")
    rollout = add_information(learner.policy, rollout, config, session.processes)
    advantages = compute_advantages(rollout, config)
    row = rollout_metrics(rollout, advantages, config)
    if session.run.writable and config.tokens_every and (step + 1) % config.tokens_every == 0:
        tokens = episode_tokens(learner.policy, session.agent.chat, rollout, advantages, config)
        write_tokens(session.run.path, f"step-{step + 1:06d}", tokens)
    row |= observe(session.cursor, rollout, config)
    cursor = rollouts.cursor()
    # An interrupt waits here, so that a checkpoint never holds half an update or a wrong count. Its
    # cursor is that of the finished steps: an interrupted rollout is played again.
    with uninterrupted():
        row |= learner.update(rollout, step)
        learner.free_gradients()
        row["seconds"] = time.perf_counter() - started
        row["seconds_overlapped"] = overlapped_s(row)
        row["staleness"] = rollouts.staleness
        keep(noted(rollout, advantages, config.k), row, cursor)
    return row


def _tell_of_cut_regions(
    row: LogRow, step: int, config: TrainConfig, told: set[RegionName]
) -> None:
    """Warn once of each region that teaches nothing because all its sequences were cut.

    Neither reward nor KL ever shortens them again, so such a policy stays as it is.
    """
    for name in REGIONS:
        masked = config.region(name).mask_truncated
        if masked and row[f"truncated_{name}"] == 1.0 and name not in told:
            told.add(name)
            logger.warning(
                "step %d: every answer of the region %s was cut at its token limit, and cut ones "
                "are not learnt from; raise max_tokens_%s, lower lr, or set mask_truncated_%s to "
                "false",
                step,
                name,
                name,
                name,
            )


def _save_before_leaving(
    session: Session, steps: int, cursor: Mapping[str, Any], moved: int, error: BaseException
) -> None:
    """Save a checkpoint when a run breaks off, if the weights are those after a whole step."""
    alone = not isinstance(error, KeyboardInterrupt | SandboxError)  # these end all processes
    if session.learner.moved != moved:
        why = "the update had begun"
    elif alone and shards_weights(session.run.config, session.processes):
        why = "the other processes hold the rest of the weights"
    else:
        session.save(steps, cursor)
        return
    logger.warning(
        "step %d broke off and no checkpoint could be made of it (%s); the newest one counts",
        steps + 1,
        why,
    )


def _reached(recent: deque[float], target: float | None) -> bool:
    """Whether the success rate of the last steps has reached `stop_at`."""
    return target is not None and len(recent) == STOP_WINDOW and float(np.mean(recent)) >= target


def _figures(row: LogRow, k: int) -> dict[str, float]:
    """The metrics of a step to show, the most important first."""
    return {
        f"pass@{k}": row["pass_at_k"],
        **({"void": row["void"]} if row["void"] else {}),
        "R_plan": row["reward_plan"],
        "R_solve": row["reward_solve"],
        **({} if row["validity"] is None else {"valid": row["validity"]}),
        "tokens/s": row["tokens_per_s"],
    }
