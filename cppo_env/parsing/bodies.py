"""Cut the text of a plan into methods, each as one line of plain text.

A method ends at the next label. The last one has no such end: it gets as many lines as the methods
before it, and the rest is a remark after the list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cppo_env.parsing.labels import Label
from cppo_env.parsing.markup import RULE, TAG_LINE, contained, plain

_NUMBERED = re.compile(r"(\d{1,2})[.)][ \t]+")
_SENTENCE_END = re.compile(r"[.!?:;。！？：][*_`\"”’)]*\s*$")
_LONG_LINE = 60
"""A line of at least this many characters looks wrapped."""

_Paragraph = list[str]


def methods_between(lines: Sequence[str], labels: Sequence[Label]) -> list[str]:
    """The methods, with their continuation lines."""
    ends = [*(label.line for label in labels[1:]), len(lines)]
    bodies = [
        _paragraphs([label.rest, *lines[label.line + 1 : end]])
        for label, end in zip(labels, ends, strict=True)
    ]
    inner = [_without_bridge(body) for body in bodies[:-1]]
    last = _last_body(labels[-1], lines, inner)
    return [_folded(body) for body in (*inner, last)]


def _paragraphs(lines: Sequence[str]) -> list[_Paragraph]:
    """The paragraphs: lines, split at blank lines, rules and tags."""
    found: list[_Paragraph] = [[lines[0]]]
    blank = False
    for line in lines[1:]:
        if _is_gap(line):
            blank = True
            continue
        if blank:
            found.append([])
        found[-1].append(line)
        blank = False
    return found


def _is_gap(line: str) -> bool:
    bare = line.strip(" \t>")
    return not bare or bool(RULE.fullmatch(line)) or bool(TAG_LINE.fullmatch(line))


def _without_bridge(body: list[_Paragraph]) -> list[_Paragraph]:
    """A body without the words that introduce the next label, such as "Another way is:"."""
    while len(body) > 1:
        tail = body[-1]
        text = plain(contained(tail[-1])[1])
        leads = len(tail) == 1 and (_is_heading(tail[0]) or text.endswith((":", "：")))
        if not leads:
            break
        body = body[:-1]
    if len(body[-1]) > 1 and contained(body[-1][-1])[0].lstrip().startswith("#"):
        body = [*body[:-1], body[-1][:-1]]
    return body


def _is_heading(line: str) -> bool:
    marks, content = contained(line)
    bold = re.fullmatch(r"\*\*[^*]+\*\*:?", content) is not None and not marks
    return "#" in marks or (bold and not _SENTENCE_END.search(content.rstrip(":")))


def _last_body(
    label: Label, lines: Sequence[str], others: Sequence[list[_Paragraph]]
) -> list[_Paragraph]:
    """The body of the last method, without remarks after the list."""
    own = [label.rest]
    for line in lines[label.line + 1 :]:
        if RULE.fullmatch(line) or TAG_LINE.fullmatch(line):
            break
        own.append(line)
    body = _paragraphs(own)
    most = max((len(one) for one in others), default=1)
    if not others and (_is_heading(lines[label.line]) or not label.rest):
        most = 2  # a single method whose first line is its title
    elif not label.rest.strip() and len(body[0]) == 1:
        most = max(most, 2)
    kept: list[_Paragraph] = []
    for number, paragraph in enumerate(body):
        if number and number >= most and not _is_indented(paragraph[0], label):
            break
        if (
            number
            and _is_heading(paragraph[0])
            and not any(_is_heading(other[0]) for one in others for other in one[1:])
        ):
            break
        rivals = [one[number] for one in others if len(one) > number]
        cut = _without_end(paragraph, label, rivals, after_label=not number)
        kept.append(cut)
        if len(cut) < len(paragraph):
            break
    return kept


def _is_indented(line: str, label: Label) -> bool:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()) >= label.indent + 2


def _without_end(
    paragraph: _Paragraph, label: Label, rivals: Sequence[_Paragraph], *, after_label: bool
) -> _Paragraph:
    """A paragraph up to the first line that begins something new, unlike the other methods."""
    sentences = any(_begins_anew(one, n) for one in rivals for n in range(1, len(one)))
    bullets = any(_is_item(line) for one in rivals for line in one[1:])
    longest = max((len(one) for one in rivals), default=1)
    empty = after_label and not paragraph[0].strip()
    for number in range(1, len(paragraph)):
        line = paragraph[number]
        if _is_indented(line, label) or (empty and number == 1):
            continue
        if _is_item(line):
            if not bullets:
                return paragraph[:number]
        elif _begins_anew(paragraph, number) and (not sentences or number >= longest):
            return paragraph[:number]
    return paragraph


def _is_item(line: str) -> bool:
    marks, content = contained(line)
    return bool(marks.strip(" \t>#")) or bool(_NUMBERED.match(content))


def _begins_anew(paragraph: _Paragraph, number: int) -> bool:
    """Whether a line starts a new sentence instead of continuing the line before."""
    before, line = plain(paragraph[number - 1]), plain(contained(paragraph[number])[1])
    line = line.lstrip("([")
    if not line or not line[0].isalpha() or line[0].islower():
        return False
    return bool(_SENTENCE_END.search(before)) or len(paragraph[number - 1]) < _LONG_LINE


def _folded(body: Sequence[_Paragraph]) -> str:
    """One line of plain text, without the marks of bullets, numbers and headings."""
    words: list[str] = []
    count, fenced = 0, False
    for place, line in enumerate(line for paragraph in body for line in paragraph):
        content = line.strip() if fenced or not place else contained(line)[1]
        fenced ^= content.startswith(("```", "~~~"))
        step = None if fenced or not place else _NUMBERED.match(content)
        if step and int(step[1]) in (1, count + 1):
            count, content = int(step[1]), content[step.end() :]
        words.append(content)
    return plain(" ".join(words))
