"""How alike two Python programs are, whatever their names, comments and layout."""

from __future__ import annotations

import io
import keyword
import tokenize
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cppo_env.parsing.python_source import module_of

SHORTEST_MATCH = 5
"""Tokens that must agree in a row to count; shorter runs are in any two programs."""
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}


@lru_cache(maxsize=65536)
def shape(program: str) -> tuple[str, ...]:
    """The kinds of a program's tokens: all names alike, all numbers, all texts; none if no Python.

    A program that Python reads and its tokenizer does not counts as its lines.
    """
    if module_of(program) is None:
        return ()
    kinds: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            if token.type == tokenize.OP or keyword.iskeyword(token.string):
                kinds.append(token.string)
            elif token.type not in _LAYOUT:
                kinds.append(tokenize.tok_name[token.type])
    except (tokenize.TokenError, SyntaxError):
        return tuple(line.strip() for line in program.splitlines() if line.strip())
    return tuple(kinds)


@lru_cache(maxsize=65536)
def similarity(one: str, other: str) -> float:
    """2 · matched / (tokens of both), 0 … 1; equal programs, and only such, need not be compared.

    JPlag's measure (Prechelt et al. 2002), with one difference: the matched runs are in the same
    order in both programs (difflib), where JPlag tiles in any order.
    """
    if one == other:
        return 1.0
    a, b = shape(one), shape(other)
    if not a or not b:
        return 0.0
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    shortest = min(SHORTEST_MATCH, len(a), len(b))
    return 2.0 * sum(block.size for block in blocks if block.size >= shortest) / (len(a) + len(b))


def redundancy(programs: list[str | None]) -> NDArray[np.float64]:
    """The mean similarity of each program to the others of its group; 0 where there is no other.

    What is no Python counts as alike to all: it resembles nothing, and would earn more than a wrong
    program.
    """
    n = len(programs)
    alike = np.zeros((n, n))
    readable = _readable(programs)
    for i, one in enumerate(readable):
        if one is None:
            alike[i] = np.arange(n) != i
            continue
        for j, other in enumerate(readable[:i]):
            if other is not None:
                # In one order, so that the memory serves both.
                alike[i, j] = alike[j, i] = similarity(*sorted((one, other)))
    return alike.sum(-1) / max(n - 1, 1)


def clusters(programs: list[str | None]) -> NDArray[np.int64]:
    """Numbers of groups of programs that differ in names, numbers and layout alone.

    −1: none, or no Python.
    """
    seen: dict[tuple[str, ...], int] = {}
    return np.array(
        [
            -1 if one is None else seen.setdefault(shape(one), len(seen))
            for one in _readable(programs)
        ],
        dtype=np.int64,
    )


def _readable(programs: list[str | None]) -> list[str | None]:
    """The programs, without what is no Python."""
    return [one if one is not None and shape(one) else None for one in programs]
