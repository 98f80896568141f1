"""A Python checker that sees many answers in one process says of each what it says alone."""

import threading
from dataclasses import replace

import pytest
from cppo_sandboxes.host import checker_programs, checks_together
from cppo_sandboxes.host.checker_programs import ProgramChecks
from cppo_sandboxes.host.checks import CheckerFailed, IsRight
from cppo_sandboxes.host.plain_checkers import is_plain
from cppo_sandboxes.host.pool import Pool

import cppo_env
from cppo_env.types import CheckerProgram, TestCase

READ = "import os, sys\ngot = open(sys.argv[3]).read().strip()\nright = got in ('good', 'fine')\n"
"""What all these checkers begin with; the fourth answer, "odd", is where some of them do more."""
ANSWERS = ("good", "bad", "fine", "odd", "good", "bad")
PLAIN = "AC WA AC WA AC WA"
CHECKERS = {
    "prints": ("print(int(right))", PLAIN),
    "ends with an exit code": ("print(int(right))\nsys.exit(0)", PLAIN),
    "writes to the descriptor": ("os.write(1, b'%d' % right)", PLAIN),
    "opens standard output anew": ("open('/dev/stdout', 'w').write(str(int(right)))", PLAIN),
    "prints at exit": ("import atexit\natexit.register(print, int(right))", PLAIN),
    "prints from a file that nobody closes": (
        "keep = open(1, 'w', closefd=False)\nkeep.write(str(int(right)))",
        PLAIN,
    ),
    "keeps a number in a global": (
        "count = globals().get('count', 0) + 1\nprint(int(right and count == 1))",
        PLAIN,
    ),
    "keeps what it is in __main__": (
        "import __main__\nassert __main__.got == got\nassert not hasattr(__main__, 'again')\n"
        "again = True\nprint(int(right))",
        PLAIN,
    ),
    "goes to another folder": ("open('x', 'w').close()\nos.chdir('/')\nprint(int(right))", PLAIN),
    "reads standard input": ("assert not sys.stdin.read()\nprint(int(right))", PLAIN),
    "leaves a thread": (
        "import threading, time\nprint(int(right), flush=True)\n"
        "if got == 'odd':\n    threading.Thread(target=time.sleep, args=[0.3]).start()",
        PLAIN,
    ),
    "starts a thread in each": (
        "import threading\nthread = threading.Thread(target=print, args=[int(right)])\n"
        "thread.start()\nthread.join()",
        PLAIN,
    ),
    "runs a command": (
        "import subprocess\nsubprocess.run(['echo', str(int(right))], check=True)",
        PLAIN,
    ),
    "leaves a process": (
        "print(int(right), flush=True)\nif got == 'odd' and os.fork() == 0:\n"
        "    import time\n    time.sleep(0.3)",
        PLAIN,
    ),
    "replaces standard output": (
        "print(int(right))\nif got == 'odd':\n    sys.stdout = open('/dev/null', 'w')",
        PLAIN,
    ),
    "closes standard output": (
        "print(int(right), flush=True)\nif got == 'odd':\n    sys.stdout.close()",
        PLAIN,
    ),
    "says nothing": ("if got != 'odd':\n    print(int(right))", "AC WA AC IE AC WA"),
    "says more than a verdict": (
        "print(int(right), 'x' * 5000 if got == 'odd' else '')",
        "AC WA AC IE AC WA",
    ),
    "raises": ("print(1 / (got != 'odd') and int(right))", "AC WA AC IE AC WA"),
    "ends with a text": (
        "print(int(right))\nif got == 'odd':\n    sys.exit('what?')",
        "AC WA AC IE AC WA",
    ),
    "ends with an empty text": (
        "print(int(right))\nsys.exit('' if got == 'fine' else 0)",
        "AC WA IE WA AC WA",
    ),
    "ends at once": (
        "if got == 'odd':\n    os._exit(5)\nprint(int(right))",
        "AC WA AC IE AC WA",
    ),
    "ends at once with exit code 0": (
        "print(int(right), flush=True)\nif got == 'odd':\n    os._exit(0)",
        PLAIN,
    ),
    "crashes": (
        "if got == 'odd':\n    os.kill(os.getpid(), 11)\nprint(int(right))",
        "AC WA AC IE AC WA",
    ),
    "takes all memory": (
        "if got == 'odd':\n    [0] * (1 << 28)\nprint(int(right))",
        "AC WA AC IE AC WA",
    ),
    "takes long": ("import time\ntime.sleep(0.4)\nprint(int(right))", PLAIN),
    "takes longer than a group may": (
        "import time\nwhile got == 'odd' and time.process_time() < 3:\n    pass\nprint(int(right))",
        PLAIN,
    ),
    "prints where its files are": ("print(sys.argv)", "IE IE IE IE IE IE"),
    "does not compile": ("print(", "IE IE IE IE IE IE"),
}
LEAVES = {
    "a decimal context": (
        "import decimal\nif odd:\n    decimal.getcontext().prec = 3",
        "str(decimal.Decimal(1) / 3).count('3') == 28",
    ),
    "a context that all others copy": (
        "import decimal\nif odd:\n    decimal.DefaultContext.prec = 3\n"
        "    decimal.setcontext(decimal.DefaultContext)",
        "str(decimal.Decimal(1) / 3).count('3') == 28",
    ),
    "a flag of a context": (
        "import decimal\nif odd:\n    decimal.Decimal(1) / 3",
        "not decimal.getcontext().flags[decimal.Inexact]",
    ),
    "a limit of recursion": (
        "if odd:\n    sys.setrecursionlimit(500)",
        "sys.getrecursionlimit() > 500",
    ),
    "a limit of digits": (
        "if odd:\n    sys.set_int_max_str_digits(900)",
        "int('1' * 4000) > 0",
    ),
    "a closed standard input": ("if odd:\n    print(0)\n    exit()", "sys.stdin.read() == ''"),
    "a closed descriptor": ("if odd:\n    open(0).close()", "open(0).read() == ''"),
    "another standard input": (
        "if odd:\n    sys.stdin = open(sys.argv[3])",
        "sys.stdin.read() == ''",
    ),
    "another descriptor 1": (
        "if odd:\n    print(0, flush=True)\n    os.dup2(os.open('/dev/null', 1), 1)",
        "True",
    ),
    "another encoding": (
        "if odd:\n    print(0)\n    sys.stdout.reconfigure(line_buffering=True)",
        "not sys.stdout.line_buffering",
    ),
    "an environment variable": ("if odd:\n    os.environ['X'] = ''", "'X' not in os.environ"),
    "a seed": (
        "import random\nif odd:\n    random.seed(5)",
        "abs(random.random() - 0.6229016948897019) > 1e-9",
    ),
    "a constant of a module": ("import math\nif odd:\n    math.inf = 0", "math.inf > 1"),
    "a builtin": ("import builtins\nif odd:\n    builtins.x = 1", "not hasattr(builtins, 'x')"),
    "a module": ("if odd:\n    sys.modules['x'] = sys", "'x' not in sys.modules"),
    "a folder of modules": ("if odd:\n    sys.path.append('x')", "'x' not in sys.path"),
    "a tracer": ("if odd:\n    sys.settrace(lambda *_: None)", "sys.gettrace() is None"),
    "a file": ("if odd:\n    open('x', 'w').close()", "not os.path.exists('x')"),
    "a file in /tmp": ("if odd:\n    open('/tmp/x', 'w').close()", "not os.path.exists('/tmp/x')"),
    "a mask for files": ("if odd:\n    os.umask(0o77)", "os.umask(0o22) != 0o77"),
    "an alarm": (
        "import signal, time\nsignal.signal(signal.SIGALRM, lambda *_: 1 / 0)\n"
        "if odd:\n    signal.setitimer(signal.ITIMER_REAL, 0.003)\nelse:\n    time.sleep(0.01)",
        "True",
    ),
    "filters of warnings": (
        "import warnings\nif odd:\n    warnings.simplefilter('error')",
        "warnings.warn('x') is None",
    ),
    "a closed event loop": (
        "import asyncio, warnings\nwarnings.simplefilter('ignore')\n"
        "loop = asyncio.get_event_loop()\nif odd:\n    loop.close()",
        "not loop.is_closed()",
    ),
    "CPU time": (
        "import time\nwhile odd and time.process_time() < 0.2:\n    pass",
        "time.process_time() < 0.15",
    ),
    "what prints when it is freed": (
        "if odd:\n    class A:\n        def __del__(self): print(0)\n"
        "    a = A()\n    a.me, a = a, None",
        "len([[] for _ in range(100_000)]) > 0",
    ),
    "memory that no name holds": (
        "class A: pass\na = A()\na.me = a\na.x = bytearray(300 << 20)",
        "True",
    ),
}
"""What the fourth answer makes a checker leave behind, or each does, and where that shows."""
REMEMBERS = """
odd = got == 'odd'
try:
    {leaves}
    right = right and ({unseen})
except BaseException:
    right = False
print(int(right))
"""
"""Which takes what surprises it for a wrong answer, as many checkers do."""


