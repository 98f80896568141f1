"""What every implementation of a role must do. Inherit, define `make`, and pytest runs the checks.

The classes import nothing from pytest. For failures that show the values compared, say in your
`conftest.py`: `pytest.register_assert_rewrite("cppo_env.testing.contracts")`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from cppo_env.assembly import find_problem
from cppo_env.protocols import Agent, Judge, ProblemSet, Reward, Sandbox
from cppo_env.testing.fakes import make_problem
from cppo_env.types import Episode, Job, Observation, Problem, Report, Ruling, TestCase, Verdict

METHODS = (
    "Read the line and print it.",
    "Parse the integer and print it.",
    "Copy the stream.",
    "Echo each token.",
)


class _Contract(ABC):
    @abstractmethod
    def make(self) -> Any:
        """A fresh object under test."""


class ProblemSetContract(_Contract):
    """An indexed set of well-formed problems with distinct ids."""

    def test_is_a_problem_set(self) -> None:
        assert isinstance(self.make(), ProblemSet)

    def test_indexes_like_a_sequence(self) -> None:
        problems = self.make()
        assert len(problems) > 0
        assert problems[0] == problems[0]
        try:
            problems[len(problems)]
        except IndexError:
            pass
        else:
            raise AssertionError("an index past the end must raise IndexError")

    def test_problems_are_well_formed(self) -> None:
        problems = self.make()
        ids: set[str] = set()
        for index in range(min(len(problems), 200)):
            problem = problems[index]
            assert isinstance(problem, Problem)
            assert problem.id and problem.id not in ids, f"id {problem.id!r} is empty or repeated"
            assert problem.statement.strip(), f"{problem.id}: the statement is empty"
            assert all(isinstance(test, TestCase) for test in problem.tests)
            methods = problem.metadata.get("methods")
            assert methods is None or len(methods) == len(problem.references), (
                f"{problem.id}: methods ≠ references"
            )
            ids.add(problem.id)

    def test_finds_problems_by_id(self) -> None:
        problems = self.make()
        last = len(problems) - 1
        assert find_problem(problems, problems[last].id) == last


class AgentContract(_Contract):
    """K texts for each observation, in both phases, for batches of any size."""

    k = 4
    problem = make_problem()

    def observe(self, phase: int) -> Observation:
        """An observation of the contract's problem."""
        methods = METHODS[: self.k] if phase else ("",) * self.k
        return Observation(
            phase=phase, problem=self.problem.statement, starter_code="", methods=methods
        )

    def test_is_an_agent(self) -> None:
        assert isinstance(self.make(), Agent)

    def test_acts_in_both_phases_of_a_mixed_batch(self) -> None:
        actions = self.make().act([self.observe(0), self.observe(1), self.observe(0)])
        assert [len(action) for action in actions] == [self.k] * 3
        assert all(isinstance(action, tuple) for action in actions)
        texts: list[Any] = [text for action in actions for text in action]
        assert all(isinstance(text, str) for text in texts)

    def test_takes_an_empty_batch(self) -> None:
        assert self.make().act([]) == []


class JudgeContract(_Contract):
    """One ruling per case, in order; hostile methods raise no exception."""

    def test_is_a_judge(self) -> None:
        assert isinstance(self.make(), Judge)

    def test_rules_on_each_case(self) -> None:
        problem = make_problem()
        cases = [
            (problem, METHODS),
            (problem, ("",) * 4),
            (problem, ("\x00" * 10, "é" * 10_000, "```", "\ud800")),
        ]
        rulings = self.make().rule(cases)
        assert len(rulings) == len(cases)
        for ruling in rulings:
            assert isinstance(ruling, Ruling)
            assert 0.0 <= ruling.score <= 1.0
            assert ruling.accepted or ruling.void or ruling.reason, "a refusal must give its reason"

    def test_takes_an_empty_batch(self) -> None:
        assert self.make().rule([]) == []

    def test_rules_alike_alone_and_in_a_batch(self) -> None:
        judge, case = self.make(), (make_problem(), METHODS)
        assert judge.rule([case, case]) == judge.rule([case]) * 2


class SandboxContract(_Contract):
    """Right verdicts on small programs, in order; closing twice is harmless."""

    def test_is_a_sandbox(self) -> None:
        sandbox = self.make()
        assert isinstance(sandbox, Sandbox)
        sandbox.close()
        sandbox.close()

    def test_judges_right_and_wrong_programs_in_order(self) -> None:
        problem = make_problem()
        programs = {
            "print(int(input()))": Verdict.AC,
            "print(0)": Verdict.WA,
            "1/0": Verdict.RE,
            "(": Verdict.CE,
        }
        sandbox = self.make()
        try:
            reports = sandbox.run([Job(problem, program) for program in programs])
        finally:
            sandbox.close()
        assert [report.verdict for report in reports] == list(programs.values())

    def test_stops_early_only_when_asked(self) -> None:
        problem = make_problem()
        sandbox = self.make()
        try:
            early, full = sandbox.run(
                [Job(problem, "print(0)"), Job(problem, "print(0)", stop_early=False)]
            )
        finally:
            sandbox.close()
        assert (len(early.tests), len(full.tests)) == (1, len(problem.tests))
        assert early.verdict is full.verdict is Verdict.WA

    def test_takes_an_empty_batch(self) -> None:
        sandbox = self.make()
        try:
            assert sandbox.run([]) == []
        finally:
            sandbox.close()


class RewardContract(_Contract):
    """A finite number for every finished episode, the same each time."""

    def test_is_a_reward(self) -> None:
        assert isinstance(self.make(), Reward)

    def test_pays_a_finite_number(self) -> None:
        reward = self.make()
        for accepted in (True, False):
            for verdicts in ((Verdict.AC, Verdict.WA), (Verdict.WA, Verdict.CE)):
                reports = tuple(Report(verdict) for verdict in verdicts)
                ruling = Ruling(accepted, float(accepted), "" if accepted else "refused")
                episode = Episode(make_problem(), METHODS[:2], ruling, ("", ""), reports)
                paid = float(reward(episode))
                assert abs(paid) < float("inf")
                assert paid == float(reward(episode))
