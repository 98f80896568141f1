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

_CODE = r"(?:\w+ )?(?:solution|version|approach|code|program|implementation|attempt|way|method)"
_SLOW = r"(?:na[iï]ve|brute[- ]force|(?<!not )slow(?:er)?|inefficient)"
_TRIES = r"(?:to|for) (?:test|try|check|verify|debug)(?:ing)? (?:it|this|the (?:code|program))"
_BESIDE = re.compile(
    rf"\b(?:(?:wrong|incorrect|buggy|flawed|broken) {_CODE}|{_SLOW}\b.{{0,80}} {_TRIES}|why not"
    r"|(?:common|typical) (?:mistake|pitfall)s?|for (?:comparison|checking)|if [^,:]{0,60} were)\b"
    rf"|\A\W{{0,8}}(?:\(?optional|{_TRIES})\b|错误|对拍|неверн|для проверки",
    re.I,
)
_LESSER = re.compile(
    rf"\b(?:{_SLOW}|equivalent to)\b|暴力|朴素|наивн|ingenu[ao]|fuerza bruta|愚直|力任せ", re.I
)
_OF_OTHERS = re.compile(
    r"\b(?<!\bnot )(?<!n't )(?<!were )(?:fast(?:er)?|quick(?:er)?|efficient|optimi[sz]ed|optimal"
    r"|improved?|better|right|correct(?:ed|ly)?|fix(?:ed|es)?|final|full|complete|instead|so|thus"
    r"|therefore|previous|above|earlier|avoid(?:s|ing)?|without|than|times? out|fails|exceeds|since"
    r"|but|enough|suffices|(?:is|was|be) (?:too )?(?:slow|wrong|incorrect|inefficient|buggy|O\())"
    r"|正确|优化|改进|最终|因此|所以|исправл|correg|mejor",
    re.I,
)
_CHANGE = re.compile(
    r"\b(?:change|replace|modify|correct|fix|amend|swap) .{0,80}\b(?:line|loop|with|to|by)\b"
    r"|\bshould (?:be|read)\b",
    re.I,
)
_OPTIONAL = re.compile(r"\b(?:could|can|may|might|would|if|optional(?:ly)?|want|prefer)\b", re.I)
_LONGEST = 300
"""Characters of a heading, and of a line's end that are looked at."""
_MAY_HEAD = re.compile(r"[:：]|#|\*\*")
_SENTENCE = re.compile(r"(?<=[.!?;。！？；]) *")


def is_set_aside(name: str) -> bool:
    """Whether a name says that what it names is no answer."""
    return len(name) < 80 and _NAME.fullmatch(name) is not None


def heading(line: str) -> str:
    """The words of a line that is a heading of at most three; else the empty text."""
    if len(line) > _LONGEST or not _MAY_HEAD.search(line):
        return ""
    marks, content = contained(line)
    words = plain(content)
    heads = words.endswith((":", "：")) or "#" in marks or content.startswith("**")
    return words.rstrip(":：") if heads and len(words.split()) <= 3 else ""


def is_heading_of_such(line: str) -> bool:
    """Whether a line is a heading of few words that sets aside what follows: `Rejected ideas:`."""
    return is_set_aside(heading(line))


def is_beside(line: str) -> bool:
    """Whether the last sentence of a line says that the code below it is not the answer.

    Such as "A common mistake is" or "To test it:". Words that compare it with other code may speak
    of that: "The wrong version above, corrected:".
    """
    last = _last_sentence(line)
    return _BESIDE.search(last) is not None and _OF_OTHERS.search(last) is None


def is_lesser(line: str) -> bool:
    """Whether the last sentence of a line calls the code below it slow or equivalent to other."""
    last = _last_sentence(line)
    return _LESSER.search(last) is not None and _OF_OTHERS.search(last) is None


def introduces_change(line: str) -> bool:
    """Whether the last sentence of a line says that the code below it changes other code."""
    last = _last_sentence(line)
    return _CHANGE.search(last) is not None and _OPTIONAL.search(last) is None


def _last_sentence(line: str) -> str:
    sentences = [one for one in _SENTENCE.split(plain(contained(line[-_LONGEST:])[1])) if one]
    return sentences[-1] if sentences else ""


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
