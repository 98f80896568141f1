"""`cppo compare`: several agents on the same problems, at the same number of attempts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.figures import interval
from cppo_env.evaluation.records import RunFolder
from cppo_env.evaluation.run import Evaluation, independent_attempts
from cppo_env.evaluation.setting import Setting, make_agent
from cppo_env.evaluation.summary import budgets, latest, problem_scores
from cppo_env.protocols import Remembers


@dataclass(frozen=True)
class Contestant:
    """One row of the comparison."""

    agent: str
    """Name of the agent, or module:CLASS or ./FILE.py:CLASS."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its options; they go before the common ones."""


@dataclass(frozen=True)
class CompareConfig(Setting):
    """Options of `cppo compare`."""

    agents: dict[str, Contestant] = field(default_factory=dict[str, Contestant])
    """Label → agent and options, best kept in a --config file; the first agent is the baseline.
    Example: {direct: {agent: chat, options: {strategy: direct}}, tuple: {agent: chat}}."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of all agents, such as --options.model=NAME."""
    run: Path | None = None
    """Folder that stores every episode; repeat the command to resume."""


def compare(config: CompareConfig) -> dict[str, Any]:
    """Compare agents or strategies on the same problems, with paired intervals."""
    if len(config.agents) < 2:
        raise UsageError(
            f"agents: got {len(config.agents)}, expected at least two, "
            'such as --agents \'{"oracle": {"agent": "oracle"}, "random": {"agent": "random"}}\''
        )
    config = config.on_held_out()
    problems = config.load()
    evaluations: dict[str, Evaluation] = {}
    for label, contestant in config.agents.items():
        options = config.options | contestant.options
        agent = make_agent(
            contestant.agent, options, problems=problems, k=config.k, seed=config.seed
        )
        identity = {**config.identity(), "agent": contestant.agent, "options": options}
        folder = RunFolder(config.run / label, identity) if config.run else None
        evaluations[label] = Evaluation(config, problems, agent, folder)
    with config.open_sandbox() as sandbox:
        for label, evaluation in evaluations.items():
            evaluation.run(sandbox, label)
        remembered = sandbox.hits if isinstance(sandbox, Remembers) else 0
    results = {label: evaluation.result() for label, evaluation in evaluations.items()}
    counts = budgets(config.episodes() * config.k, config.k)
    comparisons = {str(attempts): _paired(config, evaluations, attempts) for attempts in counts}
    _show(config, comparisons)
    if remembered:
        print(f"not run again: {remembered:,} programs, equal to one that had run (--cache false)")
    return {"agents": results, "comparisons": comparisons, "remembered": remembered}


def _paired(
    config: CompareConfig, evaluations: dict[str, Evaluation], attempts: int
) -> dict[str, Any]:
    """At one budget: pass@k of each agent and its paired difference from the first one."""
    played = {label: latest(one.records) for label, one in evaluations.items()}
    counted = [{record.key for record in records if not record.void} for records in played.values()]
    shared = counted[0].intersection(*counted)
    contests = next(iter(evaluations.values())).contests
    scores = {
        label: problem_scores(
            [record for record in records if record.key in shared],
            config.k,
            attempts,
            independent=independent_attempts(evaluations[label].agent),
        )
        for label, records in played.items()
    }
    first = next(iter(scores.values()))
    if not first:
        raise CppoError(
            f"no problem has {attempts} attempts that count for all agents; "
            "run the same command again to play void episodes, or compare fewer agents"
        )
    problems = list(first)
    rows: dict[str, Any] = {}
    for label, by_problem in scores.items():
        own = {one: by_problem[one] for one in problems}
        rows[label] = {"pass_at_k": asdict(interval(own, contests, seed=config.seed))}
        if by_problem is not first:
            gains = {one: by_problem[one] - first[one] for one in problems}
            rows[label]["difference"] = asdict(
                interval(gains, contests, bounds=(-1.0, 1.0), seed=config.seed)
            )
    return {
        "n_problems": len(problems),
        "left_out": len(counted[0].union(*counted) - shared),
        "agents": rows,
    }


def _show(config: CompareConfig, comparisons: dict[str, Any]) -> None:
    """One table: for each budget, a row for each agent."""
    console = Console()
    baseline = next(iter(config.agents))
    some = next(iter(comparisons.values()))
    title = f"{config.title}, {some['n_problems']} problems, paired 95 % intervals"
    table = Table("", "agent", "pass@k", f"minus {baseline}", title=title, title_justify="left")
    for budget, comparison in comparisons.items():
        for label, row in comparison["agents"].items():
            first = label == baseline
            difference = "" if first else _interval(row["difference"])
            table.add_row(
                f"pass@{budget}" if first else "", label, _interval(row["pass_at_k"]), difference
            )
        table.add_section()
    console.print(table)
    if some["left_out"]:
        console.print(
            f"[yellow]left out: {some['left_out']} episodes that do not count for every agent "
            "(void, or not played)[/]"
        )


def _interval(values: dict[str, float]) -> str:
    return f"{values['mean']:.3f} ({values['low']:.3f} … {values['high']:.3f})"
