"""Evaluate one agent: play all episodes in batches, store them, and show progress."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cppo_env.claims import claimed
from cppo_env.driver import Task
from cppo_env.errors import CppoError
from cppo_env.evaluation.figures import contest_of, figures
from cppo_env.evaluation.play import play
from cppo_env.evaluation.progress import shown_progress
from cppo_env.evaluation.records import RunFolder
from cppo_env.evaluation.setting import Setting
from cppo_env.evaluation.summary import (
    answers_without_program,
    latest,
    mean,
    problem_scores,
    tests_per_s,
    thoughts_cut,
    unreadable_plans,
    verdict_counts,
)
from cppo_env.problems import Problems
from cppo_env.protocols import (
    Agent,
    Declines,
    DrawsIndependently,
    Remembers,
    Sandbox,
    SendsPrompts,
)
from cppo_env.provenance import provenance
from cppo_env.records import EpisodeRecord
from cppo_env.types import Problem

PATIENCE = 3
"""Give up after this many batches in a row without any answer."""


@dataclass
class Evaluation:
    """The episodes of one agent, growing while it plays."""

    setting: Setting
    problems: Problems
    agent: Agent
    folder: RunFolder | None = None
    identity: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What tells the agent from others, JSON-serialisable."""
    records: list[EpisodeRecord] = field(default_factory=list[EpisodeRecord])
    excluded: dict[str, str] = field(default_factory=dict[str, str])
    """Id of a problem → why it is not played."""
    contests: dict[str, str] = field(default_factory=dict[str, str])
    """Id of a problem → its contest, where the record tells."""
    provenance: dict[str, Any] | None = None
    """Versions, machine, sandbox and problems of the last `run`."""
    beyond: int = 0
    """Episodes in the folder beyond the limit or the attempts; they are ignored."""

    def __post_init__(self) -> None:
        """Resume from the folder of an earlier call.

        Raises:
            UsageError: the setting cannot work.
        """
        self.setting.episodes()
        if self.folder is not None:
            kept, episodes = self.folder.read(), self.setting.episodes()
            wanted = {self.problems.summary(index).id for index in range(self._size())}
            self.records = [
                one for one in kept if one.problem_id in wanted and one.episode < episodes
            ]
            self.beyond = len(latest(kept)) - len(latest(self.records))

    def run(self, sandbox: Sandbox, label: str, *, progress: bool = True) -> None:
        """Play every missing episode.

        Args:
            sandbox: runs the programs.
            label: names the agent in the progress shown.
            progress: show it, on standard error.

        Raises:
            CppoError: the agent gave no answer for several batches.
            UsageError: another process writes into the folder.
        """
        self.provenance = self.provenance or provenance(self.problems, sandbox)
        tasks = self._tasks()
        fruitless = 0
        with contextlib.ExitStack() as stack:
            if self.folder is not None:
                stack.enter_context(claimed(self.folder.path))
                self.folder.record(self.provenance)
            bar = stack.enter_context(shown_progress(label, progress))
            bar.show(self._done(), self._total(), self._note())
            env: Any = None
            while batch := list(islice(tasks, self.setting.batch)):
                if env is None:
                    env = self.setting.make_env(len(batch), self.problems, sandbox)
                    stack.callback(env.close)
                try:
                    played = play(env, self.agent, batch)
                except KeyboardInterrupt:
                    raise KeyboardInterrupt(f"{self._state()}") from None
                self._keep(played)
                bar.show(self._done(), self._total(), self._note())
                fruitless = fruitless + 1 if all(record.void for record in played) else 0
                if fruitless == PATIENCE:
                    raise CppoError(
                        f"{played[-1].reason}; gave up after {PATIENCE} batches in a row; "
                        f"{self._state()}"
                    )
            bar.show(self._done(), self._total(), self._note())

    def result(self) -> dict[str, Any]:
        """The machine-readable result.

        Raises:
            CppoError: no episode counts.
        """
        attempts = self.setting.episodes() * self.setting.k
        episodes = latest(self.records)
        counted = [record for record in episodes if not record.void]
        if not counted:
            reasons = [record.reason for record in episodes] + [
                f"{one['problem']}: {one['reason']}" for one in self._left_out()
            ]
            raise CppoError(
                f"no episode counts; {reasons[0] if reasons else 'there are no problems'}"
            )
        return {
            **figures(
                counted,
                k=self.setting.k,
                attempts=attempts,
                independent=independent_attempts(self.agent),
                contests=self.contests,
                seed=self.setting.seed,
            ),
            "n_episodes": len(counted),
            "verdicts": verdict_counts(counted),
            "unreadable_plans": unreadable_plans(counted),
            "no_program": answers_without_program(counted),
            "void": len(episodes) - len(counted),
            "tests": sum(record.tests for record in counted),
            "tests_per_s": tests_per_s(counted),
            "judging_s": sum(record.judging_s for record in counted),
            "acting_s": sum(record.acting_s for record in counted),
            "tokens": sum(record.tokens for record in counted),
            "thought_tokens": sum(record.thought_tokens for record in counted),
            "thoughts_cut": thoughts_cut(counted),
            "excluded": self._left_out(),
            "beyond_limit": self.beyond,
            "setting": {
                **self.setting.identity(),
                **json.loads(json.dumps(self.identity, default=str)),
                "limit": self.setting.limit,
                "attempts": attempts,
            },
            "prompts": prompts_of(self.agent),
            "provenance": self.provenance,
        }

    def _tasks(self) -> Iterator[Task]:
        """The episodes still to play; records which problems are excluded."""
        done = {record.key for record in self.records if not record.void}
        for index in range(self._size()):
            problem = self.problems[index]
            if contest := contest_of(problem):
                self.contests[problem.id] = contest
            if (reason := self._obstacle(problem)) is not None:
                self.excluded[problem.id] = reason
                continue
            for episode in range(self.setting.episodes()):
                if (problem.id, episode) not in done:
                    yield Task(index, episode)

    def _obstacle(self, problem: Problem) -> str | None:
        """Why a problem is not played."""
        if not len(problem.tests):
            return "the problem has no tests"
        return self.agent.declines(problem) if isinstance(self.agent, Declines) else None

    def _keep(self, played: list[EpisodeRecord]) -> None:
        self.records += played
        if self.folder is not None:
            self.folder.append(played)

    def _state(self) -> str:
        advice = (
            "give --run DIR to be able to go on"
            if self.folder is None
            else "run the same command again to go on"
        )
        return f"{self._done()} of {self._total()} episodes are done; {advice}"

    def _done(self) -> int:
        return sum(not record.void for record in latest(self.records))

    def _size(self) -> int:
        limit = self.setting.limit
        return len(self.problems) if limit is None else min(limit, len(self.problems))

    def _total(self) -> int:
        return (self._size() - len(self.excluded)) * self.setting.episodes()

    def _left_out(self) -> list[dict[str, str]]:
        """Records that could not be loaded, and problems that were not played."""
        refused = self.problems.refused
        places = [{"problem": str(refusal), "reason": "malformed record"} for refusal in refused]
        return places + [
            {"problem": problem, "reason": reason} for problem, reason in self.excluded.items()
        ]

    def _note(self) -> str:
        scores = problem_scores(
            self.records,
            self.setting.k,
            self.setting.k,
            independent=independent_attempts(self.agent),
        )
        score = mean(scores.values())
        shown = "–" if score is None else f"{score:.3f}"
        return f"pass@{self.setting.k} {shown} · {tests_per_s(self.records):,.0f} tests/s"


