"""Under which id a service knows a run, so that a resumed run goes on there."""

from __future__ import annotations

import secrets
from pathlib import Path


def identity(folder: Path, service: str) -> str:
    """The id in `RUN/SERVICE-id`, made at the first call."""
    name = folder / f"{service}-id"
    if not name.exists():
        name.write_text(secrets.token_hex(4))
    return name.read_text()
