r"""The stated answer of a solution in words: `\boxed{…}`, `#### …`, "the answer is …".

For problems whose answer is a value and not a program (checker "math").
"""

from __future__ import annotations

import re

from cppo_env.parsing.effort import MAX_CHARACTERS, effort, remembered
from cppo_env.parsing.fences import blocks
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.thoughts import without_thoughts

MAX_ANSWER_CHARACTERS = 2000
"""Longer ones are no answer."""

_BOXES = 64
"""Maximum number of boxes looked into, from the last one on."""

_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"(?:\n ?)+")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*")
_HASHES = re.compile(r"^\s*(?:[*_]{0,3})####(?!#)[ \t]*(\S[^\n]*)$", re.M)
_PHRASE = (
    r"(?:\b(?:answer|respuesta|réponse|antwort|resposta|risposta|ответ)\b|答案|答え|उत्तर)"
    r"(?:\s+to\s+[^\n:.]{1,80}?)?\s*(?:[*_]{1,3}\s*)?"
    r"(?:\b(?:is[t]?|es|est|é|è)\b(?:\s+(?:therefore|thus|simply|exactly|equal\s+to))?\s*:?"
    r"|\bequals\b|[是为は]|[:：=](?:[*_]{1,3}(?=\s))?)"
    r"\s*\n?[ \t]*"
)
_STATED = re.compile(rf"{_PHRASE}(\S[^\n]*)", re.I)
_AGAIN = re.compile(
    rf"(?:\A|[.;:!] |, (?=so|hence|thus|then|therefore))(?:\w{{1,20}} ){{0,4}}{_PHRASE}(?=\S)", re.I
)
"""A later statement of the same line: "Final answer: the answer is 5"."""
_TAGGED = re.compile(r"<answer>\s*([^<>]{1,2000})</answer>", re.I)
_SENTENCE_END = re.compile(r"(?<!\d)\.(?=\s|$)|\.(?=\s+[A-Z]|\s*$)|[;!](?=\s|$)")
_ALONE = re.compile(r"\s*[$\\(\[*]*\s*[-+]?[$\d][\d.,/ ]*\s*[%$\\)\]*]*\.?\s*")
_ABOUT = re.compile(r"\s\((?:approx|rounded|about|exact)[^()]{0,60}\)\.?\Z")
_REASON = re.compile(r",?\s+(?:because|since|as|so|which|where|for)\s", re.I)


@remembered
def read_answer(text: str, truncated: bool = False) -> str | None:
    """Read the stated answer: that of the last box, else the last `####`, else the last phrase.

    Thoughts and code blocks are left out. A text that is one number and nothing else is an answer.

    Args:
        text: what the model answered.
        truncated: the answer was cut off, so that it states nothing, whatever it looks like.

    Returns:
        The answer as it is written, without the marks around it; None when none is stated.
    """
    if truncated or len(text) > MAX_CHARACTERS:
        return None
    with effort():
        said = _BLANKS.sub(" ", _without_code(without_thoughts(text)))
        said = _EMPTY_LINES.sub("\n", said)  # so that no pattern meets a long run of white space
    found = _boxed(said) or _last(_HASHES, said) or _phrase(said)
    if found is None and (tagged := _last(_TAGGED, said)):
        said = tagged
    if found is None and _ALONE.fullmatch(said):
        found = said
    return None if found is None else _bare(found)


def _without_code(text: str) -> str:
    lines = split_lines(text)
    if not any("```" in line or "~~~" in line for line in lines):
        return text
    code = {line for block in blocks(lines) for line in split_lines(block.source)}
    return "\n".join(line for line in lines if line not in code)


def _boxed(text: str) -> str | None:
    """What stands in the last box that is closed and not empty."""
    for match in reversed(list(_BOX.finditer(text))[-_BOXES:]):
        start = match.end()
        if text[start : start + 1] != "{":
            if word := re.match(r"[^\s$\\]+", text[start:]):
                return word[0]
            continue
        depth = 0
        for place in range(start, min(len(text), start + MAX_ANSWER_CHARACTERS)):
            escaped = text[place - 1] == "\\"
            depth += 0 if escaped else (text[place] == "{") - (text[place] == "}")
            if depth == 0 and not escaped:
                if inside := text[start + 1 : place].strip():
                    return inside
                break
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None


def _phrase(text: str) -> str | None:
    """The rest of the sentence after "the answer is"."""
    rest = _last(_STATED, text)
    if rest is None:
        return None
    stated = 0
    for again in _AGAIN.finditer(rest):
        stated = again.end()
    rest = rest[stated:]
    rest = _REASON.split(_SENTENCE_END.split(rest, maxsplit=1)[0], maxsplit=1)[0]
    for mark in ("$$", "$", "**", "`"):
        # A formula, or what is emphasised, ends where it ends, whatever the sentence goes on with.
        if rest.startswith(mark) and not rest.startswith("$", len(mark)):
            inside, closed, _ = rest[len(mark) :].partition(mark)
            if closed:
                return inside
    return rest


def _bare(answer: str) -> str | None:
    """The answer without marks of text around it."""
    bare = _ABOUT.sub("", answer.strip().strip("*_`")).rstrip("。").strip()
    bare = bare.removesuffix(".").strip() if not bare.endswith("...") else bare
    for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if len(bare) > len(left + right) and bare.startswith(left) and bare.endswith(right):
            bare = bare[len(left) : -len(right)].strip()
    bare = bare.removesuffix(".").strip().strip("*").strip()
    return bare if bare and len(bare) <= MAX_ANSWER_CHARACTERS else None
