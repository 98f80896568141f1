"""The one rule for the thoughts of reasoning models: they are no part of the answer.

Whoever reads a plan or a program reads it from what this rule leaves.
"""

from __future__ import annotations

import re

from cppo_env.parsing.effort import MAX_CHARACTERS, effort, spend
from cppo_env.parsing.fences import blocks, unquoted
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.python_source import Parse, does_something, parse

TRIES = 16
"""Maximum number of tags examined in one text."""

NEAR = 400
"""Characters beside a tag that tell whether a line begins or ends there."""

_NAMES = r"(?:seed:)?(?:think|thinking|thoughts?|reasoning|reflection|scratchpad|analysis)"
_BEGIN = (
    rf"<{_NAMES}(?:\s[^<>\n]{{0,200}})?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>"
    r"|<\|START_THINKING\|>|<\|channel>thought\b"
)
_END = rf"</{_NAMES}\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>|<channel\|>"
_TAG = re.compile(rf"(?P<begin>{_BEGIN})|(?P<end>{_END})", re.I)
_QUOTES = "'\"`“”‘’«»"
_CLOSING = {
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|channel>thought": "<channel|>",
}

_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_CHANNEL_END = re.compile(r"<\|(?:return|end|call)\|>")
_CHANNEL_MARK = re.compile(r"<\|(?:start|channel|constrain|message|end|return|call)\|>")
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[^\sa-z]).*assistantfinal", re.S)
"""gpt-oss as a tokenizer decodes it that leaves special tokens out."""


def without_thoughts(text: str) -> str:
    """What a model answered, less its thoughts.

    - A block `<think>…</think>` goes; so do `<thinking>`, `<reasoning>` and other models' marks.
    - A closing tag alone ends thoughts that the prompt's template had opened: what is before it
      goes. Where nothing follows it, it is a stray one behind the answer and goes alone.
    - A block that is never closed goes with all that follows.
    - A tag within a program, or in quotation marks, is text.
    """
    if len(text) > MAX_CHARACTERS:
        return text
    with effort():
        return _without_thoughts(text)


def _without_thoughts(text: str) -> str:
    rest, kept = _final_channel(text), ""
    for _ in range(TRIES):
        tag = _first_tag(rest)
        if tag is None and rest is text:
            return text
        if tag is None:
            break
        before, after = rest[: tag.start()], rest[tag.end() :]
        if tag["begin"]:
            end = end_of_thoughts(after)
            kept, rest = kept + before, "" if end is None else after[end:]
        elif _TAG.sub("", after).strip():
            kept, rest = "", after
        else:
            rest = before
    return (kept + rest).strip("\r\n") if kept.strip() else rest.strip("\r\n")


def is_thought_mark(token: str) -> bool:
    """Whether a special token of a model is a mark around thoughts, so that its text matters."""
    return bool(_TAG.fullmatch(token) or _CHANNEL_MARK.fullmatch(token))


def open_thought(prompt: str) -> str:
    """The tag by which a prompt has begun the model's thoughts; empty if it has not."""
    tag = next(reversed(list(_TAG.finditer(prompt))), None)
    return tag[0] if tag and tag["begin"] and not prompt[tag.end() :].strip() else ""


def thought_tag(text: str) -> str:
    """The first tag in a text that begins thoughts; empty if there is none."""
    return next((tag[0] for tag in _TAG.finditer(text) if tag["begin"]), "")


def closing_tag(opening: str) -> str:
    """The tag that ends the thoughts that a tag began."""
    name = re.match(r"<([\w:]+)", opening)
    return _CLOSING.get(opening) or f"</{name[1] if name else 'think'}>"


def end_of_thoughts(text: str) -> int | None:
    """Where the thoughts end with which a text begins, behind their tag; None if they do not."""
    end = next((tag for tag in _TAG.finditer(text) if _ends(tag, text)), None)
    return end.end() if end else None


def writes_channels(token: str) -> bool:
    """Whether a special token is one of a model that writes its thoughts into a channel."""
    return bool(_CHANNEL_MARK.fullmatch(token))


def has_thoughts(text: str) -> bool:
    """Whether some of a text is thoughts."""
    return without_thoughts(text).strip() != text.strip()


def _final_channel(text: str) -> str:
    """The answer of a model that writes into channels (gpt-oss), or the text itself."""
    channels = list(_CHANNEL.finditer(text))
    if channels and not does_something(text):
        last = channels[-1]
        return _CHANNEL_END.split(text[last.end() :])[0] if last[1] == "final" else ""
    bare = _BARE_CHANNELS.match(text)
    return text[bare.end() :] if bare else text


def _first_tag(text: str) -> re.Match[str] | None:
    """The first tag that is one, and no part of a program or quotation."""
    tags = (tag for tag in _TAG.finditer(text) if _counts(tag, text))
    first = next(tags, None)
    if first is None or does_something(text):
        return None
    if first["begin"] and not text[: first.start()].strip():
        return first
    spans = _programs(text) if spend(len(text)) else []
    for tag in (first, *tags) if spans else (first,):
        if not any(start <= tag.start() < end for start, end in spans):
            return tag
    return None


def _counts(tag: re.Match[str], text: str) -> bool:
    """A beginning counts at the start of a line, an end at the start or the end of one."""
    near_before, near_after = (
        text[max(0, tag.start() - NEAR) : tag.start()],
        text[tag.end() : tag.end() + NEAR],
    )
    line_before = split_lines(near_before)[-1].strip(" \t>")
    line_after = split_lines(near_after)[0].strip()
    if tag["begin"]:
        return not line_before
    return (not line_before or not line_after) and not _is_quoted(tag, text)


def _ends(tag: re.Match[str], text: str) -> bool:
    return bool(tag["end"]) and not _is_quoted(tag, text)


def _is_quoted(tag: re.Match[str], text: str) -> bool:
    before, after = text[tag.start() - 1 : tag.start()], text[tag.end() : tag.end() + 1]
    return bool(before and after) and before in _QUOTES and after in _QUOTES


def _programs(text: str) -> list[tuple[int, int]]:
    """Where the Python blocks of a text lie."""
    lines = split_lines(text)
    starts, place = list[int](), 0
    for line in lines:
        starts.append(place)
        place += len(line)
        place += 2 if text.startswith("\r\n", place) else 1
    starts.append(len(text))
    return [
        (starts[block.first], starts[block.last + 1])
        for block in blocks(unquoted(lines))
        if parse(block.source) is Parse.RIGHT
    ]
