"""The hostile corpus: programs must not win, stay, or disturb the next test.

A case is a file tests/hostile/CATEGORY/NAME.py whose first line reads `# PROBLEM: VERDICTS | what
it does`. PROBLEM is `add` (print the sum of two integers), `briefly` (the same within a second of
wall-clock time), `patiently` (with more CPU time, for programs that are expensive on a slow
machine), `call` (return the sum), or `hunt` (print a secret that is nowhere in reach). VERDICTS are
those that an honest judge may give; `!AC` is any but AC. A program that finds itself uncontained
prints BREACH and so gets WA.

`cppo_sandboxes/local_cannot_contain.txt` lists the cases that the local sandbox fails without root.
"""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cppo_sandboxes.local import has_landlock, uncontained

import cppo_env
from cppo_env.types import MIB, Job, Limits, Problem, TestCase, Verdict
from tests.support.footprint import Footprint, remove_leaks
from tests.support.recorder import Recorder
from tests.support.unprivileged import Unprivileged

CORPUS = Path(__file__).parents[1] / "hostile"
CASES = sorted(str(path.relative_to(CORPUS).with_suffix("")) for path in CORPUS.glob("*/*.py"))
CANARY = "a, b = map(int, input().split())\nprint(a + b)\n"
WARM_UP = [CANARY, "import json\n" + CANARY, "import numpy\n" + CANARY]
"""Programs after which the worker has all the processes that it keeps."""
SETTLE_S = 10.0


RECORDER = Recorder()
SUMS = (TestCase("1 2\n", "3\n"), TestCase("30 40\n", "70\n"))
LIMITS = Limits(cpu_s=0.4, wall_s=15.0, memory_bytes=128 * MIB, output_bytes=MIB)
PROBLEMS = {
    "add": Problem("add", "", SUMS, limits=LIMITS, checker=RECORDER),
    "briefly": Problem(
        "briefly", "", SUMS, limits=Limits(0.4, 1.0, 128 * MIB, MIB), checker=RECORDER
    ),
    "patiently": Problem(
        "patiently", "", SUMS, limits=Limits(4.0, 15.0, 128 * MIB, MIB), checker=RECORDER
    ),
    "call": Problem(
        "call",
        "",
        (TestCase("[1, 2]", "3"), TestCase("[30, 40]", "70")),
        "def answer(a, b):\n    ",
        "answer",
        limits=LIMITS,
        checker=RECORDER,
    ),
    "hunt": Problem(
        "hunt",
        "",
        tuple(
            TestCase(f"{number}\n", f"EXPECTED_{secrets.token_hex(16)}\n") for number in range(3)
        ),
        limits=Limits(cpu_s=3.0, wall_s=15.0, memory_bytes=512 * MIB, output_bytes=MIB),
        checker=RECORDER,
    ),
}


@dataclass(frozen=True)
class Case:
    job: Job
    allowed: frozenset[Verdict]
    about: str


def read_case(name: str) -> Case:
    program = (CORPUS / f"{name}.py").read_text()
    head, about = program.partition("\n")[0].removeprefix("# ").split(" | ")
    problem, verdicts = head.split(": ")
    allowed = (
        set(Verdict) - {Verdict.AC, Verdict.IE}
        if verdicts == "!AC"
        else set(map(Verdict, verdicts.split()))
    )
    return Case(Job(PROBLEMS[problem], program), frozenset(allowed), about)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the programs would be this very user")
BACK_ENDS = [
    pytest.param("local", marks=needs_root),
    pytest.param("local, not root", marks=needs_root),
    pytest.param("local, not root, no namespaces", marks=needs_root),
    pytest.param("docker", marks=pytest.mark.docker),
]


def offers(name: str) -> dict[str, bool]:
    """What the kernel of a back end without root offers."""
    return {"namespaces": "no namespaces" not in name, "landlock": has_landlock()}


def make_sandbox(name: str):
    if "not root" in name:
        return Unprivileged(**offers(name))
    return cppo_env.make_sandbox(name, workers=1)


@pytest.fixture(scope="module", params=BACK_ENDS)
def sandbox(request):
    """One worker, so a canary runs after the hostile program; and an unreachable service."""
    with (
        socket.create_server(("127.0.0.1", 0)),
        contextlib.closing(make_sandbox(request.param)) as box,
    ):
        box.run([Job(PROBLEMS["add"], program) for program in WARM_UP])
        yield box
    remove_leaks()


def faults_of(sandbox, case: Case) -> list[str]:
    """What a hostile program breaks: its verdict, the canary after it, or the host's state."""
    before = Footprint.take()
    report = sandbox.run([case.job])[0]
    faults = []
    if report.verdict not in case.allowed:
        faults.append(f"{report.verdict} ({report.message}) after {RECORDER.got!r}")
    canary = sandbox.run([Job(PROBLEMS["add"], CANARY)])[0]
    if canary.verdict is not Verdict.AC:
        faults.append(f"the canary got {canary.verdict} ({canary.message})")
    deadline = time.monotonic() + SETTLE_S
    while (left := Footprint.take().beyond(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return faults + left


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_program_is_contained(name, sandbox, request):
    case = read_case(name)
    faults = faults_of(sandbox, case)
    back_end = request.node.callspec.params["sandbox"]
    expected = uncontained(**offers(back_end)) if "not root" in back_end else {}
    if name in expected:
        remove_leaks()
        assert faults or expected[name], "contained now: change local_cannot_contain.txt"
    else:
        assert not faults, f"a program that {case.about}: {'; '.join(faults)}"


@pytest.fixture(scope="module")
def bare():
    """Local, neither root nor namespaces nor Landlock."""
    with contextlib.closing(Unprivileged(namespaces=False, landlock=False)) as box:
        box.run([Job(PROBLEMS["add"], program) for program in WARM_UP])
        yield box
    remove_leaks()


@needs_root
@pytest.mark.parametrize("name", sorted(uncontained(namespaces=False, landlock=False)))
def test_the_list_of_what_a_bare_process_does_not_contain_is_right(name, bare):
    faults = faults_of(bare, read_case(name))
    remove_leaks()
    varies = uncontained(namespaces=False, landlock=False)[name]
    assert faults or varies, "contained now: change local_cannot_contain.txt"


@pytest.mark.parametrize(
    "name", ["environments", "own_memory", "inherited_descriptors", "frames", "garbage_collector"]
)
def test_a_hunter_finds_what_is_in_reach(name, tmp_path):
    """Without a sandbox: a judge that keeps the answer in its process or descriptors."""
    secret = f"EXPECTED_{secrets.token_hex(16)}"
    answers = tmp_path / "answers"
    answers.write_text(secret)
    judge = (
        f"import sys; answers = ['{secret}']; "
        "exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))"
    )
    with answers.open() as file:
        run = subprocess.run(
            [sys.executable, "-c", judge, str(CORPUS / "expected" / f"{name}.py")],
            env={**os.environ, "ANSWER": secret},
            pass_fds=[file.fileno()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    assert secret in run.stdout, run.stderr


def test_the_corpus_is_complete():
    assert len(CASES) >= 80
    assert set(CASES) >= set(uncontained(namespaces=False, landlock=False))
