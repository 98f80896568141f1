"""The token that a judge server asks for: made once, kept in a file that only its user reads."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cppo_env.errors import UsageError
from cppo_env.problems.files.sources import cache_folder

VARIABLE = "CPPO_SANDBOX_TOKEN"
"""The environment's token, of server and clients."""
LEAST_CHARACTERS = 16
MOST_CHARACTERS = 1024


def token_file() -> Path:
    """Where the token of this user's servers on this machine lies."""
    return cache_folder() / "judge" / "token"


def made_token(path: Path) -> tuple[str, bool]:
    """The token in a file, and whether it was made now.

    Raises:
        UsageError: others can read the file, or it holds no token.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = secrets.token_urlsafe(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_token(path), False
    with os.fdopen(handle, "w") as file:
        file.write(token + "\n")
    return token, True


def read_token(path: Path) -> str:
    """The token in a file.

    Raises:
        UsageError: others can read the file, or it holds no token.
    """
    found = path.stat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise UsageError(
            f"token: {path} is open to other users; run: chmod 600 {path} (as its owner)"
        )
    with path.open(encoding="utf-8", errors="replace") as file:
        return checked_token(file.read(MOST_CHARACTERS + 2).strip(), str(path))


def checked_token(token: str, where: str) -> str:
    """A token, if it can be one. Raises UsageError."""
    printable = token.isascii() and token.isprintable() and token == token.strip()
    if not (printable and LEAST_CHARACTERS <= len(token) <= MOST_CHARACTERS):
        raise UsageError(
            f"token: got {len(token)} characters from {where}, expected {LEAST_CHARACTERS} to "
            f"{MOST_CHARACTERS} printable ASCII characters without spaces around them"
        )
    return token