@pytest.fixture(scope="module")
def checks():
    with cppo_env.make_sandbox("local", workers=1) as box:
        checks = ProgramChecks(lambda: Pool(box._launch, 1, 1))
        yield checks
        checks.close()


def said(
    checks: ProgramChecks, text: str, answers=ANSWERS, *, before: str = READ, stop_early=False
) -> list[str]:
    """AC, WA or the reason of an IE for each answer."""
    heard: list[IsRight] = []
    over = threading.Event()

    def done(results: list[IsRight]) -> None:
        heard.extend(results)
        over.set()

    cases = [(TestCase("", str(number)), answer.encode()) for number, answer in enumerate(answers)]
    checks.start(CheckerProgram("python", before + text), cases, done, stop_early=stop_early)
    assert over.wait(60)
    return list(map(told, heard))


def told(is_right: IsRight) -> str:
    try:
        return "AC" if is_right() else "WA"
    except CheckerFailed as failure:
        return f"IE: {failure}"


@pytest.mark.parametrize("name", CHECKERS)
def test_the_verdicts_are_those_of_a_checker_that_runs_alone(
    checks, monkeypatch: pytest.MonkeyPatch, name: str
):
    text, expected = CHECKERS[name]
    together = said(checks, text)
    assert " ".join(verdict[:2] for verdict in together) == expected, together
    monkeypatch.setattr(checks_together, "GROUP_BYTES", -1)
    assert said(checks, f"{text}\n# alone") == together


