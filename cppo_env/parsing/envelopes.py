"""What carries an answer, taken off: tokens, escapes, tool calls, notebooks, patches.

Each function takes a whole text and returns what it carries, or None where it carries nothing.
The readers try them on texts that they cannot read as they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from cppo_env.parsing.lines import split_lines

_TOKEN = (
    r"<\|(?:im_start|im_end|endoftext|end_of_text|eot_id|eom_id|eot|end|assistant|python_tag)\|>"
    r"|</?s>|<eos>|<(?:start|end)_of_turn>|\[/?INST\]|<\|start_header_id\|>|<\|end_header_id\|>"
)
_HEAD = re.compile(rf"\s*(?:(?:{_TOKEN})(?:assistant|model)?\s*)+")
_TAIL = re.compile(rf"(?:{_TOKEN})\s*\Z")
_HEREDOC = re.compile(r"(?P<before>[^\n]*)<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*")
_ARGUMENTS = ("arguments", "parameters", "input", "args", "function", "function_call")
_ADDED_FILE = re.compile(r"(?m)^(?:\*\*\* Add File:|--- /dev/null\b)")
_PATCH_HEAD = re.compile(r"(?:diff |index |new file |--- |\+\+\+ |@@|\*\*\* |\\ No newline)")
_FENCE_LINE = re.compile(r"\s*(?:`{3,}|~{3,})(?:diff|patch)?\s*")
_DEPTH = 4


def without_tokens(text: str) -> str:
    """A text without the tokens of a chat template before and behind it."""
    if head := _HEAD.match(text):
        text = text[head.end() :]
    while tail := _TAIL.search(text, max(0, len(text) - 64)):
        text = text[: tail.start()]
    return text


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
    if "\n" in text or "\\n" not in text:
        return None
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    return text.replace('\\"', '"')


def heredoc(text: str) -> str | None:
    """What the only here-document of a text holds, such as `cat > FILE << EOF` writes."""
    lines = split_lines(text)
    starts = [(n, match) for n, line in enumerate(lines) if (match := _HEREDOC.fullmatch(line))]
    if len(starts) != 1:
        return None
    [(first, match)] = starts
    ends = [n for n in range(first + 1, len(lines)) if lines[n].strip() == match["end"]]
    if len(ends) != 1 or not re.match(r"\s*(?:\$\s*)?(?:cat|tee|python)", match["before"]):
        return None
    return "\n".join(lines[first + 1 : ends[0]])


def added(text: str, *, new_file: bool = False) -> str | None:
    """The lines that a diff adds, where it does nothing else.

    Args:
        text: the diff, in a fence or not, and nothing beside it.
        new_file: only that of one new file.
    """
    lines = [line for line in split_lines(text) if not _FENCE_LINE.fullmatch(line)]
    if new_file and len(_ADDED_FILE.findall(text)) != 1:
        return None
    kept = [line for line in lines if line.strip() and not _PATCH_HEAD.match(line)]
    if not kept or not all(line.startswith("+") for line in kept):
        return None
    return "\n".join(line[1:] for line in kept)


def notebook(text: str, kind: str) -> str | None:
    """The cells of a kind (`code`, `markdown`) of a Jupyter notebook."""
    for value in values(text):
        cells: Any = cast(dict[str, Any], value).get("cells") if isinstance(value, dict) else None
        if not isinstance(cells, list):
            continue
        sources: list[str] = []
        for cell in cast(list[Any], cells):
            entry = cast(dict[str, Any], cell) if isinstance(cell, dict) else {}
            if entry.get("cell_type") == kind:
                source = entry.get("source", "")
                sources.append(source if isinstance(source, str) else "".join(map(str, source)))
        return "\n\n".join(sources)
    return None


def arguments(value: Any, depth: int = _DEPTH) -> Any:
    """The arguments of a tool call, also where they are text of JSON; else the value itself."""
    if not isinstance(value, dict) or not depth:
        return cast(Any, value)
    for name in _ARGUMENTS:
        inner = cast(dict[str, Any], value).get(name)
        if isinstance(inner, str):
            try:
                inner = json.loads(inner)
            except (ValueError, RecursionError):
                continue
        if isinstance(inner, dict | list):
            return arguments(cast(Any, inner), depth - 1)
    return cast(Any, value)


def values(text: str) -> Iterator[Any]:
    """The JSON object or list that a text is, less tags and fences around it; or nothing."""
    start, end = text.find("{"), text.rfind("}")
    around = text[:start] + text[end + 1 :]
    if start < 0 or not re.fullmatch(r"(?:\s|</?\w{1,24}>|`{3,}(?:json)?)*", around[:400]):
        return
    if len(around) > 400:
        return
    try:
        yield json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return
