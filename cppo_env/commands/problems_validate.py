"""`cppo problems validate`: is a problem set fit for use?"""

from __future__ import annotations

import resource
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.errors import UsageError
from cppo_env.evaluation.progress import shown_progress
from cppo_env.machine import cores
from cppo_env.problems import load_problems
from cppo_env.problems.validation import keep_list
from cppo_env.problems.validation.findings import Finding, KnownOutcome
from cppo_env.problems.validation.known_programs import RUNNABLE, read_known
from cppo_env.problems.validation.results_file import ResultsFile
from cppo_env.problems.validation.validate import JOBS_PER_CALL, Validation, validate
from cppo_env.problems.views import Problems, describe, indexed
from cppo_env.provenance import provenance
from cppo_env.sandboxing import borrow_sandbox

SHOWN = 25
"""Problems that are printed; the JSON result holds them all."""
JOBS_PER_CORE = 32
"""Programs per sandbox call on a machine with many cores."""


@dataclass(frozen=True)
class ValidateConfig:
    """Options of `cppo problems validate`."""

    problems: str
    """Path (any published layout or a store) or name of a problem set."""
    sandbox: str = "auto"
    """Where the programs run: auto, docker, local, or another plug-in's name."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox, such as --sandbox_options.image=NAME."""
    known: Path | None = None
    """JSON lines of more programs with known verdicts: key (problem id), language, expected, code.
    """
    checkers: Path | None = None
    """JSON file of problem id: checker, for problems with several right answers."""
    split: str | None = None
    """Part of the set."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters, such as --filters.version=v6 --filters.start_date=2025-01-01."""
    languages: list[str] | None = None
    """Languages whose programs run, such as [python3]. Default: all that the sandbox
    has compilers for (python3, cpp, cpp17, cpp20, java, rust)."""
    max_programs: int | None = None
    """Maximum number of right and of wrong programs per problem. Default: all."""
    keep_list: Path | None = None
    """Write the ids of the usable problems to this file; `problems=` accepts it."""
    results: Path | None = None
    """Keep results in this file, a line for each problem. With it the command can be interrupted:
    the next one takes the results of unchanged problems and programs from it."""


def validate_problems(config: ValidateConfig) -> dict[str, Any]:
    """Run reference and known-wrong programs; report which problems are fit for use."""
    start = time.perf_counter()
    if unknown := set(config.languages or ()) - RUNNABLE.keys():
        raise UsageError(
            f"languages: no sandbox runs {', '.join(sorted(unknown))}; expected some of "
            f"{list(RUNNABLE)}"
        )
    joined, left_out = read_known(config.known) if config.known else ({}, {})
    problems = indexed(
        load_problems(
            config.problems, checkers=config.checkers, **{"split": config.split, **config.filters}
        )
    )
    console = Console()
    with (
        borrow_sandbox(config.sandbox, config.sandbox_options, cache=False) as sandbox,
        shown_progress("problems", True) as bar,
    ):
        where = provenance(problems, sandbox)
        results = config.results and ResultsFile(config.results, where["sandbox"])
        done = 0

        def progress(finished: int, tests: int) -> None:
            nonlocal done
            done = finished
            bar.show(done, len(problems), f"{tests / (time.perf_counter() - start):.0f} tests/s")

        try:
            validation = validate(
                problems,
                sandbox,
                joined,
                languages=config.languages,
                max_programs=config.max_programs,
                jobs_per_call=max(JOBS_PER_CALL, JOBS_PER_CORE * cores()),
                results=results,
                progress=progress,
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_state(config, done, len(problems))) from None
    seconds = time.perf_counter() - start
    if config.keep_list is not None:
        keep_list.write(
            config.keep_list, config.problems, validation.kept, validation.dropped, config.checkers
        )
    result = _result(config, problems, validation, seconds, left_out)
    result |= {"changed": results.changed if results else 0, "provenance": where}
    _show(console, config, result)
    return result


def _state(config: ValidateConfig, done: int, total: int) -> str:
    if config.results is None:
        return f"{done} of {total} problems were done; --results FILE would have kept them"
    return f"{done} of {total} problems are done; the same command goes on with {config.results}"


