"""What of a config was given, and what differs from the defaults."""

from __future__ import annotations

import dataclasses
from typing import Any

from cppo_grpo.config import NOT_STORED, TrainConfig


def changes(config: Any) -> dict[str, Any]:
    """The settings of a config, of whatever class, that were given; see its field `given`."""
    fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(config)
    defaults: dict[str, Any] = {
        one.name: one.default_factory() if callable(one.default_factory) else one.default
        for one in fields
        if one.name != "given"
    }
    return {
        name: getattr(config, name)
        for name, value in defaults.items()
        if (getattr(config, name) != value if config.given is None else name in config.given)
    }


def unusual(config: TrainConfig) -> dict[str, Any]:
    """The settings of a run whose values are not the defaults."""
    return {
        name: value
        for name, value in changes(dataclasses.replace(config, given=None)).items()
        if name not in NOT_STORED
    }
