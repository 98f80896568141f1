"""Which of the Python blocks of an answer is its program."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cppo_env.parsing.effort import spend
from cppo_env.parsing.fences import Block
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.python_source import (
    BUILTINS,
    Parse,
    does_something,
    facts,
    free_names,
    is_python,
    parse,
)
from cppo_env.parsing.set_aside import introduces_change, is_beside, is_heading_of_such, is_lesser

_READS = re.compile(r"\binput\(|\bstdin\b|\bopen\(0|\bfileinput\b|\bos\.read\(")
_REPLACED_INPUT = re.compile(r"\bstdin\s*=\s*(?:io\.)?StringIO\(\s*[frb]*[\"']")
_TEST = re.compile(r"test_|Test[A-Z]")

CHANGED = "a part of the program follows it in other words"
_OWN_FILE = {"solution", "sol", "main", "program", "answer", "submission"}
"""Modules by which tests import the program itself."""
LESSER = "the last of two programs is called slow, or equivalent to the other"
SEVERAL_FILES = "its program imports another file"


def of_blocks(found: Sequence[Block]) -> tuple[str | None, str]:
    """The last complete Python block, or else the last one opened as Python; or why none is.

    A block that needs the imports and functions of earlier ones is their end. What follows a
    program that reads and prints and does not do so itself is a part of it, or tests it.
    """
    complete: str | None = None
    opened: str | None = None
    reason = ""
    earlier: list[str] = []
    defined: set[str] = set()
    for source, closed in ((one.source, one.closed) for one in found if is_python_block(one)):
        if source.lstrip().startswith(">>>"):
            continue
        if not closed and parse(source) is not Parse.RIGHT:
            opened = source
            continue
        known = facts(source)
        if complete is not None and _is_excerpt(source, complete):
            continue
        if complete is not None and _is_missing(source, complete):
            complete = f"{source}\n\n{complete}"
            continue
        joined = _joined(source, earlier)
        earlier.append(source)
        if joined is None and complete is not None and _is_whole(complete) > _is_whole(source):
            reason = CHANGED if known.defines & facts(complete).defines else reason
            continue
        own = {name for name in known.defines if name in defined or not _TEST.match(name)}
        uses = free_names(source) | known.imports if defined else frozenset[str]()
        is_usage = not own and bool(uses & defined)
        is_whole = _is_whole(source) > _is_whole(complete or "")
        if is_usage and is_whole and known.imports & defined and not known.modules & _OWN_FILE:
            reason = SEVERAL_FILES
        idle = is_python(source) and not does_something(source)
        if joined or complete is None or not (idle or is_usage or known.only_asserts):
            complete, reason = joined or source, ""
        defined |= known.defines | known.brings
    return (None, reason) if reason else (opened if complete is None else complete, "")


def not_set_aside(found: Sequence[Block], lines: Sequence[str]) -> list[Block]:
    """The blocks but those whose heading, first comment or line above sets them aside.

    What stands behind a program may also be called wrong, or a test, in a sentence.
    """
    kept: list[Block] = []
    for block in found:
        said = _said_of(block, lines)
        is_aside = any(map(is_beside, said)) and any(_replaces(block, one) for one in kept)
        if not is_aside and not any(map(is_heading_of_such, said)):
            kept.append(block)
    return kept if any(map(is_python_block, kept)) else list(found)


def _said_of(block: Block, lines: Sequence[str]) -> tuple[str, str, str]:
    """The line above a block, the heading over it and its first comment."""
    first = block.source.lstrip().partition("\n")[0]
    return _line_above(block, lines), _heading_over(block, lines), first


def _heading_over(block: Block, lines: Sequence[str]) -> str:
    """The heading before a block, without another block between."""
    for line in reversed(lines[: block.first]):
        if line.lstrip().startswith(("```", "~~~")):
            break
        if line.startswith(("#", "**")):
            return line
    return ""


def _replaces(block: Block, program: Block) -> bool:
    """Whether a block would stand in the place of a program before it."""
    both = facts(block.source).defines & facts(program.source).defines
    return is_python_block(program) and (_is_whole(program.source) or bool(both))


def doubt(program: str, found: Sequence[Block], lines: Sequence[str]) -> str:
    """Why a program may not be the one that is meant; the empty text if nothing says so.

    It is called slow or equivalent to one before it, or is followed by a patch or by lines that a
    sentence calls a change.
    """
    own = {line.strip() for line in split_lines(program)}
    places = [n for n, block in enumerate(found) if block.source.strip() in program]
    for block in found[places[-1] + 1 :] if places else ():
        behind = split_lines(block.source)
        removed, added = (
            {line[1:].strip() for line in behind if line.startswith(sign)} - {""} for sign in "-+"
        )
        if block.label in ("diff", "patch") and removed & own and not added <= own:
            return CHANGED
        is_code = does_something(block.source) or bool(facts(block.source).brings)
        if is_code and not block.is_other and introduces_change(_line_above(block, lines)):
            return CHANGED
    last = found[places[-1]] if places else None
    before = found[: places[-1]] if places else ()
    if last and any(map(is_lesser, _said_of(last, lines))):
        return LESSER if any(_replaces(last, one) for one in before) else ""
    return ""


def _line_above(block: Block, lines: Sequence[str]) -> str:
    """The last line before a block that is not blank."""
    return next((line for line in reversed(lines[: block.first]) if line.strip()), "")


def is_python_block(block: Block) -> bool:
    """Whether a block is Python, by its info string or else by its text."""
    return block.is_labelled_python or (not block.is_other and does_something(block.source))


def _is_whole(source: str) -> bool:
    """Whether a text reads the input, and no text in its place, and shows results."""
    reads = _READS.search(source) and not _REPLACED_INPUT.search(source)
    return facts(source).shows and bool(reads)


def _is_missing(source: str, program: str) -> bool:
    """Whether a text only defines what a program before it lacks, as behind the word "where"."""
    known = facts(source)
    if not known.defines or known.shows or known.defines & facts(program).defines:
        return False
    return "import *" not in program and bool(known.defines & (free_names(program) - BUILTINS))


def _joined(source: str, earlier: Sequence[str]) -> str | None:
    """A program that was cut into parts, of which a text is the last one; None if it is no part.

    A part needs names that an earlier one brings, and none before the last one shows results. What
    neither reads the input nor defines a function only tries the earlier parts out.
    """
    if not earlier or not spend(len(source)):
        return None
    parts, needs = [source], free_names(source) - BUILTINS
    for part in reversed(earlier):
        known = facts(part)
        if not needs & known.brings:
            continue
        if known.shows or any(known.defines & facts(one).defines for one in parts):
            return None
        needs = needs - known.brings | free_names(part) - BUILTINS
        parts.insert(0, part)
    own = any(not _TEST.match(name) for name in facts(source).defines)
    is_program = own or (facts(source).shows and any(map(_READS.search, parts)))
    return "\n\n".join(parts) if len(parts) > 1 and not needs and is_program else None


def _is_excerpt(source: str, program: str) -> bool:
    """Whether a text is some lines of a program, and no shorter version of it."""
    lines, others = ({line.strip() for line in split_lines(one)} for one in (source, program))
    if not lines <= others | {""}:
        return False
    is_part = _is_whole(program) and not _is_whole(source)
    return is_part or facts(source).defines != facts(program).defines
