"""Labels of methods as chat models write them: `A:`, `(A)`, `1.`, `Method A:`, `**Plan 1:**`, …."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from cppo_env.parsing.markup import cells, contained, plain

_NOUN = (
    r"(?:methods?|plans?|approach(?:es)?|options?|strateg(?:y|ies)|ideas?|solutions?|alternatives?"
    r"|attempts?|algorithms?|candidates?|variants?|techniques?|routes?|paths?|ways?|proposals?"
    r"|m[ée]thode|método|methode|ansatz|enfoque|approche|метод|план|подход"
    r"|metode|วิธีที่|שיטה|روش|способ|вариант|стратегия|идея|алгоритм|metodo|metoda|abordagem|estrat[eé]gia|stratégie"
    r"|strategie|verfahren|lösung|variante|möglichkeit|yöntem|cách|opci[oó]n|opção|opzione|idée|idea"
    r"|soluci[oó]n|solução|soluzione|algoritmo|algorithmus|الطريقة|طريقة|الخيار|विधि|तरीका"
    r"|方法|方案|思路|解法|策略|手法|アプローチ|방법|전략|접근법)"
)
_ADJECTIVE = r"(?:alternative|high-level|solution|candidate|possible|distinct)"
_WORD = rf"(?:(?:{_ADJECTIVE}\s+)?{_NOUN}[\s_]*(?:#|no\.?|number)?\s*)"
_CARDINALS = "one|two|three|four|five|six|seven|eight|nine|ten"
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_CHINESE = "一二三四五六七八九十"
_ROMAN = "II|III|IV|VI|VII|VIII|IX"
"""Without I, V and X, which are letters, unless one of these is there (`counted`)."""

_ROMAN_LETTERS = {9: 1, 22: 5, 24: 10}
"""What I, V and X count, by their place in the alphabet."""

_VALUE = (
    rf"(?P<value>(?i:{_ROMAN})\b|[A-Za-zＡ-Ｚ]|\d{{1,2}}|[①-⑳]|[{_CHINESE}](?![\u4e00-\u9fff]))"
)
_NAMED_VALUE = (
    rf"(?P<value>(?:{_ROMAN}|{_CARDINALS})\b|[A-Za-zＡ-Ｚ](?![A-Za-z])|\d{{1,2}}|[{_CHINESE}])"
)
_APART = r"(?:(?<![A-Za-z])|(?=(?-i:[A-Z])))"
"""Between noun and label: the s of "Ideas" is no label."""
_WIDE = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Characters of Japanese, Chinese and Korean, before which no blank stands."""
_TITLE = r"(?:\s*[(（](?P<title>[^()（）]{1,60})[)）](?=[\s*]*[:：–—-]))?"
_SEP = (
    r"(?P<close>\*{1,3}|_{1,2}|`{1,2}|\$|[\"”])?(?P<sep>"
    r"\\?[:：)）、．\]]+(?:\s*[-–—](?=\s))?"  # A: A) A]: 1、
    rf"|\\?\.(?=\s|$|[A-Z{_WIDE}*])(?:\s*[-–—](?=\s))?"  # "1. x", "A.Sort", and not "3.5"
    r"|\s*:+|\s*[-–—→](?=\s|$)|\s*(?:->|=>)(?=\s)|\t"
    r")"
)
_BRACKETS = (
    r"[(（\[【<]\s*{value}\s*[)）\]】>]\s*(?P<sep>[:：.]|[-–—](?=\s))?(?=\s|$|[A-Z"
    rf"{_WIDE}*])"
)

