"""Do two answers mean the same?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random

from cppo_env.checkers.mathematics.grammar import MAX_LENGTH, Node, NoTermError, read
from cppo_env.checkers.mathematics.notation import folded, plain
from cppo_env.checkers.mathematics.values import approximate, exact, names_of

MAX_NAMES = 8
MAX_ITEMS = 64
POINTS = 4
"""Points at which expressions are compared."""
RANGE = 1 << 24
"""Numerators and denominators of exact points. A polynomial of degree d that is not zero is zero at
one of them with a probability of at most d / RANGE (Schwartz 1980; Zippel 1979)."""
TOLERANCE = 1e-10
"""Relative, for values that are not rational."""


def same_answer(expected: str, got: str) -> bool:
    """Whether an answer equals the expected one.

    Rational values are compared exactly, so 0.5 is 1/2 and 0.33 is not 1/3. Expressions are equal
    if they agree at random points, exactly where they are rational there. Sets and lists go without
    order, tuples and intervals with it. Where the right answer is no term (a name, a sentence), the
    other must have the same letters and digits.

    Args:
        expected: the right answer.
        got: any text; its cost is bounded.
    """
    expected, got = expected.strip(), got.strip()
    if not got or len(got) > MAX_LENGTH:
        return False
    want, have = _term(expected), _term(got)
    if want is None:
        return bool(folded(expected)) and folded(expected) == folded(got)
    return have is not None and _same(want, have)


@lru_cache(maxsize=4096)
def _term(text: str) -> Node | None:
    try:
        return _spread(read(plain(text)))
    except NoTermError:
        return None


def _spread(node: Node) -> Node:
    """A list of two where a term stands for both signs."""
    if node.kind in ("list", "set"):
        items = [each for one in node.parts for each in _parts(_spread(one))]
        return Node(node.kind, tuple(items))
    if node.kind not in ("±", "+", "-", "*", "/"):
        return node
    signs = ("+", "-") if node.kind == "±" else (node.kind,)
    lefts, rights = (_parts(_spread(one)) for one in node.parts)
    if len(signs) * len(lefts) * len(rights) > MAX_ITEMS:
        raise NoTermError("too many signs")
    spread = [Node(sign, (x, y)) for sign in signs for x in lefts for y in rights]
    return spread[0] if len(spread) == 1 else Node("list", tuple(spread))


def _parts(node: Node) -> Sequence[Node]:
    return node.parts if node.kind == "list" else (node,)


def _same(want: Node, have: Node) -> bool:
    kinds = {want.kind, have.kind}
    if kinds <= {"set", "list"}:
        return _unordered(want.parts, have.parts)
    if kinds & {"set", "list"}:
        # A set of one, written with its braces or without.
        return all(len(n.parts) == 1 for n in (want, have) if n.kind in ("set", "list")) and _same(
            *(n.parts[0] if n.kind in ("set", "list") else n for n in (want, have))
        )
    if kinds == {"union"}:
        return _unordered(want.parts, have.parts)
    if kinds == {"tuple"}:
        (marks, *wants), (others, *haves) = want.parts, have.parts
        if marks != others or len(wants) != len(haves):
            return False
        return all(map(_same, wants, haves))
    if kinds & {"union", "tuple"}:
        return False
    return _same_value(want, have)


def _unordered(wants: Sequence[Node], haves: Sequence[Node]) -> bool:
    if len(wants) != len(haves) or len(wants) > MAX_ITEMS:
        return False
    left = list(haves)
    for want in wants:
        place = next((i for i, one in enumerate(left) if _same(want, one)), None)
        if place is None:
            return False
        del left[place]
    return True


def _same_value(want: Node, have: Node) -> bool:
    if want == have:
        return True
    names = sorted(names_of(want) | names_of(have))
    if len(names) > MAX_NAMES:
        return False
    random = Random(0)
    found = [_agree_at(want, have, names, random) for _ in range(POINTS if names else 1)]
    return any(found) and False not in found


def _agree_at(want: Node, have: Node, names: Sequence[str], random: Random) -> bool | None:
    """Whether two terms agree at a point; None where neither has a value."""
    point = {
        name: Fraction(random.randrange(1, RANGE), random.randrange(RANGE // 2, RANGE))
        for name in names
    }
    exacts = exact(want, point), exact(have, point)
    if None not in exacts:
        return exacts[0] == exacts[1]
    floats: Callable[[Node], complex | None] = lambda node: approximate(  # noqa: E731
        node, {name: complex(float(value)) for name, value in point.items()}
    )
    first, second = floats(want), floats(have)
    if first is None or second is None:
        return None if first is second else False
    if None in exacts and (exacts[0] is None) != (exacts[1] is None) and not names:
        # A rational number is not an irrational one, however close; but 2^.5 · 2^.5 is 2.
        return abs(first - second) <= 1e-13 * max(1.0, abs(first))
    return abs(first - second) <= TOLERANCE * max(1.0, abs(first))
