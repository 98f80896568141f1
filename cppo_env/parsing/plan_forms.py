"""Lists of methods in other forms than labelled lines, written as labelled lines.

Each form takes the text of a plan and returns it with a label at the start of each method, or None
where it holds no such list. The reader tries them on plans that it cannot read as they stand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from string import ascii_uppercase

from cppo_env.parsing.envelopes import added, heredoc, notebook, unescaped
from cppo_env.parsing.fences import FENCE_LINE
from cppo_env.parsing.labels import find_label
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.markup import cells, plain
from cppo_env.parsing.python_source import is_python
from cppo_env.parsing.set_aside import heading

_PROSE_VALUE = re.compile(r"([ \t]*(?:\w{4,12}[ _])?(?:[A-Za-z]|\d{1,2}))[ \t]*=[ \t]*(\S.*)")
_NAME = r"(?:label|id|name|letter|key|index|number)"
_TEXT = r"(?:method|description|text|idea|approach|summary|content|value)"
_ELEMENT = re.compile(rf"<{_NAME}>\s{{0,8}}([A-Za-z]|\d{{1,2}})[.:)]?\s{{0,8}}</{_NAME}>\s*", re.I)
_ELEMENT_TEXT = re.compile(rf"</?{_TEXT}>", re.I)
_ENTRY = re.compile(
    rf"[ \t]*(?:-[ \t]+)?{_NAME}:[ \t]*[\"']?([A-Za-z]|\d{{1,2}})[\"']?[ \t]*", re.I
)
_ENTRY_TEXT = re.compile(rf"[ \t]*{_TEXT}:[ \t]*(?:[|>][-+]?[ \t]*$)?(.*)", re.I)
_LIST_TAG = re.compile(r"<(/?)(?:methods|plans?|items|list|approaches|strategies)>")
_ITEM_TAG = re.compile(r"<(/?)(?:method|item|approach|strategy)>")
_LED_IN = re.compile(r"(?m)^([^\n:.!]{1,200}[:.!] )((?:[A-Z]\w{3,12} )?(?:A[:)]|1[.)]) )")
"""Words before the first label."""
_COMMAND = re.compile(r"\\(textbf|emph|textit|texttt|underline)\{([^{}]{0,200})\}")
_ITEM = re.compile(r"\s*\\item\b[ \t]*(?:\[([^\]]{0,24})\])?[ \t]*")
_CELL = re.compile(r"[\"']?\s*([A-Za-z]|\d{1,2})\s*[\"']?,")
_HEADER = re.compile(r"[\w \"']+,[\w \"']+")
_WORD = re.compile(r"[^\W\d_]{2}")
_REVISED = re.compile(r"final|revised|improved|better|new|updated?|replace|instead|chang", re.I)
_ALPHABETS = {
    letters: re.compile(rf"(?m)^(\W{{0,8}}(?:\w{{4,12}} )?)([{letters}])(?=[*_]{{0,2}}[.:)）：、])")
    for letters in (
        "АБВГДЕЖЗИК",
        "АВСDЕF",
        "أبجدهوزحطي",
        "甲乙丙丁戊己庚辛壬癸",
        "가나다라마바사아",
    )
}
"""Labels in Russian, in Cyrillic letters that look like Latin ones, in Arabic, Chinese, Korean."""
_YAML_LIST = re.compile(
    r"\A[^`]*```ya?ml\n(?:methods|plans?|approaches|strategies):[ \t]*\n([ \t]*- [^`]*)```[^`]*\Z"
)
_INLINE = r"(?:(?<=[.;,!?。；] )|^)(?:{})[ \t]+"
_INLINE_FORMS = (r"([A-Z])[:)]", r"\(([A-Z])\):?", r"(\d)[.)]", r"\((\d)\)")
_COST = re.compile(r"[$`*]{0,2}[OΘΩ]\(")


def rewritten(text: str, k: int, reason: str) -> list[str]:
    """A plan that was refused for a reason, in all forms that it may have."""
    if reason.endswith("is repeated"):
        found = [without_facts(text, k)]
    elif reason.startswith(("no labels", "1 methods", "JSON", "label A is missing")):
        found = [form(text, k) for form in _FORMS]
        if reason.startswith("no labels"):
            found += [of_assignments(text, k), of_csv(text, k)]
        found += [unescaped(text), heredoc(text), added(text), notebook(text, "markdown")]
    else:
        return []
    return [one for one in found if one and one != text]


def of_assignments(text: str, k: int) -> str | None:
    """`A = Sort both words.`, where what follows the sign is prose and no Python."""
    found = [_PROSE_VALUE.fullmatch(line) for line in split_lines(text) if line.strip()]
    if len(found) != k or any(match is None or is_python(match[2]) for match in found):
        return None
    return "\n".join(f"{match[1]}: {match[2]}" for match in found if match)


def of_elements(text: str, k: int) -> str | None:
    """`<label>A</label><description>…</description>` of XML."""
    if not _ELEMENT.search(text):
        return None
    return _ELEMENT_TEXT.sub("", _ELEMENT.sub(r"\n\1: ", text))


def of_entries(text: str, k: int) -> str | None:
    """The entries `- label: A` and `method: …` of a YAML list."""
    lines = split_lines(text)
    counts = {sum(1 for line in lines if form.fullmatch(line)) for form in (_ENTRY, _ENTRY_TEXT)}
    if counts != {k}:
        return None
    lines = [_ENTRY_TEXT.sub(r"\1", _ENTRY.sub(r"\1:", line)) for line in lines]
    return "\n".join(line for line in lines if not FENCE_LINE.fullmatch(line))


def of_html_list(text: str, k: int) -> str | None:
    """The only ordered list of HTML or XML, or one whose items begin with labels of their own."""
    text = _LIST_TAG.sub(r"<\1ol>", _ITEM_TAG.sub(r"<\1li>", text))
    folded = text.casefold()
    if len(re.findall(r"<li\b", folded)) != k or len(re.findall(r"<[ou]l\b", folded)) != 1:
        return None
    if folded.count("<li>") != k or re.search(r"<ol[^>]*\b(?:start|reversed|type)\b", folded):
        return None
    ordered = "<ol" in folded
    items = re.split(r"<li>", text, flags=re.I)[1:]
    bodies = [plain(re.split(r"</li>|</[ou]l>", item, flags=re.I)[0]) for item in items]
    return _numbered(bodies) if ordered else "\n".join(bodies)


def of_latex(text: str, k: int) -> str | None:
    """The only enumeration of LaTeX, and its commands for bold and italics as Markdown."""
    changed = _COMMAND.sub(r"**\2**", text)
    lines = split_lines(changed)
    starts = [n for n, line in enumerate(lines) if r"\begin{enumerate}" in line]
    ends = [n for n, line in enumerate(lines) if r"\end{enumerate}" in line]
    if len(starts) == len(ends) == 1 and starts < ends:
        inner = lines[starts[0] + 1 : ends[0]]
        if re.search(r"\\begin|\\(?:set|addto|step)counter|(?<!\\)%", "\n".join(inner)):
            return None
        items = [n for n, line in enumerate(inner) if _ITEM.match(line)]
        bodies = [" ".join(inner[first:last]) for first, last in pairwise([*items, len(inner)])]
        names = [match[1] for body in bodies if (match := _ITEM.match(body))]
        texts = [_ITEM.sub("", body, count=1) for body in bodies]
        if all(names):
            return "\n".join(f"{name}: {body}" for name, body in zip(names, texts, strict=True))
        return None if any(names) else _numbered(texts)
    return None if changed == text else changed


def of_words_before(text: str, k: int) -> str | None:
    """A text whose first label stands behind words on its line."""
    return _LED_IN.sub(r"\1\n\2", text, count=1)


def of_csv(text: str, k: int) -> str | None:
    """Rows of CSV whose first cell is the label and whose second one is the method."""
    lines = [line for line in split_lines(text) if line.strip() and not FENCE_LINE.fullmatch(line)]
    if len(lines) == k + 1 and not _CELL.match(lines[0]) and _HEADER.fullmatch(lines[0]):
        lines = lines[1:]
    if len(lines) != k or not all(map(_CELL.match, lines)):
        return None
    rows = list(csv.reader(lines))
    if len(rows) != k or any(len(row) != 2 or not _is_prose(row[1]) for row in rows):
        return None
    return "\n".join(f"{row[0].strip()}: {row[1]}" for row in rows)


def _is_prose(text: str) -> bool:
    return len(text.split()) > 1 and _WORD.search(text) is not None


def of_one_line(text: str, k: int) -> str | None:
    """All labels on one line, each behind the end of a sentence, none of them twice."""
    lines = [line for line in split_lines(text) if line.strip()]
    for form in _INLINE_FORMS:
        pattern = re.compile(_INLINE.format(form))
        own = [line for line in lines if pattern.match(line.lstrip())]
        if len(own) != 1 or any(pattern.search(line) for line in lines if line is not own[0]):
            continue
        line = own[0].strip()
        found = [match[1] for match in pattern.finditer(line)]
        anywhere = re.findall(rf"(?<![\w]){form}(?=\s)", line)
        first = "1" if found[:1] == ["1"] else "A"
        wanted = [chr(ord(first) + n) for n in range(k)]
        if k > 1 and found == anywhere == wanted:
            return pattern.sub(r"\n\1: ", line)
    return None


def without_facts(text: str, k: int) -> str | None:
    """A text without the last K labelled lines or rows, if all say costs or single words."""
    lines = split_lines(text)
    backwards = (find_label(lines[n], n) for n in reversed(range(len(lines))))
    labels = [*islice(filter(None, backwards), k)][::-1]
    facts = [part for one in labels for part in cells(lines[one.line])[1:] or [one.rest]]
    words = [part for part in facts if not _COST.match(part)]
    if len(words) == len(facts) or any(" " in part for part in words):
        return None
    first, last = labels[0].line, labels[-1].line
    while first and find_label(above := lines[first - 1], 0) is None:
        if above.strip() and not cells(above) and not heading(above):
            break
        first -= 1
    revises = _REVISED.search("\n".join(lines[first : last + 1]))
    return None if revises else "\n".join([*lines[:first], "", *lines[last + 1 :]])


def of_yaml_list(text: str, k: int) -> str | None:
    """The list of texts that the only block of YAML holds under one name."""
    block = _YAML_LIST.search(text)
    items = re.split(r"(?m)^[ \t]*-[ \t]+", block[1])[1:] if block else []
    if len(items) != k or any(re.match(r"\w+:\s", item) for item in items):
        return None
    return _numbered([" ".join(item.split()) for item in items])


def in_latin_letters(text: str) -> str:
    """A text whose labels are the first letters of another alphabet, with Latin ones."""
    for letters, labels in _ALPHABETS.items():
        found = "".join(match[2] for match in labels.finditer(text))
        if len(found) > 1 and letters.startswith(found):
            places = {match.start(2) for match in labels.finditer(text)}
            return "".join(
                ascii_uppercase[letters.index(one)] if n in places else one
                for n, one in enumerate(text)
            )
    return text


def _numbered(bodies: Sequence[str]) -> str:
    return "\n".join(f"{number}. {body}" for number, body in enumerate(bodies, 1))


_FORMS: tuple[Callable[[str, int], str | None], ...] = (
    of_elements,
    of_yaml_list,
    of_entries,
    of_html_list,
    of_latex,
    of_words_before,
    of_one_line,
)
