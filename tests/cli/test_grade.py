"""`cppo grade` for a user who wants to know why a program is wrong."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import CPPO, cppo, fault


@pytest.fixture
def program(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def graded(path, tmp_path, *options):
    out = tmp_path / "out.json"
    done = cppo("grade", path, "--sandbox", "local", "--json", out, *options)
    return done, json.loads(out.read_text())


def test_a_public_test_is_shown_with_what_was_printed(program, tmp_path):
    path = program("import sys\nprint('looking', file=sys.stderr)\nprint('nothing')\n")
    done, result = graded(path, tmp_path, "--problem", "best-streak")
    assert "WA on best-streak: public test 1 of 15 is WA" in fault(done, 1)
    first = result["public_failures"][0]
    assert first == {
        "test": 1,
        "input": "5\n3 -2 5 -9 4\n",
        "expected": "6\n",
        "got": "nothing\n",
        "stderr": "looking\n",
    }
    for shown in ("expected: 6", "got:      nothing", "stderr:   looking", "3 -2 5 -9 4"):
        assert shown in done.stdout
    assert result["provenance"]["sandbox"]["name"] == "local"


def test_a_sandbox_of_ones_own_needs_no_more_than_run_and_close(program):
    own = Path(__file__).parents[2] / "examples" / "own_sandbox.py"
    path = program("print('nothing')\n")
    done = cppo("grade", path, "--problem", "best-streak", "--sandbox", f"{own}:ProcessSandbox")
    assert "WA on best-streak" in fault(done, 1)


def test_hidden_tests_stay_hidden(program, tmp_path):
    right_on_public = "n = int(input())\nprint({5: 6, 3: -1}.get(n, 'no idea'))\n"
    done, result = graded(program(right_on_public), tmp_path, "--problem", "best-streak")
    assert "hidden test 3 of 15" in fault(done, 1)
    assert result["public_failures"] == []
    assert "expected:" not in done.stdout


def test_a_crash_shows_its_own_lines(program, tmp_path):
    path = program(
        "from __future__ import annotations\n\ndef main():\n    return 1 / 0\n\nmain()\n"
    )
    out = tmp_path / "out.json"
    options = ("--problem", "best-streak", "--sandbox", "local", "--json", out)
    done = subprocess.run([CPPO, "grade", path, *options], capture_output=True, text=True)
    assert "RE, ZeroDivisionError" in fault(done, 1)
    result = json.loads(out.read_text())
    stderr = result["public_failures"][0]["stderr"]
    assert 'File "program.py", line 4, in main' in stderr
    assert "exec(" not in stderr
    assert result["public_failures"][0]["got"] is None


def test_a_function_shows_its_value(program, tmp_path):
    path = program("def pair_with_sum(numbers, target):\n    return [7, 7]\n")
    _, result = graded(path, tmp_path, "--problem", "two-sum")
    assert result["public_failures"][0]["got"] == "[7, 7]"


def test_a_file_in_cpp_is_compiled(program, tmp_path):
    source = "#include <iostream>\nint main() { std::cout << 6; }\n"
    done, result = graded(program(source, "a.cpp"), tmp_path, "--problem", "best-streak")
    if "no g++" in result["message"] or "g++" in result["message"]:
        pytest.skip("no C++ compiler here")
    assert result["language"] == "cpp17"
    assert [test["verdict"] for test in result["tests"][:2]] == ["AC", "WA"]
    assert "public test 2 of 15" in fault(done, 1)


@pytest.mark.parametrize(("answer", "code"), [("6", 1), (None, 0)])
def test_a_program_on_standard_input(answer, code):
    from cppo_env import load_problems

    problems = load_problems("samples")
    right = problems[problems.index("best-streak")].references[0]
    done = subprocess.run(
        [CPPO, "grade", "-", "--problem", "best-streak", "--sandbox", "local"],
        input=f"print({answer})" if answer else right,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr


def test_without_a_problem_it_says_how_to_name_one(program):
    message = fault(cppo("grade", program("print(1)"), "--sandbox", "local"), 2)
    assert "expected the id of one of the 41 problems of samples, such as --problem" in message
    assert "cppo problems list samples" in message
