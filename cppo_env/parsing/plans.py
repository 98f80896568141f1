"""Planner text → K methods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

from cppo_env.parsing.bodies import methods_between
from cppo_env.parsing.effort import effort, remembered
from cppo_env.parsing.envelopes import called, goes_on, without_tokens
from cppo_env.parsing.labels import Label, continued, counted, find_label, untagged
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.listing import Listing, choose, listed
from cppo_env.parsing.plan_forms import in_latin_letters, rewritten
from cppo_env.parsing.plan_json import read_json, read_value
from cppo_env.parsing.plan_python import python_value
from cppo_env.parsing.set_aside import has_set_aside, heading, is_heading_of_such
from cppo_env.parsing.thoughts import has_thoughts, without_thoughts

MAX_K = len(ascii_uppercase)
"""The labels A: … Z: allow for at most 26 methods."""

MAX_METHOD_WORDS = 45
"""Maximum number of words of a method (docs/method.md, section 1)."""

_QUOTES = ('""', "''", "“”", "«»", "「」")

_COMMENT = re.compile(r"(?ms)^[ \t]*<!--.{0,2000}?-->|(?<!~)~~(?=[^~\s])[^~\n]+~~(?!~)")
"""A comment of Markdown, or words that are struck out."""
_ANNOTATED = re.compile(r"\w+(?:\[[\w., ]+\])?\s*=\s*[\"']")
_SET_ASIDE = "a list that is set aside"

_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Marks of the direction of writing, and blanks without a width."""

_TAKES_BACK = re.compile(
    r"(?im)(?:^[\W_]{0,8}|[.!?;…] +)(?:(?:but |oh,? |no,? )?(?:wait|hmm+|actually|oops|sorry"
    r"|стоп|подождите|espera|attendez|warte|aspetta|等等|不对)"
    r"(?:[,.!…—–:，。]| [-—–]|$)|scratch that|on second thought|correction *[:—–]"
    r"|let me (?:redo|revise|rewrite|rethink|reconsider|correct|fix|change|swap))"
)
"""Words with which a model takes back what it has written."""

_REVISES = re.compile(
    r"\b(?:[Rr]eplace|[Cc]hange|[Ss]wap|[Rr]evise) (?:[Mm]ethod \d|(?:[Mm]ethod )?[A-Z]\b)"
    r"|\b(?:[A-Z]|[Mm]ethod \d) should (?:be(?::| an? | the )|(?:use|rather|instead)\b)"
)
"""Words behind a list that change a method."""

_SPEAKS_OF = re.compile(
    r"\b(?:suggest|recommend|choose|pick|prefer|favou?rite|best|code|program|implement\w*)"
    r"(?: (?:of|for|is|be|with|method|approach|option|plan|strategy)){0,3} \Z",
    re.I,
)
"""Words before a label that speak of its method and do not change it."""

_STEPS = re.compile(
    r"(?:the )?(?:steps|algorithm|approach|procedure|implementation|walkthrough)", re.I
)
_METHODS = re.compile(
    r"(?:\w{1,20} ){0,2}"
    r"(?:methods|approaches|plans|strategies|options|ideas|alternatives|solutions)",
    re.I,
)

LONGEST = 1 << 14
"""Maximum number of characters of a plan."""


def read_plan(text: str, k: int = 4) -> tuple[str, ...]:
    """Read the K methods of a plan: a list with the labels A, B, C, … or 1, 2, 3, … in order.

    Labels may look like `A:`, `(A)`, `1.` or `**Method A:**`; a method may go on over several lines
    and have bullets of its own, which become one line of plain text. A preface and words behind the
    list are left out, and so are thoughts. The list may be JSON. Whether a method is short enough,
    or holds code, is for the judge to say.

    Returns:
        The K methods without labels and markup; the empty tuple where there is no such list, or
        where it could be read in two ways (`explain_plan` says why).
    """
    return _read(text, k).methods


def explain_plan(text: str, k: int = 4) -> str:
    """Why `read_plan` refuses a plan, in few words; the empty text where it reads one."""
    return _read(text, k).reason


def write_plan(methods: Sequence[str]) -> str:
    """The plan text of some methods; the inverse of `read_plan`."""
    return "\n".join(
        f"{label}: {method}" for label, method in zip(ascii_uppercase, methods, strict=False)
    )


@remembered
def _read(text: str, k: int) -> Listing:
    with effort():
        return _read_answer(text, k)


def _read_answer(text: str, k: int) -> Listing:
    text = _INVISIBLE.sub("", text)
    answer = without_thoughts(text)
    if not answer.strip():
        return Listing(reason="only thoughts" if has_thoughts(text) else "the plan is empty")
    if len(answer) > LONGEST:
        return Listing(reason=f"more than {LONGEST} characters")
    if goes_on(answer):
        return Listing(reason="it goes on behind its end")
    answer = in_latin_letters(_COMMENT.sub("", without_tokens(answer)))
    listing = _read_lines(answer, k)
    if listing.methods:
        return listing
    return _in_other_form(answer, k, listing.reason) or listing


def _in_other_form(answer: str, k: int, reason: str) -> Listing | None:
    """The plan in another form than labelled lines; None if there is none, or more than one."""
    others = [_read_lines(text, k) for text in rewritten(answer, k, reason)]
    if reason.startswith("no labels"):
        values = (python_value(answer), called(answer))
        others += [read_value(value, k) for value in values if value is not None]
    found = {other.methods: other for other in others if other.methods}
    if found and has_set_aside(answer):
        return Listing(reason=_SET_ASIDE)
    if len(found) == 1:
        return next(iter(found.values()))
    counted_anew = (other for other in others if " methods, expected" in other.reason)
    return Listing(reason="two lists of methods") if found else next(counted_anew, None)


