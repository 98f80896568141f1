"""What a statement says about its judge: several answers, interaction, tolerance, letter case.

Most data sets ship no checkers. A cue is a row of a table: patterns that must all be in one
sentence, and one that must not. They are chosen to be precise rather than complete; `cppo problems
validate` finds the rest by accepted programs that disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cppo_env.problems.layouts.tolerances import tolerance_of
from cppo_env.problems.records import FieldError

SEVERAL_ANSWERS = "several right answers"
INTERACTIVE = "interactive"
ANY_CASE = "letters in any case"
ANY_ORDER = "a returned array in any order"
ONE_ANSWER = "one right answer"


@dataclass(frozen=True, slots=True)
class Cue:
    """A row of the table.

    Attributes:
        means: what a sentence says in which all of `has` are found and `without` is not.
        words: one of them is in every such sentence, in lower case: quick to look for, so that
            the patterns look at few sentences.
    """

    means: str
    words: tuple[str, ...]
    has: tuple[re.Pattern[str], ...]
    without: re.Pattern[str] | None = None

    def found(self, sentence: str, lower: str) -> bool:
        """Whether a sentence says it; `lower` is the sentence in lower case."""
        return (
            any(word in lower for word in self.words)
            and all(pattern.search(sentence) for pattern in self.has)
            and not (self.without is not None and self.without.search(sentence))
        )


def _cue(means: str, words: str, *has: str, without: str | None = None) -> Cue:
    return Cue(
        means,
        tuple(words.split()),
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in has),
        re.compile(without, re.IGNORECASE) if without else None,
    )


_PRINT = r"(?:print(?:ed|ing|s)?|output(?:ted|ting|s)?|return(?:ed|ing|s)?|report|display|write)"
_ANSWERS = (
    r"(?:answers?|solutions?|outputs?|ways?|schedules?|sequences?|permutations?|arrays?|pairs?|"
    r"integers?|numbers?|strings?|subsets?|options?|possibilities|variants?|plans?|paths?|trees?|"
    r"graphs?|cells?|indices|indexes|values?|triples?|choices|candidates|results?|arrangements?|"
    r"constructions?|sets?|words?|orders?|orderings?|tours?|routes?|cycles?|points?|lists?)"
)
_GOOD = r"(?:such|valid|correct|possible|suitable|optimal|acceptable|appropriate|feasible|right)"
_OUTPUT = (
    r"\b(?:print|output|return|answer|letter|character|word|string|verdict|symbol|judge|checker|"
    r"yes|no|accept|recogni[sz]ed)"
)
TABLE = (
    _cue(
        SEVERAL_ANSWERS,
        "any",
        rf"\b{_PRINT}\s+(?:or\s+{_PRINT}\s+)?any\b(?!\s+(?:extra|other|additional|more|further|"
        r"number|spaces?|messages?|prompts?|debug|thing))",
        without=rf"\bnumber\s+of\s+ways\b|\b(?:not|n't|never|without|avoid)\s+(?:\w+\s+)?{_PRINT}\s+any\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "any",
        r"(?:^|\b(?:to|please|should|must|can|may|and|or|then|just)\s+|[,:;—–-]\s*)"
        r"(?:find|give|provide|construct|build|choose|pick|select)\s+any\b",
        rf"\bany\s+(?:(?:one|single)\s+)?(?:of\s+(?:them|these|those|the)\b|{_GOOD}\b|way\b|"
        rf"[\"“‘']?\w+[\"”’']?\s+(?:\w+\s+){{0,3}}?(?:such\s+that|which|that|for\s+which)\b|"
        rf"(?:[\"“‘']?\w+[\"”’']?\s+){{0,2}}(?:schedule|array|permutation|answer|solution)\b)",
        without=r"\b(?:fails?|unable|able|tr(?:y|ies|ying)|wants?|managed?s?|operations?|moves?|"
        r"step|turn|increase|decrease|divide)\b|\b(?:not|n't|never)\s+(?:\w+\s+)?(?:find|choose|pick|select)\s+any\b|"
        r"\bchoose\s+any\s+(?:possible\s+amount|two)\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "any",
        r"\bany(?:\s+one)?\s+of\s+(?:them|these|those|the\s+(?:\w+\s+)?"
        rf"(?:{_GOOD}|{_ANSWERS}))\b|\bany\s+(?:one\s+)?(?:{_GOOD}\s+)+(?:one\b|{_ANSWERS})",
        r"\b(?:accept(?:ed|able|s)?|allowed|ok|okay|fine|considered\s+correct|suffices?|will\s+do|"
        r"be\s+(?:printed|returned|output)|printing|counts?)\b",
        without=r"\b(?:not|n't|never)\s+(?:\w+\s+)?(?:accept|allowed)",
    ),
    _cue(SEVERAL_ANSWERS, "any", rf"[—–-]\s*any\s+(?:{_GOOD}|of\s+(?:them|these|those))\b"),
    _cue(
        SEVERAL_ANSWERS,
        "any arbitrary whichever accepted all matter",
        r"\b(?:multiple|several|many|more\s+than\s+one|different|two\s+or\s+more|various)\b[^.]*?"
        rf"\b{_ANSWERS}\b",
        r"\b(?:any(?!\s+(?:number|time|case|way\s+to))|arbitrary|whichever|accepted|all\s+of\s+them\s+"
        r"are|does\s+not\s+matter|doesn't\s+matter)\b",
        rf"\b(?:{_PRINT}|accepted|answer|choose|find|give|matter)\b",
        without=r"\bany\b[^.]{0,20}\b(?:operations?|moves?|steps?)\b|"
        r"\b(?:cannot|can't|unable\s+to)\s+\w+\s+any\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "arbitrary",
        rf"\b{_PRINT}\s+(?:an\s+)?arbitrary\b|\barbitrary\s+(?:one\s+)?(?:of\s+them|{_GOOD})\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "order",
        rf"\b(?:{_PRINT}|answer|listed|given)\b[^.]*?\bin\s+(?:any|arbitrary|whatever)\s+order\b"
        r"|\b(?:order\s+of\s+(?:the\s+)?(?:output|lines|pairs|edges|answer|"
        r"elements(?!\s+(?:in|of)\s+a\s+(?:multi)?set\b))|output\s+order)"
        r"\b[^.]*?\b(?:does\s+not|doesn't|is\s+not|isn't|may\s+be\s+any|can\s+be\s+any)",
        without=r"\b(?:operations?|moves?|steps?|following)\b[^.]*\bin\s+any\s+order\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "one",
        rf"\b(?:{_PRINT}|find|give|construct)\s+(?:just\s+|only\s+)?one\s+"
        rf"(?:of\s+(?:the|these|those)\s+)?(?:{_GOOD}\s+)+{_ANSWERS}\b",
    ),
    _cue(
        SEVERAL_ANSWERS,
        "matter accepted",
        rf"\b(?:does\s+not|doesn't)\s+matter\s+which\b.*\b{_PRINT}\b"
        r"|^(?:they\s+)?all\s+(?:of\s+(?:them|these)\s+)?(?:will\s+be|are)\s+accepted\b",
    ),
    _cue(
        INTERACTIVE,
        "interactive",
        r"\bthis\s+is\s+an?\s+(?:\w+\s+)?interactive\s+(?:problem|task)"
        r"|\b(?:problem|task)\s+is\s+interactive\b",
    ),
    _cue(
        INTERACTIVE,
        "flush",
        r"\bflush(?:ing)?\s+(?:the\s+)?(?:your\s+)?(?:output|stdout|stream|buffer)"
        r"|\bf?flush\s*\(|\bflush\s+after\s+(?:each|every|printing)\b",
    ),
    _cue(
        INTERACTIVE,
        "interact communicate",
        r"\b(?:interact|interaction|communicate)\s+with\s+(?:the|our|an?)\s+"
        r"(?:judge|jury|interactor|grader)"
        r"|\bthe\s+interactor\b",
    ),
    _cue(
        ONE_ANSWER,
        "guaranteed assume ensured shown proved proven",
        r"\b(?:guaranteed|assume|ensured|shown|proved|proven)\b.*?\b(?:answer|solution|output)\b"
        r".*?\bunique\b|\b(?:answer|solution|output)\s+is\s+guaranteed\s+to\s+be\s+unique\b"
        r"|\b(?:guaranteed|assume|ensured)\b.*?\b(?:unique|exactly\s+one)\s+(?:\w+\s+)?"
        r"(?:answer|solution)\b",
    ),
    _cue(
        ANY_CASE,
        "any",
        r"\S.*?(?<![,;:])\s\(?in\s+any\s+(?:letter\s+|register\s+)?(?:case|register)\b"
        r"(?!\s*,\s*(?:we|you|he|she|it|they|the|there|if|an?)\b)",
        _OUTPUT,
        without=r"\b(?:so|then|thus|hence|but|and)\s+in\s+any\s+case\b",
    ),
    _cue(
        ANY_CASE,
        "case",
        r"\b(?:upper|lower|mixed|either)[\s-]*(?:case)?(?:\s+letters?)?\s*(?:,|/|or|and/or)\s*"
        r"(?:upper|lower|mixed)[\s-]*case\b|\b(?:in\s+)?(?:either|whichever|whatever)\s+case\b",
        r"\b(?:print|output|answer|accept|write)\w*\b",
        r"\b(?:can|may|could|either|any|accepted|allowed)\b",
        without=r"\b(?:consist|contain|compos|letters?\s+of\s+the|input)|\bif\b.*\bupper",
    ),
    _cue(
        ANY_CASE,
        "case",
        r"\bcase[-\s]?insensitive(?:ly)?\b|\b(?:regardless\s+of|ignor(?:es?|ing))\s+(?:the\s+)?"
        r"(?:letter\s+)?case\b|\bcase\b[^.]{0,40}\b(?:does\s+not|doesn't|is\s+not|isn't)\s+"
        r"(?:matter|important)|\bnot\s+case[-\s]sensitive\b",
        r"\b(?:answers?|outputs?|checker|judge|print|yes)\b",
        without=r"\bcompar\w+\s+(?:the\s+)?(?:names|words|strings|keys)\b",
    ),
    _cue(
        ANY_CASE,
        "yes no",
        r"\b(?-i:yEs|yES|YeS|yeS|YEs|nO)\b",
        r"\b(?:accept(?:ed|able)?|recogni[sz]ed|considered|valid|positive|ok)\b",
    ),
)
"""Every cue; the sentences that each must and must not match are in the tests."""


@lru_cache(maxsize=64)
def meanings(statement: str) -> frozenset[str]:
    """Everything that the cues find in a statement, sentence by sentence."""
    sentences = [(sentence, sentence.lower()) for sentence in _sentences(statement)]
    return frozenset(
        cue.means for cue in TABLE if any(cue.found(*sentence) for sentence in sentences)
    )


def _sentences(statement: str) -> list[str]:
    """The sentences of a text; a line may end one, a paragraph does."""
    text = re.sub(r"[ \t]*\n[ \t]*(?=[a-z(])", " ", statement)  # a wrapped line goes on
    parts = re.split(r"(?<=[.!?;])\s+|\n+", re.sub(r"\b(i\.e|e\.g)\.", r"\1", text))
    return [" ".join(part.split()) for part in parts if part.strip()]


def judge_cues(statement: str) -> tuple[str, ...]:
    """Reasons in a statement why comparing with one output may reject right programs."""
    found = meanings(statement)
    return tuple(name for name in (SEVERAL_ANSWERS, INTERACTIVE) if name in found)


def refuse_interactive(field: str, statement: str) -> None:
    """Refuse a problem that talks to a judge, for sets that ship no interactors.

    Raises:
        FieldError: the statement says that it does.
    """
    if INTERACTIVE in judge_cues(statement):
        raise FieldError(field, f"{INTERACTIVE}: there is no interactor for it")


def promises_one_answer(statement: str) -> bool:
    """Whether a statement guarantees that its right answer is the only one."""
    return ONE_ANSWER in meanings(statement)


def checker_for(statement: str) -> str:
    """The rule that a statement asks for.

    "case_insensitive"; "float_1e-N" where it allows an error of 10^-N, looser or stricter than the
    default; otherwise "strict".
    """
    if ANY_CASE in meanings(statement):
        return "case_insensitive"
    power = tolerance_of(tuple(_sentences(statement)))
    return "strict" if power is None else f"float_1e-{power}"


def checker_for_call(statement: str) -> str:
    """The rule for a problem whose function is called: a tolerance, or an array in any order."""
    power = tolerance_of(tuple(_sentences(statement)))
    if power is not None:
        return f"float_1e-{power}"
    return "unordered" if _RETURNS_ANY_ORDER.search(" ".join(statement.split())) else "strict"


_RETURNS_ANY_ORDER = re.compile(
    r"\breturn\b[^.]{0,60}\bin\s+any\s+order\b|\breturn\s+the\s+(?:answer|output|result|list)\b"
    r"[^.]{0,30}\bany\s+order\b",
    re.IGNORECASE,
)
