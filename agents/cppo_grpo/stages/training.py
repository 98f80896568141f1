"""A run from start to end: warm start → evaluation → joint CPPO → evaluation."""

from __future__ import annotations

import dataclasses
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import transformers
from rich.console import Console

import cppo_env  # noqa: F401 - registers the ids
from cppo_env.errors import SandboxError, UsageError
from cppo_env.problems.validation.overlap import require_disjoint
from cppo_env.protocols import ProblemSet, Sandbox
from cppo_env.provenance import provenance
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.learner.information import add_information
from cppo_grpo.learner.learner import Learner
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.distributed import gather
from cppo_grpo.rollouts.values import Rollout, require_some
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.trackers import tracked
from cppo_grpo.stages.audit import audit, decide, table
from cppo_grpo.stages.evaluation import evaluate
from cppo_grpo.stages.metrics import overlapped_s, rollout_metrics
from cppo_grpo.stages.session import Session, environment, make_cursor, observe
from cppo_grpo.stages.start import (
    make_policies,
    save_model,
    shards_weights,
    starting_point,
)

logger = logging.getLogger(__name__)

STOP_WINDOW = 20
"""Steps that `stop_at` looks at."""

EVAL_PLACES = 256
"""Episodes that an evaluation plays side by side at most."""


def train(run: Run, sandbox: Sandbox, console: Console, processes: Processes | None = None) -> None:
    """Carry a run out, or go on with it.

    Args:
        run: its folder and settings.
        sandbox: runs the programs.
        console: where progress is shown.
        processes: those that carry it out together.

    Raises:
        UsageError: there are more processes than problems in a step.
        ProblemDataError: the evaluation holds problems that are trained on.
        SandboxError: all episodes of a step or of an evaluation are void.
        KeyboardInterrupt: the run was interrupted.

    Whatever ends the steps of CPPO, what was learnt is in a checkpoint.
    """
    config, processes = run.config, processes or Processes()
    if processes.count > config.problems_per_step:
        raise UsageError(
            f"problems_per_step={config.problems_per_step}: {processes.count} processes need a problem each; raise it "
            "or start fewer"
        )
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    transformers.logging.disable_progress_bar()
    problems = len(processes.share(np.arange(config.problems_per_step)))
    with tracked(run), environment(config, sandbox, config.split, problems * config.tuples) as env:
        _check_held_out(config, sandbox, env.assembly.problems)
        run.record(provenance(env.assembly.problems, sandbox))
        model, tokenizer, agent = starting_point(run, env.assembly.problems, console, processes)
        policy, reference = make_policies(config, model, processes)
        session = Session(
            run,
            env,
            Learner(policy, reference, config, processes),
            agent,
            make_cursor(config, len(env.assembly.problems)),
            processes,
        )
        with processes.interrupted_together():
            steps = session.restore()
            if not run.log.rows("before"):
                _evaluate(session, sandbox, "before", console)
            if not _audited(session, console):
                return
            _learn(session, steps, console)
            save_model(run, policy, tokenizer)
            _evaluate(session, sandbox, "after", console)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold a Ctrl-C back until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def remember(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)


def _audited(session: Session, console: Console) -> bool:
    """Whether the reward is dense enough to train on, as far as the run asks; the batches are those it begins with."""
    config = session.run.config
    rows = session.run.log.rows("audit")
    if config.audit_steps and not rows:
        beginning = replace(session, cursor=make_cursor(config, len(session.env.assembly.problems)))
        rollouts: list[Rollout] = []
        with stage(console, "audit", config.audit_steps) as shown:
            for step in range(config.audit_steps):
                rollouts.append(gather(session.processes, beginning.prepare(step)()))
                shown.show(step + 1, {})
        shares = audit(rollouts, config.tuples)
        console.print(table(shares))
        rows = [{"stage": "audit", **shares, "decision": decide(shares)}]
        session.run.log.append(rows[0])
        session.run.write_episodes(
            "audit", [record for rollout in rollouts for record in rollout.records]
        )
    for row in rows:
        ends = ", nothing is trained" if row["decision"] == "no-go" else ""
        console.print(f"audit: [bold]{row['decision']}[/]{ends}", highlight=False)
    return all(row["decision"] != "no-go" for row in rows)


