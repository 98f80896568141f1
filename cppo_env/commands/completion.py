"""`cppo completion`: what the Tab key offers, for a shell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cppo_env import plugins

NAMED_BY = {
    **{"judge": "judges", "reward": "rewards", "algorithm": "algorithms", "agent": "agents"},
    **{"sandbox": "sandboxes", "sampler": "samplers", "problems": "problems"},
}
"""Option → the group of plug-ins whose names it takes."""


@dataclass(frozen=True)
class CompletionConfig:
    """Options of `cppo completion`."""

    shell: Literal["bash", "zsh", "fish", "tcsh"]
    """The shell."""


def completion(config: CompletionConfig) -> dict[str, Any]:
    """Print a script that completes commands, options and names of plug-ins in your shell."""
    shtab: Any = import_module("shtab")
    script: str = shtab.complete(_commands(), shell=config.shell)
    print(script)
    return {"shell": config.shell, "script": script}


def _commands() -> argparse.ArgumentParser:
    """All commands as one parser, with what can be completed of them."""
    from cppo_env.cli import parser_of

    root = argparse.ArgumentParser("cppo", add_help=False)
    groups: dict[str, Any] = {"": root.add_subparsers()}
    for name in plugins.names("commands"):
        command = plugins.load("commands", name)
        group, _, last = name.rpartition(".")
        if group not in groups:
            told = f"cppo {group} …"
            added = groups[""].add_parser(group, help=told, add_help=False)
            groups[group] = added.add_subparsers()
        summary = (command.__doc__ or "").partition("\n")[0].replace("%", "%%")
        made = groups[group].add_parser(last, help=summary, add_help=False)
        for action in parser_of(f"cppo {name}", command)[0]._actions:
            if not action.dest.endswith(".help"):
                _add(made, action)
    return root


def _add(parser: argparse.ArgumentParser, action: Any) -> None:
    """One option of a command."""
    hint = getattr(action, "_typehint", None)
    name = action.dest.partition(".")[0]
    kinds = [hint, *get_args(hint)]
    choices = [one for kind in kinds if get_origin(kind) is Literal for one in get_args(kind)]
    if bool in kinds:
        choices = ["true", "false"]
    if str in kinds and name in NAMED_BY:
        choices = list(plugins.names(NAMED_BY[name]))
    words: Sequence[str] = action.option_strings or [action.dest]
    told = " ".join((action.help or "").split()).partition(". ")[0].replace("%", "%%")
    added: Any
    if action.nargs == 0:
        added = parser.add_argument(*words, help=told, action="store_true")
    else:
        added = parser.add_argument(*words, help=told, choices=choices or None)
    if Path in kinds or any(Path in get_args(kind) for kind in kinds) or name == "config":
        added.complete = import_module("shtab").FILE
