"""Checkers that came with the data: what they say counts, and neither they nor programs win."""

import os
import threading
import time
from dataclasses import replace

import pytest
from cppo_sandboxes.host import checker_programs

import cppo_env
from cppo_env.types import CheckerProgram, Job, Problem, TestCase, Verdict
from tests.support.more_records import CPP_CHECKER, PYTHON_CHECKER

HALVES = "n = int(input())\nprint(n // 2, n - n // 2)\n"
ONE = "print(1)"
ECHO = "import sys\nsys.stdout.write(sys.stdin.read().partition('\\n')[2])\n"
"""Prints its input without the first line, so that a test states the output."""


@pytest.fixture(scope="module")
def local():
    with cppo_env.make_sandbox("local", workers=2) as box:
        yield box


def judged(sandbox, checker: CheckerProgram, program: str, tests: int = 3, **options):
    cases = [TestCase(f"{n}\n", f"{n} 0\n") for n in range(4, 4 + tests)]
    problem = Problem("parts", "", cases, checker=checker, **options)
    return sandbox.run([Job(problem, program, stop_early=False)])[0]


def verdicts(report) -> str:
    return " ".join(test.verdict for test in report.tests)


@pytest.mark.parametrize("source", [("python", PYTHON_CHECKER), ("cpp17", CPP_CHECKER)])
def test_any_right_answer_is_accepted_and_wrong_ones_are_not(sandbox, source):
    checker = CheckerProgram(*source)
    assert verdicts(judged(sandbox, checker, HALVES)) == "AC AC AC"
    some = "n = int(input())\nprint(n, 1 if n == 5 else 0)\n"
    assert verdicts(judged(sandbox, checker, some)) == "AC WA AC"
    fails = "n = input()\nprint(n, 0) if n != '5' else 1 / 0"
    assert verdicts(judged(sandbox, checker, fails)) == "AC RE AC"
    for wrong in ("print('two', 'words')", "pass", "print(2, 2, 2)", "print('\\udcff')"):
        assert judged(sandbox, checker, wrong, tests=1).verdict is Verdict.WA


def test_a_wrong_answer_stops_the_job_early_where_it_may(local):
    problem = Problem(
        "parts",
        "",
        [TestCase(f"{n}\n", "") for n in range(40)],
        checker=CheckerProgram("python", PYTHON_CHECKER),
    )
    jobs = [Job(problem, f"n = int(input())\nprint(n, int(n == 2))\n# {k}") for k in range(4)]
    for report in local.run(jobs):
        assert report.verdict is Verdict.WA
        assert verdicts(report) == "AC AC WA"


def test_a_slow_checker_keeps_no_other_problem_waiting():
    slow = CheckerProgram("python", "import time\ntime.sleep(0.7)\nprint(1)")
    problems = {
        "slow": (Problem("slow", "", [TestCase("", "")], checker=slow), 8),
        "quick": (Problem("quick", "", [TestCase("", "")], checker=replace(slow, source=ONE)), 1),
    }
    ended: list[str] = []
    with cppo_env.make_sandbox("local", workers=1) as box:

        def run(name: str) -> None:
            problem, attempts = problems[name]
            reports = box.run([Job(problem, f"print({n})") for n in range(attempts)])
            assert {report.verdict for report in reports} == {Verdict.AC}
            ended.append(name)

        thread = threading.Thread(target=run, args=["slow"])
        thread.start()
        time.sleep(1.5)
        run("quick")
        thread.join()
    assert ended == ["quick", "slow"]


BROKEN = [
    ("python", "raise ValueError('cannot cope')", "cannot cope"),
    ("python", "import time\ntime.sleep(60)", "did not end in time"),
    ("python", "x = [0] * (1 << 28)", "memory"),
    ("python", "print('maybe')", "printed 'maybe', expected 1 or 0 and nothing else"),
    ("python", "print('fine')\nprint(1)", "printed 'fine\\n1', expected 1 or 0"),
    ("cpp17", '#include "testlib.h"\nint main() { pattern("[a"); }', "signal 6"),
    ("python", "pass", "expected 1 or 0"),
    ("python", "import os\nos.kill(os.getpid(), 11)", "signal 11"),
    ("python", "print(1", "does not compile"),
    ("python", "print('\ud800')", "does not compile"),
    ("cpp17", "int main() {}", "does not include testlib.h"),
    ("rust", "fn main() {}", "expected python or cpp17"),
]


@pytest.mark.parametrize(("language", "source", "reason"), BROKEN)
def test_a_checker_that_fails_is_an_internal_error_with_its_name(
    local, monkeypatch: pytest.MonkeyPatch, language: str, source: str, reason: str
):
    tight = replace(checker_programs.LIMITS, wall_s=4.0, memory_bytes=256 << 20)
    monkeypatch.setattr(checker_programs, "LIMITS", tight)
    checker = CheckerProgram(language, source)
    report = judged(local, checker, HALVES, tests=1)
    assert report.verdict is Verdict.IE
    assert checker.name in report.message and reason in report.message
    assert "\n" not in report.message
    # What needs no checker is judged without it.
    assert judged(local, checker, "1 / 0", tests=1).verdict is Verdict.RE


