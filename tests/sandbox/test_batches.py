"""Batches through the public contract: order, early stop, scheduling, sharing, closing."""

import gc
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cppo_cluster.wire import decode_report, encode_report
from cppo_sandboxes.host.batch import Work
from cppo_sandboxes.host.excerpts import excerpts

import cppo_env
from cppo_env.types import EXCERPT_CHARS, Job, Limits, Problem, TestCase, Verdict
from tests.support.jobs import ADD, BACK_ENDS, sums


def test_reports_come_in_the_order_of_the_jobs(sandbox):
    problem = sums(3)
    programs = [ADD, "print(0)", "1/0", "def", "", ADD + "# again"]
    verdicts = [
        report.verdict for report in sandbox.run([Job(problem, program) for program in programs])
    ]
    assert verdicts == ["AC", "WA", "RE", "CE", "CE", "AC"]


def test_early_stop_shortens_the_report_and_keeps_the_verdict(sandbox):
    wrong_at_3 = "a, b = map(int, input().split())\nprint(a + b + (a == 3))"
    short, long = sandbox.run(
        [Job(sums(40), wrong_at_3, stop_early=early) for early in (True, False)]
    )
    assert (short.verdict, len(short.tests)) == (Verdict.WA, 4)
    assert (long.verdict, len(long.tests)) == (Verdict.WA, 40)
    assert [test.verdict for test in long.tests].count(Verdict.WA) == 1


def test_a_report_holds_what_the_program_wrote_on_its_first_failing_test(sandbox):
    problem = replace(sums(3), tests=(TestCase("1", "1"), TestCase("900", "9\n" * 900)) * 2)
    wrong = "for n in range(k := int(input())):\n    print(1 if k == 1 else 9 if n < 700 else 8)"
    loud = "import sys\nprint(input(), 'é')\nsys.stderr.write('x' * 9999 + 'the end')\n1/0"
    jobs = [(wrong, True), (wrong, False), ("print(1)", True), (loud, True), ("def", True)]
    reports = sandbox.run([Job(problem, program, stop_early=stop) for program, stop in jobs])
    cut, all_run, short, failed, broken = reports
    assert (cut.failing, cut.output.length, cut.output.skipped) == (1, 1800, 1200)
    assert cut.output.got == "9\n" * 100 + "8\n" * 200 and cut.output.stderr == ""
    assert all_run.output == cut.output and len(all_run.tests) == 4
    assert (short.failing, short.output.got, short.output.skipped) == (1, "1\n", 0)
    assert (failed.failing, failed.output.got, failed.output.length) == (0, "1 é\n", 4)
    assert len(failed.output.stderr) == EXCERPT_CHARS
    assert "the end" in failed.output.stderr and "ZeroDivisionError" in failed.output.stderr
    assert broken.output is None and broken.failing is None
    assert sandbox.run([Job(sums(1), ADD)])[0].output is None
    assert decode_report(json.loads(json.dumps(encode_report(cut)))) == cut


@pytest.mark.parametrize(
    ("answer", "expected", "got", "skipped", "length"),
    [
        ("aé".encode(), "aè", "aé", 0, 2),
        ("😀".encode() * 300 + b"!", "😀" * 301, "😀" * 200 + "!", 100, 301),
        (b"\x80" * 5, "", "\ufffd" * 5, 0, 5),
        (b"ab", "abc", "ab", 0, 2),
    ],
)
def test_an_excerpt_cuts_no_character(answer, expected, got, skipped, length):
    made = excerpts(answer, b"", expected)
    assert (made.got, made.skipped, made.length) == (got, skipped, length)


def test_a_sandbox_forgets_the_programs_that_it_has_judged(sandbox):
    mark = "# a program that nobody may keep"
    sandbox.run([Job(replace(sums(1), id=f"one of {n}"), ADD + mark) for n in range(20)])
    sandbox.run([Job(sums(1), ADD)])
    gc.collect()
    works: list[Work] = [one for one in gc.get_objects() if type(one) is Work]  # asks no proxy
    assert not [one for one in works if mark in one.job.program]


