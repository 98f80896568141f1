"""Values of single tokens, where a run has recorded them (`--tokens_every`)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from cppo_grpo.runs.tokens import FOLDER, EpisodeTokens, SequenceTokens, read_tokens

from cppo_env.rendering import printable

MOST = 20_000
"""Tokens of a sequence that a page shows; the rest is counted."""


def of_file(run: Path, file: str) -> dict[tuple[str, int], EpisodeTokens]:
    """Problem and number of an episode → its tokens, for those that are recorded.

    Raises:
        ValueError: the file is damaged.
    """
    path = run / FOLDER / f"{file}.jsonl.gz"
    if not path.is_file():
        return {}
    return _read(run, file, path.stat().st_mtime_ns)


def of_file_if_whole(run: Path, file: str) -> dict[tuple[str, int], EpisodeTokens]:
    """The same; none of a damaged file, which the page of an episode speaks of."""
    try:
        return of_file(run, file)
    except ValueError:
        return {}


@lru_cache(maxsize=8)
def _read(run: Path, file: str, _: int) -> dict[tuple[str, int], EpisodeTokens]:
    try:
        return {(one.problem_id, one.episode): one for one in read_tokens(run, file)}
    except (TypeError, KeyError) as error:
        raise ValueError(f"{FOLDER}/{file}.jsonl.gz: {error}; expected token values") from error


def shown(episode: EpisodeTokens) -> dict[str, Any]:
    """What the page draws: texts with nothing that hides, and the values of each kind."""
    return {"sequences": [_sequence(one) for one in episode.sequences]}


def _sequence(one: SequenceTokens) -> dict[str, Any]:
    gap = None
    if one.trainer is not None:
        gap = [mine - drawn for mine, drawn in zip(one.trainer, one.sampler, strict=True)]
    title = "plan" if one.branch is None else f"program {chr(ord('A') + one.branch)}"
    kinds = {"log-prob": one.sampler, "entropy": one.entropy, "sampler gap": gap}
    return {
        "title": title,
        "region": "planner" if one.region == "plan" else "solver",
        "advantage": one.advantage,
        "trained": one.trained,
        "pieces": [printable(piece) for piece in one.pieces[:MOST]],
        "more": max(0, len(one.pieces) - MOST),
        "values": {name: values and values[:MOST] for name, values in kinds.items()},
    }