@pytest.mark.parametrize("source", [("python", PYTHON_CHECKER), ("cpp17", f"{CPP_CHECKER}// 2")])
def test_an_expected_output_that_no_file_can_hold_is_an_internal_error(local, source):
    problem = Problem("parts", "", [TestCase("4\n", "\ud800")], checker=CheckerProgram(*source))
    report = local.run([Job(problem, HALVES)])[0]
    assert report.verdict is Verdict.IE and "surrogates not allowed" in report.message


TESTLIB = """\
#include <bits/stdc++.h>
#include "testlib.h"
using namespace std;
int main(int argc, char* argv[]) {
    setName("reads what the input says");
    registerTestlibCmd(argc, argv);
    string what = inf.readWord();
    if (what == "int") ouf.readInt(1, 10, "n");
    else if (what == "long") ouf.readLong();
    else if (what == "real") { if (!doubleCompare(0.5, ouf.readDouble(), 1e-6)) quitf(_wa, "no"); }
    else if (what == "strict") ouf.readStrictDouble(0, 1, 1, 2);
    else if (what == "pattern") ouf.readToken("[a-c]{2}", "s");
    else if (what == "many") ouf.readToken("[a-z]{1,100000}");
    else if (what == "group") ouf.readToken(pattern("-?(0|[1-9][0-9]*).5"));
    else if (what == "inverted") ouf.readLine(format("([^0-9 ]+ ?){%d,}", 2));
    else if (what == "lines") { ouf.readLine(); if (ouf.readString() != "b c") quit(_wa, "b c"); }
    else if (what == "eoln") { ouf.readInt(); ouf.readEoln(); ouf.readEof(); }
    else if (what == "ints") ouf.readInts(2, 1, 3);
    else if (what == "answer") ans.readInt(5, 6);
    else if (what == "jury") quitf(_fail, "the jury is wrong");
    else if (what == "ensure") ensuref(ouf.readInt() == 1, "one");
    else if (what == "points") quitp(0.5, "half");
    else if (what == "quitif") quitif(ouf.readInt() == 1, _wa, "%s", "one");
    else if (what == "silent") return 0;
    quitf(_ok, "%d", 1);
}
"""
SEMANTICS = [
    ("int", "10\n", "AC"), ("int", " \n 3 \n\n", "AC"), ("int", "11", "WA"), ("int", "03", "WA"),
    ("int", "+3", "WA"), ("int", "3.0", "WA"), ("int", "", "WA"), ("int", "3 4", "WA"),
    ("int", "99999999999", "WA"), ("long", "-9223372036854775808", "AC"), ("long", "-0", "WA"),
    ("long", "9223372036854775808", "WA"), ("real", "0.5000001", "AC"), ("real", "5e-1", "AC"),
    ("real", "0.6", "WA"), ("real", "nan", "WA"), ("real", "0x1p-1", "WA"),
    ("strict", "0.25", "AC"), ("strict", "0.125", "WA"), ("strict", "1", "WA"),
    ("pattern", "ab", "AC"),
    ("pattern", "abc", "WA"), ("many", "a" * 100_000, "AC"), ("many", "a" * 100_001, "WA"),
    ("many", "aB", "WA"), ("group", "-10.5", "AC"), ("group", "01.5", "WA"),
    ("group", "10x5", "WA"), ("inverted", "a-b c", "AC"), ("inverted", "ab", "AC"),
    ("inverted", "a 1", "WA"), ("lines", "a\r\nb c\r\n", "AC"), ("lines", "a", "WA"),
    ("eoln", "5\n", "AC"), ("eoln", "5 \n", "WA"), ("ints", "1\n3", "AC"), ("ints", "1 4", "WA"),
    ("answer", "", "IE"), ("jury", "", "IE"), ("ensure", "1", "AC"), ("ensure", "2", "IE"),
    ("points", "", "IE"), ("quitif", "1", "WA"), ("quitif", "2", "AC"), ("silent", "", "IE"),
]  # fmt: skip


def test_our_testlib_means_what_its_author_documents(local):
    cases = [TestCase(f"{what}\n{output}", "7\n") for what, output, _ in SEMANTICS]
    problem = Problem("semantics", "", cases, checker=CheckerProgram("cpp17", TESTLIB))
    report = local.run([Job(problem, ECHO, stop_early=False)])[0]
    assert len(report.tests) == len(SEMANTICS), report.message
    for (what, output, verdict), test in zip(SEMANTICS, report.tests, strict=True):
        assert test.verdict == verdict, (what, output, test)
    messages = [test.message for test in report.tests]
    assert any("failure of the jury: the jury is wrong" in message for message in messages)
    assert any("without quit" in message for message in messages)


BREAKS_LINES = "print('x\\n1')"
"""Ends with a line that says right."""
ECHOES = {
    "after the verdict": "print(0)\nprint('got', got)",
    "before the verdict": "print('got', got)\nprint(0)",
    "in place of one": "print('got', got)",
    "on standard error": "print(got, file=sys.stderr)\nprint(0)",
}


