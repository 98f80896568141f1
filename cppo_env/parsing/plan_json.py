"""Plans that are written as JSON, or as a list of Python."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from cppo_env.parsing.envelopes import ARGUMENTS, arguments, pairs
from cppo_env.parsing.labels import find_label
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.listing import Listing, listed
from cppo_env.parsing.markup import plain
from cppo_env.parsing.set_aside import is_set_aside

_START = re.compile(r"(?m)^[ \t>]*(?=[\[{])")
_NAMES = ("label", "id", "key", "index", "number", "letter", "no")
_LISTS = ("methods", "plans", "approaches", "strategies", "options", "solutions", "plan", "answer")
_LIST = re.compile(
    r"method|plan|approach|strateg|option|solution|answer|idea|alternative|candidate|algorithm"
    r"|technique|result|output|response|final|item|list|data|content",
    re.I,
)
_THOUGHT = re.compile(r"reasoning|thoughts?|thinking|analysis|rationale", re.I)
"""Names of thoughts, which stand beside the methods."""
_LETTER = re.compile(r"[A-Za-z]|\d{1,2}")
_DEPTH = 6


def read_json(text: str, k: int) -> Listing | None:
    """The K methods of a JSON value, or why they are none; None where there is no such value."""
    values = list(_values(text))
    if not values:
        return None
    if len(values) > 1 and all(isinstance(one, dict) for one in values):
        value: Any = values  # one object a line
    elif len(values) == 1:
        [value] = values
    else:
        return Listing(reason="two lists of methods")
    return read_value(value, k)


def read_value(value: Any, k: int) -> Listing:
    """The K methods of a list or an object, or why they are none."""
    entries = _entries(arguments(value), _DEPTH)
    if entries is None:
        return Listing(reason="JSON without a list of methods")
    return _named(entries, k)


def _values(text: str) -> Iterator[Any]:
    """The JSON values that begin a line, one after the other."""
    decoder = json.JSONDecoder(object_pairs_hook=pairs)
    place = 0
    while match := _START.search(text, place):
        try:
            value, place = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            value = _python_list(text[match.end() :])
            place = len(text)
            if value is None:
                return
        yield value


def _python_list(text: str) -> Any:
    """The list of texts that stands there, with Python's quotes and commas."""
    end = text.rfind("]")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text[: end + 1])
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
    plain_list = isinstance(value, list) and all(
        isinstance(one, str) for one in cast(list[Any], value)
    )
    return cast(Any, value) if plain_list else None


def _entries(value: Any, depth: int) -> list[tuple[str, str]] | None:
    """Label and method of each entry; the label is empty where the entry has none."""
    if depth == 0:
        return None
    if isinstance(value, list):
        found = [_entry(one) for one in cast(list[Any], value)]
        return None if None in found else cast(list[tuple[str, str]], found)
    if not isinstance(value, dict):
        return None
    entries = cast(dict[str, Any], value)
    lists = [
        cast(Any, inner)
        for name, inner in entries.items()
        if isinstance(inner, list | dict) and (name.casefold() in _LISTS or _is_list(name, entries))
    ]
    if lists:
        is_only = len(lists) == 1 and not any(map(_LETTER.fullmatch, entries))
        return _entries(lists[0], depth - 1) if is_only else None
    found = [(name, _text(one)) for name, one in entries.items() if not _THOUGHT.fullmatch(name)]
    return None if any(not method for _, method in found) else found


def _is_list(name: str, entries: Mapping[str, Any]) -> bool:
    """Whether the only name of an object may be that of a list of methods."""
    return len(entries) == 1 and bool(_LIST.search(name)) and not is_set_aside(name)


def _entry(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str):
        return "", value
    if not isinstance(value, dict):
        return None
    entry = cast(dict[str, Any], value)
    if len(entry) == 1:
        [(name, inner)] = entry.items()
        return None if is_set_aside(name) else ((name if _is_label(name) else ""), _text(inner))
    labels = [name for name in entry if name.casefold() in _NAMES]
    is_call = "role" in entry or any(isinstance(entry.get(name), dict | list) for name in ARGUMENTS)
    if (
        len(labels) > 1
        or (not labels and any(map(_LETTER.fullmatch, entry)))
        or is_call
        or any(map(is_set_aside, entry))
    ):
        return None
    label = str(entry[labels[0]]) if labels else ""
    rest = {name: one for name, one in entry.items() if name not in labels[:1]}
    return label, " ".join(filter(None, map(_text, rest.values())))


def _text(value: Any) -> str:
    """The words of a value: texts, and lists and objects of texts."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, cast(list[Any], value))))
    if isinstance(value, dict):
        return " ".join(filter(None, map(_text, cast(Mapping[str, Any], value).values())))
    return ""


def _is_label(name: str) -> bool:
    return find_label(f"{name.strip().rstrip(':.)')}: x", 0) is not None


def _has_label(line: str) -> bool:
    label = find_label(line, 0)
    return label is not None and label.is_asked_form


def _named(entries: Sequence[tuple[str, str]], k: int) -> Listing:
    """The methods of entries whose labels, if they have any, count from A or 1."""
    own = [
        find_label(f"{label.strip().rstrip(':.)')}: x", 0) if label else None
        for label, _ in entries
    ]
    texts = [text for _, text in entries]
    within = [find_label(text, 0) for text in texts]
    if all(one is None for one in own) and all(within):
        own = within
        texts = [one.rest for one in within if one is not None]
    if any(label for label, _ in entries) and None in own:
        return Listing(reason="JSON without labels")
    indices = [one.index for one in own if one is not None]
    if indices and indices != list(range(1, len(entries) + 1)):
        return Listing(reason="labels out of order")
    if len(entries) != k:
        return Listing(reason=f"{len(entries)} methods, expected {k}")
    if any(_has_label(line) for text in texts for line in split_lines(text)[1:]):
        return Listing(reason="a method holds another one")
    return listed([plain(text) for text in texts])
