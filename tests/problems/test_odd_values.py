"""Any value in any place of a record of any layout: the record loads or is refused, in one line."""

import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cppo_env.problems.files.file_index import decoded
from cppo_env.problems.layouts import (
    apps,
    code_contests,
    code_contests_plus,
    codeforces,
    deepcoder,
    evalplus,
    livecodebench,
    prime_intellect,
    taco,
)
from cppo_env.problems.layouts.limits import MOST_BYTES, MOST_S
from cppo_env.problems.records import MOST_SHOWN, FieldError
from tests.support import more_records, records

LAYOUTS = {
    "apps": (records.apps, apps.decode),
    "code_contests": (records.code_contests, code_contests.decode),
    "livecodebench": (records.livecodebench, livecodebench.decode),
    "code_contests_plus": (more_records.code_contests_plus, code_contests_plus.decode),
    "aethercode": (more_records.aethercode, code_contests_plus.decode),
    "codeforces": (more_records.codeforces, codeforces.decode),
    "deepcoder": (more_records.deepcoder, deepcoder.decode),
    "humaneval_plus": (more_records.humaneval_plus, evalplus.decode),
    "mbpp_plus": (more_records.mbpp_plus, evalplus.decode),
    "prime_intellect": (more_records.prime_intellect, prime_intellect.decode),
    "taco": (more_records.taco, taco.decode),
}
ODD = (
    None, "", [], {}, 0, -1, 1.5, math.nan, math.inf, 10**400, 10**5000, 1e30, True, b"\xff",
    datetime(2024, 1, 1), timedelta(days=-1), Decimal("1.5"), "\ud800", "x\0y", "[", "null",
    "1e999", "[" * 5000, "9" * 5000, '{"a": 1}', "[null]", [None], [[]], [{}], (1, 2), {1: 2},
    [b"x"],
    {"inputs": [1], "outputs": [1]}, {"inputs": [[1]], "outputs": [1], "fn_name": "a b"},
    [{"input": "1", "output": "2", "testtype": "functional", "metadata": {"func_name": 5}}],
    "2024-13-01", "\u0663 seconds", "1.2.3 seconds", ". seconds",
)  # fmt: skip
JSON = "@"
"""A step of a path into JSON text."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a record, also of those in JSON text."""
    if path:
        yield path
    if isinstance(value, str) and value[:1] in ("[", "{"):
        yield from (one for one in places(json.loads(value), (*path, JSON)) if one[-1] != JSON)
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for name, one in inner:
        yield from places(one, (*path, name))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a record with another value in a place."""
    if not path:
        return new
    if path[0] == JSON:
        return json.dumps(put(json.loads(value), path[1:], new))
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_odd_value_anywhere_is_read_or_refused_by_name(name: str):
    make, decode = LAYOUTS[name]
    for path in list(places(make())):
        for odd in ODD:
            try:
                record = put(make(), path, odd)
            except (TypeError, ValueError):
                continue  # no JSON text can hold it
            try:
                problem = decode(record, None)  # not `decoded`: the guard is for what comes yet
            except FieldError as error:
                assert "\n" not in str(error) and len(error.reason) <= MOST_SHOWN
                continue
            case = (path, odd)
            texts = [text for test in problem.tests for text in (test.input, test.output)]
            assert texts and all(isinstance(text, str) for text in texts), case
            assert isinstance(problem.id, str) and isinstance(problem.statement, str), case
            assert 0 < problem.limits.cpu_s <= MOST_S, case
            assert 0 < problem.limits.memory_bytes <= MOST_BYTES, case


def test_a_value_that_a_layout_does_not_expect_refuses_the_record_and_not_the_set():
    def decode(record: Any, split: str | None) -> Any:
        return {}[record["a"]]

    with pytest.raises(FieldError, match=r"a value that nobody expected .KeyError: 5"):
        decoded(decode, {"a": 5}, None)
