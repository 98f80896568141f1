"""Measure what an answer costs the host, for every built-in rule and answers that try to cost much.

    python benchmarks/answers.py [--megabytes 16] [--json PATH]

Three sizes of expected answers: a few characters, 64 KB and 1 MiB. An answer is either hostile by
itself (floods of tokens, lines, digits, brackets, keys, escapes) or made from the expected one: the
same but for the blanks, the spelling of numbers, the order, or the last token. Prints the worst
CPU time and peak memory for each rule and size, beyond what the process had before.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from cppo_env import plugins
from cppo_env.plugins import checker_of
from cppo_env.types import MIB, Checker, Problem, TestCase

STDIN = Problem("stdin", "", ())
CALL = Problem("call", "", (), "def answer():\n    ", "answer")
SIZES = {"a few characters": 12, "64 KB": 1 << 16, "1 MiB": MIB}


def expected_texts(size: int) -> Iterator[tuple[str, str]]:
    """Expected answers of about a size, with a name for what they consist of."""
    for name, token in (
        ("floats", lambda n: f"{n % 100 / 10 + 0.25:.2f}"),
        ("integers", str),
        ("words", lambda n: f"w{n % 1000}"),
    ):
        tokens, length = [], 0
        while length < size:
            tokens.append(token(len(tokens)))
            length += len(tokens[-1]) + 1
        yield f"{name} on lines", "\n".join(tokens)
        yield f"{name} on one line", " ".join(tokens)


def expected_values(size: int) -> Iterator[tuple[str, str]]:
    """The same as JSON arrays, and deeper values."""
    for name, make in (
        ("floats", lambda n: n % 100 / 10 + 0.25),
        ("integers", lambda n: n),
        ("texts", lambda n: f"w{n % 1000}"),
        ("pairs", lambda n: [n % 10, n % 7]),
        ("objects", lambda n: {"a": n % 10}),
        ("booleans", lambda n: bool(n % 2)),
    ):
        count = 1
        while len(json.dumps([make(n) for n in range(count)])) < size:
            count *= 2
        yield name, json.dumps([make(n) for n in range(count)])


def variants(text: str, is_json: bool) -> Iterator[tuple[str, str]]:
    """Answers made from the expected one."""
    yield "equal", text
    yield "another end", text[:-2] + "~" + text[-2:]
    blank = "," if is_json else ("\n" if "\n" in text else " ")
    parts = text.strip("[]").split(blank)
    ends = ("[", "]") if is_json else ("", "")
    yield "blanks", blank.join(f" {part} " for part in parts).join(ends)
    yield "digits", blank.join(f"{part}00" if "." in part else part for part in parts).join(ends)
    exponents = (f"{part}e0" if part[-1:].isdigit() else part for part in parts)
    yield "exponents", blank.join(exponents).join(ends)
    long = blank.join(f"{part}{'0' * 50}" if "." in part else part for part in parts)
    yield "long digits", long.join(ends)
    random.Random(1).shuffle(parts)
    yield "another order", blank.join(parts).join(ends)
    yield "doubled", blank.join(parts * 2).join(ends)
    yield "other numbers", text.replace("1", "2")


def floods(size: int) -> Iterator[tuple[str, str]]:
    """Answers that have nothing to do with the expected one."""
    pieces = {
        "digits": "1", "tokens": "1 ", "floats": "0.5 ", "lines": "1\n", "empty lines": "\n",
        "blanks": " ", "escapes": "\\u0031", "sigmas": "\u03a3'", "wide": "\U0001f600 ",
        "signs": "-", "points": ".", "carriage returns": "\r", "exponents": "1e9 ",
    }  # fmt: skip
    for name, piece in pieces.items():
        text = piece * (size // len(piece.encode()))
        for start, end in (("", ""), ("0.", "x"), ("[", "]")):
            yield f"{name} {start!r}", start + text + end
    for name, piece in {
        "ones": "1,", "lists": "[],", "objects": "{},", "texts": '"a",', "floats": "0.5,",
        "escapes": '"\\u0061",', "keys": '{"a":1},', "nulls": "null,", "deep": "[[[[[[[[]]]]]]]],",
    }.items():  # fmt: skip
        yield f"{name} in an array", "[" + piece * (size // len(piece)) + "1]"
    yield "nested", "[" * (size // 2) + "]" * (size // 2)
    yield "nested open", "[" * size
    yield "nested objects", '{"a":' * (size // 5)
    yield "distinct lines", "\n".join(map(str, range(size // 9)))
    yield "distinct keys", "{" + ",".join(f'"{n}":0' for n in range(size // 12)) + "}"


def cost(judge: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds, and MB at the peak beyond what the process had before."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before, started = memory_mb("VmRSS"), time.process_time()
    judge()
    return time.process_time() - started, memory_mb("VmHWM") - before


def memory_mb(name: str) -> float:
    """A value of this process's memory as the kernel counts it."""
    [line] = re.findall(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(line) / 1024


def rows(megabytes: float) -> Iterator[dict[str, Any]]:
    """The costs; floods meet one kind of expected answer of each size."""
    for size_name, size in SIZES.items():
        for problem, texts in ((STDIN, expected_texts(size)), (CALL, expected_values(size))):
            for number, (kind, expected) in enumerate(texts):
                answers = chain(
                    variants(expected, problem is CALL),
                    () if number else floods(int(megabytes * MIB)),
                )
                for name, text in answers:
                    test, got = TestCase("", expected), text.encode("utf-8", "surrogatepass")
                    for rule in plugins.names("checkers"):
                        checker = checker_of(replace(problem, checker=rule))
                        seconds, mb = cost(partial(judged, checker, problem, test, got))
                        yield {
                            "expected": size_name,
                            "problem": problem.id,
                            "rule": rule,
                            "kind": kind,
                            "answer": name,
                            "cpu_s": seconds,
                            "mb": mb,
                        }


def judged(checker: Checker, problem: Problem, test: TestCase, got: bytes) -> bool:
    """What the host does with an answer."""
    return checker(problem, test, got.decode("utf-8", "surrogateescape"))


def show(group: list[dict[str, Any]]) -> None:
    """Print the slowest and the largest comparison of a rule."""
    slow, large = (max(group, key=itemgetter(by)) for by in ("cpu_s", "mb"))
    print(
        f"{slow['expected']:17} {slow['problem']:6} {slow['rule']:17} "
        f"{slow['cpu_s'] * 1e3:7.1f} ms ({slow['kind']}; {slow['answer']})   "
        f"{large['mb']:6.1f} MB ({large['kind']}; {large['answer']})",
        flush=True,
    )


def main() -> None:
    """Print the worst answer for each rule and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=16.0, help="length of a flood")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: list[dict[str, Any]] = []
    for _, group in groupby(rows(options.megabytes), itemgetter("expected", "problem")):
        found += (part := sorted(group, key=itemgetter("rule")))
        for _, of_rule in groupby(part, itemgetter("rule")):
            show(list(of_rule))
    print(f"{len(found)} comparisons")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
