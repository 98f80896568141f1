"""`cppo problems download`: a published set from the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cppo_env.problems.files.hub import SETS, download
from cppo_env.types import MIB


@dataclass(frozen=True)
class DownloadConfig:
    """Options of `cppo problems download`."""

    name: str
    """Name of the set: apps (1.4 GB), code_contests (2 to 3 GB), livecodebench (4 GB), deepcoder,
    codeforces, code_contests_plus, aethercode, taco, prime_intellect, humaneval_plus, mbpp_plus,
    gsm8k, hendrycks_math."""
    only: str | None = None
    """Pattern of the files to fetch, such as "data/valid*" or "test6.jsonl". Default: all."""
    folder: Path | None = None
    """Target folder. Default: the folder of the set in $CPPO_DATA or the cache."""
    endpoint: str | None = None
    """Address of the hub. Default: $HF_ENDPOINT, or the public hub."""


def download_problems(config: DownloadConfig) -> dict[str, Any]:
    """Fetch a published problem set at its pinned revision; resumes partial downloads."""
    done = download(config.name, only=config.only, folder=config.folder, endpoint=config.endpoint)
    console = Console()
    for path, checksum in done.sha256.items():
        console.print(f"{path}  sha256 {checksum}", highlight=False, soft_wrap=True)
    size = f"{len(done.sha256)} files, {done.bytes / MIB:.1f} MiB, all as published"
    console.print(f"{size} → {done.folder}", soft_wrap=True)
    console.print(f"cppo problems import {config.name} makes one store of them that opens at once")
    licence = SETS[config.name].licence
    console.print(f"commit {done.revision}; licence: {licence}", soft_wrap=True)
    return {
        "folder": str(done.folder),
        "revision": done.revision,
        "licence": licence,
        "sha256": done.sha256,
        "bytes": done.bytes,
    }
