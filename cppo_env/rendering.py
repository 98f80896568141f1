"""An episode as text for people."""

from __future__ import annotations

import textwrap
from string import ascii_uppercase

from cppo_env.types import Episode

WIDTH = 100
STATEMENT_CHARS = 800


def render_text(episode: Episode, reward: float) -> str:
    """Problem, methods, ruling, verdicts and rewards, as far as the episode has come."""
    problem = episode.problem
    statement = textwrap.shorten(problem.statement, STATEMENT_CHARS, placeholder=" …")
    lines = [f"── {problem.id} ──", *textwrap.wrap(statement, WIDTH)]
    for number, method in enumerate(episode.methods):
        verdict = f"[{episode.reports[number].verdict}] " if episode.reports else ""
        lines.append(
            f"{ascii_uppercase[number]}: {verdict}{textwrap.shorten(method, WIDTH, placeholder=' …')}"
        )
    if episode.ruling is not None:
        lines.append(
            "gate: accepted"
            if episode.ruling.accepted
            else f"gate: refused, {episode.ruling.reason}"
        )
    if episode.void:
        lines.append("void: the judge or the sandbox failed; this episode counts for nothing")
    elif episode.reports:
        lines.append(f"R_out {episode.r_out:g}, planner's reward {reward:g}")
    return "\n".join(lines)
