"""Do two problem sets share problems? Equal statements by hash, similar ones by MinHash.

The hash is that of docs/method.md, section 4: SHA-256 of the statement in lower case, without white
space and HTML, with one spelling of LaTeX, and without sample input and output.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cppo_env.errors import ProblemDataError
from cppo_env.plugins import missing_extra
from cppo_env.problems.layouts.statements import normalise
from cppo_env.protocols import ProblemSet
from cppo_env.types import Problem

THRESHOLD = 0.7
"""Jaccard similarity of the statements' word sequences from which two problems count as similar."""
PERMUTATIONS = 128
SHINGLE = 5
"""Words in a sequence."""
FEWEST_WORDS = 12
"""Shorter statements are compared by hash only: they are similar to too many others."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two problems that are the same, or nearly so."""

    a: str
    b: str
    similarity: float
    """1.0 for equal statements, else the estimated Jaccard similarity."""
    equal: bool


_SAMPLES = re.compile(
    r"\n[ \t#*=_-]*(?:examples?|sample(?:s|\s+inputs?|\s+tests?)?)(?:\s*\d+)?[ \t#*=_:-]*(?:\n|$)"
    r"|\n[ \t#*=_-]*sample\s+(?:input|test)\b",
    re.IGNORECASE,
)
_COMMANDS = {
    "leq": "<=", "le": "<=", "leqslant": "<=", "geq": ">=", "ge": ">=", "geqslant": ">=",
    "neq": "!=", "ne": "!=", "lt": "<", "gt": ">", "times": "*", "cdot": "*",
    "ldots": "...", "dots": "...", "cdots": "...", "dotsc": "...",
    "infty": "inf", "sum": "sum", "oplus": "xor",
    "lfloor": "floor", "rfloor": "", "lceil": "ceil", "rceil": "",
    "left": "", "right": "", "quad": "", "qquad": "", "displaystyle": "",
    "textbf": "", "textit": "", "texttt": "", "text": "",
    "mathrm": "", "mathtt": "", "mathbf": "", "operatorname": "",
}  # fmt: skip
_SYMBOLS = str.maketrans(
    {"≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "⋅": "*", "·": "*", "…": "...",
     "∞": "inf", "∑": "sum", "⊕": "xor",
     "−": "-", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'"}
)  # fmt: skip


def canonical(statement: str) -> str:
    """The statement as the hash sees it, with single blanks between words."""
    text = html.unescape(normalise(statement).text)
    cut = _SAMPLES.search(text)
    if cut and cut.start() > 0:
        text = text[: cut.start()]
    text = unicodedata.normalize("NFKC", text.translate(_SYMBOLS)).lower()
    text = re.sub(r"\\([a-z]+)", lambda match: _COMMANDS.get(match[1], match[1]), text)
    return " ".join(re.sub(r"[${}\\]", "", text).split())


def statement_hash(statement: str) -> str:
    """SHA-256 of the canonical statement without white space, in hexadecimal digits."""
    return hashlib.sha256("".join(canonical(statement).split()).encode()).hexdigest()


def overlap(a: ProblemSet, b: ProblemSet, *, threshold: float | None = THRESHOLD) -> list[Match]:
    """The pairs of problems, one of each set, that are equal or nearly so.

    Args:
        a: a problem set, read once.
        b: another one, read once.
        threshold: minimum similarity of a near-duplicate. None compares by hash only, and needs no
            further package.

    Raises:
        MissingExtraError: datasketch is not installed (and `threshold` is not None).
    """
    first = [(problem.id, canonical(problem.statement)) for problem in _all(a)]
    second = [(problem.id, canonical(problem.statement)) for problem in _all(b)]
    hashed: dict[str, list[str]] = {}
    for name, text in first:
        hashed.setdefault(_packed(text), []).append(name)
    matches = [
        Match(name, other, 1.0, True)
        for other, text in second
        for name in hashed.get(_packed(text), ())
    ]
    if threshold is not None:
        equal = {(match.a, match.b) for match in matches}
        matches += [
            match for match in _similar(first, second, threshold) if (match.a, match.b) not in equal
        ]
    return matches


def require_disjoint(
    train: ProblemSet, evaluation: ProblemSet, *, threshold: float | None = None
) -> None:
    """Refuse to train on problems of the evaluation.

    Raises:
        ProblemDataError: the sets overlap.
    """
    matches = overlap(train, evaluation, threshold=threshold)
    if matches:
        examples = ", ".join(f"{match.a} = {match.b}" for match in matches[:3])
        raise ProblemDataError(
            f"{len(matches)} problems of the evaluation set are in the training set ({examples}); "
            "take other splits, or say allow_overlap"
        )


def _all(problems: ProblemSet) -> Iterator[Problem]:
    return (problems[index] for index in range(len(problems)))


def _packed(text: str) -> str:
    return "".join(text.split())


def _similar(
    first: list[tuple[str, str]], second: list[tuple[str, str]], threshold: float
) -> Iterator[Match]:
    try:
        from datasketch import MinHash, MinHashLSH  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise missing_extra(error, "near-duplicate search") from error

    def sketch(text: str) -> Any:
        words = re.findall(r"\w+|[^\w\s]", text)
        if len(words) < FEWEST_WORDS:
            return None
        signature: Any = MinHash(num_perm=PERMUTATIONS)
        signature.update_batch(
            {" ".join(words[at : at + SHINGLE]).encode() for at in range(len(words) - SHINGLE + 1)}
        )
        return signature

    table: Any = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    sketches: dict[str, Any] = {}
    for name, text in first:
        if (signature := sketch(text)) is not None:
            sketches[name] = signature
            table.insert(name, signature)
    for other, text in second:
        if (signature := sketch(text)) is None:
            continue
        for name in table.query(signature):
            similarity = float(sketches[name].jaccard(signature))
            if similarity >= threshold:
                yield Match(name, other, similarity, False)
