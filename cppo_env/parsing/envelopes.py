"""What carries an answer, taken off: tokens, escapes, tool calls, notebooks, patches.

Each function takes a whole text and returns what it carries, or None where it carries nothing.
The readers try them on texts that they cannot read as they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.set_aside import is_set_aside

TOKEN = (
    r"<[|｜][\w▁]{1,40}[|｜]>|</?s>|<eos>|<(?:start|end)_of_turn>|\[(?:/?INST|TOOL_CALLS|ARGS)\]"
)
"""A special token of a chat template, such as `<|im_end|>`."""

_HEAD = re.compile(
    rf"\s*(?:(?:{TOKEN})(?:assistant|model|(?:functions\.)?[A-Za-z_]{{1,40}}(?::\d+|(?=\[ARGS\])))?\s*)+"
)
_TAIL = re.compile(rf"(?:{TOKEN})\s*\Z")
_HEREDOC = re.compile(
    r"(?P<before>[^\n]*)<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)(?P<after>[^\n]*)"
)
_ON = (
    r"(?:<\|im_end\|>\s*<\|im_start\|>\s*|<\|eot_id\|>\s*<\|start_header_id\|>\s*"
    r"|<end_of_turn>\s*<start_of_turn>\s*)(?:user|system|human)\b|</s>\s*<?s?>?\s*\[INST\]"
    r"|<[|｜](?:user|User|observation)[|｜]>"
    r"|\n(?:Human|User): [^\n]{0,2000}\n\s{0,8}(?:Assistant|AI): "
)
_GOES_ON = re.compile(rf"{_ON}|<\|endoftext\|>(?=\s*\S)(?!\s*<\|)")
ARGUMENTS = ("arguments", "parameters", "input", "args", "function", "function_call")
_ADDED_FILE = re.compile(r"(?m)^(?:\*\*\* Add File: .*|--- /dev/null\b)")
_FILE = re.compile(r"(?m)^(?:\+\+\+ |\*\*\* (?:Add|Update|Delete) File: )([^\t\n]*)")
_PATCH_HEAD = re.compile(r"(?:diff |index |new file |--- |\+\+\+ |@@|\*\*\* )")
_PATCH = re.compile(r"\*\*\* (?:Begin Patch|Add File:)|--- /dev/null|@@ -\d")
_PATCH_END = re.compile(r"\\ No newline|\*\*\* End")
_PROGRAM_FILE = re.compile(r"(?:.*/)?(?!test_|tests?\.)[\w.-]+(?<!_test)\.py", re.I)
_RUNS = re.compile(r"\s*(?:\$\s*)?python[\d.]*(?:\s+-\S*)?\s*")
_WRITES = re.compile(r"\s*(?:\$\s*)?(?:cat|tee)\s*(?<!>)>?\s*['\"]?([^\s'\">]*)['\"]?\s*")
_FENCE_LINE = re.compile(r"\s*(?:`{3,}|~{3,})(?:diff|patch)?\s*")
_CALL = re.compile(r"<(?:function=|invoke name=\"|tool_call>[ \t]*)([\w.-]{1,60})")
_PARAMETER = re.compile(
    r"<(?:parameter=|parameter name=\"|arg_key>)([\w-]{1,40})(?:\"?|</arg_key>\s{0,8}<arg_value)>"
)
_PARAMETER_END = re.compile(r"</(?:parameter|arg_value)>")
_AROUND = re.compile(r"(?:\s|</?\w{1,24}>|`{3,}(?!`)(?:json)?)*")
_DEPTH = 4
_COMMAND_LENGTH = 200


def without_tokens(text: str) -> str:
    """A text without the tokens of a chat template before and behind it."""
    if head := _HEAD.match(text):
        text = text[head.end() :]
    while tail := _TAIL.search(text, max(0, len(text) - 64)):
        text = text[: tail.start()]
    return text


def goes_on(text: str) -> bool:
    """Whether a text goes on behind the end of the answer, with the next turn or text."""
    return _GOES_ON.search(text) is not None


def unescaped(text: str) -> str | None:
    """The text of a string of JSON, or of one line whose line breaks are escapes."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"'):
        try:
            value: Any = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, str):
            return value
    if "\n" in text or "\\n" not in text or text.startswith(("{", "[")):
        return None
    escapes = {"n": "\n", "t": "\t"}
    return re.sub(r'\\([nt"\\])', lambda match: escapes.get(match[1], match[1]), text)


def heredoc(text: str, *, program: bool = False) -> str | None:
    """What the only here-document of a text holds, such as `cat > FILE << EOF` writes.

    Args:
        text: the commands, and what stands around them.
        program: only where it is a program of Python: it is run, or goes to a file of that name.
    """
    lines = split_lines(text)
    starts = [(n, match) for n, line in enumerate(lines) if (match := _HEREDOC.fullmatch(line))]
    if len(starts) != 1:
        return None
    [(first, match)] = starts
    ends = [n for n in range(first + 1, len(lines)) if lines[n].strip() == match["end"]]
    before = match["before"]
    file = _WRITES.fullmatch(before) if len(before) < _COMMAND_LENGTH else None
    if len(ends) != 1 or (file is None and not (program and _runs(before))):
        return None
    to = re.search(r">\s*(\S+)", match["after"])
    name = file[1] or (to[1] if to else "") if file else ""
    if is_set_aside(name) or (program and file and not _PROGRAM_FILE.fullmatch(name)):
        return None
    return "\n".join(lines[first + 1 : ends[0]])


