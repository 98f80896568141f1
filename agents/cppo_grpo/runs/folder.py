"""A run is a folder.

prompts/                 the templates of its prompts
config.json              the settings, and under `recorded` versions, machine, sandbox and problems
metrics.jsonl            one row a step and an evaluation (docs/metrics.md)
rollouts/step-*.jsonl    the episodes of each step; before.jsonl, eval-*.jsonl (during training) and
                         after.jsonl: the evaluations
reference/               model and tokenizer that CPPO started from, as transformers reads them
checkpoints/             see `cppo_grpo.runs.checkpoints`
tokens/                  values of single tokens (`--tokens_every`; see `cppo_grpo.runs.tokens`)
model/                   the trained model and tokenizer, as transformers reads them
adapter/                 what LoRA learnt, as peft reads it; it is merged into `model/`
report.html              see `cppo_grpo.reports.run`
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.prompts import Prompts, load_prompts
from cppo_env.provenance import RECORDED, require_same_problems
from cppo_env.records import EpisodeRecord, read_records
from cppo_grpo.changes import changes
from cppo_grpo.checks import check
from cppo_grpo.config import NOT_STORED, TrainConfig
from cppo_grpo.runs.log import MetricsLog

OF_THE_CALL = (*NOT_STORED, "allow_untrusted_sandbox")
"""Settings that apply to this call only."""

PROMPTS = "prompts"

CHANGEABLE = (
    *("steps", "stop_at", "eval_patience", "final_weights", "keep_checkpoints"),
    *("log_to", "log_episodes_every", "tokens_every"),
    *("sandbox", "sandbox_options", "sampler_options"),
)
"""Settings that a resumed run may change: its length, its resources and which of its weights it
keeps, never what it learns."""


class Run:
    """The folder of a run and its stored settings.

    Only one of several processes writes: for the others the folder is not `writable`, and what they
    report is dropped.
    """

    def __init__(self, path: Path, config: TrainConfig, *, writable: bool = True):
        self.path, self.config, self.writable = path, config, writable
        self.log = MetricsLog(path / "metrics.jsonl", writable=writable)
        self.episode_listeners: list[Callable[[str, Sequence[EpisodeRecord]], None]] = []
        """Told of every file of episodes: its name, and what it holds."""
        self.reference, self.model, self.adapter = (
            path / "reference",
            path / "model",
            path / "adapter",
        )
        self.checkpoints = path / "checkpoints"

    @classmethod
    def open(cls, config: TrainConfig) -> Run:
        """Start the run that `config` describes, or find the one that it resumes.

        A run that failed before it had an initial model may start again with other settings. A
        resumed run
        keeps its settings, except those in `CHANGEABLE`.

        Raises:
            UsageError: the folder already holds a run, holds none to resume, or holds one with
                other
                settings.
        """
        if config.resume is not None:
            return cls.find(config.resume)._continued(config)
        check(config)
        path = config.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-seed{config.seed}"
        if (path / "reference").exists():
            raise UsageError(
                f"run: {path} already holds a run; go on with it (--resume {path}) or give "
                "another folder"
            )
        words = load_prompts(config.prompts)
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, config)
        words.save(run.path / PROMPTS)
        run._store(config, [])
        return run

    @classmethod
    def find(cls, path: Path, *, writable: bool = True) -> Run:
        """The run in a folder.

        Raises:
            UsageError: the folder holds none.
        """
        file = path / "config.json"
        if not file.exists():
            raise UsageError(
                f"{path} holds no run (no config.json); expected a folder that `cppo train` or "
                "`run` made"
            )
        if (path / "rollouts" / "episodes.jsonl").exists():
            raise UsageError(
                f"{path} holds an evaluation, expected a training run; its figures are shown by "
                "the "
                "cppo eval that made it, given again with the same --run"
            )
        try:
            config = TrainConfig.from_json(file.read_text())
        except (ValueError, TypeError) as error:
            raise UsageError(f"{file}: {error}; expected the settings of a training run") from error
        return cls(path, config, writable=writable)

    def _continued(self, call: TrainConfig) -> Run:
        """The run with the changed settings of a resumed run; refuses those that cannot change."""
        stored = self.config
        if call.algorithm_name == stored.algorithm_name:
            # The folder holds the name of a function, and not every function can be found by it.
            stored = replace(stored, algorithm=call.algorithm)
        changed = {
            name: value
            for name, value in changes(call).items()
            if name not in OF_THE_CALL and value != getattr(stored, name)
        }
        for name, value in changed.items():
            if name not in CHANGEABLE:
                raise UsageError(
                    f"{name}: got {value!r}, but {self.path} runs with "
                    f"{getattr(self.config, name)!r}, and a resumed "
                    f"run keeps its settings, except {', '.join(CHANGEABLE)}; leave it out, or "
                    "start a new run from "
                    f"{self.model}"
                )
        config = replace(stored, **changed)
        check(config)
        taken = len(self.log.rows("joint"))
        if "steps" in changed and config.steps < taken:
            raise UsageError(
                f"steps: got {config.steps}, but {self.path} has taken {taken}; give more, or none"
            )
        if changed:
            self._store(config, self.recorded)
        return Run(self.path, config)

    @cached_property
    def prompts(self) -> Prompts:
        """The words of its prompts; the run's copies, whatever became of the originals."""
        copies = self.path / PROMPTS
        return load_prompts(str(copies) if copies.exists() else self.config.prompts)

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """The provenance of the run at its start, and wherever it continued elsewhere."""
        return json.loads((self.path / "config.json").read_text()).get(RECORDED, [])

    def record(self, provenance: dict[str, Any]) -> None:
        """Store the provenance of the next steps, if it has changed.

        Raises:
            UsageError: the problems differ from those of the run so far.
        """
        require_same_problems(self.recorded, provenance, self.path)
        if self.writable and provenance not in (recorded := self.recorded):
            self._store(self.config, [*recorded, provenance])

    def _store(self, config: TrainConfig, recorded: list[dict[str, Any]]) -> None:
        content = json.loads(config.to_json()) | {RECORDED: recorded}
        write_atomically(self.path / "config.json", json.dumps(content, indent=2) + "\n")

    def forget(self) -> None:
        """Delete the folder of a run that failed before it held any results."""
        if self.writable and not self.reference.exists() and not self.log.rows():
            self.log.path.unlink(missing_ok=True)
            (self.path / "config.json").unlink(missing_ok=True)
            shutil.rmtree(self.path / PROMPTS, ignore_errors=True)
            if not any(self.path.iterdir()):
                self.path.rmdir()

    def write_episodes(self, name: str, records: list[EpisodeRecord]) -> None:
        """Write `rollouts/NAME.jsonl`, numbering the episodes of each problem from 0."""
        if not self.writable:
            return
        file = self.path / "rollouts" / f"{name}.jsonl"
        file.parent.mkdir(exist_ok=True)
        met: Counter[str] = Counter()
        numbered: list[EpisodeRecord] = []
        for record in records:
            numbered.append(replace(record, episode=met[record.problem_id]))
            met[record.problem_id] += 1
        write_atomically(file, "".join(record.to_json() + "\n" for record in numbered))
        for listener in self.episode_listeners:
            listener(name, numbered)

    def read_episodes(self, name: str) -> list[EpisodeRecord]:
        """The episodes of `rollouts/NAME.jsonl`; none if there is no such file."""
        file = self.path / "rollouts" / f"{name}.jsonl"
        return read_records(file) if file.exists() else []