def _learn(session: Session, steps: int, console: Console) -> None:
    """Joint CPPO from step `steps` on."""
    config = session.run.config
    success = "reward_plan" if config.plan_only else "pass_at_k"
    recent = deque((row[success] for row in session.run.log.rows("joint")), maxlen=STOP_WINDOW)
    cursor, moved = session.cursor.state(), session.learner.moved
    if steps < config.steps and _reached(recent, config.stop_at):
        console.print(
            f"stop_at={config.stop_at} is reached after {steps} steps, so none is taken; go on with --stop_at null",
            highlight=False,
            soft_wrap=True,
        )
    ahead: Future[Rollout] | None = None
    with (
        ThreadPoolExecutor(1, "cppo-rollout") as beside,
        stage(console, "CPPO", config.steps, steps) as shown,
    ):
        try:
            while steps < config.steps and not _reached(recent, config.stop_at):
                started = time.perf_counter()
                own = ahead.result() if ahead else session.prepare(steps)()
                rollout = gather(session.processes, own)
                require_some([rollout], f"step {steps + 1}")
                rollout = add_information(
                    session.learner.policy, rollout, config, session.processes
                )
                row = rollout_metrics(
                    rollout, compute_advantages(rollout, config), config
                ) | observe(session.cursor, rollout)
                after = session.cursor.state()
                ahead = (
                    beside.submit(session.prepare(steps + 1))
                    if _plays_ahead(config, steps + 1)
                    else None
                )
                # An interrupt waits here, so that a checkpoint never holds half an update or a
                # wrong count. Its cursor is that of the finished steps: the rollout that an
                # interrupt breaks off is played again.
                with uninterrupted():
                    row |= session.learner.update(rollout, steps)
                    row["seconds"] = time.perf_counter() - started
                    row["seconds_overlapped"] = overlapped_s(row)
                    session.run.write_episodes(f"step-{steps + 1:06d}", rollout.records)
                    steps, cursor, moved = steps + 1, after, session.learner.moved
                    session.run.log.append({"stage": "joint", "step": steps, **row})
                    recent.append(row[success])
                shown.show(
                    steps,
                    {
                        f"pass@{config.k}": row["pass_at_k"],
                        **({"void": row["void"]} if row["void"] else {}),
                        "R_plan": row["reward_plan"],
                        "R_solve": row["reward_solve"],
                        "valid": row["validity"],
                        "tokens/s": row["tokens_per_s"],
                    },
                )
                if steps % config.checkpoint_every == 0:
                    session.save(steps, cursor)
            session.save(steps, cursor)
        except BaseException as error:
            _save_before_leaving(session, steps, cursor, moved, error)
            raise


def _save_before_leaving(
    session: Session, steps: int, cursor: Mapping[str, Any], moved: int, error: BaseException
) -> None:
    """Keep what was learnt when a run breaks off, whatever the reason, as far as the weights are those of a step."""
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


def _plays_ahead(config: TrainConfig, step: int) -> bool:
    """Whether the rollout of a step is played beside the update before it; never over a checkpoint, which has none."""
    return (
        config.off_policy_steps > 0 and step < config.steps and step % config.checkpoint_every != 0
    )


def _reached(recent: deque[float], target: float | None) -> bool:
    """Whether the training episodes of the last steps succeed as often as `stop_at` asks."""
    return target is not None and len(recent) == STOP_WINDOW and float(np.mean(recent)) >= target


def _check_held_out(config: TrainConfig, sandbox: Sandbox, problems: ProblemSet) -> None:
    """Refuse to evaluate on problems that are trained on (docs/method.md, section 4), or on none."""
    if config.eval_episodes:
        with environment(config, sandbox, config.eval_split, 1) as held_out:
            if not config.allow_overlap:
                require_disjoint(problems, held_out.assembly.problems)


def _evaluate(session: Session, sandbox: Sandbox, when: str, console: Console) -> None:
    config = session.run.config
    if not config.eval_episodes:
        return
    session.update_sampler()
    processes = session.processes
    places = np.arange(max(min(EVAL_PLACES, config.eval_episodes), processes.count))
    agent = session.agent.in_evaluation(config.eval_temperature_plan)
    with (
        environment(
            config, sandbox, config.eval_split, len(processes.share(places)), end_on_refusal=False
        ) as env,
        stage(console, f"evaluation {when}", config.eval_episodes) as shown,
    ):
        found, records = evaluate(
            env,
            agent,
            config.eval_episodes,
            config.seed,
            processes,
            show=lambda done: shown.show(done, {}),
        )
    steps = len(session.run.log.rows("joint"))
    session.run.log.append({"stage": when, "step": steps, **dataclasses.asdict(found)})
    session.run.write_episodes(when, records)
    low, high = found.ci95
    console.print(
        f"pass@{config.k} {when} training [bold]{found.pass_at_k:.3f}[/] (95 % {low:.3f} to {high:.3f}, "
        f"{found.episodes} held-out episodes), valid plans {found.validity:.3f}",
        highlight=False,
        soft_wrap=True,
    )
