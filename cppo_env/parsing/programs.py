"""Solver text → program."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from cppo_env.parsing.block_choice import doubt, not_set_aside, of_blocks
from cppo_env.parsing.carried import carried
from cppo_env.parsing.dedent import dedent
from cppo_env.parsing.effort import MAX_CHARACTERS, MAX_UNFENCED_CHARACTERS, effort, remembered
from cppo_env.parsing.envelopes import goes_on, holds_other, without_tokens
from cppo_env.parsing.fences import Block, blocks, other_language, unquoted
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.other_markup import fenced, indented, unnumbered
from cppo_env.parsing.python_source import (
    Parse,
    does_something,
    facts,
    is_python,
    trimmed,
)
from cppo_env.parsing.set_aside import has_set_aside
from cppo_env.parsing.thoughts import has_thoughts, without_thoughts

TRIES = 64
"""Maximum number of starts of bare code tried in one text."""

CUT_OFF = "the answer was cut off"

_TILDES = re.compile(r"(?m)^[ \t]*~~~")
"""Fences that Python would read as operators."""

_COMMENT = re.compile(r"(?m)^[ \t]*<!--[ \t]*\n[ \t]*```(?s:.{0,20000}?)```[ \t]*\n[ \t]*-->")
"""A fenced block in a comment of Markdown."""

_ORG = re.compile(r"(?mi)^[ \t]*#\+begin_src\b")
"""The mark of a block that is a comment of Python."""

_SESSION = re.compile(r"\s*(?:>>>|In \[\d*\]:)")
_PATCH = re.compile(r"\+\+\+ |--- [/\w]|@@ |\*\*\* Begin Patch")
_FENCE = re.compile(r"`{3,}|~{3,}")
_INLINE = re.compile(
    r"(?<!`)(`{3,})(?!`)(?:[ \t]*(?P<label>python[\d.]*|py[\d.]*)[ \t]+)?(?P<code>[^`\n]+)\1", re.I
)
_CLOSING = re.compile(
    r"\n[ \t]*(?:\]\]>)?(?:</code>[ \n]{0,4})?"
    r"</(code|pre|program|solution|answer|python|execute|run|script|file|tool_code|antArtifact)>\Z"
)
_NO_VALUE = re.compile(r"\s*(?:\{|\[\s*[{\"]|\"[^\"]*\\)")
"""What is JSON rather than code that shows values."""
_OPENING = r"(?m)^[ \t]*<{}\b[^<>\n]*>\s{{0,4}}(?:<code\b[^<>\n]*>)?(?:<!\[CDATA\[)?[ \t]*\n"
_CODE = re.compile(r"=|^\s*(?:@|[\w.]+[(\[])")
_MARKER = re.compile(r"(?:[-*•]|\d{1,2}\.) ")
_SAID = re.compile(r"(?:[^\W\d_][\w'’-]*[,:]?[ ]+){3}[^\n]*[.!?]\s*")
"""A sentence of words."""
_WRITEFILE = re.compile(r"\s*%%(?:writefile|file)[ \t]+\S+\.py[ \t]*\n(?P<body>.*)", re.S)
"""A cell of a notebook that writes a file."""
_CODE_WORDS = frozenset({*keyword.kwlist, "print"} - {"False", "None", "True"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A program, or why there is none."""

    program: str | None
    reason: str = ""


def read_program(text: str, truncated: bool = False) -> str | None:
    """Read the program of a solution.

    It is the last complete block that is Python: by its info string, else by whether it parses.
    Sample output, shell commands, examples of its use, excerpts and stubs of it behind it are not
    it. Blocks that need each other are put together. A block without a language that only shows
    values (`YES`, `[1, 2]`) gives way to one that does something. An open block counts, if the
    answer ended by itself. Without a block it is the code that the text is, or ends with, or that
    stands there between tags such as `<code>`. Thoughts are left out.

    Args:
        text: what the model answered.
        truncated: the answer was cut off, so that it holds no program, whatever it looks like.

    Returns:
        The program; None when there is none, one that no file could hold (lone surrogates), or a
        text of more than `MAX_CHARACTERS`, without a fence `MAX_UNFENCED_CHARACTERS`.
    """
    return _read(text, truncated).program


def explain_program(text: str, truncated: bool = False) -> str:
    """Why `read_program` finds no program, in few words; the empty text when it finds one."""
    return _read(text, truncated).reason


@remembered
def _read(text: str, truncated: bool) -> Reading:
    if truncated:
        return Reading(None, CUT_OFF)
    if len(text) > MAX_CHARACTERS:
        return Reading(None, f"more than {MAX_CHARACTERS} characters")
    with effort():
        return _read_answer(text)


def _read_answer(text: str) -> Reading:
    answer = without_thoughts(text)
    if not answer.strip():
        return Reading(None, "only thoughts" if has_thoughts(text) else "the answer is empty")
    if goes_on(answer):
        return Reading(None, "it goes on behind its end")
    answer = _COMMENT.sub("", answer)
    lines = unquoted(split_lines(answer.removeprefix("\ufeff")))
    if _ORG.search(answer):
        lines = fenced(lines) or lines
    plain = "\n".join(lines)
    if does_something(plain) and not _TILDES.search(plain):
        return _encodable(trimmed(plain))
    found = [block for block in blocks(lines) if block.closed or block.source.strip()]
    program, reason = of_blocks(not_set_aside(found, lines))
    reason = doubt(program, found, lines) if program is not None else reason
    if reason:
        return Reading(None, reason)
    if program is None:
        program = _inline(plain) or _tagged(plain)
    if program is None and len(answer) <= MAX_UNFENCED_CHARACTERS:
        program = _bare(lines, found)
    if (program is None or not is_python(program)) and len(answer) <= MAX_UNFENCED_CHARACTERS:
        program = _carried(answer, lines, found, program) or program
    if program is None:
        program = _values(found, plain)
    if program is None:
        return Reading(None, "no block of it is Python" if found else "no code block")
    return _encodable(program)


