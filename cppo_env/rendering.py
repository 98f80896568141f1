"""An episode as text for people."""

from __future__ import annotations

import re
import textwrap
from string import ascii_uppercase

from cppo_env.types import Episode

WIDTH = 100
STATEMENT_CHARS = 800
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""An untrusted text, made unable to move a terminal's cursor or change its direction.

    Control characters become escapes such as `\x1b`; tabs and line ends stay.
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def cut(text: str, most: int) -> str:
    """The beginning of a long text, with the number of characters that are left out."""
    more = len(text) - most
    return text if more <= 0 else f"{text[:most]}\n… {more:,} more characters"


def render_text(episode: Episode, reward: float) -> str:
    """Problem, methods, ruling, verdicts and rewards, as far as the episode has come."""
    problem = episode.problem
    statement = textwrap.shorten(problem.statement, STATEMENT_CHARS, placeholder=" …")
    lines = [f"── {problem.id} ──", *textwrap.wrap(statement, WIDTH)]
    for number, method in enumerate(episode.methods):
        verdict = f"[{episode.reports[number].verdict}] " if episode.reports else ""
        lines.append(
            f"{ascii_uppercase[number]}: "
            f"{verdict}{textwrap.shorten(method, WIDTH, placeholder=' …')}"
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
