"""Write folders of weights whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cppo_agents.models.quiet import no_progress_bars
from safetensors import SafetensorError

from cppo_env.errors import CppoError


@contextmanager
def whole_folder(target: Path) -> Generator[Path]:
    """A new folder to write into, which replaces `target` at the end.

    Its files get the default permissions.

    Raises:
        CppoError: writing failed, for example on a full disk. The partial folder is deleted and the
            old one stays.
    """
    no_progress_bars()
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
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        # tokenizers raises a bare Exception for what the system refuses.
        if not isinstance(error, OSError | SafetensorError) and "(os error" not in str(error):
            raise
        raise CppoError(
            f"cannot write {target} ({error}); free some space or give the right to write, and go "
            "on with --resume"
        ) from error