@pytest.mark.parametrize("place", ECHOES)
def test_what_a_checker_repeats_of_an_output_is_no_verdict(local, place: str):
    source = f"import sys\ngot = open(sys.argv[3]).read()\n{ECHOES[place]}"
    checker = CheckerProgram("python", source)
    expected = Verdict.IE if "place of" in place else Verdict.WA
    for program in (BREAKS_LINES, "print('x 1')", "print(1)"):
        assert judged(local, checker, program, tests=1).verdict is expected


@pytest.mark.parametrize("unit", ["1\\n", "1 ", "x", "[{}],"])
def test_a_flood_is_wrong_before_a_checker_reads_it(local, unit: str):
    slow = "import sys\nrows = [list(row) for row in open(sys.argv[3])]\nprint(0 / 0)"
    for checker in (CheckerProgram("python", slow), CheckerProgram("cpp17", CPP_CHECKER)):
        report = judged(local, checker, f"print('{unit}' * 800_000 + ' ' * 800_000)", tests=2)
        assert verdicts(report) == "WA WA", report.message
    some = "n = int(input())\nprint(n, ' ' * (2 << 20) if n == 5 else '', 0)"
    assert verdicts(judged(local, CheckerProgram("python", PYTHON_CHECKER), some)) == "AC WA AC"


ATTACKS = {
    "prints what crashes the checker": "print('9' * 100000, 'x')",
    "prints what takes long to read": "print('9' * 3_000_000)",
    "prints the checker's verdict": "print(1)",
    "prints what is no text": "import os\nos.write(1, bytes(range(256)) * 50)",
    "prints the head of the files": "print('2 4 4\\n5\\n5 0\\n5 0')",
    "writes the checker's files": (
        "for name in ('input.txt', 'correct_output.txt', 'solution_output.txt', 'checker.py'):\n"
        "    for folder in ('.', '/tmp', '/dev/shm'):\n"
        "        try:\n"
        "            open(folder + '/' + name, 'w').write('print(1)')\n"
        "        except OSError:\n"
        "            pass\n"
        "print(1, 1)"
    ),
    "looks for the answer": (
        "import os\n"
        "for folder, _, names in os.walk('/'):\n"
        "    if 'correct_output.txt' in names:\n"
        "        print(open(folder + '/correct_output.txt').read())\n"
        "    if folder.count('/') > 2:\n"
        "        _[:] = []\n"
        "print(1, 1)"
    ),
    "waits in the background for a checker": (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    for _ in range(50):\n"
        "        open('correct_output.txt', 'w').write('1')\n"
        "        time.sleep(0.01)\n"
        "print(1, 1)"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_program_wins_against_a_checker(local, attack: str):
    for source in (("python", PYTHON_CHECKER), ("cpp17", CPP_CHECKER)):
        checker = CheckerProgram(*source)
        report = judged(local, checker, ATTACKS[attack], tests=1)
        assert report.verdict in (Verdict.WA, Verdict.RE), (attack, report.message)
        assert judged(local, checker, HALVES).verdict is Verdict.AC


HOSTILE = {
    "stays behind": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nprint(1)"
    ),
    "kills all it can": "import os\nprint(1, flush=True)\nos.kill(-1, 9)",
    "leaves files": "open('solution_output.txt', 'w').write('0')\nopen('x', 'w')\nprint(1)",
    "floods": "print('1' * (1 << 22))",
    "forks": "import os\nfor _ in range(200):\n    os.fork() or os._exit(0)\nprint(1)",
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_a_hostile_checker_harms_only_its_own_problem(local, harm: str):
    hostile = judged(local, CheckerProgram("python", HOSTILE[harm]), HALVES, tests=2)
    assert hostile.verdict in (Verdict.AC, Verdict.IE)
    sound = CheckerProgram("python", PYTHON_CHECKER)
    assert verdicts(judged(local, sound, HALVES)) == "AC AC AC"
    assert judged(local, sound, "print(1, 1)").verdict is Verdict.WA


@pytest.mark.skipif(os.geteuid() != 0, reason="needs users of its own")
def test_checkers_run_as_another_user_than_any_program(sandbox):
    source = "import os, sys\nprint(int(open(sys.argv[3]).read() != str(os.getuid())))"
    for number in range(6):
        program = f"import os\nprint(os.getuid(), end='')  # {number}"
        assert judged(sandbox, CheckerProgram("python", source), program).verdict is Verdict.AC


def test_equal_answers_are_checked_once_and_different_ones_each(local):
    """Else K attempts with one answer could get K verdicts of a checker that draws lots."""
    lots = CheckerProgram("python", "import os\nprint(os.urandom(1)[0] % 2)")
    problem = Problem("lots", "", [TestCase("7\n", "")], checker=lots)
    first = local.run([Job(problem, "print(input())")])[0].verdict
    same = [Job(problem, f"print(input())  # {n}") for n in range(30)]
    assert {report.verdict for report in local.run(same)} == {first}
    each = [Job(problem, f"print(input(), {n})") for n in range(30)]
    assert {report.verdict for report in local.run(each)} == {Verdict.AC, Verdict.WA}
