"""Messages about an exception that fails one job: its verdict is IE, the others go on."""

from __future__ import annotations

from cppo_env.errors import CppoError

_CHARACTERS = 500


def told(error: BaseException, what: str) -> str:
    """One line for people: `what` went wrong, and the exception."""
    try:
        reason = str(error)
    except Exception:  # its own text fails: its name has to do
        reason = "(its text cannot be read)"
    name = "" if isinstance(error, CppoError) else f"{type(error).__name__}: "
    return f"{what}: {name}{' '.join(reason.split())}"[:_CHARACTERS]
