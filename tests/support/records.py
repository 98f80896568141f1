"""Records of the published layouts, for tests to bend."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DOUBLING = "Read a number and print its double."
DOUBLE = "print(2 * int(input()))\n"
DOUBLES = {"inputs": ["2\n", "3\n"], "outputs": ["4\n", "6\n"]}


def apps(**changed: Any) -> dict[str, Any]:
    return {
        "problem_id": 7,
        "question": DOUBLING,
        "solutions": json.dumps([DOUBLE]),
        "input_output": json.dumps(DOUBLES),
        "difficulty": "interview",
        "url": "https://codeforces.com/problemset/problem/1/A",
        "starter_code": "",
        **changed,
    }


def apps_tests(**pairs: Any) -> dict[str, Any]:
    return apps(input_output=json.dumps(pairs))


def code_contests(**changed: Any) -> dict[str, Any]:
    return {
        "name": "1_A. Double",
        "description": DOUBLING,
        "public_tests": {"input": ["2\n"], "output": ["4\n"]},
        "private_tests": {"input": ["3\n"], "output": ["6\n"]},
        "generated_tests": {"input": ["5\n", "6\n"], "output": ["10\n", "12\n"]},
        "source": 2,
        "difficulty": 7,
        "solutions": {
            "language": [3, 2, 1],
            "solution": ["print(2 * int(input()))", "int main(){}", "print 2"],
        },
        "incorrect_solutions": {"language": [3], "solution": ["print(0)"]},
        "cf_contest_id": 1,
        "cf_index": "A",
        "cf_points": 0.0,
        "cf_rating": 800,
        "cf_tags": ["math"],
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": 2, "nanos": 500000000},
        "memory_limit_bytes": 256000000,
        "input_file": "",
        "output_file": "",
        **changed,
    }


def lcb_tests(*pairs: tuple[str, str], kind: str = "stdin") -> str:
    return json.dumps(
        [{"input": given, "output": expected, "testtype": kind} for given, expected in pairs]
    )


def packed(text: str) -> str:
    """The published packing of hidden tests."""
    return base64.b64encode(zlib.compress(pickle.dumps(text, protocol=4))).decode()


def livecodebench(**changed: Any) -> dict[str, Any]:
    return {
        "question_title": "Double",
        "question_content": DOUBLING,
        "platform": "atcoder",
        "question_id": "abc1_a",
        "contest_id": "abc1",
        "contest_date": "2024-10-05T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": lcb_tests(("2\n", "4\n")),
        "private_test_cases": packed(lcb_tests(("3\n", "6\n"))),
        "metadata": "{}",
        **changed,
    }


def write_lines(path: Path, records: Iterable[Mapping[str, Any] | bytes]) -> Path:
    """A JSON lines file; bytes are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        record if isinstance(record, bytes) else json.dumps(record).encode() for record in records
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def write_raw(folder: Path, record: Mapping[str, Any]) -> Path:
    """A problem folder of the original APPS archive."""
    folder.mkdir(parents=True)
    (folder / "question.txt").write_text(record["question"])
    (folder / "input_output.json").write_text(record["input_output"])
    (folder / "solutions.json").write_text(record["solutions"])
    (folder / "metadata.json").write_text(
        json.dumps({"difficulty": record["difficulty"], "url": record["url"]})
    )
    if record["starter_code"]:
        (folder / "starter_code.py").write_text(record["starter_code"])
    return folder