def independent_attempts(agent: Agent) -> bool:
    """Whether an agent declares its K attempts independent. Default: scored by tuples."""
    return isinstance(agent, DrawsIndependently) and agent.independent_attempts


def prompts_of(agent: Agent) -> dict[str, str] | None:
    """Name, version and digest of the templates of an agent's prompts; None if it has none."""
    return dict(agent.prompts.identity) if isinstance(agent, SendsPrompts) else None


def run_folder(
    path: Path, setting: Setting, agent: Agent, identity: Mapping[str, Any]
) -> RunFolder:
    """The run folder of an evaluation: its config tells whether a later call goes on with it.

    It also holds copies of the templates of the agent's prompts.

    Raises:
        UsageError: it holds a run with another config.
    """
    config = {
        **setting.identity(),
        **identity,
        "independent_attempts": independent_attempts(agent),
        "prompts": prompts_of(agent),
    }
    folder = RunFolder(path, config)
    if isinstance(agent, SendsPrompts):
        agent.prompts.save(path / "prompts")
    return folder


def measure(
    setting: Setting,
    problems: Problems,
    agent: Agent,
    *,
    label: str,
    identity: Mapping[str, Any],
    run: Path | None,
    progress: bool = True,
) -> tuple[Evaluation, dict[str, Any]]:
    """Play all episodes of one agent; its evaluation and its machine-readable result.

    Args:
        setting: what is measured.
        problems: the problems of the setting.
        agent: who plays.
        label: names the agent in the progress shown.
        identity: what tells this agent from others, JSON-serialisable; stored with the run.
        run: folder that stores every episode, and resumes.
        progress: show it, on standard error.

    Raises:
        CppoError: no episode counts, or the agent gave no answer for several batches.
        UsageError: the setting cannot work, or `run` holds a run with another one.
    """
    folder = run_folder(run, setting, agent, identity) if run else None
    evaluation = Evaluation(setting, problems, agent, folder, identity)
    with setting.open_sandbox() as sandbox:
        evaluation.run(sandbox, label, progress=progress)
        remembered = sandbox.hits if isinstance(sandbox, Remembers) else 0
    return evaluation, evaluation.result() | {"remembered": remembered}
