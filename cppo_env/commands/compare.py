"""`cppo compare`: finished runs, or several agents that play now, on the same problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from cppo_env.atomic import write_atomically
from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.comparison.loading import FinishedRun
from cppo_env.evaluation.comparison.methods import Method
from cppo_env.evaluation.comparison.page import page
from cppo_env.evaluation.comparison.summary import compare as summarise
from cppo_env.evaluation.comparison.summary import compare_runs
from cppo_env.evaluation.comparison.writers import latex, markdown, print_tables
from cppo_env.evaluation.run import Evaluation, independent_attempts, run_folder
from cppo_env.evaluation.setting import Setting, make_agent
from cppo_env.evaluation.summary import latest
from cppo_env.outputs import require_writable
from cppo_env.protocols import Remembers
from cppo_env.provenance import provenance
from cppo_env.sources import ProblemSource

WITH_RUNS = frozenset({"runs", "markdown", "latex", "html", "seed", "json", "config"})
"""Options that finished runs leave something to say for."""


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

    runs: tuple[str, ...] = field(default=(), metadata={"positional": "many"})
    """Folders of finished runs (of `cppo eval --run` and of `cppo train`), folders of such folders,
    or LABEL=FOLDER; runs with one label are seeds of one method."""
    agents: dict[str, Contestant] = field(default_factory=dict[str, Contestant])
    """Label → agent and options, best kept in a --config file; they play now.
    Example: {direct: {agent: chat, options: {strategy: direct}}, tuple: {agent: chat}}."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of all agents, such as --options.model=NAME."""
    run: Path | None = None
    """Folder that stores every episode of the agents; repeat the command to resume."""
    markdown: Path | None = None
    """Write the tables there as Markdown."""
    latex: Path | None = None
    """Write the tables there as LaTeX."""
    html: Path | None = None
    """Write tables and plots there, as one HTML page."""
    given: frozenset[str] | None = field(default=None, compare=False, metadata={"given": True})
    """Names of the options that the command was given."""


def compare(config: CompareConfig) -> dict[str, Any]:
    """Compare finished runs, or agents that play now, with paired intervals and tests."""
    if config.runs and config.agents:
        raise UsageError("got finished runs and --agents, expected one of them; compare either")
    if config.seed < 0:
        raise UsageError(f"seed: got {config.seed}, expected 0 or more")
    import_module("scipy.stats")  # asked for at once, not after all agents have played
    if config.html is not None:
        import_module("matplotlib")
    for name in ("markdown", "latex", "html"):
        if (path := getattr(config, name)) is not None:
            require_writable(path, f"--{name}")
    if not config.runs:
        return _agents(config)
    if superfluous := sorted((config.given or frozenset()) - WITH_RUNS):
        raise UsageError(
            f"{superfluous[0]}: finished runs have their settings; leave it out, or give --agents "
            "to play"
        )
    result = compare_runs(config.runs, seed=config.seed)
    _show(config, result)
    return result


def _agents(config: CompareConfig) -> dict[str, Any]:
    """Play agents, and compare their episodes."""
    if len(config.agents) < 2:
        raise UsageError(
            f"agents: got {len(config.agents)}, expected at least two, "
            'such as --agents \'{"oracle": {"agent": "oracle"}, "random": {"agent": "random"}}\'; '
            "or give the folders of finished runs"
        )
    config = config.on_held_out()
    problems = config.load()
    evaluations: dict[str, Evaluation] = {}
    for label, contestant in config.agents.items():
        options = config.options | contestant.options
        agent = make_agent(
            contestant.agent,
            options,
            problems=config.played(problems),
            k=config.k,
            seed=config.seed,
            prompts=config.prompts,
        )
        identity = {"agent": contestant.agent, "options": options}
        folder = run_folder(config.run / label, config, agent, identity) if config.run else None
        evaluations[label] = Evaluation(config, problems, agent, folder, identity)
    with config.open_sandbox() as sandbox:
        played_here = provenance(problems, sandbox)
        for label, evaluation in evaluations.items():
            evaluation.provenance = played_here
            evaluation.run(sandbox, label)
        remembered = sandbox.hits if isinstance(sandbox, Remembers) else 0
    results = {label: evaluation.result() for label, evaluation in evaluations.items()}
    methods = [_method(config, label, evaluation) for label, evaluation in evaluations.items()]
    result = summarise({config.title: methods}, seed=config.seed)
    _show(config, result)
    if remembered:
        print(f"not run again: {remembered:,} programs, equal to one that had run (--cache false)")
    return {
        "agents": results,
        "comparisons": _with_the_first(result["sets"][config.title]),
        "remembered": remembered,
        **result,
    }


def _method(config: CompareConfig, label: str, evaluation: Evaluation) -> Method:
    """The episodes of an agent that has just played, as a finished run."""
    records = latest(evaluation.records)
    counted = tuple(record for record in records if not record.void)
    if not counted:
        raise CppoError(f"{label}: no episode counts; play it again")
    run = FinishedRun(
        path=Path(label),
        method={},
        problem_set=(config.title, None, "{}"),
        source=ProblemSource(config.env, evaluation.problems),
        k=config.k,
        seed=config.seed,
        independent=independent_attempts(evaluation.agent),
        records=counted,
        void=len(records) - len(counted),
        judged={},
        fingerprint=None,
    )
    return Method(label, (run,))


def _with_the_first(found: dict[str, Any]) -> dict[str, Any]:
    """At each budget: pass@k of each agent, and its paired difference from the first one."""
    first, *others = found["methods"]
    pairs = {one["b"]: one for one in found["pairs"] if one["a"] == first}

    def difference(label: str, budget: str) -> dict[str, float]:
        at = pairs[label]["difference"][budget]
        return {"mean": -at["mean"], "low": -at["high"], "high": -at["low"]}

    return {
        budget: {
            "n_problems": found["n_problems"],
            "left_out": len(found["left_out"]),
            "agents": {
                label: {
                    "pass_at_k": one["pass_at_k"][budget],
                    **({"difference": difference(label, budget)} if label in others else {}),
                }
                for label, one in found["methods"].items()
            },
        }
        for budget in found["methods"][first]["pass_at_k"]
    }


def _show(config: CompareConfig, result: dict[str, Any]) -> None:
    console = Console()
    print_tables(result, console)
    for path, write in ((config.markdown, markdown), (config.latex, latex), (config.html, page)):
        if path is not None:
            write_atomically(path, write(result))
            console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
