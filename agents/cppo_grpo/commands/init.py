"""`cppo init`: a config file of `cppo train` with every setting and what it does."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.atomic import write_atomically
from cppo_env.cli import topics_of
from cppo_env.errors import UsageError
from cppo_grpo.config import TrainConfig

WIDTH = 88


@dataclass(frozen=True)
class InitConfig:
    """Options of `cppo init`."""

    file: Path = field(default=Path("cppo.yaml"), metadata={"positional": True})
    """The file to write."""
    start: Path | None = None
    """A config to start from, such as configs/tiny.yaml; its settings are switched on."""
    overwrite: bool = False
    """Replace the file if it exists."""


def init(config: InitConfig) -> dict[str, Any]:
    """Write a config file of cppo train with every setting, its default and what it does."""
    if config.file.exists() and not config.overwrite:
        raise UsageError(f"file: {config.file} exists; give another, or --overwrite true")
    chosen = _settings(config.start) if config.start is not None else dict[str, Any]()
    write_atomically(config.file, "\n".join(_lines(config.file, chosen)) + "\n")
    print(f"{config.file}: edit it, then: cppo train --config {config.file}")
    return {"file": str(config.file), "settings": chosen}


def _settings(start: Path) -> dict[str, Any]:
    import yaml

    try:
        found: Any = yaml.safe_load(start.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"start: {start} is no YAML ({error})") from error
    known = {one.name for one in dataclasses.fields(TrainConfig)}
    if not isinstance(found, dict) or not known.issuperset(found):  # pyright: ignore[reportUnknownArgumentType]
        raise UsageError(f"start: {start} is no config of cppo train")
    return {str(name): value for name, value in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _lines(file: Path, chosen: dict[str, Any]) -> Iterator[str]:
    """The lines of the file: a setting that has its default is a comment."""
    from docstring_parser import parse_from_object

    texts = {one.arg_name: one.description or "" for one in parse_from_object(TrainConfig).params}
    defaults = {one.name: one for one in dataclasses.fields(TrainConfig)}
    yield f"# Settings of a training run:  cppo train --config {file}"
    yield "# A setting behind '#' has its default; take the '#' away to change it."
    for topic, names in topics_of(TrainConfig).items():
        yield ""
        yield f"# ---- {topic} ----"
        for name in names:
            text = " ".join(texts[name].split())
            yield ""
            yield from textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")
            one = defaults[name]
            default = one.default_factory() if callable(one.default_factory) else one.default
            yield f"{'' if name in chosen else '#'}{name}: {_yaml(chosen.get(name, default))}"


def _yaml(value: Any) -> str:
    import yaml

    if isinstance(value, tuple):
        value = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    written = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return written.removesuffix("\n").removesuffix("\n...")
