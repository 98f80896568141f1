"""Messages about an exception that fails one job: its verdict is IE, the others go on."""

from __future__ import annotations

from cppo_env.errors import CppoError

_CHARACTERS = 500


def told(error: BaseException, what: str) -> str:
    """One line for people: `what` went wrong, and the exception."""
    return f"{what}: {reason_of(error)}"[:_CHARACTERS]


def reason_of(error: BaseException) -> str:
    """The exception on one line; an error of this project needs no type."""
    try:
        text = str(error)
    except Exception:  # its own text fails: its name has to do
        text = "(its text cannot be read)"
    name = "" if isinstance(error, CppoError) else f"{type(error).__name__}: "
    return f"{name}{' '.join(text.split())}"[:_CHARACTERS]