def test_a_slow_program_does_not_hold_back_the_others(sandbox):
    problem = sums(2, limits=Limits(wall_s=6.0))
    jobs = [Job(problem, "import time\ntime.sleep(60)") for _ in range(6)] + [
        Job(problem, ADD) for _ in range(30)
    ]
    started = time.monotonic()
    verdicts = [report.verdict for report in sandbox.run(jobs)]
    assert verdicts == ["TLE"] * 6 + ["AC"] * 30
    assert time.monotonic() - started < 17.5, (
        "six sleepers of 6 s in a row on two workers would take 18 s"
    )


def test_an_unknown_language_or_a_problem_without_tests_is_an_internal_error(sandbox):
    reports = sandbox.run(
        [Job(sums(1), ADD, language="cobol"), Job(sums(0), ADD), Job(sums(1), ADD)]
    )
    assert [report.verdict for report in reports] == ["IE", "IE", "AC"]
    assert "cobol" in reports[0].message
    assert sandbox.run([]) == []


class Lazy(Sequence):
    """A large test set, decoded on demand; counts what it hands out."""

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size, self.asked = count, size, []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> TestCase:
        if not 0 <= index < self.count:
            raise IndexError(index)
        self.asked.append(index)
        return TestCase(f"{index}\n" + "x" * self.size, f"{index}\n")


def test_inputs_are_sent_as_far_as_a_program_gets(sandbox):
    tests = Lazy(1000, 100_000)
    [report] = sandbox.run(
        [Job(Problem("lazy", "", tests), "print(input())\nassert input() and 0")]
    )
    assert report.verdict is Verdict.RE
    assert max(tests.asked) < 100


def test_a_test_set_larger_than_a_worker_holds_is_streamed(sandbox, monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.host.station.STORE_BYTES", 8 << 20)
    tests = Lazy(60, 1 << 20)
    problem = Problem("large", "", tests)
    reports = sandbox.run([Job(problem, f"print(input())  # {number}") for number in range(6)])
    assert [report.verdict for report in reports] == ["AC"] * 6
    assert all(len(report.tests) == 60 for report in reports)


def test_a_test_set_is_sent_once_to_each_worker_however_many_programs_share_it(sandbox):
    tests = Lazy(20, 1000)
    problem = Problem("shared", "", tests)
    reports = sandbox.run([Job(problem, f"print(input())  # {number}") for number in range(40)])
    assert [report.verdict for report in reports] == ["AC"] * 40
    read_by_checkers = 40 * 20
    assert len(tests.asked) <= read_by_checkers + 2 * 20


def test_outputs_of_all_lengths_arrive_whole(sandbox):
    """Longer than a pipe holds: drained while the program writes, in every test."""
    tests = tuple(
        TestCase(f"{size}\n", "x" * size + "\n")
        for size in (10, 65_535, 65_536, 300_000, 1_000_000)
    )
    [report] = sandbox.run([Job(Problem("long", "", tests), "print('x' * int(input()))")])
    assert report.verdict is Verdict.AC


def test_threads_share_a_sandbox(sandbox):
    results = {}

    def work(name: int) -> None:
        results[name] = [
            report.verdict
            for report in sandbox.run([Job(sums(2), ADD), Job(sums(2), "print(0)")] * 5)
        ]

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {name: ["AC", "WA"] * 5 for name in range(6)}


@pytest.mark.parametrize("name", BACK_ENDS)
def test_closing_one_of_two_sandboxes_leaves_the_other_at_work(name):
    first, second = (cppo_env.make_sandbox(name, workers=1) for _ in range(2))
    first.close()
    first.close()
    assert [report.verdict for report in first.run([Job(sums(1), ADD)])] == ["IE"]
    assert [report.verdict for report in second.run([Job(sums(1), ADD)])] == ["AC"]
    second.close()
