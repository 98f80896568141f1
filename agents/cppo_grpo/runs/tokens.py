"""`tokens/STEP.jsonl.gz` of a run: values of single tokens, of a few episodes of a step."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.atomic import write_atomically

FOLDER = "tokens"


@dataclass(frozen=True, slots=True)
class SequenceTokens:
    """One sampled sequence, token by token."""

    region: str
    """plan, or solve."""
    branch: int | None
    """Of a program: which of the K."""
    advantage: float
    """Of the whole sequence, before the weight of its region."""
    trained: bool
    """Whether the update learned from it."""
    pieces: list[str]
    """The text that each token adds."""
    sampler: list[float]
    """The log-prob with which each token was drawn."""
    trainer: list[float] | None
    """Its log-prob in the trainer before the update; None where the weights are divided among
    processes."""
    entropy: list[float] | None
    """Entropy of the distribution that it was drawn from, in nats, in the trainer."""


@dataclass(frozen=True, slots=True)
class EpisodeTokens:
    """The sequences of one episode: its plan, and its K programs."""

    problem_id: str
    episode: int
    """Number among the problem's episodes of the step, as in its record."""
    sequences: list[SequenceTokens]


def write_tokens(run: Path, name: str, episodes: Iterable[EpisodeTokens]) -> None:
    """Write the file of a step."""
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    lines = "".join(json.dumps(dataclasses.asdict(one)) + "\n" for one in episodes)
    write_atomically(folder / f"{name}.jsonl.gz", gzip.compress(lines.encode(), mtime=0))


def read_tokens(run: Path, name: str) -> list[EpisodeTokens]:
    """The episodes of a step with values of their tokens; none if there is no such file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = gzip.decompress((run / FOLDER / f"{name}.jsonl.gz").read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, EOFError) as error:
        raise ValueError(f"{FOLDER}/{name}.jsonl.gz: {error}") from error
    episodes: list[EpisodeTokens] = []
    for line in content.splitlines():
        values: dict[str, Any] = json.loads(line)
        sequences = [SequenceTokens(**one) for one in values.pop("sequences")]
        episodes.append(EpisodeTokens(**values, sequences=sequences))
    return episodes
