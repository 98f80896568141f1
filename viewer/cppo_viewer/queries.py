"""What a search asks for, as SQL: its filters, its words and its order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.types import Verdict

ORDERS = {
    "as played": "{id}",
    "newest first": "{id} DESC",
    "most CPU time": "cpu_s DESC, {id}",
    "most tokens": "tokens DESC, {id}",
}
"""Order of a search → its SQL, with the column that numbers the episodes."""


def page_of(given: Mapping[str, str]) -> int:
    """The page that was asked for; the first one where that is no number of a page."""
    number = given.get("page", "")
    return max(1, int(number)) if re.fullmatch(r"[0-9]{1,9}", number) else 1


def ordering(order: str, number: str = "id") -> str:
    """The SQL of an order.

    Raises:
        UsageError: there is no such order.
    """
    if order not in ORDERS:
        raise UsageError(f"order: got {order!r}, expected one of {', '.join(ORDERS)}")
    return ORDERS[order].format(id=number)


def conditions(filters: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The SQL condition of some filters, and its values.

    Raises:
        UsageError: a filter cannot be understood.
    """
    found: list[str] = []
    values: list[Any] = []

    def add(condition: str, *given: Any) -> None:
        found.append(condition)
        values.extend(given)

    for name, value in filters.items():
        if not value.strip():
            continue
        if name == "q":
            add("texts MATCH ?", _query(value))
        elif name == "problem":
            add("instr(problem, ?)", value)
        elif name == "file":
            add("file = ?", value)
        elif name == "verdict":
            known = [verdict.value for verdict in Verdict]
            if value not in known:
                raise UsageError(f"verdict: got {value!r}, expected one of {', '.join(known)}")
            add("instr(' ' || verdicts || ' ', ?)", f" {value} ")
        elif name in ("solved", "accepted", "void", "unreadable", "twice"):
            if value not in ("yes", "no"):
                raise UsageError(f"{name}: got {value!r}, expected yes or no")
            column = "correct > 0" if name == "solved" else name
            add(column if value == "yes" else f"NOT ({column})")
        elif name in ("min_reward", "max_reward"):
            try:
                add(f"reward {'>=' if name == 'min_reward' else '<='} ?", float(value))
            except ValueError:
                raise UsageError(f"{name}: got {value!r}, expected a number") from None
        else:
            raise UsageError(f"there is no filter {name!r}")
    return ("WHERE " + " AND ".join(found) if found else ""), values


def _query(text: str) -> str:
    """Words and "phrases", all of which must occur, in the search's own language."""
    found = phrases(text)
    if not found:
        raise UsageError(f"q: got {text!r}, expected at least one word")
    return " ".join(f'"{phrase}"' for phrase in found)


def phrases(text: str) -> list[str]:
    """The words and the "phrases" of a search."""
    parts = re.findall(r'"([^"]*)"|(\S+)', text.replace("\0", " "))
    found = [phrase or word.replace('"', "") for phrase, word in parts]
    return [phrase for phrase in found if re.search(r"\w", phrase)]
