"""Corpora of model text: a Markdown file for each case, with what must be read from it.

    Whose style it is and what it shows.

    <!-- k: 4 -->               K, where it is not 4
    <!-- truncated -->          the answer was cut off
    <!-- text -->               what the model wrote, up to the next mark
    <!-- methods -->            one method a line; or <!-- refused -->, with a part of the reason
    <!-- program -->            the program; or <!-- none -->, with a part of the reason
    <!-- answer -->            a value that equals the stated answer; or <!-- none -->
    <!-- prints -->             what the program prints, without any input
    <!-- verdict: CE -->        where the program does not run

`<!-- text, escapes -->` and `<!-- program, escapes -->` hold \\uXXXX, \\xXX, \\r, \\t, \\f and \\v.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

MARK = re.compile(
    r"<!-- (k|truncated|text|methods|refused|program|answer|none|prints|verdict)"
    r"(?:: (\w+))?(, escapes)? -->\n"
)

ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[rtfv])")


@dataclass(frozen=True)
class Case:
    """One text, and what must be read from it."""

    name: str
    text: str
    k: int = 4
    truncated: bool = False
    methods: tuple[str, ...] = ()
    """None if the plan must be refused."""
    program: str | None = None
    """None if there is none."""
    answer: str | None = None
    reason: str = ""
    """A part of the reason why there is nothing."""
    prints: str = ""
    verdict: str = "AC"


def cases(folder: str) -> list[Case]:
    """The cases of a folder beside this file."""
    return [read_case(path) for path in sorted((HERE / folder).glob("*.md"))]


def read_case(path: Path) -> Case:
    """The case of a file."""
    _, *parts = MARK.split(path.read_bytes().decode().removesuffix("\n") + "\n")
    sections = {}
    for mark, value, escapes, body in zip(*(iter(parts),) * 4, strict=True):
        body = body.removesuffix("\n")
        if escapes:
            body = ESCAPE.sub(lambda found: found[0].encode().decode("unicode-escape"), body)
        sections[mark] = value if value is not None else body
    assert "text" in sections, path
    assert len(sections.keys() & {"methods", "refused", "program", "answer", "none"}) == 1, path
    return Case(
        name=path.stem,
        text=sections["text"],
        k=int(sections.get("k", 4)),
        truncated="truncated" in sections,
        methods=tuple(sections["methods"].split("\n")) if "methods" in sections else (),
        program=sections.get("program"),
        answer=sections.get("answer"),
        reason=sections.get("refused", sections.get("none", "")).strip(),
        prints=sections.get("prints", ""),
        verdict=sections.get("verdict", "AC"),
    )
