"""The command line `cppo`: finds sub-commands by entry point and parses their config.

A command is a function of one frozen config dataclass that returns its machine-readable result:

    [project.entry-points."cppo_env.commands"]
    "problems.list" = "my_package.commands:list_problems"      # cppo problems list

Fields without a default are positional; a field's docstring is its help text. Where all have one, a
field may still be positional: `field(default=…, metadata={"positional": True})`, or "many" for all
words up to the first option. A field with
`metadata={"given": True}` is no option: it gets the names of the options that were given. One with
`metadata={"topic": TITLE}` begins a topic of `--help`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import sys
import textwrap
import typing
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn, cast

from cppo_env import ending, plugins, progress
from cppo_env.atomic import write_atomically
from cppo_env.complaints import plain
from cppo_env.errors import CppoError, UsageError
from cppo_env.outputs import require_writable

Command = Callable[[Any], Any]

NAME_COLUMNS = 23
"""Columns of a list of commands before what they do."""


@ending.noted()
def main(
    arguments: Sequence[str] | None = None, *, begin: Callable[[], None] = lambda: None
) -> NoReturn:
    """Run one command and exit: 0 done, 1 it could not be done, 2 bad usage, 130 interrupted.

    Args:
        arguments: the words of the command line; those of this process if None.
        begin: called when the command is parsed and its work begins.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    name, rest = _split(arguments)
    title = f"cppo {(name or '').replace('.', ' ')}".rstrip()

    def one_line(message: Warning | str, *_: Any, **__: Any) -> str:
        return f"{title}: warning: {' '.join(str(message).split())}\n"

    warnings.formatwarning = one_line
    json_path: Path | None = None
    try:
        if name is None:
            _print_commands(rest)
        else:
            command: Command = plugins.load("commands", name)
            config, json_path, wanted = _parse(title, command, rest)
            progress.follow(wanted)
            begin()
            result = command(config)
            if json_path is not None:
                _write_json(json_path, result)
            _tell_end(0)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has left (`cppo … | head`); the interpreter would flush once more
        # on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ModuleNotFoundError as error:
        missing = plugins.missing_extra(error, title)
        if missing is error:
            raise
        _fail(title, missing, 1)
    except UsageError as error:
        _fail(title, error, 2)
    except (CppoError, OSError) as error:
        if json_path is not None and isinstance(error, CppoError) and error.result is not None:
            _write_json(json_path, error.result)
        _fail(title, error, 1)
    except KeyboardInterrupt as stop:
        ending.end_at_ctrl_c()
        _fail(title, f"interrupted; {stop}" if str(stop) else "interrupted", 130)
    except Exception as error:
        # Last resort: report unforeseen errors, often from third parties, in one line as well.
        if os.environ.get("CPPO_TRACEBACK"):
            raise
        _fail(title, f"{type(error).__name__}: {error}; CPPO_TRACEBACK=1 shows where", 1)
    sys.exit(0)


