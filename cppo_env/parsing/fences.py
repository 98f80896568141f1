"""The fenced blocks of a text, as chat models write them.

CommonMark's rules, and what models do beside them: a block that opens behind words, closes at the
end of a line of code or with words behind the fence, or is never closed because the next one
begins. Where the rules leave a choice, the block ends where its text is Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cppo_env.parsing.dedent import dedent
from cppo_env.parsing.effort import spend
from cppo_env.parsing.python_source import Parse, does_something, parse

TRIES = 16
"""Maximum number of ends tried for one block."""

LINE_COST = 4
"""Cost of looking at a line with a fence, in parsed characters."""

MOST = 32
"""Maximum number of blocks read from one text."""

# A backtick fence has no backtick in its info string (CommonMark): "```input()``` reads" is code.
_OPENING = re.compile(r"(?P<before>(?:(?!```|~~~).)*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)", re.S)
FENCE_LINE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[\w.-]*[ \t]*")
"""A line that is a fence and nothing else."""
_LIST_MARKER = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])?\s*")
_LABEL = re.compile(r"[{.\s]*([\w+#-]+(?:\.[\w.]+)*)")
_PYTHON = re.compile(r"(?:i|c)?python[\d.]*|py[\d.]*|pypy[\d.]*|python-?code|[\w/.-]+\.py", re.I)
_OTHER = re.compile(
    r"text|txt|plaintext|plain|none|output|out|input|stdin|stdout|console|terminal|shell|sh|bash"
    r"|zsh|bat|cmd|powershell|ps1|shell-session|json|jsonl|yaml|yml|toml|ini|xml|html|css|csv|diff"
    r"|patch|sql|latex|tex|math|mermaid|pseudocode|pseudo|algorithm|c|cc|cpp|c\+\+|cxx|h|hpp|csharp"
    r"|c#|cs|java|kotlin|scala|go|golang|rust|rs|swift|js|javascript|ts|typescript|jsx|tsx|php|perl"
    r"|ruby|rb|r|lua|haskell|hs|ocaml|fsharp|julia|matlab|octave|fortran|pascal|d|dart|nim|elixir"
    r"|erlang|clojure|lisp|scheme|prolog|asm|makefile|dockerfile|pycon"
)
_TRANSPARENT = ("markdown", "md")
"""A block of one of these languages wraps the answer; the blocks inside it count."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block."""

    label: str
    """The first word of its info string, in lower case."""
    source: str
    """Its lines, dedented."""
    first: int
    """The line that opens the block."""
    last: int
    """The last line of the block: the one that closes it, if any."""
    closed: bool

    @property
    def is_labelled_python(self) -> bool:
        """Its info string says Python."""
        return bool(_PYTHON.fullmatch(self.label))

    @property
    def is_other(self) -> bool:
        """Its info string says something else."""
        return bool(_OTHER.fullmatch(self.label))


def is_python_label(label: str) -> bool:
    """Whether a language is Python."""
    return bool(_PYTHON.fullmatch(label.strip()))


def other_language(words: str) -> str | None:
    """The language, if any, that some words name and that is not Python."""
    found = re.findall(r"[a-z][\w+#-]*", words.casefold())
    return next((word for word in found if _OTHER.fullmatch(word)), None)


def blocks(lines: Sequence[str]) -> list[Block]:
    """The blocks of a text, in order; an unclosed one comes last."""
    found: list[Block] = []
    number = 0
    while number < len(lines) and len(found) < MOST and spend(0):
        opening = _opening(lines[number])
        if opening is None:
            number += 1
            continue
        block = _Open(lines, number, *opening).read()
        found.append(block)
        # A line that opens the next block no longer belongs to this one.
        number = max(block.last, block.first) + 1
    return found


def unquoted(lines: Sequence[str]) -> list[str]:
    """The lines, without block-quote marks where quoted lines hold a fence."""
    if not any(line.startswith((">", " ")) and line.lstrip().startswith(">") for line in lines):
        return list(lines)
    kept, run = list[str](), list[str]()
    for line in [*lines, ""]:
        if line.lstrip().startswith(">") and not line.lstrip().startswith(">>"):
            run.append(line)
            continue
        quoted = any(re.match(r"\s*>\s*(?:```|~~~)", one) for one in run)
        kept += [re.sub(r"^\s*> ?", "", one) for one in run] if quoted else run
        kept.append(line)
        run = []
    return kept[:-1]