def _read_lines(answer: str, k: int) -> Listing:
    """The K methods of labelled lines, or of JSON."""
    lines = continued(split_lines(untagged(answer)))
    fenced = _fenced(lines)
    labels = [label for label in _labels(lines) if label.line not in fenced]
    if not labels and (listing := read_json(answer, k)) is not None:
        return Listing(reason=_SET_ASIDE) if has_set_aside(answer) else listing
    inner = ["" if n not in fenced or _is_fence(line) else line for n, line in enumerate(lines)]
    if not labels and fenced:
        return _listing(inner, _labels(inner), k)
    listing = _listing(lines, labels, k)
    others = [_listing(inner, _labels(inner), k)] if fenced else []
    if listing.methods:
        others += [found] if (found := read_json(answer, k)) is not None else []
    if any(one.methods and one.methods != listing.methods for one in others if listing.methods):
        return Listing(reason="two lists of methods")
    return listing


def _listing(lines: Sequence[str], labels: Sequence[Label], k: int) -> Listing:
    """The K methods of lines with some labels."""
    chosen = choose(labels, k)
    if isinstance(chosen, str):
        chosen = _under_heading(lines, labels, k) or chosen
    if isinstance(chosen, str):
        return Listing(reason=chosen)
    before = [line for line in reversed(lines[: chosen[0].line]) if line.strip()]
    if before and is_heading_of_such(before[0]):
        return Listing(reason=_SET_ASIDE)
    over = next((words for line in before if (words := heading(line))), "")
    if _STEPS.fullmatch(over) and chosen[0].kind == "number" and not chosen[0].word:
        return Listing(reason="steps of one method")
    if (reason := _taken_back(lines, chosen)) is not None:
        return Listing(reason=reason)
    return named(methods_between(lines, chosen))


def _under_heading(lines: Sequence[str], labels: Sequence[Label], k: int) -> list[Label] | None:
    """The list under the last heading that names methods, behind lists of something else."""
    likely = (n for n, line in enumerate(lines) if _METHODS.search(line))
    starts = [n for n in likely if _METHODS.fullmatch(heading(lines[n]))]
    before = [one for one in labels if starts and one.line < starts[-1]]
    if not before or any(one.is_asked_form for one in before) or len(before) >= k:
        return None
    chosen = choose(labels[len(before) :], k)
    return None if isinstance(chosen, str) else chosen


def _taken_back(lines: Sequence[str], chosen: Sequence[Label]) -> str | None:
    """Why a list does not stand: words behind its first label revise it; None if none do."""
    first, own = chosen[0].line, {label.line for label in chosen}
    remarks = [lines[n] for n in range(first, len(lines)) if n not in own]
    if _TAKES_BACK.search("\n".join(lines[first:])) or any(map(_REVISES.search, remarks)):
        return "it takes back what it says"
    last = ascii_uppercase[len(chosen) - 1]
    again = re.compile(rf"(?<!\w)([A-{last}])[:：]")
    all_found = (match for line in remarks for match in again.finditer(line))
    found = next((one for one in all_found if not _SPEAKS_OF.search(_before(one))), None)
    return f"label {found[1]} is repeated" if found and chosen[0].kind == "letter" else None


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 80) : match.start()]


def named(methods: Sequence[str]) -> Listing:
    """The list of some methods as they stand in a text, unless one of them is none."""
    if methods and all(map(_ANNOTATED.match, methods)):
        return Listing(reason="annotated values, no methods")
    again = [find_label(method, 0) for method in methods]
    if all(
        one and one.sep == ":" and one.rest and one.index == n for n, one in enumerate(again, 1)
    ):
        methods = [one.rest for one in again if one]  # "A: A: …"
    if len(methods) > 1 and all(one.endswith(";") for one in methods[:-1]):
        methods = [one.removesuffix(";") for one in methods]
    return listed(methods) if any(not one for one in methods) else listed(unquoted(methods))


def unquoted(methods: Sequence[str]) -> tuple[str, ...]:
    """Methods without the quotation marks that stand around every one of them."""
    for opening, closing in _QUOTES:
        bare = [one.rstrip(",") for one in methods]
        inner = [one[1:-1] for one in bare if one[:1] == opening and one[1:][-1:] == closing]
        # An apostrophe within a word is no quotation mark.
        stray = re.compile(rf"(?<!\w)[{opening}{closing}]|[{opening}{closing}](?!\w)")
        if len(inner) == len(methods) and not any(map(stray.search, inner)):
            return tuple(one.strip() for one in inner)
    return tuple(methods)


def _labels(lines: Sequence[str]) -> list[Label]:
    found = (find_label(line, number) for number, line in enumerate(lines))
    return counted([label for label in found if label is not None])


def _is_fence(line: str) -> bool:
    return line.lstrip(" \t>").startswith(("```", "~~~"))


def _fenced(lines: Sequence[str]) -> set[int]:
    """Numbers of the lines that fenced blocks hold, fences included."""
    inside, within = False, set[int]()
    for number, line in enumerate(lines):
        fence = _is_fence(line) and "`" not in line.lstrip(" \t>").lstrip("`")
        if fence or inside:
            within.add(number)
        inside ^= fence
    return within