def _encodable(program: str) -> Reading:
    try:
        program.encode()
    except UnicodeEncodeError:
        return Reading(None, "no file can hold it")
    return Reading(program)


def _carried(answer: str, lines: list[str], found: list[Block], program: str | None) -> str | None:
    """The program in an envelope or other markup, if all that can be taken off leave one."""
    if program is not None:
        cells = [cell["body"] for one in found if (cell := _WRITEFILE.fullmatch(one.source))]
        ends = [
            _bare(split_lines(program), [], after_prose=False)
            for one in found[-1:]
            if not one.closed and one.source == program
        ]
        texts = [unnumbered(program), *(cells if len(cells) == 1 else ()), *ends]
    else:
        texts = carried(answer, lines, found)
        if not found and not has_set_aside(answer) and (inner := indented(lines)):
            around = [line for line in lines if not line.startswith((" ", "\t"))]
            texts += [dedent(inner)] if all(map(_is_prose, around)) else []
    read = [_plain_reading(without_tokens(text)) for text in texts if text]
    programs = {one.strip("\n") for one in read if one and does_something(one)}
    return programs.pop() if len(programs) == 1 else None


def _plain_reading(text: str) -> str | None:
    """The program of a text that is one, or that has fenced blocks."""
    if does_something(text):
        return trimmed(text)
    lines = split_lines(text)
    found = blocks(lines)
    return of_blocks(found)[0] or _bare(lines, found)


def _values(found: list[Block], whole: str) -> str | None:
    """Code that only shows values, if there is nothing else: the last such block, or the text."""
    sources = [block.source for block in found if not block.is_other] or [whole]
    return next(
        (one for one in reversed(sources) if is_python(one) and not _NO_VALUE.match(one)), None
    )


def _inline(text: str) -> str | None:
    """The program of a block within one line, such as "```python print(5)```"."""
    for match in reversed(list(_INLINE.finditer(text))):
        code = match["code"].strip()
        alone = match[0] == text.strip()
        if (match["label"] or alone) and does_something(code):
            return code
    return None


def _tagged(text: str) -> str | None:
    """The program between tags that end a text, such as `<code>` and `</code>`."""
    text = text.rstrip()
    closing = _CLOSING.search(text)
    opening = closing and re.search(_OPENING.format(closing[1]), text)
    if not (closing and opening) or other_language(opening[0].replace("language-", " ")):
        return None
    code = text[opening.end() : closing.start()]
    return code if does_something(code) else None


def _bare(lines: list[str], found: list[Block], *, after_prose: bool = True) -> str | None:
    """The code of a text in which all else is prose or blocks of something else.

    The prose behind it begins with a capital letter, and behind a blank line or as a sentence.
    """
    if any(map(_PATCH.match, lines)):
        return None  # its lines may parse: "+print(2)"
    others = {n for block in found if block.closed for n in range(block.first, block.last + 1)}
    lines = [
        "" if number in others or _FENCE.fullmatch(line.strip()) else _unfenced(line)
        for number, line in enumerate(lines)
    ]
    if holds_other(lines):
        return None
    start = 0
    for _ in range(TRIES):
        source = "\n".join(lines[start:])
        known = facts(source)
        if known.parse is Parse.RIGHT:
            program = trimmed(source).strip("\n")
            return program if does_something(program) else None
        if not known.error_line:
            return None
        failed = start + known.error_line - 1
        if after_prose and all(_is_prose(line) for line in lines[start : failed + 1]):
            start = failed + 1
        elif (end := _remark(lines, start, failed)) is not None:
            lines = lines[:end]
        else:
            return None
    return None


def _unfenced(line: str) -> str:
    """A line of code without a stray fence behind it."""
    return re.sub(r"(?<=\S)`{3,}\s*$", "", line)


def _remark(lines: list[str], start: int, failed: int) -> int | None:
    """The first line of the prose that ends a text and holds the line that is no Python."""
    if not all(_is_prose(line) for line in lines[failed:]):
        return None
    while failed > start and _is_prose(lines[failed - 1]):
        failed -= 1
    starts = (n for n in range(failed, len(lines)) if _begins_remark(lines[n]))
    return next((n for n in starts if not lines[n - 1].strip() or _SAID.fullmatch(lines[n])), None)


def _begins_remark(line: str) -> bool:
    """Whether a line begins as a sentence, an item or a heading does, in any script."""
    line = _MARKER.sub("", line)
    return line[:1].isupper() or line.startswith("##") or (line > "\x7f" and line[0].isalpha())


def _is_prose(line: str) -> bool:
    words = line.split()
    if _SESSION.match(line):
        return False
    return not words or (words[0] not in _CODE_WORDS and not _CODE.search(line))