def _result(
    config: ValidateConfig,
    problems: Problems,
    validation: Validation,
    seconds: float,
    left_out: dict[str, int],
) -> dict[str, Any]:
    summaries = [problems.summary(index) for index in range(len(problems))]
    reasons = Counter(reason.partition(":")[0] for reason in validation.dropped.values())
    return {
        "source": config.problems,
        "problems": len(problems),
        "refused": [asdict(refusal) for refusal in problems.refused],
        **validation.rates(),
        "by_language": {name: validation.rates(language=name) for name in validation.languages},
        "after_dropping": validation.rates(kept_only=True),
        "kept": len(validation.kept),
        "unverified": len(validation.unverified),
        "public_tests_only": sum(one.tests == one.public_tests for one in summaries),
        "dropped": validation.dropped,
        "dropped_by_reason": dict(reasons.most_common()),
        "disagreements": [
            entry
            for finding in validation.findings
            if (entry := _disagreement(finding)) is not None
        ],
        "rules": validation.rules,
        "overturned": validation.overturned,
        "cues": validation.cues,
        "rejected_by_cause": dict(validation.causes.most_common()),
        "not_run": dict(validation.not_run),
        "void": validation.void,
        "reused": validation.reused,
        "known_rows_left_out": left_out,
        "known_ids_not_in_the_set": list(validation.unmatched),
        "seconds": seconds,
        "tests": validation.tests,
        "tests_per_s": validation.tests / seconds,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _disagreement(finding: Finding) -> dict[str, Any] | None:
    """The programs of one problem whose verdict is not the known one."""
    if not finding.rejected and not finding.missed:
        return None
    return {
        "id": finding.id,
        "reason": finding.fault,
        "rejected": [_program(outcome) for outcome in finding.rejected],
        "missed": [_program(outcome) for outcome in finding.missed],
    }


def _program(outcome: KnownOutcome) -> dict[str, Any]:
    return {
        "verdict": outcome.verdict.value,
        "test": outcome.tests,
        "cause": outcome.cause,
        "message": outcome.message,
        "answer": outcome.answer,
        "language": outcome.known.language,
        "origin": outcome.known.origin,
        "program": outcome.known.program,
    }


def _show(console: Console, config: ValidateConfig, result: dict[str, Any]) -> None:
    def rate(value: float | None) -> str:
        return "–" if value is None else f"{value:.2%}"

    table = Table("", "all", "kept", title=config.problems)
    kept = result["after_dropping"]
    table.add_row("problems", str(result["problems"]), str(result["kept"]))
    for label, done, total, error in (
        ("right programs accepted", "right_accepted", "right_programs", "false_negative_rate"),
        ("wrong programs caught", "wrong_caught", "wrong_programs", "false_positive_rate"),
    ):
        parts = {"": (result, kept)}
        if len(result["by_language"]) > 1:
            parts |= {
                f", {name}": (of_language,) for name, of_language in result["by_language"].items()
            }
        for name, columns in parts.items():
            cells = (
                f"{part[done]} of {part[total]} ({rate(part[error])} error)" for part in columns
            )
            table.add_row(label + name, *cells)
    console.print(table)
    dropped = Table("dropped", "why")
    for name, reason in list(result["dropped"].items())[:SHOWN]:
        dropped.add_row(Text(name), Text(reason))
    if len(result["dropped"]) > SHOWN:
        dropped.add_row("…", f"{len(result['dropped']) - SHOWN} more, which --json PATH lists")
    if result["dropped"]:
        console.print(dropped)
    for title, counts in (
        ("right programs were rejected because", result["rejected_by_cause"]),
        ("programs not run here", result["not_run"]),
        ("rows of known programs left out", result["known_rows_left_out"]),
    ):
        if counts:
            console.print(
                f"{title}: {', '.join(f'{name} ({count})' for name, count in counts.items())}"
            )
    for rule, counts in result["rules"].items():
        if counts["overturned"]:
            names = [name for name, one in result["overturned"].items() if one == rule]
            console.print(
                f"right programs disagree by the rule {rule}, which is then wrong, in "
                f"{counts['overturned']} of {counts['problems']} problems: {describe(names)}",
                markup=False,
            )
    for cue, counts in result["cues"].items():
        console.print(
            f"statements that speak of {cue}: {counts['problems']}; right programs disagree in "
            f"{counts['disagree']}, and agree with what is expected in {counts['agree']}"
        )
    if result["public_tests_only"]:
        console.print(
            f"{result['public_tests_only']} problems have no tests but the public examples"
        )
    console.print(
        f"{result['kept']} of {result['problems']} problems kept ({result['unverified']} have no "
        "known right program), "
        f"{len(result['refused'])} records refused, {result['void']} programs void; "
        f"{result['tests']} tests in "
        f"{result['seconds']:.1f} s ({result['tests_per_s']:.0f}/s)"
    )
    if config.results is not None:
        console.print(
            f"results: {config.results}, {result['reused']} of {result['problems']} problems from "
            f"an earlier call, {result['changed']} run again because they have changed",
            soft_wrap=True,
        )
    if config.keep_list is not None:
        console.print(f"keep-list: {config.keep_list}", soft_wrap=True)
