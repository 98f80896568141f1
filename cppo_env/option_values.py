"""Values of options and config files as YAML, in which no key may be given twice.

YAML's readers keep the last of two equal keys: a second `joint:` further down a config file would
lose the first one without a word.
"""

from __future__ import annotations

from typing import Any, cast

import yaml
from jsonargparse import get_loader, set_loader

_load: Any = cast(Any, get_loader)("yaml")  # both are typed in part
_compose: Any = cast(Any, yaml).compose


def refuse_repeated_keys() -> None:
    """Let all parsers refuse them from now on, with the line of the second one."""
    set_loader("yaml", _checked, (yaml.YAMLError,))


def _checked(text: str) -> Any:
    try:
        _refuse_repeated(_compose(text, yaml.SafeLoader), (), set())
        return _load(text)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def _refuse_repeated(node: yaml.Node | None, above: tuple[int, ...], seen: set[int]) -> None:
    """Also refuse a value that is a part of itself, which no reader comes to the end of."""
    if node is None:
        return
    if id(node) in above:
        line = node.start_mark.line + 1
        raise yaml.YAMLError(f"line {line}: an alias (*) stands for a value that it is a part of")
    if id(node) in seen:  # an alias of what is read already
        return
    seen.add(id(node))
    inside: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        inside = cast(list[yaml.Node], node.value)
    elif isinstance(node, yaml.MappingNode):
        pairs = cast(list[tuple[yaml.Node, yaml.Node]], node.value)
        known = set[str]()
        for key, value in pairs:
            inside.append(value)
            if isinstance(key, yaml.ScalarNode):
                if key.value in known and key.value != "<<":
                    line = key.start_mark.line + 1
                    raise yaml.YAMLError(f"line {line}: {key.value} is given a second time")
                known.add(key.value)
    for one in inside:
        _refuse_repeated(one, (*above, id(node)), seen)
