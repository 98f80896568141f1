"""The pages of the command line and of the settings of training, made from the parsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cppo_env import cli, plugins

INDEX = "look-up/commands/index.md"
SETTINGS = "look-up/settings.md"
OF_EVERY_COMMAND = ("help", "config", "print_config", "json", "progress")


def pages() -> dict[str, str]:
    """Path below docs/ → Markdown: one page for each command or group, an index, the settings."""
    names = plugins.names("commands")
    found = {
        f"look-up/commands/{group}.md": _page(group, list(members))
        for group, members in groupby(names, key=lambda name: name.partition(".")[0])
    }
    return {INDEX: _index(names), SETTINGS: _settings()} | found


def links() -> dict[str, str]:
    """Name of a command, such as "cppo problems list" → its place, "problems.html#cppo-…"."""
    names = plugins.names("commands")
    groups = [name.partition(".")[0] for name in names]
    found: dict[str, str] = {}
    for name, group in zip(names, groups, strict=True):
        section = f"#{_anchor(name)}" if groups.count(group) > 1 else ""
        found[_called(name)] = f"{group}.html{section}"
    return found


def _called(name: str) -> str:
    return f"cppo {name.replace('.', ' ')}"


def _anchor(name: str) -> str:
    return f"cppo-{name.replace('.', '-')}"


def _index(names: list[str]) -> str:
    rows = [
        f"| [`{_called(name)}`]({name.partition('.')[0]}.md) | {_summary(name)} |" for name in names
    ]
    return "\n".join(
        [
            "# Commands",
            "",
            "Made from the parsers of this version. Every command takes these options:",
            "",
            "| option | meaning |",
            "| --- | --- |",
            "| `--help` | Show the options. |",
            "| `--config FILE` | Read options from YAML or JSON; `--print_config` writes it. |",
            "| `--json PATH` | Write the result as JSON. |",
            "| `--progress KIND` | How the command shows that it goes on: `auto` (a live line on a "
            "terminal), `plain` (a line now and then), `json` (JSON lines on standard output, and "
            "nothing else), `none` (warnings and errors only). `CPPO_PROGRESS` sets it for all. |",
            "",
            "[Errors](../errors.md) has the exit codes, and causes and remedies of errors, which",
            "are one line on standard error.",
            "",
            "| command | what it does |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _page(group: str, members: list[str]) -> str:
    parts = [f"# cppo {group}\n"]
    for name in members:
        parser, _ = cli.parser_of(_called(name), plugins.load("commands", name))
        heading = f"## {_called(name)} {{ #{_anchor(name)} }}\n" if len(members) > 1 else ""
        parts += [heading, f"{_summary(name)}\n", *_tables(parser, "###")]
    return "\n".join(parts)


def _settings() -> str:
    parser, _ = cli.parser_of("cppo train", plugins.load("commands", "train"))
    return "\n".join(
        [
            "# Settings of training, by topic\n",
            "The fields of `TrainConfig`, and the options of `cppo train`. `cppo init run.yaml`",
            "writes all of them into a file, with their meanings.\n",
            *_tables(parser, "##", ordinary=False),
        ]
    )


def _tables(parser: Any, level: str, *, ordinary: bool = True) -> Iterator[str]:
    """A table for each topic of a parser, without what every command takes."""
    for group in parser._action_groups:
        rows = [_row(action) for action in group._group_actions if _is_own(action)]
        if not rows or (group.title == "options" and not ordinary):
            continue
        if group.title not in ("options", "positional arguments"):
            yield f"{level} {group.title[0].upper()}{group.title[1:]}\n"
        yield "\n".join(["| option | default | meaning |", "| --- | --- | --- |", *rows, ""])


def _is_own(action: Any) -> bool:
    return action.dest not in OF_EVERY_COMMAND and not action.dest.endswith(".help")


def _row(action: Any) -> str:
    name = action.option_strings[0] if action.option_strings else action.dest.upper()
    default = action.default
    shown = "" if default is None or default in ({}, [], "", ()) else f"`{_plain(default)}`"
    if not action.option_strings:
        shown = "required"
    kind = str(getattr(action, "_typehint", ""))
    choices = re.findall(r"'([^']+)'", kind) if "Literal" in kind else []
    offered = f" One of {', '.join(f'`{one}`' for one in choices)}." if choices else ""
    return f"| `{name}` | {shown} | {_prose(action.help or '')}{offered} |"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _prose(text: str) -> str:
    """A help text as a cell of a Markdown table: code stays, marks of Markdown do not count."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else re.sub(r"([*_|<\[])", r"\\\1", part)
        for part in parts
    )


def _summary(name: str) -> str:
    return _prose((plugins.load("commands", name).__doc__ or "").partition("\n")[0])
