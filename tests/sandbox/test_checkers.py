"""Other people's checkers: whatever they do, their own jobs fail and nothing else."""

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cppo_sandboxes.host.rules import keeps_state

import cppo_env
from cppo_env.types import MIB, Job, TestCase
from tests.support.jobs import ADD, sums
from tests.support.processes import descendants, described, in_own_process
from tests.support.recorder import Recorder

NOTED: list[str] = []
CALLS = 0


def sleeps(problem, test, got):
    time.sleep(60)


def spins(problem, test, got):
    while True:
        pass


def eats(problem, test, got):
    parts = []
    for _ in range(1500):
        parts.append(b"x" * MIB)
    return len(parts)


def leaves(problem, test, got):
    sys.exit("bye")


def ends_its_process(problem, test, got):
    os._exit(3)


def crashes(problem, test, got):
    ctypes.string_at(0)


def raises(problem, test, got):
    raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("checker", "reason"),
    [
        (sleeps, "no answer within 3 s"),
        (spins, "no answer within 3 s"),
        (eats, "MemoryError"),
        (leaves, "SystemExit: bye"),
        (ends_its_process, "exit code 3"),
        (crashes, "SIGSEGV"),
        (raises, "KeyError: 'no such thing'"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_checker_function_fails_its_own_job(checker, reason, monkeypatch):
    if checker in (sleeps, spins):  # a gigabyte takes longer on a busy machine
        monkeypatch.setattr("cppo_sandboxes.host.checks.CHECKER_S", 3)
    bad = replace(sums(2), checker=checker)
    good = replace(sums(2), checker=partial(near, 0.5))
    others = [*(Job(sums(2), f"{ADD}#{i}") for i in range(4)), Job(good, ADD)]
    with cppo_env.make_sandbox("local", workers=2) as sandbox:
        reports = sandbox.run([*others, Job(bad, ADD), *others])
    assert [report.verdict for report in reports] == ["AC"] * 5 + ["IE"] + ["AC"] * 5
    assert f"{__name__}.{checker.__name__} on test 1 of 'sums'" in reports[5].message
    assert reason in reports[5].message


def near(limit, problem, test, got):
    return abs(float(got) - float(test.output)) < limit


def test_no_program_waits_for_the_checker_of_another():
    free = threading.Event()

    def waits(problem, test, got):
        return free.wait(60)

    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        slow = []
        job = Job(replace(sums(1), checker=waits), ADD)
        thread = threading.Thread(target=lambda: slow.extend(sandbox.run([job])))
        thread.start()
        reports = sandbox.run([Job(sums(3), f"{ADD}#{i}") for i in range(20)])
        waiting = thread.is_alive()
        free.set()
        thread.join()
    assert {report.verdict for report in [*reports, *slow]} == {"AC"} and waiting


def test_a_function_is_called_in_another_process():
    host = os.getpid()
    elsewhere = replace(sums(3), checker=lambda *_: os.getpid() != host)
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        assert sandbox.run([Job(elsewhere, ADD)])[0].verdict == "AC"


def test_a_checker_that_keeps_state_keeps_it():
    recorder = Recorder()
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        for checker in (recorder, notes):
            report = sandbox.run([Job(replace(sums(2), checker=checker), ADD)])[0]
            assert report.verdict == "AC"
    assert recorder.got == "3\n" and NOTED == ["2\n", "3\n"]


class Hangs:
    """A checker that keeps state and, for one program, does not return."""

    def __init__(self, wait) -> None:
        self.calls, self._wait = 0, wait

    def __call__(self, problem, test, got):
        self.calls += 1
        if self.calls == 1:
            self._wait()
        return True


def spin():
    while True:
        pass


def checking_threads():
    return [thread for thread in threading.enumerate() if thread.name == "cppo-sandbox-checker"]


def test_a_checker_that_keeps_state_and_never_returns_is_stopped(monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.host.checks.CHECKER_S", 1)
    bad = replace(sums(1), checker=Hangs(spin))
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        first, *others = sandbox.run([Job(bad, ADD), *(Job(bad, f"{ADD}#{i}") for i in range(3))])
        assert first.verdict == "IE" and "no answer within 1 s" in first.message
        assert [report.verdict for report in others] == ["AC"] * 3
    assert not checking_threads()


def test_a_checker_that_nothing_can_stop_costs_one_thread_and_is_not_called_meanwhile(monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.host.checks.CHECKER_S", 2.0)
    monkeypatch.setattr("cppo_sandboxes.host.patience.STOP_S", 0.2)
    free = threading.Event()
    checker = Hangs(lambda: free.wait(60))
    bad = replace(sums(1), checker=checker)
    jobs = [Job(bad, f"{ADD}#{i}") for i in range(20)]
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        started = time.monotonic()
        first, *others = sandbox.run(jobs)
        assert time.monotonic() - started < 20 and checker.calls == 1
        assert "thread that cannot be stopped (number 1)" in first.message
        assert {report.verdict for report in [first, *others]} == {"IE"}
        assert all("still busy with an earlier answer" in report.message for report in others)
        assert len(checking_threads()) == 1
        good = replace(sums(1), checker=Recorder())
        assert sandbox.run([Job(good, ADD)])[0].verdict == "AC"
        free.set()
        checking_threads()[0].join()
        assert sandbox.run([jobs[0]])[0].verdict == "AC"


SCRIPT = """
from dataclasses import dataclass
import cppo_env
from cppo_env.types import Job, Problem, TestCase

@dataclass(frozen=True)
class Marked(TestCase):
    mark: int = 0

def has_mark(problem, test, got):
    return isinstance(test, Marked) and test.mark == 7

problem = Problem("marked", "", (Marked("1\\n", "", 7), Marked("2\\n", "", 8)), checker=has_mark)
with cppo_env.make_sandbox("local", workers=1) as sandbox:
    [report] = sandbox.run([Job(problem, "print(1)", stop_early=False)])
print([str(test.verdict) for test in report.tests], report.message)
"""


def test_a_users_script_may_define_its_own_test_cases():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert "['AC', 'WA'] test 2: wrong answer" in run.stdout, run


def notes(problem, test, got):
    NOTED.append(got)
    return True


def counts(problem, test, got):
    global CALLS
    CALLS += 1
    return True


def test_what_keeps_state():
    seen, append = [], NOTED.append
    calls = 0

    def adds(problem, test, got):
        nonlocal calls
        calls += 1
        return True

    keeping = [
        notes,
        counts,
        adds,
        Recorder(),
        Recorder().__call__,
        lambda *_: seen.append(1),
        lambda *_: append(1),
        lambda *_: notes(*_),
        partial(lambda seen, *_: True, seen),
    ]
    stateless = [
        near,
        partial(near, 0.1),
        raises,
        eats,
        lambda problem, test, got: got == test.output,
        cppo_env.checkers.strict,
    ]
    assert [keeps_state(checker) for checker in keeping] == [True] * len(keeping)
    assert [keeps_state(checker) for checker in stateless] == [False] * len(stateless)


@pytest.mark.parametrize("stop_early", [True, False])
def test_a_rejected_answer_ends_the_program_as_asked(stop_early):
    picky = replace(sums(60), checker=lambda problem, test, got: int(got) != 12)
    program = "import time\ntime.sleep(0.02)\n" + ADD
    with cppo_env.make_sandbox("local", workers=2) as sandbox:
        jobs = [Job(picky, f"{program}#{i}", stop_early=stop_early) for i in range(4)]
        reports = sandbox.run([*jobs, Job(sums(1), ADD)])
    assert [report.verdict for report in reports] == ["WA"] * 4 + ["AC"]
    assert {len(report.tests) for report in reports[:4]} == {11 if stop_early else 60}
    assert reports[0].message == "test 11: wrong answer"


def test_errors_of_a_program_keep_their_place_among_checked_answers():
    program = "n = int(input().split()[0])\nif n == 3: 1 / 0\nprint(n + 2)\n"
    lenient = replace(sums(6), checker=partial(near, 0.5))
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        first, whole = sandbox.run([Job(lenient, program), Job(lenient, program, stop_early=False)])
    assert [test.verdict for test in first.tests] == ["AC"] * 3 + ["RE"]
    assert [test.verdict for test in whole.tests] == ["AC"] * 3 + ["RE"] + ["AC"] * 2


def test_answers_of_any_bytes_and_length_reach_a_checker():
    program = "import os\nos.write(1, bytes(range(256)) * 40000)\n"

    def whole(problem, test, got):
        data = got.encode("utf-8", "surrogateescape")
        return data == bytes(range(256)) * 40000 and len(problem.tests) == 1

    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        assert sandbox.run([Job(replace(sums(1), checker=whole), program)])[0].verdict == "AC"


def test_a_closed_sandbox_leaves_no_grader():
    in_own_process(closed_among_graders)


def closed_among_graders():
    sandbox = cppo_env.make_sandbox("local", workers=5)
    # On a busy machine some of the programs may be too late to need a grader.
    stuck = [Job(replace(sums(1), checker=sleeps), f"{ADD}#{i}") for i in range(4)]
    reports = []
    thread = threading.Thread(target=lambda: reports.extend(sandbox.run(stuck)))
    thread.start()
    while not graders() and thread.is_alive():
        thread.join(0.05)
    assert graders(), reports
    sandbox.close()
    thread.join(20)
    assert not thread.is_alive()
    left = {pid: described(pid) for pid in descendants(os.getpid())}
    assert not left, left


def graders():
    """The graders of this process."""
    found: list[int] = []
    for pid in descendants(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if "host.grader" in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(pid)
    return found


def starts_a_sleeper(problem, test, got):
    subprocess.run(["sleep", "61"])
    return True


def test_what_a_checker_starts_ends_with_its_grader(monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.host.checks.CHECKER_S", 1.0)
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        [report] = sandbox.run([Job(replace(sums(1), checker=starts_a_sleeper), ADD)])
        assert report.verdict == "IE" and "no answer within 1 s" in report.message
    deadline = time.monotonic() + 20  # it has been killed, and may be on its way out
    while "sleep 61" in (running := all_commands()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "sleep 61" not in running


def all_commands():
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize("checker", ["apps", "lcb", "unordered"])
def test_what_takes_long_to_compare_costs_the_host_little(checker):
    lines = "".join(f"{n} {n + 1}\n" for n in range(70_000))
    swapped = "".join(f"{n + 1} {n}\n" for n in range(70_000))
    problem = replace(sums(1), checker=checker, tests=(TestCase(swapped, lines),))
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        started = time.process_time()
        [report] = sandbox.run([Job(problem, "print(open(0).read())")])
        assert time.process_time() - started < 0.4
    assert report.verdict == ("AC" if checker == "apps" else "WA"), report


def test_functions_that_name_each_other_are_looked_at_once():
    names = [f"f{number}" for number in range(30)]
    space = {}
    for name in names:
        exec(f"def {name}(*_): return {' or '.join(f'{one}()' for one in names)}", space)
    started = time.process_time()
    assert not keeps_state(space["f0"])
    assert time.process_time() - started < 5


def test_paths_of_imports_need_not_be_texts(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        job = Job(replace(sums(1), checker=lambda problem, test, got: True), ADD)
        assert sandbox.run([job])[0].verdict == "AC"
