"""Labels for a gate: valid tuples, their corruptions, or what a judge says of both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from cppo_env.atomic import write_atomically
from cppo_env.errors import CppoError, UsageError
from cppo_env.judges import make_judge
from cppo_env.judges.wording import likeness
from cppo_env.protocols import ProblemSet
from cppo_env.roles import rule
from cppo_env.types import Problem
from cppo_grpo.recipe.corruptions import KINDS, Material
from cppo_grpo.recipe.gate import Label, LabelConfig
from cppo_grpo.recipe.gold import read_tuples, with_problems
from cppo_grpo.recipe.named import named_tuple

SAME_TASK = 0.5
"""Problems whose statements are as alike as this share their methods, so none is off topic."""


def make_labels(config: LabelConfig, problems: ProblemSet) -> list[Label]:
    """As many invalid tuples as valid ones, of the same problems.

    Raises:
        UsageError: there is no valid tuple.
        CppoError: the judge that labels failed on everything.
    """
    random = Random(f"{config.seed}/labels")
    kinds = config.kinds or tuple(KINDS)
    valid = _valid(config, problems, random)
    if not valid:
        raise UsageError(
            f"labels: the set has no problem with {config.k} named references; give --tuples, "
            "another set, or a lower --k"
        )
    everything = [(problem, method) for problem, methods, _ in valid for method in methods]
    made: list[tuple[Problem, Label]] = []
    for number, (problem, methods, programs) in enumerate(valid):
        drawn = random.sample(everything, min(40, len(everything)))
        others = [
            text
            for other, text in drawn
            if text not in methods and not _same_task(other.statement, problem.statement)
        ]
        kind = kinds[number % len(kinds)]
        if kind == "off_topic" and not others:
            kind = "filler"  # every method of this set is on topic
        corrupted = KINDS[kind](Material(methods, programs, others), random)
        made.append((problem, Label(problem.id, methods, True, "valid")))
        made.append((problem, Label(problem.id, corrupted, False, kind)))
    if config.by == "corruptions":
        return [label for _, label in made]
    return _judged(config, made)


@lru_cache(maxsize=1 << 16)
def _same_task(first: str, second: str) -> bool:
    """Whether two statements are so alike; tuples meet the same few again and again."""
    return likeness(first, second) >= SAME_TASK


def write_labels(config: LabelConfig, labels: Sequence[Label]) -> dict[str, Any]:
    """Write the file whole, and count."""
    rows = [
        {
            "problem_id": one.problem_id,
            "methods": list(one.methods),
            "label": int(one.valid),
            "kind": one.kind,
        }
        for one in labels
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_atomically(config.output, text)
    kinds = sorted({one.kind for one in labels})
    return {
        "output": str(config.output),
        "labels": len(labels),
        "valid": sum(one.valid for one in labels),
        "problems": len({one.problem_id for one in labels}),
        "kinds": {kind: sum(one.kind == kind for one in labels) for kind in kinds},
    }


def _valid(
    config: LabelConfig, problems: ProblemSet, random: Random
) -> list[tuple[Problem, tuple[str, ...], Sequence[str]]]:
    if config.tuples:
        gold = with_problems(read_tuples(config.tuples, config.k), problems, "tuples")
        return [
            (problem, one.methods, [*filter(None, one.programs), *problem.references])
            for problem, one in gold
        ]
    found: list[tuple[Problem, tuple[str, ...], Sequence[str]]] = []
    for index in range(len(problems)):
        problem = problems[index]
        for _ in range(config.per_problem):
            if (named := named_tuple(problems, index, config.k, random)) is None:
                break
            found.append((problem, *named))
    return found


def _judged(config: LabelConfig, made: Sequence[tuple[Problem, Label]]) -> list[Label]:
    """Each tuple once, with the judge's label; those on which it failed are left out."""
    made = list({(one.problem_id, one.methods): (problem, one) for problem, one in made}.values())
    judge = make_judge(config.judge, config.judge_options)
    rulings = rule(judge, [(problem, label.methods) for problem, label in made])
    labels = [
        Label(label.problem_id, label.methods, ruling.accepted, label.kind)
        for (_, label), ruling in zip(made, rulings, strict=True)
        if not ruling.void
    ]
    if not labels:
        raise CppoError(f"labels: the judge failed on all {len(made)} tuples: {rulings[0].reason}")
    return labels