def holds_other(lines: Sequence[str]) -> bool:
    """Whether lines hold a here-document or the head of a patch, whose parts are no prose."""
    ends = {match["end"] for line in lines if "<<" in line and (match := _HEREDOC.fullmatch(line))}
    return any(line.strip() in ends or _PATCH.match(line) for line in lines)


def _runs(command: str) -> bool:
    return len(command) < _COMMAND_LENGTH and _RUNS.fullmatch(command) is not None


def added(text: str, *, new_file: bool = False) -> str | None:
    """The lines that a diff adds, where it does nothing else.

    Args:
        text: the diff, in a fence or not, and nothing beside it.
        new_file: only that of one new file.
    """
    lines = [line for line in split_lines(text) if not _FENCE_LINE.fullmatch(line)]
    files = _FILE.findall(text)
    is_new = len(_ADDED_FILE.findall(text)) == 1 and len(files) == 1
    if new_file and not (is_new and _PROGRAM_FILE.fullmatch(files[0].strip())):
        return None
    heads = next((n for n, line in enumerate(lines) if not _is_head(line)), len(lines))
    kept = [line for line in lines[heads:] if line.strip() and not _PATCH_END.match(line)]
    if not kept or not all(line.startswith("+") for line in kept):
        return None
    return "\n".join(line[1:] for line in kept)


def _is_head(line: str) -> bool:
    return not line.strip() or _PATCH_HEAD.match(line) is not None


def notebook(text: str, kind: str) -> str | None:
    """The cells of a kind (`code`, `markdown`) of a Jupyter notebook.

    Two cells that read the input may be a draft and its mended form.
    """
    value = json_value(text)
    book = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    cells: Any = book.get("cells")
    if not isinstance(cells, list) or "python" not in str(book.get("metadata") or "python"):
        return None
    sources: list[str] = []
    for cell in cast(list[Any], cells):
        entry = cast(dict[str, Any], cell) if isinstance(cell, dict) else {}
        if entry.get("cell_type") == kind:
            source = entry.get("source", "")
            sources.append(source if isinstance(source, str) else "".join(map(str, source)))
    readers = [source for source in sources if "input(" in source or "stdin" in source]
    return "\n\n".join(sources) if kind != "code" or len(readers) < 2 else None


def arguments(value: Any, depth: int = _DEPTH) -> Any:
    """The arguments of a tool call, also where they are text of JSON; else the value itself."""
    if isinstance(value, list) and len(cast(list[Any], value)) == 1:
        [value] = cast(list[Any], value)
    if not isinstance(value, dict) or not depth:
        return cast(Any, value)
    found: list[Any] = []
    for name in ARGUMENTS:
        inner = cast(dict[str, Any], value).get(name)
        if isinstance(inner, str):
            try:
                inner = loaded(inner)
            except (ValueError, RecursionError):
                continue
        if isinstance(inner, dict | list):
            found.append(inner)
    if len(found) > 1 or is_set_aside(str(cast(dict[str, Any], value).get("name", ""))):
        return None
    return arguments(found[0], depth - 1) if found else cast(Any, value)


def loaded(text: str) -> Any:
    """The value of JSON in which no object has a key twice.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=pairs)


def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON.

    Raises:
        ValueError: it has a key twice.
    """
    if len(dict(found)) < len(found):
        raise ValueError("a key twice")
    return dict(found)


def json_value(text: str) -> Any:
    """The JSON object that a text is, less tags and fences around it; None if it is none."""
    start, end = text.find("{"), text.rfind("}")
    around = text[:start] + text[end + 1 :]
    if start < 0 or len(around) > 400 or not _AROUND.fullmatch(around):
        return None
    try:
        return loaded(text[start : end + 1])
    except (ValueError, RecursionError):
        return None


def called(text: str) -> dict[str, str] | None:
    """The arguments of the only tool call of a text that is written as elements, by their names.

    `<function=f><parameter=x>…`, `<invoke name="f"><parameter name="x">…` and
    `<tool_call>f<arg_key>x</arg_key><arg_value>…`.
    """
    names = _CALL.findall(text)
    if len(names) != 1 or is_set_aside(names[0]):
        return None
    found: list[tuple[str, str]] = []
    place = 0
    while start := _PARAMETER.search(text, place):
        end = _PARAMETER_END.search(text, start.end())
        if end is None:
            return None
        found.append((start[1], text[start.end() : end.start()].strip("\r\n")))
        place = end.end()
    return dict(found) if len(dict(found)) == len(found) > 0 else None
