"""A run from start to end: warm start → evaluation → joint CPPO → evaluation."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import torch
from rich.console import Console

import cppo_env  # noqa: F401 - registers the ids
from cppo_env.claims import claimed
from cppo_env.errors import UsageError
from cppo_env.judges import make_judge
from cppo_env.protocols import Sandbox
from cppo_env.provenance import HELD_OUT, contents, provenance
from cppo_grpo.learner.learner import Learner
from cppo_grpo.learner.optimizer import optimizer_class
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.distributed import gather
from cppo_grpo.rollouts.values import Rollout
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.trackers import tracked
from cppo_grpo.samplers import DrawsFrom
from cppo_grpo.samplers.frozen import trained_by
from cppo_grpo.stages.ahead import rollouts_at_a_time
from cppo_grpo.stages.audit import audit, decide, surroundings, table
from cppo_grpo.stages.held_out import HeldOut, held_out_environment, held_out_problems
from cppo_grpo.stages.joint import learn
from cppo_grpo.stages.lengths import fitting
from cppo_grpo.stages.session import OneAtATime, Session, environment, make_cursor
from cppo_grpo.stages.start import (
    initial_model,
    keep_start,
    make_policies,
    save_model,
    shards_weights,
)


def train(run: Run, sandbox: Sandbox, console: Console, processes: Processes | None = None) -> None:
    """Start a run, or continue it.

    Whatever stops the joint stage, a checkpoint holds the result.

    Args:
        run: its folder and settings.
        sandbox: runs the programs.
        console: shows the progress.
        processes: the processes that share the run.

    Raises:
        UsageError: there are more processes than problems in a step, or another process writes into
            the folder.
        ProblemDataError: the evaluation holds training problems.
        SandboxError: all episodes of a step or of an evaluation are void.
        KeyboardInterrupt: the run was interrupted.
    """
    config, processes = run.config, processes or Processes()
    if processes.count > config.problems_per_step:
        raise UsageError(
            f"problems_per_step={config.problems_per_step}: {processes.count} processes need a "
            "problem each; raise it "
            "or start fewer"
        )
    optimizer_class(config.optimizer, config.optimizer_states)  # its extra may be missing
    torch.set_num_threads(config.threads)
    torch.set_float32_matmul_precision("high" if config.tf32 else "highest")
    torch.manual_seed(config.seed)
    places = len(processes.share(np.arange(config.problems_per_step))) * config.tuples
    with ExitStack() as parts:
        if run.writable:
            parts.enter_context(claimed(run.path))
        parts.enter_context(tracked(run))
        training = config.training.load()
        judge = OneAtATime(make_judge(config.judge, config.judge_options))
        unseen = held_out_problems(config, training)
        held_out = {} if unseen is None else {HELD_OUT: contents(unseen)}
        run.record(provenance(training, sandbox) | held_out)
        start = initial_model(run, training, console, processes)
        at_a_time = rollouts_at_a_time(config, start.agent.sampler)
        training = fitting(training, start.agent, run, console)
        if unseen is not None:
            unseen = fitting(unseen, start.agent, run, console)
        keep_start(run, start, training, console, processes)
        policy, reference = make_policies(config, start.model, processes)
        if (
            shards_weights(config, processes)
            and not config.lora_rank
            and not isinstance(trained_by(start.agent.sampler), DrawsFrom)
        ):
            start.model.to("meta")  # nobody needs whole weights
        source = config.training.of(training)
        session = Session(
            run,
            [
                parts.enter_context(environment(config, sandbox, source, places, judge=judge))
                for _ in range(at_a_time)
            ],
            Learner(policy, reference, config, processes),
            start.agent,
            make_cursor(config, len(training)),
            processes,
        )
        evaluated = parts.enter_context(
            held_out_environment(config, sandbox, unseen, processes, judge)
        )
        with processes.interrupted_together():
            steps = session.restore()
            held_out = HeldOut(session, evaluated, console)
            if not run.log.rows("before"):
                held_out.evaluate("before", steps)
            if not _audited(session, console) or not config.steps:
                return
            steps = held_out.settle(learn(session, steps, held_out, console))
            save_model(run, policy, start.chat.tokenizer)
            held_out.evaluate("after", steps)


def _audited(session: Session, console: Console) -> bool:
    """Whether the reward is dense enough for the run, measured on its first batches."""
    config = session.run.config
    rows = session.run.log.rows("audit")
    if config.audit_steps and not rows:
        beginning = replace(
            session, cursor=make_cursor(config, len(session.envs[0].assembly.problems))
        )
        rollouts: list[Rollout] = []
        with stage(console, "audit", config.audit_steps) as shown:
            for step in range(config.audit_steps):
                beginning.update_sampler()
                rollouts.append(gather(session.processes, beginning.prepare(step)()))
                shown.show(step + 1, {})
        shares = audit(rollouts, config.tuples)
        console.print(table(shares))
        known = surroundings(rollouts, config.tuples, programs=not config.plan_only)
        rows = [{"stage": "audit", **shares, "decision": decide(shares), **known}]
        session.run.log.append(rows[0])
        session.run.write_episodes(
            "audit", [record for rollout in rollouts for record in rollout.records]
        )
    for row in rows:
        ends = ", nothing is trained" if row["decision"] == "no-go" else ""
        ladder = ", ".join(
            f"pass@{k} {value:.3f}" for k, value in row.get("solver_pass_at_k", {}).items()
        )
        console.print(
            f"audit: [bold]{row['decision']}[/]{ends}" + (f"; solver {ladder}" if ladder else ""),
            highlight=False,
            soft_wrap=True,
        )
    return all(row["decision"] != "no-go" for row in rows)
