"""Folders of weights that are there whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from cppo_env.errors import CppoError


@contextmanager
def whole_folder(target: Path) -> Generator[Path]:
    """A new folder to write into, which replaces `target` at the end; its files are as readable as any others.

    Raises:
        CppoError: the disk takes no more; what was written is deleted, and what was there stays.
    """
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        mask = os.umask(0)
        os.umask(mask)
        for file in partial.glob("*.safetensors"):  # safetensors makes them private
            file.chmod(0o666 & ~mask)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CppoError(
            f"cannot write {target} ({error}); free some space or give the right to write, and go on with --resume"
        ) from error
