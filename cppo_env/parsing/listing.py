"""Select the labels of a text that belong to the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from cppo_env.parsing.envelopes import TOKEN
from cppo_env.parsing.labels import Label, find_label


@dataclass(frozen=True, slots=True)
class Listing:
    """K methods, or why there are none."""

    methods: tuple[str, ...] = ()
    reason: str = ""


_WORD = re.compile(r"[^\W\d_]")
_NO_TEXT = re.compile(
    rf"{TOKEN}|</?(?:del|strike)>|</\w+>\Z|<!--|-->\Z|\\(?:begin|end)\{{|\\\\\Z"
    r"|[\ud800-\udfff]|\A(?:…|<[\w ]{1,40}>)\Z",
    re.I,
)
"""Tokens of a chat template, struck out elements, ends of elements and comments, environments
of LaTeX, what no file can hold, and the place of a method in a form."""


def listed(methods: Sequence[str]) -> Listing:
    """The list of some methods, unless one of them is empty or no plain text."""
    for label, method in zip(ascii_uppercase, methods, strict=False):
        if not method:
            return Listing(reason=f"method {label} is empty")
        if not _WORD.search(method):
            return Listing(reason=f"method {label} has no words")
        if _NO_TEXT.search(method):
            return Listing(reason=f"method {label} has markup of something else")
    within = [find_label(method, 0) for method in methods]
    letters = [one.index for one in within if one and one.kind == "letter" and one.upper]
    order = list(range(1, len(methods) + 1))
    if letters != order and sorted(letters) == order:  # `1. B: …`
        return Listing(reason="labels out of order")
    return Listing(tuple(methods))


def choose(labels: Sequence[Label], k: int) -> list[Label] | str:
    """The K labels of the plan in order, or why they cannot be identified."""
    complete = [
        list_ for kind in ("letter", "number") if (list_ := _list_of(labels, kind, k)) is not None
    ]
    plausible = [one for one in complete if not _is_within(one, labels, k)]
    if len(plausible) == 2:
        plausible = _preferred(*plausible)
    if len(plausible) == 1:
        return plausible[0]
    return "two lists of methods" if plausible else _fault(labels, k)


def _list_of(labels: Sequence[Label], kind: str, k: int) -> list[Label] | None:
    """The labels of a kind that count 1, 2, … K, if that list is the only one of its kind."""
    own = [one for one in labels if one.kind == kind]
    for first in _distinct([one for one in own if one.index == 1]):
        for chosen in (own, [one for one in own if _style(one) == _style(first)]):
            if [one.index for one in chosen] == list(range(1, k + 1)):
                return chosen if _others_are_parts(own, chosen, k) else None
    return None


def _style(one: Label) -> tuple[object, ...]:
    """What labels of one list have in common where others count as well."""
    return one.word, one.marked, one.upper, one.indent, one.sep


def _distinct(labels: Sequence[Label]) -> Iterator[Label]:
    seen: set[object] = set()
    for one in labels:
        if (style := _style(one)) not in seen:
            seen.add(style)
            yield one


def _others_are_parts(own: Sequence[Label], chosen: Sequence[Label], k: int) -> bool:
    """Whether the unchosen labels of that kind count steps within a method or before the list.

    A label that stands alone may be a method that was labelled twice, and a second list of K one
    that was written twice.
    """
    left_out = [one for one in own if one not in chosen]
    gaps = [
        [one for one in left_out if _gap(one, chosen) == number]
        for number in range(len(chosen) + 1)
    ]
    with_runs = 0
    for number, gap in enumerate(gaps):
        gap = [one for one in gap if one.kind == "number" or one.upper or one.index <= k]
        runs = _runs(gap)
        with_runs += bool(gap) and number > 0
        for run in runs:
            if run[0].index != 1 or len(run) < 2:
                return False
            deeper = run[0].indent > chosen[0].indent
            if len(run) == k and (number == 0 or (number == k and with_runs < 2 and not deeper)):
                return False
    return True


def _gap(label: Label, chosen: Sequence[Label]) -> int:
    """The number of chosen labels before a label."""
    return sum(one.line <= label.line for one in chosen)


def _runs(labels: Sequence[Label]) -> list[list[Label]]:
    """The labels cut where they do not count on by one."""
    runs: list[list[Label]] = []
    for one in labels:
        if runs and one.index == runs[-1][-1].index + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _is_within(chosen: Sequence[Label], labels: Sequence[Label], k: int) -> bool:
    """Whether a list is a part of one method of another list, so that it is not the plan."""
    kind, first, last = chosen[0].kind, chosen[0], chosen[-1]
    others = [one for one in labels if one.kind != kind]
    if kind == "number":
        # Words such as "I. e." are not a list.
        others = [one for one in others if one.is_asked_form or one.index <= k]
    for run in _runs(others):
        alone = len(run) < 2 and not (run[0].is_asked_form and not first.is_asked_form)
        if run[0].index != 1 or alone or run[0].line >= first.line:
            continue
        if run[-1].line > last.line and not any(first.line < one.line <= last.line for one in run):
            return True
        before = run[-1].line < first.line
        if before and not (first.is_asked_form and first.indent <= run[0].indent):
            return True
    return False


def _preferred(letters: list[Label], numbers: list[Label]) -> list[list[Label]]:
    """Of two complete lists, one of letters and one of numbers, those that may be the plan."""
    outer, inner = sorted((letters, numbers), key=lambda one: one[0].line)
    if outer[-1].line > inner[0].line or outer is letters:
        return [outer]  # interleaved: the parts of methods; behind: steps of the last one, or prose
    return [inner] if inner[0].is_asked_form and not outer[0].is_asked_form else [outer, inner]


def _fault(labels: Sequence[Label], k: int) -> str:
    """Why labels are not those of K methods."""
    families = (
        [one for one in labels if one.is_asked_form],
        [one for one in labels if one.kind == "number"],
        [one for one in labels if one.kind == "letter"],
    )
    own = next((one for one in families if one), list[Label]())
    if not own:
        return f"no labels, expected A: to {ascii_uppercase[k - 1]}:"
    indices = [one.index for one in own]
    names = [ascii_uppercase[one - 1] if 0 < one <= 26 else str(one) for one in indices]
    repeated = [name for number, name in enumerate(names) if name in names[:number]]
    if repeated:
        return f"label {repeated[0]} is repeated"
    if indices == list(range(1, len(indices) + 1)):
        return f"{len(indices)} methods, expected {k}"
    missing = [ascii_uppercase[one - 1] for one in range(1, k + 1) if one not in indices]
    if missing:
        return f"label {missing[0]} is missing"
    return "labels out of order"
