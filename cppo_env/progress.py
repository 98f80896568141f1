"""How commands show that they go on: one rule for all of them, `--progress`.

auto    a live line on a terminal, a line now and then elsewhere
plain   a line now and then, whatever the output is
json    standard output holds JSON lines and nothing else, one for every step of the work
none    nothing but warnings and errors

Processes that a command starts follow the same rule, which they read from the environment.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

from cppo_env.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

Kind = Literal["auto", "plain", "json", "none"]
KINDS: tuple[Kind, ...] = "auto", "plain", "json", "none"
VARIABLE = "CPPO_PROGRESS"


_out: TextIO | None = None
"""Standard output, once what is printed goes nowhere."""


def kind() -> Kind:
    """The rule in force.

    Raises:
        UsageError: the environment variable names none.
    """
    given = os.environ.get(VARIABLE) or "auto"
    if given not in KINDS:
        raise UsageError(f"{VARIABLE}: got {given!r}, expected one of {', '.join(KINDS)}")
    return given


def follow(wanted: Kind) -> None:
    """Follow a rule from now on; with json and none, what is printed goes nowhere."""
    global _out
    os.environ[VARIABLE] = wanted
    if wanted in ("json", "none"):
        _out = sys.stdout
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends


def live(console: Console) -> bool:
    """Whether a console shows a line that changes."""
    return kind() == "auto" and console.is_terminal and not console.is_dumb_terminal


def lines(console: Console) -> bool:
    """Whether a line is printed now and then."""
    return kind() in ("auto", "plain") and not live(console)


def tell(event: str, /, **values: Any) -> None:
    """Write a JSON line, where the rule asks for them; the first of several processes does."""
    out = _out or sys.stdout
    if os.environ.get(VARIABLE) != "json" or os.environ.get("RANK", "0") != "0":
        return
    said = {"event": event, "time": round(time.time(), 3), **_finite(values)}
    out.write(json.dumps(said, default=str) + "\n")
    out.flush()


def told_by_another() -> bool:
    """Whether this is one of several processes, whose end the one that started them tells."""
    return "RANK" in os.environ


def _finite(value: Any) -> Any:
    """A value without numbers that JSON does not know."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in cast(dict[str, Any], value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
