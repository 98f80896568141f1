"""A Python checker that sees many answers in one process says of each what it says alone."""

import threading

import pytest
from cppo_sandboxes.host import checks_together
from cppo_sandboxes.host.checker_programs import ProgramChecks
from cppo_sandboxes.host.checks import CheckerFailed, IsRight
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
    "does not compile": ("print(", "IE IE IE IE IE IE"),
}


@pytest.fixture(scope="module")
def checks():
    with cppo_env.make_sandbox("local", workers=1) as box:
        checks = ProgramChecks(lambda: Pool(box._launch, 1, 1))
        yield checks
        checks.close()


def said(checks: ProgramChecks, text: str, answers=ANSWERS) -> list[str]:
    """AC, WA or the reason of an IE for each answer."""
    heard: list[IsRight] = []
    over = threading.Event()

    def done(results: list[IsRight]) -> None:
        heard.extend(results)
        over.set()

    cases = [(TestCase("", str(number)), answer.encode()) for number, answer in enumerate(answers)]
    checks.start(CheckerProgram("python", READ + text), cases, done)
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


def test_a_group_is_one_process(checks):
    """Which only a checker can tell that keeps something outside its `__main__`."""
    counts = "import builtins\nbuiltins.seen = getattr(builtins, 'seen', 0) + 1\n"
    assert said(checks, f"{counts}print(int(builtins.seen == 1))") == ["AC", *["WA"] * 5]


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
