"""Run folders of evaluations, written by the real evaluation of scripted outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cppo_env
from cppo_env.testing import FakeSandbox, make_problem

Outcome = Callable[[int, int], Sequence[bool]]
"""Problem, episode → whether each of the K programs is right."""


class Scripted:
    """Plays given outcomes; the fake sandbox gives the verdict that a program names."""

    independent_attempts = False

    def __init__(self, outcome: Outcome):
        self.outcome = outcome

    def act(self, observations):
        raise AssertionError("the evaluation asks by episode")

    def act_in(self, episodes, observations):
        return [self._play(*key, one) for key, one in zip(episodes, observations, strict=True)]

    def _play(self, problem_id: str, episode: int, observation: Any) -> tuple[str, ...]:
        right = self.outcome(int(problem_id.removeprefix("p")), episode)
        if observation["phase"] == 0:
            return tuple(f"Method {n}." for n in range(len(right)))
        return tuple(f"```\n{'AC' if one else 'WA'}\n```" for one in right)


def finished(
    folder: Path, outcome: Outcome, *, problems: int = 12, seed: int = 0, **changed: Any
) -> Path:
    """The folder of a finished evaluation; `changed` settings of `cppo_env.evaluate`."""
    settings: dict[str, Any] = {"problems": [make_problem(f"p{n}") for n in range(problems)]}
    settings |= {"sandbox": FakeSandbox(), "seed": seed, "run": folder} | changed
    cppo_env.evaluate(Scripted(outcome), **settings)
    return folder


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the stored settings of a run."""
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
