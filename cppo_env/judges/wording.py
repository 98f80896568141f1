"""How alike two methods are in their words.

The words that say something are compared as sets: without function words, without words of the
statement (all methods of a problem have those), with endings cut, and with the usual names of a
technique made one ("dictionary", "hash table" and "map" are all `hashmap`). Two methods that name
the same techniques count as more alike than their words say, and so does a method whose words stand
within a longer one, and methods with a sentence in common: text beside a repeated method, such as a
word to the judge, does not hide it.

It knows wordings, not programs: two methods without a common word are different here, even if they
lead to the same program.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from cppo_env.judges.letters import same_letters

SAME_TECHNIQUE = 0.2
"""Added to the likeness of two methods that name the same techniques, and at least one."""

WITHIN = 0.75
"""Likeness of a method to a longer one that has all its words; less in proportion if it has few."""
FEWEST_WITHIN = 3
"""Words that a method must have for that: fewer stand in many a longer method by chance. A sentence
that is compared by itself has more."""

TECHNIQUES: dict[str, str] = {
    "hashmap": r"hash[ -]?(?:map|table)s?|dictionar(?:y|ies)|\bdicts?\b|associative arrays?",
    "hashset": r"hash[ -]?sets?|set of seen|seen[- ]set",
    "heap": r"(?:min|max|binary)?[ -]?heaps?\b|priority[ -]queues?",
    "bfs": r"breadth[ -]first(?: search| traversal)?|\bbfs\b|level[ -]by[ -]level",
    "dfs": r"depth[ -]first(?: search| traversal)?|\bdfs\b",
    "dynprog": r"dynamic programming|\bdp\b|memoi[sz]\w*|memo table|tabulat\w+",
    "bisect": r"binary[ -]search\w*|bisect\w*",
    "unionfind": r"union[ -]find|disjoint[ -]sets?(?: union)?|\bdsu\b",
    "twopointer": r"two[ -]pointers?|pair of pointers",
    "window": r"sliding[ -]windows?|moving window",
    "prefix": r"prefix[ -]sums?|cumulative (?:sums?|totals?)|running (?:sums?|totals?)",
    "brute": r"brute[ -]force\w*|exhaustive\w*|try (?:all|every)|all pairs|every pair",
    "sorting": r"\bsort(?:s|ed|ing)?\b",
    "stack": r"\bstacks?\b|last[ -]in[ -]first[ -]out",
    "queue": r"\bqueues?\b|\bdeques?\b",
    "recursion": r"recurs\w+",
    "greedy": r"greed\w+",
    "fenwick": r"fenwick(?: trees?)?|binary indexed trees?",
    "segtree": r"segment[ -]trees?",
    "trie": r"\btries?\b(?! (?:all|every|each))|prefix[ -]trees?",
}
"""Name → how people write it."""

_TECHNIQUES = [(f" t_{name} ", re.compile(spelt, re.I)) for name, spelt in TECHNIQUES.items()]

_FUNCTION_WORDS = frozenset(
    files("cppo_env.judges").joinpath("function_words.txt").read_text("utf-8").split()
)
"""Words that every method may have, whatever it says."""

_ENDINGS = re.compile(r"(?:ations?|ings?|ers?|est|ed|es|ies|ly|s|e)$")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_WORD = re.compile(r"[^\W\d]{2,}|\d+")


def likeness(first: str, second: str, statement: str = "") -> float:
    """From 0 (no common word that says something) to 1 (the same words)."""
    known = _words(statement)
    one, two = _words(first), _words(second)
    if not (one - known) or not (two - known):
        known = frozenset[str]()
    one, two = one - known, two - known
    if not one or not two:
        return float(first.split() == second.split())
    common, fewer = len(one & two), min(len(one), len(two))
    within = WITHIN * common / fewer if fewer >= FEWEST_WITHIN else 0.0
    named = {word for word in one if word.startswith("t_")}
    bonus = SAME_TECHNIQUE if named and named == {w for w in two if w.startswith("t_")} else 0.0
    return max(within, min(1.0, _share(one, two) + bonus), _sentences(first, second, known))


def _share(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / len(one | two)


def _sentences(first: str, second: str, known: frozenset[str]) -> float:
    """The largest share of common words of two sentences, where a method has several."""
    if not (_SENTENCE.search(first) or _SENTENCE.search(second)):
        return 0.0
    ones, twos = (
        [
            words
            for part in _SENTENCE.split(text)
            if len(words := _words(part) - known) > FEWEST_WITHIN
        ]
        for text in (first, second)
    )
    return max((_share(one, two) for one in ones for two in twos), default=0.0)


def most_alike(methods: Sequence[str], statement: str = "") -> tuple[float, int, int]:
    """The largest likeness of two methods, and their places from 0; (0, 0, 0) for one method."""
    pairs = (
        (likeness(methods[i], methods[j], statement), i, j)
        for j in range(len(methods))
        for i in range(j)
    )
    return max(pairs, key=lambda pair: pair[0], default=(0.0, 0, 0))


@lru_cache(maxsize=1 << 14)
def _words(text: str) -> frozenset[str]:
    """What is said, as a set of stems and technique names."""
    text = same_letters(text)
    for name, pattern in _TECHNIQUES:
        text = pattern.sub(name, text)
    words = [word for word in _WORD.findall(text) if word not in _FUNCTION_WORDS]
    return frozenset(word if word.startswith("t_") else _stem(word) for word in words)


def _stem(word: str) -> str:
    cut = _ENDINGS.sub("", word)
    return cut if len(cut) >= 3 else word