_FORMS = [
    re.compile(rf"{_BRACKETS.format(value=rf'(?P<word>(?i:{_WORD})(?<![A-Za-z]))?{_VALUE}')}\s*"),
    re.compile(rf"(?P<word>{_WORD}){_BRACKETS.format(value=_NAMED_VALUE)}\s*", re.I),
    re.compile(
        rf"(?P<word>{_WORD}){_APART}{_NAMED_VALUE}(?:(?:/| of )\d{{1,2}})?{_TITLE}\s*{_SEP}\s*",
        re.I,
    ),
    re.compile(rf"{_VALUE}{_TITLE}{_SEP}\s*"),
    re.compile(r"#(?P<value>\d{1,2})(?P<sep>[:.)]|\s*[-–—])?\s+"),
    re.compile(r"(?P<value>[①-⑳])\s*"),
    re.compile(rf"(?:the\s+)?(?P<value>{_ORDINALS})\s+(?P<word>{_NOUN})\b\s*{_SEP}\s*", re.I),
    re.compile(rf"第(?P<value>[{_CHINESE}])[种個个類类]?(?P<word>{_NOUN})\s*{_SEP}\s*"),
]
_ALONE = re.compile(rf"(?:(?P<word>{_WORD}){_APART})?{_NAMED_VALUE}\s*", re.I)
_KEYCAP = re.compile(r"(\d)\ufe0f?\u20e3")
_BOXED = re.compile(
    r"([Ⓐ-Ⓩ\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189])\ufe0f?"
)
_TAG = re.compile(
    rf"(?:^|(?<=>))[ \t]*<{_NOUN}(?:[\s_-]*|\s+\w+=[\"'])"
    r"(?P<value>[A-Za-z]|\d{1,2})(?:[\"'][^<>\n]{0,80})?>",
    re.I | re.M,
)
_TAG_END = re.compile(rf"</{_NOUN}[\s_-]*(?:[A-Za-z]|\d{{1,2}})?>", re.I)
_BLOCK = re.compile(r"[|>][-+]?")
"""A block of YAML begins behind the label."""
_CONTINUED = re.compile(r"\s?\((?:continued|cont\.?|cont'd)\)", re.I)
_SUMMARY = re.compile(r"(?:<details>)?\s{0,8}<summary>\s{0,8}([^<>\n]{1,200})</summary>", re.I)
_MARKED = re.compile(r"(\*\*|__|`|\*)\s*(?P<label>[^*_`]{1,24}?)\s*\1(?=\s+\S)")


@dataclass(frozen=True, slots=True)
class Label:
    """A line that begins with a label."""

    line: int
    index: int
    """A and 1 are 1, B and 2 are 2, …."""
    kind: str
    """`letter`, `number` or `roman`."""
    rest: str
    """The rest of the line, with its markup."""
    upper: bool
    word: bool
    """A noun precedes it: `Method A`."""
    marked: bool
    """It is bold or in a heading."""
    indent: int
    sep: str

    @property
    def is_asked_form(self) -> bool:
        """Matches the labels that the prompt asks for: a capital letter, or one with a noun."""
        return (self.kind == "letter" and self.upper) or self.word


def find_label(line: str, number: int) -> Label | None:
    """The label at the start of a line, if any."""
    if not line.strip():
        return None
    indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
    row = cells(line)
    if len(row) > 1:
        line = f"{plain(row[0]).rstrip('.:)')}: {' '.join(row[1:])}"
    marks, content = contained(_BOXED.sub(_unboxed, _KEYCAP.sub(r"\1) ", line)))
    heading, bold = "#" in marks, content.startswith(("**", "__", "<b", "<strong"))
    content = _separated(content)
    opened = re.match(r"(?:\*{1,3}|_{1,2}|`{1,2}(?!`)|\$|</?\w{1,6}>|[\"'“]){0,3}\s*", content)
    start = opened.end() if opened else 0
    found = _label_at(content[start:], alone=heading or bold or bool(opened and opened[0]))
    if found is None:
        return None
    match, kind, index = found
    opened_by, after = content[:start].strip(), content[start + match.end() :]
    if close := match.groupdict().get("close"):
        if close in '"”' and after[:1] in tuple("\"'[{"):
            return None  # a key of JSON
        opened_by = ""
    title = match.groupdict().get("title")
    rest = _closed(opened_by, after)
    rest = f"{title}: {rest}" if title else rest
    inner = rest.lstrip("*_` ")
    again = _label_at(inner, alone=False)
    if (
        again is not None
        and again[1:] == ("letter", index)
        and kind == "number"
        and _is_capital(again[0])
    ):
        # "1. A: …" is one label twice.
        opened_by = rest[: len(rest) - len(inner)].strip()
        match, kind, index = again
        rest = _closed(opened_by, inner[match.end() :])
    value = match["value"]
    return Label(
        line=number,
        index=index,
        kind=kind,
        rest="" if _BLOCK.fullmatch(rest.strip()) else rest.strip(),
        upper=value.isupper() or kind != "letter",
        word=bool(match.groupdict().get("word")),
        marked=heading or bold,
        indent=indent,
        sep=(match.groupdict().get("sep") or "").strip()[:1],
    )


