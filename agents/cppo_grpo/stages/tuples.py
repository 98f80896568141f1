"""Gold tuples from a teacher: asked, read, judged, run, and written one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cppo_agents.backends import Backend, Failure, Reply, Request

from cppo_env import parsing, prompts
from cppo_env.errors import AgentError, CppoError
from cppo_env.judges.wording import likeness
from cppo_env.protocols import Judge, ProblemSet, Sandbox
from cppo_env.roles import rule, run_jobs
from cppo_env.types import Job, Problem, Verdict
from cppo_grpo.recipe.gold import read_tuples
from cppo_grpo.recipe.json_lines import append_line, mend_end, read_lines
from cppo_grpo.recipe.tuples import TuplesConfig
from cppo_grpo.runs.progress import Stage

HOPELESS = 32
"""Answers without one readable plan after which the teacher is given up."""


@dataclass
class _Attempt:
    """One answer of the teacher on a problem, and what became of it."""

    problem: Problem
    number: int
    tokens: int = 0
    requests: int = 1
    methods: tuple[str, ...] = ()
    programs: tuple[str | None, ...] = ()
    refused: str = ""
    failed: bool = False
    """The teacher or the sandbox did not answer: the attempt does not count."""


class TupleWriter:
    """Writes tuples for the problems of a set until each has as many as wanted.

    Args:
        config: the settings.
        teacher: answers PLAN and SOLVE prompts.
        judge: a tuple has to pass it.
        sandbox: runs the programs, with `solve`.
    """

    def __init__(
        self, config: TuplesConfig, teacher: Backend, judge: Judge, sandbox: Sandbox | None
    ):
        self.config, self.teacher, self.judge, self.sandbox = config, teacher, judge, sandbox
        self.words = prompts.load_prompts(config.prompts)
        self.kept: dict[str, list[tuple[str, ...]]] = {}
        self.asked: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.requests = self.tokens = 0
        for file in (config.output, config.log):
            mend_end(file)
        if _holds_lines(config.output):
            for one in read_tuples([config.output], config.k):
                self.kept.setdefault(one.problem_id, []).append(one.methods)
        self.found_before = sum(map(len, self.kept.values()))
        if _holds_lines(config.log):
            for _, row in read_lines(config.log, "attempts of cppo tuples write"):
                self.asked[str(row.get("problem_id"))] += 1

    def write(self, problems: ProblemSet, shown: Stage) -> dict[str, Any]:
        """Ask about the problems that still lack tuples; returns counts and costs.

        Raises:
            AgentError: the teacher answered nothing.
            CppoError: it answers, but nothing that can be read as a plan.
        """
        indices = range(min(len(problems), self.config.limit or len(problems)))
        for start in range(0, len(indices), self.config.batch):
            part = [problems[i] for i in indices[start : start + self.config.batch]]
            while open_ones := [one for one in part if self._lacks(one)]:
                if not (open_ones := open_ones[: self._affordable]):
                    return self._result(
                        len(indices), "the budget of requests allows no further attempt"
                    )
                if not self._round(open_ones):
                    break
            done = start + len(part)
            shown.show(done, {"tuples": sum(map(len, self.kept.values()))})
        return self._result(len(indices), "")

    def _lacks(self, problem: Problem) -> bool:
        kept = len(self.kept.get(problem.id, ()))
        return kept < self.config.wanted and self.asked[problem.id] < self.config.attempts

    @property
    def _affordable(self) -> int | None:
        """Attempts that the budget still allows; None without a budget."""
        if self.config.budget is None:
            return None
        return (self.config.budget - self.requests) // (1 + self.config.solve * self.config.k)

    def _round(self, problems: Sequence[Problem]) -> bool:
        """One answer for each problem; False if no attempt counts, so there is no going on."""
        config = self.config
        attempts = [_Attempt(one, self.asked[one.id]) for one in problems]
        replies = self._complete(
            [
                Request(
                    self.words.plan(prompts.observe(one.problem), config.k),
                    config.temperature_plan,
                    config.max_tokens_plan,
                    self._seed(one, 0),
                )
                for one in attempts
            ]
        )
        for one, reply in zip(attempts, replies, strict=True):
            if isinstance(reply, Failure):
                one.failed, one.refused = True, reply.reason
                continue
            methods = reply.methods(config.k)
            one.tokens, one.methods = reply.tokens, tuple(map(_encodable, methods))
            if not one.methods:
                one.refused = f"plan not readable: {reply.unreadable(config.k)}"
        if all(one.failed for one in attempts):
            raise AgentError(
                f"the teacher answered none of {len(attempts)} requests: {attempts[0].refused}; "
                "what is written is kept, go on with the same command",
                [],
            )
        self._judge(attempts)
        if config.solve:
            self._solve(attempts)
        for one in attempts:
            self._store(one)
        if (
            not self.kept
            and self.refused.total() >= HOPELESS
            and all(reason.startswith("plan not readable") for reason in self.refused)
        ):
            [(why, _)] = self.refused.most_common(1)
            raise CppoError(
                f"none of {self.refused.total()} answers of the teacher is a plan of {config.k} "
                f"methods ({why}); take another model, or raise max_tokens_plan"
            )
        return any(not one.failed for one in attempts)

    def _judge(self, attempts: Sequence[_Attempt]) -> None:
        readable = [one for one in attempts if not one.refused]
        rulings = rule(self.judge, [(one.problem, one.methods) for one in readable])
        for one, ruling in zip(readable, rulings, strict=True):
            if ruling.void:
                one.failed, one.refused = True, f"judge: {ruling.reason}"
            elif not ruling.accepted:
                one.refused = f"judge: {ruling.reason}"
            elif self._known(one):
                one.refused = "like a tuple of this problem that is kept"

    def _known(self, attempt: _Attempt) -> bool:
        statement = attempt.problem.statement
        return any(
            np.mean([max(likeness(a, b, statement) for b in known) for a in attempt.methods])
            >= self.config.novelty
            for known in self.kept.get(attempt.problem.id, ())
        )

    def _solve(self, attempts: Sequence[_Attempt]) -> None:
        """Programs for the methods that are left, and the sandbox's verdicts on them."""
        config, open_ones = self.config, [one for one in attempts if not one.refused]
        pairs = [(one, place) for one in open_ones for place in range(config.k)]
        replies = self._complete(
            [
                Request(
                    self.words.solve(prompts.observe(one.problem), one.methods[place]),
                    config.temperature_solve,
                    config.max_tokens_solve,
                    self._seed(one, place + 1),
                )
                for one, place in pairs
            ]
        )
        programs: dict[tuple[int, int], str] = {}
        for (one, place), reply in zip(pairs, replies, strict=True):
            one.requests += 1
            if isinstance(reply, Failure):
                one.failed, one.refused = True, reply.reason
                continue
            one.tokens += reply.tokens
            program = parsing.read_program(reply.text, reply.truncated)
            if program is not None:
                programs[id(one), place] = program
        jobs = [
            (one, place, programs[id(one), place])
            for one, place in pairs
            if (id(one), place) in programs and not one.failed
        ]
        assert self.sandbox is not None, "solve needs a sandbox"
        reports = run_jobs(self.sandbox, [Job(one.problem, text) for one, _, text in jobs])
        right: dict[tuple[int, int], str] = {}
        for (one, place, text), report in zip(jobs, reports, strict=True):
            if report.verdict is Verdict.AC:
                right[id(one), place] = text
            elif report.verdict is Verdict.IE:
                one.failed, one.refused = True, f"sandbox: {report.message}"
        for one in open_ones:
            one.programs = tuple(right.get((id(one), place)) for place in range(config.k))
            solved = sum(program is not None for program in one.programs)
            if not one.refused and solved < config.least_solved:
                one.refused = f"fewer than {config.least_solved} programs passed"

    def _store(self, one: _Attempt) -> None:
        """The tuple first: what stops the process between the two writes repeats an attempt."""
        self.tokens += one.tokens
        if one.failed:
            self.failed[one.refused] += 1
            return
        if not one.refused:
            row: dict[str, Any] = {"problem_id": one.problem.id, "methods": list(one.methods)}
            if one.programs:
                row["programs"] = list(one.programs)
            append_line(self.config.output, row)
            self.kept.setdefault(one.problem.id, []).append(one.methods)
        else:
            self.refused[one.refused] += 1
        self.asked[one.problem.id] += 1
        append_line(
            self.config.log,
            {
                "problem_id": one.problem.id,
                "attempt": one.number,
                "kept": not one.refused,
                "refused": one.refused,
                "requests": one.requests,
                "tokens": one.tokens,
            },
        )

    def _complete(self, requests: list[Request]) -> list[Reply | Failure]:
        self.requests += len(requests)
        return self.teacher.complete(requests) if requests else []

    def _seed(self, attempt: _Attempt, part: int) -> int:
        key = [self.config.seed, *attempt.problem.id.encode(), attempt.number, part]
        return int(np.random.SeedSequence(key).generate_state(1)[0])

    def _result(self, problems: int, stopped: str) -> dict[str, Any]:
        written = sum(map(len, self.kept.values())) - self.found_before
        result: dict[str, Any] = {
            "output": str(self.config.output),
            "problems": problems,
            "problems_with_tuples": sum(bool(found) for found in self.kept.values()),
            "tuples": self.found_before + written,
            "written": written,
            "refused": dict(self.refused.most_common()),
            "failures": self.failed.total(),
            "failed": dict(self.failed.most_common()),
            "requests": self.requests,
            "tokens": self.tokens,
            "cost": None
            if self.config.price is None
            else self.tokens * self.config.price / 1_000_000,
            "stopped": stopped,
        }
        if not self.kept:
            reasons = (self.refused + self.failed).most_common(3)
            common = "; ".join(f"{times} × {why}" for why, times in reasons)
            raise CppoError(
                f"no tuple was kept: {common or stopped or 'none was asked for'}",
                result=result,
            )
        return result


def _holds_lines(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _encodable(text: str) -> str:
    """The text with question marks for halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
