"""The value of a tree: exact where it is rational, else a complex float; with bounds."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from cppo_env.checkers.mathematics.grammar import CONSTANTS, FUNCTIONS, Node

MAX_BITS = 20_000
"""Size of an exact number; what would be larger has no exact value."""
MAX_FACTORIAL = 170

Exact = Fraction | None


def names_of(node: Node) -> frozenset[str]:
    """The letters in a tree."""
    if node.kind == "name":
        return frozenset({node.parts[0]} - {*CONSTANTS})
    return frozenset[str]().union(*(names_of(one) for one in node.parts if isinstance(one, Node)))


def exact(node: Node, names: Mapping[str, Fraction]) -> Exact:
    """The rational value of a tree; None where it has none, or is beyond the bounds."""
    if node.kind == "number":
        return node.parts[0]
    if node.kind == "name":
        return names.get(node.parts[0])
    parts = [exact(one, names) for one in node.parts]
    if None in parts:
        return None
    left, right = parts[0], parts[-1]
    assert left is not None and right is not None
    value = _exact(node.kind, left, right)
    return value if value is not None and _bits(value) <= MAX_BITS else None


def _exact(kind: str, left: Fraction, right: Fraction) -> Exact:
    if kind == "+":
        return left + right
    if kind == "-":
        return left - right
    if kind == "*":
        return left * right
    if kind == "/":
        return left / right if right else None
    if kind == "^":
        return _power(left, right)
    if kind == "abs":
        return abs(left)
    if kind == "!":
        whole = left.denominator == 1 and 0 <= left <= MAX_FACTORIAL
        return Fraction(math.factorial(int(left))) if whole else None
    return _power(left, Fraction(1, 2)) if kind == "sqrt" else None


def _power(base: Fraction, exponent: Fraction) -> Exact:
    """Exact powers, roots of perfect squares among them."""
    if exponent.denominator == 2 and base >= 0:
        roots = math.isqrt(base.numerator), math.isqrt(base.denominator)
        if roots[0] ** 2 != base.numerator or roots[1] ** 2 != base.denominator:
            return None
        base, exponent = Fraction(*roots), Fraction(exponent.numerator)
    if exponent.denominator != 1 or abs(exponent.numerator) * _bits(base) > MAX_BITS:
        return None
    return None if base == 0 and exponent < 0 else base ** int(exponent)


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


_FLOATS: dict[str, Callable[[complex], complex]] = {
    "sqrt": cmath.sqrt, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan,
    "log": cmath.log10, "ln": cmath.log, "exp": cmath.exp, "abs": abs,
}  # fmt: skip
assert _FLOATS.keys() == {*FUNCTIONS}


def approximate(node: Node, names: Mapping[str, complex]) -> complex | None:
    """The value of a tree as a complex float; None where it has none."""
    try:
        value = _float(node, names)
    except (ArithmeticError, ValueError, KeyError):
        return None
    return value if cmath.isfinite(value) else None


def _float(node: Node, names: Mapping[str, complex]) -> complex:
    if node.kind == "number":
        return complex(float(node.parts[0]))
    if node.kind == "name":
        name = node.parts[0]
        return complex(math.pi) if name == "pi" else names[name]
    parts = [_float(one, names) for one in node.parts]
    left, right = parts[0], parts[-1]
    if node.kind == "+":
        return left + right
    if node.kind == "-":
        return left - right
    if node.kind == "*":
        return left * right
    if node.kind == "/":
        return left / right
    if node.kind == "^":
        return left**right
    if node.kind in _FLOATS:
        return _FLOATS[node.kind](left)
    if node.kind == "!" and left.imag == 0 and left.real in range(MAX_FACTORIAL + 1):
        return complex(math.factorial(int(left.real)))
    raise ValueError(f"{node.kind} has no value")
