"""The version of cppo-env, which the machines of a cluster have in common."""

from __future__ import annotations

from importlib.metadata import version


def own_version() -> str:
    """Which cppo-env this machine has."""
    return version("cppo-env")


def require_version(expected: str) -> None:
    """Refuse to work for another cppo-env than this machine's: what they send might differ.

    Raises:
        RuntimeError: see there.
    """
    if (own := own_version()) != expected:
        raise RuntimeError(
            f"this machine has cppo-env {own}, and the driver {expected}; expected the same"
        )