def _label(info: str) -> str:
    match = _LABEL.match(info)
    return match[1].lower() if match else ""


def _is_language(info: str) -> bool:
    label = _label(info)
    return bool(_PYTHON.fullmatch(label)) or bool(_OTHER.fullmatch(label)) or label in _TRANSPARENT


def _opening(line: str) -> tuple[str, str, str] | None:
    """Fence, info string and the words before it, if a line opens a block."""
    match = _OPENING.fullmatch(line)
    if match is None:
        return None
    before, fence, info = match["before"], match["fence"], match["info"].strip()
    if _LIST_MARKER.fullmatch(before):
        return None if _label(info) in _TRANSPARENT else (fence, info, "")
    # Behind words only where nothing but a language follows: "use ``` to quote" opens nothing.
    if fence[0] == "`" and (not info or (" " not in info and _is_language(info))):
        return fence, info, before
    return None


class _Open:
    """An open block while its end is sought."""

    def __init__(self, lines: Sequence[str], first: int, fence: str, info: str, before: str):
        self.lines, self.first, self.info = lines, first, info
        self.label = _label(info)
        self.may_be_python = not _OTHER.fullmatch(self.label)
        mark = re.escape(fence[0])
        self.closing = re.compile(rf"\s*{mark}{{{len(fence)},}}\s*")
        self.tail = re.compile(rf"(.*?){mark}{{3,}}([^{mark}]*)", re.S)

    def read(self) -> Block:
        """Find its end."""
        hard = (n for n in self._scanned() if self._is_hard(n))
        open_at: list[int] = []
        for end in islice(hard, TRIES):
            state = self._parse(self._body(end)) if self.may_be_python else Parse.WRONG
            if state is Parse.RIGHT:
                return self._block(end)
            if state is Parse.WRONG:
                return self._soft(end) or self._block(end)
            open_at.append(end)
        end = len(self.lines)
        if self.may_be_python and self._parse(self._body(end)) is Parse.RIGHT:
            return self._made(self._body(end), end - 1, closed=False)
        if open_at:
            return self._soft(open_at[0]) or self._block(open_at[0])
        return self._soft(end, even_if_wrong=True) or self._made(
            self._body(end), end - 1, closed=False
        )

    def _scanned(self) -> Iterator[int]:
        """The lines that follow, for as long as there is effort left."""
        for number in range(self.first + 1, len(self.lines)):
            if "```" in self.lines[number] and not spend(LINE_COST):
                return
            yield number

    def _is_hard(self, number: int) -> bool:
        """Whether a line closes the block, or opens another one."""
        line = self.lines[number]
        if self.closing.fullmatch(line):
            return True
        opening = _opening(line) if "```" in line or "~~~" in line else None
        return opening is not None and not opening[2] and _is_language(opening[1])

    def _block(self, end: int) -> Block:
        """The block up to a line that closes it, or that opens the next one."""
        if self.closing.fullmatch(self.lines[end]):
            return self._made(self._body(end), end, closed=True)
        body = self._body(end)
        return self._made(body, end - 1, closed=self._parse(body) is Parse.RIGHT)

    def _soft(self, before: int, *, even_if_wrong: bool = False) -> Block | None:
        """The block up to a fence behind code or before words, if that makes it Python."""
        matches = (
            (n, match)
            for n in range(self.first + 1, before)
            if (match := self.tail.fullmatch(self.lines[n]))
        )
        tries = list(islice(matches, TRIES))
        for number, match in tries:
            body = [*self._body(number), *([match[1]] if match[1].strip() else [])]
            right = self.may_be_python and self._parse(body) is Parse.RIGHT
            if right or not self.may_be_python:
                return self._made(body, number, closed=True)
        if tries and even_if_wrong:
            number, match = tries[0]
            return self._made([*self._body(number), match[1]], number, closed=True)
        return None

    def _body(self, end: int) -> list[str]:
        return list(self.lines[self.first + 1 : end])

    def _parse(self, body: Sequence[str]) -> Parse:
        return parse(dedent(body))

    def _made(self, body: Sequence[str], last: int, *, closed: bool) -> Block:
        source = dedent(body) if closed else dedent(body).rstrip("\n")
        rest = self.info[len(self.label) :].strip()
        if _PYTHON.fullmatch(self.label) and does_something(rest):
            source = f"{rest}\n{source}"  # code on the very line of the fence
        return Block(self.label, source, self.first, last, closed)
