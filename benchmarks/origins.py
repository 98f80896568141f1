"""Where the runs of a benchmark come from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cppo_env.provenance import RECORDED


def origins(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Versions, commit, machine and sandbox of these runs, each once."""
    found: list[dict[str, Any]] = []
    for folder in folders:
        for one in json.loads((folder / "config.json").read_text())[RECORDED]:
            told = {name: value for name, value in one.items() if name != "problems"}
            if told not in found:
                found.append(told)
    return found
