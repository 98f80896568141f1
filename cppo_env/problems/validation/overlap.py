"""Do two problem sets share problems? Equal statements by hash, similar ones by MinHash.

The hash is that of docs/method.md, section 4: SHA-256 of the statement in lower case, without white
space and HTML, with one spelling of LaTeX, and without sample input and output.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cppo_env.errors import ProblemDataError
from cppo_env.plugins import missing_extra
from cppo_env.problems.layouts.statements import normalise
from cppo_env.protocols import ProblemSet

THRESHOLD = 0.7
"""Jaccard similarity of the statements' word sequences from which two problems count as similar."""
PERMUTATIONS = 128
SHINGLE = 5
"""Words in a sequence."""
FEWEST_WORDS = 12
"""Shorter statements are compared by hash only: they are similar to too many others."""
MOST = 0.5
"""Share of an evaluation set's problems from which another set with their copies contains it."""
SAMPLE = 200
"""Problems of an evaluation set that are compared for that, spread over the set."""


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


class Statements:
    """The statements of a set, made comparable once, for any number of comparisons.

    Args:
        problems: the set, read once.
    """

    def __init__(self, problems: ProblemSet):
        self.texts = [
            (problem.id, canonical(problem.statement))
            for problem in (problems[index] for index in range(len(problems)))
        ]

    @cached_property
    def by_letters(self) -> dict[str, list[str]]:
        """Statement without white space → ids."""
        found: dict[str, list[str]] = {}
        for name, text in self.texts:
            found.setdefault("".join(text.split()), []).append(name)
        return found

    @cached_property
    def sketches(self) -> dict[str, Any]:
        """Id → MinHash, of the statements that are long enough.

        Raises:
            MissingExtraError: datasketch is not installed.
        """
        try:
            from datasketch import MinHash  # pyright: ignore[reportMissingTypeStubs]
        except ModuleNotFoundError as error:
            raise missing_extra(error, "near-duplicate search") from error
        found: dict[str, Any] = {}
        for name, text in self.texts:
            if sequences := shingles(text):
                signature: Any = MinHash(num_perm=PERMUTATIONS)
                signature.update_batch({one.encode() for one in sequences})
                found[name] = signature
        return found


def shingles(text: str) -> set[str]:
    """The word sequences of a canonical statement; none of a short one."""
    words = re.findall(r"\w+|[^\w\s]", text)
    if len(words) < FEWEST_WORDS:
        return set()
    return {" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}


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
    return compare(Statements(a), Statements(b), threshold)


def compare(a: Statements, b: Statements, threshold: float | None) -> list[Match]:
    """The pairs of `overlap`."""
    matches = [
        Match(name, other, 1.0, True)
        for letters, others in b.by_letters.items()
        for other in others
        for name in a.by_letters.get(letters, ())
    ]
    if threshold is not None:
        equal = {(match.a, match.b) for match in matches}
        matches += [match for match in _similar(a, b, threshold) if (match.a, match.b) not in equal]
    return matches


def _similar(a: Statements, b: Statements, threshold: float) -> Iterator[Match]:
    sketches, others = a.sketches, b.sketches
    from datasketch import MinHashLSH  # pyright: ignore[reportMissingTypeStubs]

    table: Any = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    for name, signature in sketches.items():
        table.insert(name, signature)
    for other, signature in others.items():
        for name in table.query(signature):
            similarity = float(sketches[name].jaccard(signature))
            if similarity >= threshold:
                yield Match(name, other, similarity, False)


def require_disjoint(train: ProblemSet, evaluation: ProblemSet, *, copies: bool = False) -> None:
    """Refuse to train on problems of the evaluation.

    Args:
        train: problems to train on.
        evaluation: problems to evaluate on.
        copies: also refuse a training set that holds the evaluation set in another spelling:
            `MOST` of the evaluation problems have a near-duplicate in it. For sets of different
            names; the splits of one set may resemble each other.

    Raises:
        ProblemDataError: the sets overlap.
    """
    first, second = Statements(train), Statements(evaluation)
    if matches := compare(first, second, None):
        examples = ", ".join(f"{match.a} = {match.b}" for match in matches[:3])
        raise ProblemDataError(
            f"{len(matches)} problems of the evaluation set are in the training set ({examples}); "
            "take other splits, or say allow_overlap"
        )
    if not copies:
        return
    found, looked_at = _copied(first, second)
    if looked_at and len(found) >= MOST * looked_at:
        examples = ", ".join(f"{name} ~ {other}" for other, name in [*found.items()][:3])
        raise ProblemDataError(
            "the training set holds the evaluation set under another name: "
            f"{len(found)} of {looked_at} problems have a near-duplicate in it ({examples}); "
            "take another evaluation set, or say allow_overlap"
        )


def _copied(first: Statements, second: Statements) -> tuple[dict[str, str], int]:
    """Id in a sample of `second` → id of a near-duplicate in `first`; and the sample's size.

    An index of the sample's word sequences, and one pass over `first`: exact, without sketches.
    """
    every = -(-len(second.texts) // SAMPLE)
    sample = {name: found for name, text in second.texts[::every] if (found := shingles(text))}
    index: dict[str, list[str]] = {}
    for name, sequences in sample.items():
        for sequence in sequences:
            index.setdefault(sequence, []).append(name)
    copies: dict[str, str] = {}
    for other, text in first.texts:
        sequences = shingles(text)
        shared = Counter(name for one in sequences & index.keys() for name in index[one])
        for name, common in shared.items():
            union = len(sequences) + len(sample[name]) - common
            if common >= THRESHOLD * union:
                copies.setdefault(name, other)
    return copies, len(sample)