@pytest.mark.parametrize("what", LEAVES)
def test_no_answer_changes_what_is_said_of_the_next(checks, what: str):
    leaves, unseen = LEAVES[what]
    text = REMEMBERS.format(leaves=leaves.replace("\n", "\n    "), unseen=unseen)
    assert " ".join(said(checks, text)) == PLAIN


def test_a_thread_that_outlives_the_text_says_the_verdict(checks):
    """It needs the globals after the main thread has ended."""
    main = "def main():\n    time.sleep(0.01)\n    print(int(right))\n"
    text = f"import threading, time\n{main}threading.Thread(target=main).start()"
    assert " ".join(said(checks, text)) == PLAIN


def test_the_program_is_the_same_as_alone(checks):
    latin = "# -*- coding: latin-1 -*-\nimport sys\nprint(int('é' == chr(233)))"
    assert said(checks, latin, before="") == ["AC"] * 6
    assert said(checks, "print(int(right and os.path.exists(__file__)))") == PLAIN.split()
    # However deep a case is in the stack, the limit is where it is for one alone.
    deep = "def deep(n):\n    return n and deep(n - 1)\nn = sys.getrecursionlimit() - {}\n"
    text = f"{deep}try:\n    deep(n)\nexcept RecursionError:\n    n = 0\nprint(int(n > 0))"
    for less in range(2, 14):
        together, alone = (
            said(checks, text.format(less), answers) for answers in (["good", "bad"], ["good"])
        )
        assert together == alone * 2


