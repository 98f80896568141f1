"""`cppo eval`: one agent on all problems."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cppo_env.evaluation.run import measure
from cppo_env.evaluation.setting import Setting, make_agent
from cppo_env.evaluation.summary import latest
from cppo_env.protocols import ChecksModel, ReplaysReferences
from cppo_env.records import EpisodeRecord
from cppo_env.types import Verdict

SHOWN = 20
"""Lines of a list that are printed; the JSON result holds them all."""


@dataclass(frozen=True)
class EvalConfig(Setting):
    """Options of `cppo eval`."""

    agent: str = "oracle"
    """Name of the agent: random, oracle, chat, transformers, vllm, another plug-in's, or
    module:CLASS or ./FILE.py:CLASS."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the agent, such as --options.model=NAME --options.base_url=http://localhost:8000/v1."""
    run: Path | None = None
    """Folder that stores every episode; repeat the command to resume."""


def evaluate(config: EvalConfig) -> dict[str, Any]:
    """Measure pass@k of an agent on a set of problems."""
    config = config.on_held_out()
    problems = config.load()
    agent = make_agent(
        config.agent,
        config.options,
        problems=config.played(problems),
        k=config.k,
        seed=config.seed,
        prompts=config.prompts,
    )
    check = agent.model_check if isinstance(agent, ChecksModel) else None
    for line in check["lines"] if check else ():
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
    evaluation, result = measure(
        config,
        problems,
        agent,
        label=config.agent,
        identity={"agent": config.agent, "options": config.options},
        run=config.run,
    )
    result["model_check"] = check
    if isinstance(agent, ReplaysReferences) and agent.replays_references:
        result["failed_references"] = failed_references(evaluation.records)
    _show(config, result)
    return result


def failed_references(records: list[EpisodeRecord]) -> list[dict[str, Any]]:
    """Each reference solution that was not accepted, once."""
    failures: dict[tuple[str, str | None], dict[str, Any]] = {}
    for record in latest(records):
        for branch, verdict in enumerate(record.verdicts):
            if verdict != Verdict.AC:
                failure = {
                    "problem": record.problem_id,
                    "reference": branch,
                    "verdict": verdict,
                    "message": record.messages[branch],
                }
                failures.setdefault((record.problem_id, record.programs[branch]), failure)
    return list(failures.values())


def _show(config: EvalConfig, result: dict[str, Any]) -> None:
    console = Console()
    console.print(f"{config.agent} on {config.title}", markup=False, highlight=False)
    table = Table(show_header=False)
    ends = result["ci95"]
    for budget, score in result["pass_at_k"].items():
        table.add_row(f"pass@{budget}", _with_interval(score, ends["pass_at_k"][budget]))
    for name, title in (
        ("tuple_success", "any of the K right (R_out)"),
        ("validity", "plans accepted (J)"),
        ("reward", "planner's reward"),
    ):
        if result[name] is not None:
            table.add_row(title, _with_interval(result[name], ends[name]))
        else:
            table.add_row(title, "not applicable: no plans")
    over = f"{result['n_contests']:,} contests" if result["n_contests"] else "problems"
    table.add_row("intervals", f"95 %, over {over}")
    table.add_row("problems, episodes", f"{result['n_problems']:,}, {result['n_episodes']:,}")
    table.add_row(
        "verdicts",
        ", ".join(f"{verdict} {count:,}" for verdict, count in result["verdicts"].items()),
    )
    for name, title in (
        ("unreadable_plans", "plans that cannot be read"),
        ("no_program", "answers without a program"),
    ):
        if result[name]:
            reasons = (f"{count:,} {reason}" for reason, count in result[name].items())
            table.add_row(title, "; ".join(reasons), end_section=False)
    if result["thought_tokens"]:
        table.add_row(
            "thoughts",
            f"{result['thought_tokens']:,} of {result['tokens']:,} tokens; "
            f"{result['thoughts_cut']:,} used up their budget",
        )
    table.add_row("tests", f"{result['tests']:,} at {result['tests_per_s']:,.0f} a second")
    if result["remembered"]:
        known = f"{result['remembered']:,} programs, equal to one that had run (--cache false)"
        table.add_row("not run again", known)
    console.print(table)
    if result["beyond_limit"]:
        console.print(
            f"{result['beyond_limit']} more episodes of the run folder are beyond --limit or "
            "--attempts and do not count"
        )
    if result["void"]:
        advice = (
            "run the same command again to play them"
            if config.run
            else "give --run DIR to be able to play them again"
        )
        console.print(
            f"[yellow]{result['void']} episodes are void (infrastructure failure); {advice}[/]"
        )
    excluded: defaultdict[str, list[str]] = defaultdict(list)
    for one in result["excluded"]:
        excluded[one["reason"]].append(one["problem"])
    for reason, names in excluded.items():
        _list(console, f"not played, {reason}", names)
    failures = [
        f"{one['problem']}, reference {one['reference']}: {one['verdict']} {one['message']}"
        for one in result.get("failed_references", ())
    ]
    _list(console, "reference solutions that were not accepted", failures)


def _with_interval(mean: float | None, ends: list[float] | None) -> str:
    return "–" if mean is None or ends is None else f"{mean:.4f} ({ends[0]:.4f} … {ends[1]:.4f})"


def _list(console: Console, title: str, lines: list[str]) -> None:
    """A count and the first lines, side by side where they are short."""
    if not lines:
        return
    console.print(f"{title}: {len(lines)}", markup=False, highlight=False)
    separator = "\n  " if max(map(len, lines)) > 12 else ", "
    console.print(
        "  " + separator.join(lines[:SHOWN]), markup=False, highlight=False, soft_wrap=True
    )
    if len(lines) > SHOWN:
        console.print(f"  … {len(lines) - SHOWN} more (all of them are in the result of --json)")
