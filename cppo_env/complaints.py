"""The usage errors of jsonargparse in plain words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

NOUNS = {
    **{"int": "a whole number", "float": "a number", "bool": "true or false", "NoneType": "null"},
    **{"tuple": "a list such as [a,b]", "list": "a list such as [a,b]", "str": "a text"},
}
"""Type → the name of its values in messages."""

_UNKNOWN_OPTION = re.compile(r"unrecognized arguments: --([\w.]+)")
_UNKNOWN_KEY = re.compile(r"Option '([\w.]+)' is not accepted")
_KEY = re.compile(r'Parser key "([\w.]+)": (.*)', re.DOTALL)


def plain(message: str, options: Collection[str]) -> str:
    """The message in plain words: the nearest option for an unknown one, names instead of types."""
    text = " ".join(message.split())
    if found := _UNKNOWN_OPTION.search(text):
        if found[1] in options:
            return f"{found[1]} is given without --{found[1]}, as an argument by itself"
        return f"no option --{found[1]}{_nearest(found[1], options, '--')}"
    if found := _UNKNOWN_KEY.search(text):
        return f"--config: no option {found[1]!r}{_nearest(found[1], options, '')}"
    if not (found := _KEY.search(text)):
        return text
    name, complaint = found.groups()
    given = re.search(r"(?:Given value|Got value): (.*)$", complaint)
    expected = _expected(complaint)
    return f"{name}: got {given[1]}, expected {expected}" if given and expected else text


def _expected(complaint: str) -> str:
    choices = re.search(r"Literal\[(.*?)\]", complaint)
    kinds = re.findall(r"<class '(?:\w+\.)*(\w+)'>", complaint.partition("Given value type")[0])
    names = [one.strip().strip("'\"") for one in choices[1].split(",")] if choices else []
    names += [NOUNS.get(kind, kind) for kind in dict.fromkeys(kinds)]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _nearest(name: str, options: Collection[str], prefix: str) -> str:
    close = difflib.get_close_matches(name.partition(".")[0], list(options), n=1, cutoff=0.6)
    return f"; did you mean {prefix}{close[0]}?" if close else ""