def test_what_is_plain_is_told_by_the_text():
    typical = """
from __future__ import annotations
import os.path, sys
from collections import defaultdict, deque
from decimal import Decimal, getcontext
class Sets:
    def __init__(self, size):
        self.parents = list(range(size))
        self.parents[0] = 0
def main(*paths):
    given, answer, output = [open(path, "r", encoding="utf-8").read() for path in paths]
    getcontext().prec = 50
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    with open(paths[2]) as file:
        print(1 if file.read() == answer else 0)
    sys.exit(0)
if __name__ == "__main__":
    sys.setrecursionlimit(10**6)
    main(*sys.argv[1:4])
"""
    assert is_plain(typical)
    for text in (
        "open(sys.argv[3], sys.argv[1])",
        "open(sys.argv[3], mode='a')",
        "open(*sys.argv[2:])",
        "open(1)",
        "import random",
        "import json.tool as t, random as r",
        "from os import environ",
        "from sys import *",
        "from . import x",
        "import x",
        "sys.stdin = None",
        "for sys.argv[0] in sys.argv: pass",
        "del sys.argv",
        "s = sys",
        "import json\nj = json",
        "import json\nprint(json)",
        "import json\n(j := json).x = 1",
        "import json\nvars(json)['x'] = 1",
        "import json\nglobals()['json'].x = 1",
        "o = open",
        "import io\no = io.open",
        "from io import open as o",
        "eval(input())",
        "x = 1\n" * 20_000,
        "print(",
    ):
        assert not is_plain(f"{typical}\n{text}\n"), text


def test_a_group_is_one_process(checks):
    """Which only a checker can tell that hides what it keeps."""
    keeps = "import json\nanswer = open(sys.argv[2]).read()\n"
    first = "json.decoder.BACKSLASH.setdefault('seen', answer)"
    assert said(checks, f"{keeps}print(int({first} == answer))") == ["AC", *["WA"] * 5]


def test_a_hanging_checker_is_asked_no_more_than_needed(checks, monkeypatch: pytest.MonkeyPatch):
    tight = replace(checker_programs.LIMITS, cpu_s=0.5)
    monkeypatch.setattr(checker_programs, "LIMITS", tight)
    monkeypatch.setattr(checks_together, "LIMITS", tight)
    monkeypatch.setattr(checks_together, "CASES", 2)
    shown: list[int] = []
    outcomes = checks_together.outcomes

    def spy(outcome, count):
        shown.append(count)
        return outcomes(outcome, count)

    monkeypatch.setattr(checks_together, "outcomes", spy)
    text = "while got != 'good':\n    pass\nprint(1)"
    verdicts = said(checks, text, ("good", "good", "bad", "good", "bad", "good"), stop_early=True)
    assert verdicts[:3] == ["AC", "AC", "IE: it took too much CPU time"]
    assert set(verdicts[3:]) == {"IE: it was not asked"}
    assert shown == [2, 2]
    # After a wrong answer nobody asks for those that are open.
    text = f"if got == 'odd':\n    1 / 0\nprint(int(right))\n# {len(text)}"
    verdicts = said(checks, text, ("good", "odd", "bad", "odd"), stop_early=True)
    assert verdicts[:2] == ["AC", "IE: ZeroDivisionError: division by zero"]
    verdicts = said(checks, text, ("good", "bad", "odd"), stop_early=True)
    assert verdicts == ["AC", "WA", "IE: it was not asked"]


@pytest.mark.parametrize("size", [10, 10_000, 300_000])
def test_groups_keep_to_their_size(checks, size: int):
    answers = [f"{'x' * size}{number}" for number in range(70)]
    text = "print(int(got[-1] == open(sys.argv[2]).read().strip()[-1]))"
    assert said(checks, text, answers) == ["AC"] * 70
    shown = [(b"", b"", answer.encode()) for answer in answers]
    groups = list(checks_together.groups(shown))
    assert [one for group in groups for one in group] == (list(range(70)) if size < 300_000 else [])
    assert all(len(group) <= checks_together.CASES for group in groups)
    for group in groups:
        assert sum(len(shown[n][2]) for n in group) <= checks_together.GROUP_BYTES
