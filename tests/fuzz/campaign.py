"""Run random programs and check after each what must hold whatever a program did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cppo_env.protocols import Sandbox
from cppo_env.types import MIB, Job, Limits, Problem, TestCase, Verdict
from tests.fuzz.grammar import program
from tests.support.footprint import Footprint

LIMITS = Limits(cpu_s=0.5, wall_s=1.5, memory_bytes=96 * MIB, output_bytes=MIB)
SUMS = Problem("fuzz", "", (TestCase("1 2\n", "3\n"), TestCase("30 40\n", "70\n")), limits=LIMITS)
PATIENT = Problem("canary", "", SUMS.tests, limits=Limits(cpu_s=2.0, wall_s=20.0))
CANARY = """\
import os
a, b = map(int, input().split())
assert not os.listdir("."), os.listdir(".")
assert not os.listdir(os.environ["HOME"]), os.listdir(os.environ["HOME"])
assert os.path.basename(os.readlink("/proc/self/cwd")) == "work"
print(a + b)
"""
WARM_UP = [CANARY, "import json\n" + CANARY, "import numpy\n" + CANARY]
EVERY = 10
"""Check the footprint on the host after this many programs."""
SETTLE_S = 20.0
"""Longer than `tests/sandbox/test_hostile.py`, which may run meanwhile, waits for its own."""


@dataclass
class Result:
    """What a campaign has seen."""

    verdicts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def programs(self) -> int:
        return self.verdicts.total()


def run(sandbox: Sandbox, seeds: Iterator[int], seconds: float, most_faults: int = 5) -> Result:
    """Run programs of these numbers until time is up, in one worker, each before a canary."""
    result = Result()
    sandbox.run([Job(PATIENT, text) for text in WARM_UP])
    before, recent = Footprint.take(), []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and len(result.faults) < most_faults:
        seed = next(seeds)
        recent.append(seed)
        [report] = sandbox.run([Job(SUMS, program(seed), stop_early=False)])
        result.verdicts[report.verdict] += 1
        [canary] = sandbox.run([Job(PATIENT, f"{CANARY}# {seed}")])
        if report.verdict is Verdict.IE:
            result.faults.append(f"program {seed}: IE ({report.message})")
        if canary.verdict is not Verdict.AC:
            message = f"{canary.verdict} ({canary.message})"
            result.faults.append(f"program {seed}: the canary after it got {message}")
        if len(recent) == EVERY:
            if left := _left(before):
                result.faults.append(f"programs {recent}: {'; '.join(left)}")
                before = Footprint.take()
            recent.clear()
    return result


def _left(before: Footprint) -> list[str]:
    deadline = time.monotonic() + SETTLE_S
    while (left := Footprint.take().beyond(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