def _split(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The longest prefix of the arguments that names a command (or a group), and the rest."""
    known = plugins.names("commands")
    words: list[str] = []
    for word in arguments[:2]:
        if word.startswith("-"):
            break
        words.append(word)
    for count in range(len(words), 0, -1):
        name = ".".join(words[:count])
        if name in known:
            return name, arguments[count:]
    if not words:
        return None, []
    if any(name.startswith(words[0] + ".") for name in known):
        if len(words) == 1:
            return None, words
        unknown, candidates = (
            " ".join(words),
            [name.replace(".", " ") for name in known if name.startswith(words[0])],
        )
    else:
        unknown, candidates = words[0], sorted({name.partition(".")[0] for name in known})
    _fail("cppo", f"no command {unknown!r}; {plugins.suggest(unknown, candidates)}", 2)


def _print_commands(group: list[str]) -> None:
    """Each command (of a group) and what it does, within the columns that `--help` takes."""
    width = max(shutil.get_terminal_size().columns - 2, 2 * NAME_COLUMNS)
    print(f"usage: cppo {' '.join([*group, 'COMMAND'])} [--help] [--json PATH] …\n")
    for name in plugins.names("commands"):
        if not group or name.startswith(group[0] + "."):
            try:
                summary = (plugins.load("commands", name).__doc__ or "").partition("\n")[0]
            except CppoError as error:
                summary = str(error)
            start = f"  {name.replace('.', ' '):<{NAME_COLUMNS - 3}} "
            print(textwrap.fill(start + summary, width, subsequent_indent=" " * NAME_COLUMNS))


def parser_of(title: str, command: Command) -> tuple[Any, Any]:
    """The parser of a command, and the dataclass that holds its options.

    Args:
        title: how the command is called, such as "cppo problems list".
        command: a function of one config dataclass.
    """
    import jsonargparse

    from cppo_env.option_values import refuse_repeated_keys

    class Parser(jsonargparse.ArgumentParser):
        """Reports bad usage in one line."""

        def error(self, message: str, ex: Exception | None = None) -> NoReturn:
            if message.strip() == "Unexpected config:":
                message = "--config: got a file without options, expected some as YAML or JSON"
            known = [action.dest for action in self._actions]
            _fail(title, f"{plain(message, known)}; see: {title} --help", 2)

    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    refuse_repeated_keys()
    config_class: Any = next(
        hint for name, hint in typing.get_type_hints(command).items() if name != "return"
    )
    title_line = (command.__doc__ or "").partition("\n")[0]
    parser = cast(Any, Parser(prog=title, description=title_line))  # typed in part
    parser.add_argument(
        "--config", action="config", help="YAML or JSON file with any of the options below"
    )
    parser.add_argument(
        "--json",
        type=Path | None,
        default=None,
        metavar="PATH",
        help="write the result there as JSON",
    )
    parser.add_argument(
        "--progress",
        type=progress.Kind,
        default=progress.kind(),
        help="auto (a live line on a terminal), plain (a line now and then), json (JSON lines on "
        "standard output, and nothing else) or none (warnings and errors only); CPPO_PROGRESS sets "
        "it for all commands",
    )
    told = _marked(config_class, "given")
    parser.add_class_arguments(config_class, as_group=False, as_positional=True, skip={*told})
    if topics := topics_of(config_class):
        first: tuple[str, ...] = getattr(config_class, "MOST_USED", ())
        _group(parser, {"most used": first, **topics} if first else topics)
    return parser, config_class


def _parse(
    title: str, command: Command, arguments: list[str]
) -> tuple[Any, Path | None, progress.Kind]:
    """The command's config, and the options that every command takes.

    `--config FILE` reads YAML or JSON.
    """
    parser, config_class = parser_of(title, command)
    leading, several = _marked(config_class, "positional"), _several(config_class)
    told = _marked(config_class, "given")
    if leading and arguments and not arguments[0].startswith("-"):
        words = list(takewhile(lambda word: not word.startswith("-"), arguments))
        value = json.dumps(words) if several else words[0]
        arguments = [f"--{leading[0]}={value}", *arguments[len(words) if several else 1 :]]
    try:
        parsed: object = parser.instantiate_classes(parser.parse_args(arguments))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"--config: got a file that is no text ({error.reason}), expected YAML or JSON in UTF-8"
        ) from error
    values: dict[str, Any] = vars(parsed)
    values.pop("config", None)
    json_path: Path | None = values.pop("json")
    wanted: progress.Kind = values.pop("progress")
    if told:
        written: object = parser.parse_args(arguments, defaults=False)
        given: dict[str, Any] = vars(written)
        values |= dict.fromkeys(told, frozenset(values) & frozenset(given))
    if json_path is not None:
        require_writable(json_path, "--json")
    return config_class(**values), json_path, wanted


def topics_of(config_class: Any) -> dict[str, list[str]]:
    """Topic → names of the fields from the one that begins it on; none if no field begins one."""
    topics: dict[str, list[str]] = {}
    title = ""
    for one in dataclasses.fields(config_class):
        title = one.metadata.get("topic", title)
        if title and not one.metadata.get("given"):
            topics.setdefault(title, []).append(one.name)
    return topics


def _group(parser: Any, topics: Mapping[str, Sequence[str]]) -> None:
    """Show the options of a parser by topic, and a usage line that does not list them all."""
    parser.usage = "%(prog)s [--config FILE] [--OPTION VALUE …]"
    options: Any = parser._optionals  # argparse has no way to move an argument
    for title, names in topics.items():
        group = parser.add_argument_group(title)
        for name in names:
            own = [one for one in options._group_actions if one.dest.split(".")[0] == name]
            for action in own:
                options._group_actions.remove(action)
                group._group_actions.append(action)


def _marked(config_class: Any, mark: str) -> list[str]:
    """The fields of a config class whose metadata hold a mark."""
    return [field.name for field in dataclasses.fields(config_class) if field.metadata.get(mark)]


def _several(config_class: Any) -> bool:
    """Whether the positional field takes all words up to the first option."""
    return any(one.metadata.get("positional") == "many" for one in dataclasses.fields(config_class))


def _write_json(path: Path, result: Any) -> None:
    write_atomically(path, json.dumps(result, indent=2, default=str) + "\n")


def _tell_end(code: int, **values: Any) -> None:
    """The last JSON line; of several processes, the one that started them writes it."""
    if not progress.told_by_another():
        progress.tell("end", code=code, **values)


def _fail(title: str, error: object, code: int) -> NoReturn:
    """Print a one-line error and exit."""
    message = " ".join(str(error).split())
    with contextlib.suppress(BrokenPipeError):  # whoever read the lines has left
        _tell_end(code, error=message)
    print(f"{title}: error: {message}" if code != 130 else f"{title}: {message}", file=sys.stderr)
    sys.exit(code)
