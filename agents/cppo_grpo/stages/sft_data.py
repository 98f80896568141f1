"""What `cppo sft` learns from: demonstrations by problem, checked, split and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from cppo_agents.models.chat_format import ChatFormat

from cppo_env.errors import UsageError
from cppo_env.problems.validation.overlap import statement_hash
from cppo_env.prompts import Prompts, load_prompts
from cppo_env.protocols import ProblemSet, Sandbox
from cppo_env.roles import run_jobs
from cppo_env.types import Job, Problem, Verdict
from cppo_grpo.learner.supervised import Demonstration, encoded
from cppo_grpo.recipe.gold import GoldTuple, read_tuples, with_problems
from cppo_grpo.recipe.named import named_pairs, named_tuple
from cppo_grpo.recipe.problems import hold_out
from cppo_grpo.recipe.sft import SftConfig
from cppo_grpo.stages.warm_start import plan_shown, solution_shown

Pair = tuple[Problem, str, str]
"""A problem, a method, and the program that it leads to."""


@dataclass
class SftData:
    """Demonstrations of both parts, the held-out problems, and what was left out."""

    train: list[Demonstration] = field(default_factory=list[Demonstration])
    held_out: list[Demonstration] = field(default_factory=list[Demonstration])
    held_out_problems: list[Problem] = field(default_factory=list[Problem])
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reason → number of demonstrations that were left out for it."""


def sft_data(config: SftConfig, problems: ProblemSet, sandbox: Sandbox | None) -> SftData:
    """Read, check and split.

    Equal statements under several ids are one problem in the split.

    Args:
        config: the settings.
        problems: the set that holds the problems.
        sandbox: runs the programs; None learns them unchecked.

    Raises:
        UsageError: a file is faulty, or nothing is left to learn or to hold out.
    """
    data, words = SftData(), load_prompts(config.prompts)
    shown: list[tuple[Problem, Demonstration]] = []
    gold = with_problems(read_tuples(config.tuples, config.k), problems, "tuples")
    if config.plans:
        shown += [(problem, plan_shown(problem, one.methods, words)) for problem, one in gold]
        if not config.tuples:
            shown += _named_plans(config, problems, data, words)
    if config.programs:
        pairs = _pairs(gold) if config.tuples else _named_programs(config, problems)
        kept = _accepted(pairs, sandbox, data) if config.check_programs else pairs
        shown += [(one, solution_shown(one, method, text, words)) for one, method, text in kept]
    held = _held_out(config, [problem for problem, _ in shown])
    met: set[str] = set()
    for problem, one in shown:
        key = statement_hash(problem.statement)
        (data.held_out if key in held else data.train).append(one)
        if key in held and key not in met:
            met.add(key)
            data.held_out_problems.append(problem)
    if not data.train:
        raise UsageError(
            f"sft: nothing to learn ({_said(data.left_out) or 'no tuples and no named references'})"
            "; give other --tuples or --problems, or a lower --k"
        )
    return data


def fitting(data: SftData, chat: ChatFormat, max_tokens: int) -> SftData:
    """The data without conversations of more than `max_tokens` tokens, which are counted.

    Raises:
        UsageError: none is left.
    """
    left_out = Counter(data.left_out)
    parts: list[list[Demonstration]] = []
    for part in (data.train, data.held_out):
        parts.append([one for one in part if sum(map(len, encoded(one, chat))) <= max_tokens])
        if dropped := len(part) - len(parts[-1]):
            left_out[f"longer than {max_tokens} tokens"] += dropped
    if not parts[0]:
        raise UsageError(
            f"max_tokens: every conversation has more than {max_tokens} tokens; raise it"
        )
    train, held_out = parts
    return SftData(train, held_out, data.held_out_problems, left_out)


def _named_plans(
    config: SftConfig, problems: ProblemSet, data: SftData, words: Prompts
) -> list[tuple[Problem, Demonstration]]:
    random = Random(f"{config.seed}/plans")
    found: list[tuple[Problem, Demonstration]] = []
    for index in range(len(problems)):
        problem = problems[index]
        for _ in range(config.plans_per_problem):
            if (named := named_tuple(problems, index, config.k, random)) is None:
                data.left_out[f"fewer than {config.k} named references"] += 1
                break
            methods, _ = named
            found.append((problem, plan_shown(problem, methods, words)))
    return found


def _pairs(gold: Sequence[tuple[Problem, GoldTuple]]) -> list[Pair]:
    return [
        (problem, method, program)
        for problem, one in gold
        for method, program in zip(one.methods, one.programs, strict=False)
        if program
    ]


def _named_programs(config: SftConfig, problems: ProblemSet) -> list[Pair]:
    random = Random(f"{config.seed}/programs")
    return [
        (problems[index], method, program)
        for index in range(len(problems))
        for method, program in named_pairs(problems, index, config.k, random)
        if method
    ]


def _accepted(pairs: list[Pair], sandbox: Sandbox | None, data: SftData) -> list[Pair]:
    """Those whose programs the sandbox accepts."""
    if sandbox is None:
        raise UsageError("check_programs: got no sandbox; open one, or give check_programs=false")
    reports = run_jobs(sandbox, [Job(problem, program) for problem, _, program in pairs])
    kept: list[Pair] = []
    for pair, report in zip(pairs, reports, strict=True):
        if report.verdict is Verdict.AC:
            kept.append(pair)
        else:
            data.left_out[f"program with verdict {report.verdict}"] += 1
    return kept


def _held_out(config: SftConfig, problems: Sequence[Problem]) -> set[str]:
    """Hashes of the statements of the held-out problems: the same for the same seed and data."""
    hashes = {statement_hash(one.statement) for one in problems}
    if not config.held_out or not hashes:
        return set()
    if len(hashes) < 2:
        raise UsageError(
            "held_out: the data are of one problem, so none can be held out; give more, or "
            "--held_out 0"
        )
    return hold_out(hashes, config.held_out, config.seed)


def _said(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} left out: {why}" for why, count in left_out.items())
