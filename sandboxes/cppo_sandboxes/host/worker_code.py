"""Send the worker's code to where it runs: an image needs only python3."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cppo_sandboxes.worker import bundle


@cache
def _sources() -> dict[str, str | bytes]:
    """Module name, as the worker knows it → source text."""
    folder = Path(__file__).parents[1] / "worker"
    texts: dict[str, str | bytes] = {
        f"cppo_worker.{path.stem}": path.read_text(encoding="utf-8") for path in folder.glob("*.py")
    }
    return {**texts, "cppo_worker": texts.pop("cppo_worker.__init__")}


def opening(options: dict[str, Any]) -> bytes:
    """The bytes that start a worker with these options (see `cppo_sandboxes.worker.hub`)."""
    return bundle.opening(_sources(), "cppo_worker.hub", options)