def counted(labels: Sequence[Label]) -> list[Label]:
    """Labels in which I, V and X are Roman numbers if others are, and Roman ones are numbers."""
    if not any(one.kind == "roman" for one in labels):
        return list(labels)
    return [
        replace(one, kind="number", index=_ROMAN_LETTERS.get(one.index, one.index))
        if one.kind == "letter" and one.index in _ROMAN_LETTERS
        else replace(one, kind="number")
        if one.kind == "roman"
        else one
        for one in labels
    ]


def continued(lines: Sequence[str]) -> list[str]:
    """The lines, without labels that only say that their method goes on: `Method 2 (continued)`."""
    if not any(map(_CONTINUED.search, lines)):
        return list(lines)
    found, last = list[str](), 0
    for number, line in enumerate(lines):
        shorter = _CONTINUED.sub("", line)
        label = find_label(shorter, number)
        if label and shorter != line and label.index == last:
            line = label.rest
        last = label.index if label else last
        found.append(line)
    return found


def untagged(text: str) -> str:
    """A text with elements such as `<method_A>…</method_A>` or `<plan id="1">…` as labels."""
    text = _SUMMARY.sub(r"\n## \1\n", text)
    return _TAG_END.sub("", _TAG.sub(_label_of_tag, text)) if _TAG.search(text) else text


def _label_of_tag(match: re.Match[str]) -> str:
    begins_line = match.start() == 0 or match.string[match.start() - 1] == "\n"
    return f"{'' if begins_line else chr(10)}{match['value']}: "


def _unboxed(match: re.Match[str]) -> str:
    """`A) ` for a letter in a circle or a box."""
    code = ord(match[1])
    first = ord("Ⓐ") if code < 0x1F130 else code - (code - 0x1F130) % 32
    return f"{chr(ord('A') + code - first)}) "


def _separated(content: str) -> str:
    """`**A** Sort` as `**A:** Sort`, where only markup separates label and method."""
    match = _MARKED.match(content)
    if match is None or not _ALONE.fullmatch(match["label"]):
        return content
    rest = re.sub(r"^\s*[-–—]\s+", " ", content[match.end() :])
    return f"{match[1]}{match['label']}:{match[1]}{rest}"


def _closed(opened_by: str, rest: str) -> str:
    """What follows a label, with the markup that was opened before the label balanced again."""
    rest = rest.lstrip()
    for mark in ("***", "**", "__", "``", "*", "_", "`", '"', "“"):
        if opened_by.endswith(mark):
            closing = "”" if mark == "“" else mark
            if rest.startswith(closing):
                return re.sub(r"^\s*[:：]\s*", "", rest[len(closing) :])
            if mark in '"“':
                return (
                    rest.rstrip(",").removesuffix(closing)
                    if rest.rstrip(",").endswith(closing)
                    else rest
                )
            return mark + rest
    return rest


def _label_at(text: str, *, alone: bool) -> tuple[re.Match[str], str, int] | None:
    """The label at the start of a text: its match, kind and index."""
    match = next((m for form in _FORMS if (m := form.match(text))), None)
    if match is None:
        match = _ALONE.match(text)
        if match is None or not re.fullmatch(r"[*_`\"”]*\s*", text[match.end() :]):
            return None
        if not (alone or match["word"] or match["value"].isupper()):
            return None
    return match, *_value(match["value"])


def _is_capital(match: re.Match[str]) -> bool:
    return match["value"].isupper()


def _value(text: str) -> tuple[str, int]:
    folded = text.casefold()
    if text.isdecimal():
        return "number", int(text)
    if folded in (numerals := _ROMAN.casefold().split("|")):
        return "roman", (2, 3, 4, 6, 7, 8, 9)[numerals.index(folded)]
    if "①" <= text <= "⑳":
        return "number", ord(text) - ord("①") + 1
    for words in (_CARDINALS, _ORDINALS, "|".join(_CHINESE)):
        if folded in words.split("|"):
            return "number", words.split("|").index(folded) + 1
    if "Ａ" <= text <= "Ｚ":
        return "letter", ord(text) - ord("Ａ") + 1
    return "letter", ascii_lowercase.find(folded) + 1
