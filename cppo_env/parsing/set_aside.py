"""Names by which a text says that what they hold is not its answer: `rejected`, `old_plan`, ….

What stands under such a name in JSON, YAML, XML, TOML or Python is no plan and no program, however
complete it looks.
"""

from __future__ import annotations

import re

from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.markup import contained, plain

_WORDS = (
    r"(?:reject|discard|draft|dropped|forbid|forbidden|avoid|banned|invalid|wrong|bad|old|not|dont|"
    r"incorrect|buggy|mistake|"
    r"previous|earlier|example|criteria|criterion|rule|requirement|constraint|thought|thinking|"
    r"reasoning|scratch|error|fail|deprecated|obsolete|superseded|removed|excluded|test|expected)"
)
_NAME = re.compile(rf"(?:.*[\W_])?{_WORDS}(?:s|ed|ing|ings)?(?:[\W_\d].*)?", re.I | re.S)
_KEY = re.compile(
    r"""[ \t]*(?:-[ \t]+)?(?:
        <(?P<tag>[A-Za-z][\w-]{0,40})\b[^<>]{0,200}>
        | \[(?P<table>[\w.-]{1,40})\][ \t]*$
        | (?P<name>[A-Za-z_]\w{0,40})[ \t]*(?:=(?!=)|\()
        | (?P<key>[A-Za-z_][\w \t-]{0,40}):[ \t]*(?:[|>][-+]?)?[ \t]*$
    )""",
    re.X,
)


def is_set_aside(name: str) -> bool:
    """Whether a name says that what it names is no answer."""
    return len(name) < 80 and _NAME.fullmatch(name) is not None


def is_heading_of_such(line: str) -> bool:
    """Whether a line is a heading of few words that sets aside what follows: `Rejected ideas:`."""
    marks, content = contained(line)
    words = plain(content)
    heads = words.endswith((":", "：")) or "#" in marks or content.startswith("**")
    return heads and len(words.split()) <= 3 and is_set_aside(words.rstrip(":："))


def has_set_aside(text: str) -> bool:
    """Whether a line of a text begins with the tag, the key or the variable of such a name.

    Before JSON, a key is a heading, and counts only on the line above.
    """
    lines = split_lines(text)
    json = next((n for n, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[")), None)
    if json is not None:
        above = (line for line in reversed(lines[:json]) if line.strip(" \t`~json"))
        if is_heading_of_such(next(above, "")):
            return True
    for match in filter(None, map(_KEY.match, lines)):
        names = [match["tag"], match["table"], match["name"]]
        names += [match["key"]] if json is None and match["key"] else []
        if any(name and len(name.split()) <= 3 and is_set_aside(name) for name in names):
            return True
    return False
