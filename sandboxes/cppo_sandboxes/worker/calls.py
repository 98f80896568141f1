"""Call-based tests: the names that such sites provide, and the call itself.

Arguments arrive as JSON on standard input; the answer leaves as JSON on a separate descriptor. A
program may forge its answer here, but the right one is not in this process.
"""

# ruff: noqa: E501 - tables of names
from __future__ import annotations

import bisect
import collections
import copy
import datetime
import functools
import heapq
import itertools
import json
import math
import operator
import os
import random
import re
import string
import sys
import typing

_MODULES = (
    bisect,
    collections,
    copy,
    datetime,
    functools,
    heapq,
    itertools,
    json,
    math,
    operator,
    os,
    random,
    re,
    string,
    sys,
    typing,
)
_NAMES = {
    bisect: ("bisect_left", "bisect_right", "insort", "insort_left", "insort_right"),
    collections: ("ChainMap", "Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"),
    copy: ("deepcopy",),
    functools: ("cache", "cmp_to_key", "lru_cache", "partial", "reduce"),
    heapq: ("heapify", "heappop", "heappush", "heappushpop", "heapreplace", "merge", "nlargest", "nsmallest"),
    itertools: (
        "accumulate", "chain", "combinations", "combinations_with_replacement", "count", "cycle", "groupby", "islice",
        "pairwise", "permutations", "product", "repeat", "starmap", "takewhile", "zip_longest",
    ),
    math: ("ceil", "comb", "factorial", "floor", "gcd", "inf", "isqrt", "lcm", "log", "log2", "sqrt"),
    typing: ("Any", "Callable", "Deque", "Dict", "FrozenSet", "Iterable", "Iterator", "List", "Optional", "Sequence", "Set", "Tuple", "TypeVar", "Union"),
    string: ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits"),
}  # fmt: skip


class ListNode:
    """A node of a singly linked list."""

    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next


class TreeNode:
    """A node of a binary tree."""

    def __init__(self, val=0, left=None, right=None):
        self.val = val
        self.left = left
        self.right = right


PRELUDE = {module.__name__: module for module in _MODULES}
"""The globals with which a call-based program starts."""
PRELUDE.update(
    (name, getattr(module, name))
    for module, names in _NAMES.items()
    for name in names
    if hasattr(module, name)
)


class Call:
    """The call of one program's entry point.

    Args:
        entry: name of the function or of the method of `class Solution`.
        options: `prefer_class`: whether the starter code has `class Solution`; `nodes`: whether it
            names ListNode or TreeNode; `arguments`: for each argument "list", "tree", "lists",
            "trees" or "", how JSON becomes nodes; `result`: the same for the returned value;
            `integer_keys`: whether dictionaries among the arguments had integer keys before JSON.
        namespace: the program's globals; node classes are added if needed.
    """

    def __init__(self, entry, options, namespace):
        self._entry, self._options = entry, options
        if options["nodes"]:
            namespace.update(ListNode=ListNode, TreeNode=TreeNode)

    def __call__(self, namespace):
        """Call it on the arguments on standard input; returns the JSON text of the answer."""
        parts = []
        while part := os.read(0, 1 << 20):
            parts.append(part)
        arguments = json.loads(b"".join(parts))
        if self._options["integer_keys"]:
            arguments = [_with_integer_keys(value) for value in arguments]
        if self._options["nodes"]:
            kinds = self._options["arguments"]
            arguments = [
                _to_nodes(value, kind, namespace)
                for value, kind in zip(arguments, kinds + [""] * len(arguments))
            ]
        answer = self._target(namespace)(*arguments)
        if answer is None and self._options["result"]:
            answer = []  # the listing of a list or a tree without nodes
        return json.dumps(answer, default=_plain)

    def _target(self, namespace):
        solution = namespace.get("Solution")
        method = getattr(solution, self._entry, None) if isinstance(solution, type) else None
        function = namespace.get(self._entry)
        if method is not None and (self._options["prefer_class"] or not callable(function)):
            return getattr(solution(), self._entry)
        if callable(function):
            return function
        raise NameError(
            f"the program defines no function or method of Solution named {self._entry!r}"
        )


def _with_integer_keys(value):
    try:
        return {int(key): part for key, part in value.items()} if isinstance(value, dict) else value
    except ValueError:
        return value


def _to_nodes(value, kind, namespace):
    if kind in ("lists", "trees") and isinstance(value, list):
        return [_to_nodes(part, kind[:-1], namespace) for part in value]
    if kind == "list" and isinstance(value, list):
        head = None
        for part in reversed(value):
            head = namespace["ListNode"](part, head)
        return head
    if kind == "tree" and isinstance(value, list):
        return _to_tree(value, namespace["TreeNode"])
    return value


def _to_tree(values, node_class):
    """The tree whose level-order listing is `values`, with null for absent children."""
    if not values or values[0] is None:
        return None
    root = node_class(values[0])
    parents, rest = collections.deque([root]), iter(values[1:])
    while parents:
        parent = parents.popleft()
        for side in ("left", "right"):
            value = next(rest, None)
            if value is not None:
                node = node_class(value)
                setattr(parent, side, node)
                parents.append(node)
    return root


def _plain(value):
    """The JSON form of a value that has none itself."""
    if hasattr(value, "left") and hasattr(value, "right"):
        return _level_order(value)
    if hasattr(value, "next") and hasattr(value, "val"):
        values = []
        while value is not None:
            values.append(value.val)
            value = value.next
        return values
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return value.tolist()
    raise TypeError(f"the returned {type(value).__name__} has no JSON form")


def _level_order(root):
    values, nodes = [], collections.deque([root])
    while nodes:
        node = nodes.popleft()
        values.append(None if node is None else node.val)
        if node is not None:
            nodes.extend((node.left, node.right))
    while values and values[-1] is None:
        values.pop()
    return values
