"""What a statement says about its judge: several answers, interaction, tolerance, letter case.

The data sets ship no checkers. The cues are phrases of statements, chosen to be precise rather than
complete. `cppo problems validate` finds the rest by accepted programs that disagree.
"""

from __future__ import annotations

import re

from cppo_env.problems.records import FieldError

SEVERAL_ANSWERS = "several right answers"
INTERACTIVE = "interactive"

_SEVERAL = re.compile(
    r"(?:print|output|return|find|choose|report|display|give|provide)\s+(?:or\s+(?:print|output)\s+)?any(?:\s+one)?"
    r"(?:\s+(?:single|such|valid|possible|correct|suitable|optimal))*"
    r"\s*(?:of\s+(?:them|these|those|the\s+(?:possible|valid|correct|optimal)|such)|[.,;)]|answer|solution)"
    r"|(?:print(?:ing)?|output(?:ting)?|find(?:ing)?)\s+any\s+(?:such|suitable|valid|appropriate|of\s+them)\b"
    r"|[—–-]\s*any\s+suitable\b"
    r"|(?:multiple|several|many|more\s+than\s+one)\s+(?:\w+\s+){0,3}?(?:answers?|solutions?|outputs?|ways?)"
    r"[^.]{0,60}?\b(?:print|output|return|accepted|any)\b"
    r"|any\s+(?:valid|correct|possible|of\s+the\s+correct|of\s+the\s+possible)\s+(?:answers?|solutions?|outputs?)"
    r"[^.]{0,40}?\b(?:accepted|allowed|ok)\b"
    r"|(?:return|print|output)[^.]{0,40}\bin\s+any\s+order\b"
    r"|you\s+(?:can|may)\s+(?:print|output|return)\s+[^.]{0,40}\bin\s+any\s+order\b",
    re.IGNORECASE,
)
_INTERACTIVE = re.compile(
    r"this\s+is\s+an\s+interactive\s+(?:problem|task)"
    r"|\bflush(?:ing)?\s+(?:the\s+)?(?:output|stdout|stream|buffer)"
    r"|(?:interact|interaction)\s+with\s+the\s+(?:judge|jury|interactor|grader)"
    r"|the\s+interactor\b",
    re.IGNORECASE,
)
_ONE_ANSWER = re.compile(
    r"(?:guaranteed|assume|ensured)\b[^.]{0,80}?\b(?:answer|solution|output)\b[^.]{0,40}?\bunique\b"
    r"|(?:guaranteed|assume|ensured)\b[^.]{0,80}?\b(?:unique|exactly\s+one)\s+(?:\w+\s+)?(?:answer|solution)\b",
    re.IGNORECASE,
)
_ANY_CASE = re.compile(
    r"(?:each|every|any|the|all)\s+(?:character|letter|answer)s?\s+(?:of\s+\w+\s+|\([^)]*\)\s+)?in\s+any\s+"
    r"(?:letter\s+|register\s+)?(?:case|register)"
    r"|in\s+any\s+(?:letter\s+)?case\s*\(\s*(?:either\s+)?(?:upper|lower)"
    r"|case[-\s]insensitive(?:ly)?\b[^.]{0,40}\b(?:answer|output|checker)"
    r"|(?:answer|output|checker)\b[^.]{0,40}\bcase[-\s]insensitive",
    re.IGNORECASE,
)
_TOLERANCE = re.compile(
    r"(?:absolute|relative)\s+(?:or\s+(?:absolute|relative)\s+)?error[^.]{0,80}?"
    r"(?:10\s*(?:\^|\*\*)?\s*\{?\s*[-−–]\s*(?P<power>\d+)\s*\}?|1e[-−](?P<exponent>\d+)|0\.(?P<zeros>0*)1\b)",
    re.IGNORECASE,
)

LOOSE = 4
"""Statements that allow 10^-4, or more, are checked with 10^-4; the default rule allows 10^-6."""


def judge_cues(statement: str) -> tuple[str, ...]:
    """Reasons in a statement why comparing with one output may reject right programs."""
    found = ((SEVERAL_ANSWERS, _SEVERAL), (INTERACTIVE, _INTERACTIVE))
    return tuple(name for name, pattern in found if pattern.search(statement))


def refuse_interactive(field: str, statement: str) -> None:
    """Refuse a problem that talks to a judge, for sets that ship no interactors.

    Raises:
        FieldError: the statement says that it does.
    """
    if INTERACTIVE in judge_cues(statement):
        raise FieldError(field, f"{INTERACTIVE}: there is no interactor for it")


def promises_one_answer(statement: str) -> bool:
    """Whether a statement guarantees that its right answer is the only one."""
    return _ONE_ANSWER.search(statement) is not None


def checker_for(statement: str) -> str:
    """The rule that a statement asks for: "case_insensitive", "float_1e-4" or "strict"."""
    if _ANY_CASE.search(statement):
        return "case_insensitive"
    tolerance = _TOLERANCE.search(statement)
    if tolerance:
        power = tolerance["power"] or tolerance["exponent"]
        if (int(power) if power else len(tolerance["zeros"] or "") + 1) <= LOOSE:
            return "float_1e-4"
    return "strict"
