"""Records of the layouts of which no genuine file was at hand, built to their published schemas."""

from __future__ import annotations

import json
from typing import Any

from tests.support.records import DOUBLE, DOUBLES, DOUBLING, lcb_tests

PYTHON_CHECKER = """\
import sys

given, want, got = (open(path).read().split() for path in sys.argv[1:4])
try:
    numbers = list(map(int, got))
except ValueError:
    numbers = []
print(int(len(numbers) == 2 and sum(numbers) == int(given[0])))
"""
CPP_CHECKER = """\
#include "testlib.h"

int main(int argc, char* argv[]) {
    registerTestlibCmd(argc, argv);
    int n = inf.readInt();
    int a = ouf.readInt(0, n, "a"), b = ouf.readInt(0, n, "b");
    if (a + b != n) quitf(_wa, "%d + %d is not %d", a, b, n);
    quitf(_ok, "fine");
}
"""
CPP_PARTS = """\
#include <iostream>
int main() {
    int n;
    std::cin >> n;
    std::cout << n << " 0" << std::endl;
}
"""
STATEMENT = "Read a number and print two numbers from 0 that add up to it."


def deepcoder(**changed: Any) -> dict[str, Any]:
    return {
        "problem": DOUBLING,
        "solutions": [DOUBLE],
        "starter_code": "",
        "tests": lcb_tests(("2\n", "4\n"), ("3\n", "6\n"), kind="stdin_stdout"),
        "metadata": json.dumps({"difficulty": "easy"}),
        **changed,
    }


def codeforces(**changed: Any) -> dict[str, Any]:
    return {
        "id": "7/A",
        "contest_id": 7,
        "contest_name": "Round 7",
        "contest_type": "CF",
        "contest_start": 1728086400,
        "index": "A",
        "time_limit": 1.5,
        "memory_limit": 256.0,
        "title": "Parts",
        "description": STATEMENT,
        "input_format": "One number.",
        "output_format": "Two numbers.",
        "interaction_format": None,
        "note": "Any order.",
        "examples": [{"input": "5\n", "output": "2 3\n"}],
        "rating": 800,
        "tags": ["math"],
        "testset_size": 2,
        "official_tests": [
            {"input": "5\n", "output": "2 3\n"},
            {"input": "9\n", "output": "4 5\n"},
        ],
        "official_tests_complete": True,
        "input_mode": "stdio",
        "generated_checker": PYTHON_CHECKER,
        "executable": True,
        "generated_tests": 0,
        **changed,
    }


def code_contests_plus(**changed: Any) -> dict[str, Any]:
    return {
        "source": "Codeforces",
        "id": "7_A",
        "title": "Parts",
        "description": STATEMENT,
        "time_limit": 2000,
        "memory_limit": 256,
        "validator": "int main() {}",
        "generator": "int main() {}",
        "generator_cmd": "./gen",
        "checker": CPP_CHECKER,
        "correct_submissions": [
            {"code": "n = int(input())\nprint(n, 0)\n", "language": "py3"},
            {"code": CPP_PARTS, "language": "cpp"},
        ],
        "incorrect_submissions": [{"code": "n = int(input())\nprint(n, n)\n", "language": "py3"}],
        "test_cases": [{"input": "5\r\n", "output": "2 3\n"}, {"input": "9\n", "output": "4 5\n"}],
        "true_positive_rate": 1.0,
        "true_negative_rate": 1.0,
        **changed,
    }


def aethercode(**changed: Any) -> dict[str, Any]:
    return {
        "id": 17,
        "description": STATEMENT,
        "time_limit": 1000,
        "memory_limit": 512,
        "checker": CPP_CHECKER,
        "test_cases": [{"input": "5\n", "output": "2 3\n"}],
        "year": 2024,
        "date": "2024-05-01",
        "difficulty": "Medium",
        "contest_category": "ICPC",
        "contest_name": "Regional",
        **changed,
    }


def taco(**changed: Any) -> dict[str, Any]:
    return {
        "question": DOUBLING,
        "solutions": json.dumps([DOUBLE]),
        "starter_code": "",
        "input_output": json.dumps(DOUBLES),
        "difficulty": "EASY",
        "raw_tags": "[]",
        "name": None,
        "source": "codeforces",
        "tags": "[]",
        "skill_types": "[]",
        "url": "https://codeforces.com/problemset/problem/1/A",
        "time_limit": "2.5 seconds",
        "memory_limit": "256.0 megabytes",
        "date": "2019-12-31",
        **changed,
    }


def prime_intellect(**changed: Any) -> dict[str, Any]:
    return {
        "source": "apps",
        "task_type": "verifiable_code",
        "in_source_id": "7",
        "prompt": "Solve in Python: read a number and print its double.",
        "gold_standard_solution": "```python\nprint(2 * int(input()))\n```",
        "verification_info": json.dumps(
            {
                "language": "python",
                "test_cases": [{"type": "stdin_stdout", "input": "2\n", "output": "4\n"}],
            }
        ),
        "metadata": "{}",
        "problem_id": "vcp_7",
        **changed,
    }


HUMANEVAL_PROMPT = '''\
from typing import List

def halves(numbers: List[int]) -> List[float]:
    """Half of each number."""
'''


def humaneval_plus(**changed: Any) -> dict[str, Any]:
    return {
        "task_id": "HumanEval/200",
        "prompt": HUMANEVAL_PROMPT,
        "entry_point": "halves",
        "canonical_solution": "    return [number / 2 for number in numbers]\n",
        "contract": "",
        "base_input": [[[1, 2]]],
        "plus_input": [[[]], [[5]]],
        "atol": 0,
        **changed,
    }


def mbpp_plus(**changed: Any) -> dict[str, Any]:
    return {
        "task_id": 900,
        "prompt": "Write a function that returns a number twice.",
        "code": "def twice(number):\n    return (number, number)\n",
        "test_imports": [],
        "test_list": ["assert twice(1) == (1, 1)"],
        "test": (
            "import numpy as np\n\ninputs = [[1], [-2.5]]\nresults = [(1, 1), (-2.5, -2.5)]\n"
            "for i, (inp, exp) in enumerate(zip(inputs, results)):\n"
            "    assertion(twice(*inp), exp, 0)\n"
        ),
        **changed,
    }
