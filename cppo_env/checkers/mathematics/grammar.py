r"""Plain notation → trees, by recursive descent with bounds; anything else is no term.

answer   = item ("," item)*                          a list: order does not matter
item     = set | tuple or interval | union | sum
sum      = product (("+" | "-" | "±") product)*
product  = factor (("*" | "/" | nothing) factor)*
factor   = ("-" | "+") factor | atom "!"* ("^" factor)?
atom     = number | letter | constant | \frac a b | \sqrt[n] a | function atom | "(" sum ")"
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, NamedTuple

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_DIGITS = 400
MAX_NODES = 200
"""Parts of a term. A long sum is as deep as it is long, and trees are walked by recursion."""
FUNCTIONS = ("sqrt", "sin", "cos", "tan", "log", "ln", "exp", "abs")
CONSTANTS = ("pi", "inf")

_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3}(?![\da-zA-Z^]))?", re.A)
_LETTERS = re.compile(r"(?<!\\)(?<![a-zA-Z])(?!(?:sqrt)(?![a-zA-Z]))[a-zA-Z]{4,}")
"""A word, which is no product of its letters."""
_WORD = re.compile(r"\\?(" + "|".join((*FUNCTIONS, *CONSTANTS, "frac")) + r")(?![a-zA-Z])|[a-zA-Z]")


class Node(NamedTuple):
    """A tree: what it is, and its parts (nodes, numbers, or names)."""

    kind: str
    parts: tuple[Any, ...]


class NoTermError(ValueError):
    """The text is no term of this grammar, or larger than its bounds."""


def read(text: str) -> Node:
    """The tree of an answer in plain notation.

    Raises:
        NoTermError: there is none.
    """
    if len(text) > MAX_LENGTH:
        raise NoTermError("too long")
    if _LETTERS.search(text):
        raise NoTermError("words")
    reader = _Reader(text)
    node = reader.listed("")
    if reader.peek():
        raise NoTermError(f"unexpected {reader.peek()!r}")
    return node


class _Reader:
    """A position in the text, and the depth of nesting there."""

    def __init__(self, text: str):
        self.text, self.at, self.depth, self.nodes = text, 0, 0, 0

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self, *marks: str) -> str:
        """The next character if it is one of these, else nothing."""
        found = self.peek()
        if found and found in marks:
            self.at += 1
            return found
        return ""

    def need(self, *marks: str) -> str:
        """The next character, which must be one of these."""
        if not (found := self.take(*marks)):
            raise NoTermError(f"expected {' or '.join(marks)}")
        return found

    def listed(self, end: str) -> Node:
        """Items between commas up to a mark; one item is itself."""
        if end and self.peek() == end:
            return Node("list", ())
        items = [self.item()]
        while self.take(",", ";"):
            items.append(self.item())
        return items[0] if len(items) == 1 else Node("list", tuple(items))

    def item(self) -> Node:
        """A set, a tuple, an interval, a union of those, or a sum."""
        pieces = [self.piece()]
        while self.peek() == "U":
            self.at += 1
            pieces.append(self.piece())
        return pieces[0] if len(pieces) == 1 else Node("union", tuple(pieces))

    def piece(self) -> Node:
        if self.take("⟦"):
            inside = self.listed("⟧")
            self.need("⟧")
            return Node("set", inside.parts if inside.kind == "list" else (inside,))
        start = self.at
        if (left := self.take("(", "[")) and (several := self.several(left)) is not None:
            return several
        self.at = start
        return self.sum()

    def several(self, left: str) -> Node | None:
        """A tuple or interval that has just been opened; None if it is one term in brackets."""
        self.deeper()
        try:
            first = self.sum()
        except NoTermError:
            self.depth -= 1
            return None
        items = [first]
        while self.take(","):
            items.append(self.sum())
        self.depth -= 1
        if len(items) == 1:
            return None
        right = self.need(")", "]")
        return Node("tuple", (left + right, *items))

    def sum(self) -> Node:
        self.deeper()
        node = self.product()
        while sign := self.take("+", "-", "±"):
            node = Node(sign, (node, self.product()))
        self.depth -= 1
        return node

    def product(self) -> Node:
        node = self.factor()
        while True:
            if sign := self.take("*", "/"):
                node = Node(sign, (node, self.factor()))
            elif (mark := self.peek()) and (mark in "(\\{" or (mark.isalpha() and mark != "U")):
                node = Node("*", (node, self.factor()))
            else:
                return node

    def factor(self) -> Node:
        self.deeper()
        if sign := self.take("-", "+", "±"):
            node = self.factor()
            zero = Node("number", (Fraction(0),))
            node = node if sign == "+" else Node(sign, (zero, node))
        else:
            node = self.atom()
            while self.take("!"):
                self.count()
                node = Node("!", (node,))
            if self.take("^"):
                node = Node("^", (node, self.factor()))
        self.depth -= 1
        return node

    def atom(self) -> Node:
        self.count()
        mark = self.peek()
        if mark in ("(", "{", "[") and mark:
            self.at += 1
            node = self.sum()
            self.need({"(": ")", "{": "}", "[": "]"}[mark])
            return node
        if number := _NUMBER.match(self.text, self.at):
            return self.number(number[0])
        word = _WORD.match(self.text, self.at)
        if not mark or word is None:
            raise NoTermError(f"unexpected {mark!r}")
        self.at = word.end()
        name = word[1] or word[0]
        if name == "frac":
            return Node("/", (self.argument(True), self.argument(True)))
        if name == "sqrt" and self.take("["):
            root = self.sum()
            self.need("]")
            one = Node("number", (Fraction(1),))
            return Node("^", (self.argument(True), Node("/", (one, root))))
        if name in FUNCTIONS:
            return Node(name, (self.argument(word[0][0] == "\\"),))
        return Node("name", (name,))

    def number(self, digits: str) -> Node:
        if len(digits) > MAX_DIGITS:
            raise NoTermError("too many digits")
        self.at += len(digits)
        return Node("number", (Fraction(digits),))

    def argument(self, latex: bool) -> Node:
        """What a command applies to: an atom; in LaTeX one digit, where it is a number."""
        mark = self.peek()
        if latex and mark.isdecimal() and mark.isascii():
            self.at += 1
            return Node("number", (Fraction(mark),))
        self.deeper()
        node = self.atom()
        self.depth -= 1
        return node

    def deeper(self) -> None:
        """Enter a part of the term."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NoTermError("nested too deeply")

    def count(self) -> None:
        """Count a part of the term."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise NoTermError("too many parts")
