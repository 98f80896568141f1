"""Ids for problems of sets that give none."""

from __future__ import annotations

import hashlib


def content_id(origin: str, statement: str) -> str:
    """An id that depends on the statement only: the same in every file and order of the set."""
    digest = hashlib.sha256(statement.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{origin or 'problem'}-{digest[:12]}"
