"""The settings of `cppo gate label | train | calibrate | check`, and the file of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cppo_env.engine import check_k
from cppo_env.errors import UsageError
from cppo_env.judges import check_judge
from cppo_env.plugins import suggest
from cppo_env.problems.records import shown
from cppo_grpo.ranges import above_0, at_least_0, at_least_1, require, shape, threads
from cppo_grpo.recipe.corruptions import KINDS
from cppo_grpo.recipe.json_lines import read_lines
from cppo_grpo.recipe.problems import WithProblems

WHAT = '{"problem_id", "methods": [texts], "label": 0 or 1, "kind"}'


@dataclass(frozen=True, slots=True)
class Label:
    """A tuple and whether it is valid."""

    problem_id: str
    methods: tuple[str, ...]
    valid: bool
    kind: str
    """"valid", the corruption that made it invalid, or who said so."""


def read_labels(file: Path) -> list[Label]:
    """The labels of a file.

    Raises:
        UsageError: it cannot be read, a line is no label, all labels are of one class, or a tuple
            has both.
    """
    labels: list[Label] = []
    for number, row in read_lines(file, WHAT):
        match row:
            case {
                "problem_id": str(problem_id),
                "methods": [*methods],
                "label": 0 | 1 as label,
            } if all(isinstance(one, str) for one in methods):
                texts: tuple[str, ...] = tuple(methods)
                labels.append(Label(problem_id, texts, bool(label), str(row.get("kind", ""))))
            case _:
                raise UsageError(f"{file}:{number}: {_fault(row)}, expected {WHAT}")
    valid = sum(one.valid for one in labels)
    if valid in (0, len(labels)):
        raise UsageError(
            f"{file}: all {len(labels)} labels are {'valid' if valid else 'invalid'}; a gate needs "
            "both classes"
        )
    sides: dict[tuple[str, tuple[str, ...]], bool] = {}
    for number, one in enumerate(labels, start=1):
        if sides.setdefault((one.problem_id, one.methods), one.valid) is not one.valid:
            raise UsageError(
                f"{file}: label {number} calls a tuple of {one.problem_id} "
                f"{'valid' if one.valid else 'invalid'} that an earlier one calls the opposite; "
                "keep one of them"
            )
    return labels


def _fault(row: dict[str, Any]) -> str:
    """What keeps a line from being a label."""
    lacking = [name for name in ("problem_id", "methods", "label") if name not in row]
    if lacking:
        return f"got {shown(row)} without {lacking[0]!r}"
    if row["label"] not in (0, 1):
        return f"label: got {shown(row['label'])}"
    name = "methods" if isinstance(row["problem_id"], str) else "problem_id"
    return f"{name}: got {shown(row[name])}"


def balanced(labels: Sequence[Label], seed: int) -> list[Label]:
    """As many valid as invalid ones of each problem; the others are drawn out."""
    from random import Random

    random, kept = Random(f"{seed}/balance"), list[Label]()
    by_problem: dict[str, list[Label]] = {}
    for one in labels:
        by_problem.setdefault(one.problem_id, []).append(one)
    for mine in by_problem.values():
        sides = [[one for one in mine if one.valid is side] for side in (True, False)]
        count = min(map(len, sides))
        for side in sides:
            kept += random.sample(side, count)
    return kept


@dataclass(frozen=True, slots=True)
class LabelConfig(WithProblems):
    """Settings of `cppo gate label`."""

    output: Path
    """New file of labels, JSON lines."""
    tuples: tuple[str, ...] = ()
    """Files of valid tuples. Default: the named references of the problem set."""
    by: Literal["corruptions", "judge"] = "corruptions"
    """"corruptions": the tuples are valid, and invalid ones are made of them. "judge": the judge
    labels the tuples and their corruptions."""
    judge: str = "llm"
    """Judge that labels (docs/gates.md)."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge."""
    per_problem: int = 8
    """Valid tuples of each problem that are made from its named references, and as many invalid
    ones."""
    kinds: tuple[str, ...] = ()
    """Corruptions to use. Default: all of them."""
    k: int = 4
    """K: methods of a tuple."""
    seed: int = 0
    """Decides the draws."""

    def check(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UsageError: names the setting.
        """
        self.check_what()
        if not self.output.parent.is_dir():
            raise UsageError(f"output: there is no folder {self.output.parent}")
        if self.output.exists():
            raise UsageError(
                f"output: {self.output} exists, expected a new file; give another name"
            )

    def check_what(self) -> None:
        """Refuse settings that cannot work, wherever the labels go.

        Raises:
            UsageError: names the setting.
        """
        check_k(self.k)
        require(self, ("k",), lambda value: value > 1, "2 or more: a corruption repeats a method")
        at_least_1(self, "per_problem")
        for kind in self.kinds:
            if kind not in KINDS:
                raise UsageError(f"kinds: got {kind!r}; {suggest(kind, [*KINDS])}")
        if self.by == "judge":
            check_judge(self.judge, self.judge_options)


@dataclass(frozen=True, slots=True)
class GateTrainConfig(WithProblems):
    """Settings of `cppo gate train`."""

    labels: Path = field(default=Path(), metadata={"positional": True})
    """File of labels (`cppo gate label`); a resumed run knows its own."""
    model: str | None = None
    """Folder or hub name of the base model. Default: a tiny model made from scratch."""
    rubric: str | None = None
    """File of another rubric (docs/gates.md)."""
    run: Path | None = None
    """Run folder; the gate is its `model/`. Default: a new one under `runs/`."""
    resume: Path | None = None
    """Go on with the run in this folder, with its stored settings."""
    held_out: float = 0.2
    """Share of the problems whose labels are held out, for the choice of epoch and the figures."""
    epochs: int = 5
    """Passes over the training labels; the best one by average precision is kept."""
    batch: int = 16
    """Labels of an optimizer step."""
    lr: float = 1e-5
    """Peak learning rate; 1e-5 suits a pretrained model, 3e-3 one made from scratch."""
    weight_decay: float = 0.01
    """Weight decay of AdamW."""
    micro_batch: int = 8
    """Labels of a forward and backward pass."""
    max_tokens: int = 4096
    """Longer questions are left out and counted."""
    recall: float = 0.9
    """τ is the largest threshold with this recall on the held-out labels."""
    hidden: int = 64
    """Width of a model made from scratch."""
    layers: int = 2
    """Layers of a model made from scratch."""
    seed: int = 0
    """Seeds a new model, the split, the balance and the order."""
    threads: int = 1
    """CPU threads."""
    given: frozenset[str] | None = field(default=None, compare=False, metadata={"given": True})
    """Names of the settings that the command was given."""

    def check(self) -> None:
        """Refuse settings that cannot run.

        Raises:
            UsageError: names the setting.
        """
        if self.labels == Path() and self.resume is None:
            raise UsageError(
                "labels: got none, expected the file of labels that cppo gate label wrote, or "
                "--resume RUN"
            )
        at_least_1(self, "epochs", "batch", "micro_batch", "max_tokens")
        shape(self)
        threads(self)
        at_least_0(self, "weight_decay", "seed")
        above_0(self, "lr")
        require(self, ("held_out",), lambda value: 0 <= value < 1, "0 to below 1")
        _check_recall(self)


@dataclass(frozen=True, slots=True)
class GateConfig(WithProblems):
    """Settings of `cppo gate calibrate` and `cppo gate check`."""

    gate: Path
    """Folder of the gate: `model/` of a run of cppo gate train."""
    labels: Path
    """File of labels that the gate was not trained on."""
    recall: float = 0.9
    """`calibrate`: τ is the largest threshold with this recall."""
    plot: Path | None = None
    """File for the curves (SVG). Default: `gate.svg` in the gate's folder for `calibrate`, none for
    `check`."""
    seed: int = 0
    """Seeds the bootstrap."""

    def check(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UsageError: names the setting.
        """
        at_least_0(self, "seed")
        _check_recall(self)
        if self.plot is not None and not self.plot.parent.is_dir():
            raise UsageError(f"plot: there is no folder {self.plot.parent}; make it first")


def _check_recall(config: GateTrainConfig | GateConfig) -> None:
    require(config, ("recall",), lambda value: 0 < value <= 1, "more than 0 and at most 1")
