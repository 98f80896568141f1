"""The library of the image that puts an interpreter's code on huge pages."""

from pathlib import Path

import pytest

import cppo_env
from cppo_env.types import Job
from tests.sandbox.conftest import sums

ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
WHERE_THE_CODE_IS = """
import os
moved = [line for line in open("/proc/self/maps") if line.split()[1] == "r-xp" and len(line.split()) == 5]
sizes = [int(stop, 16) - int(start, 16) for start, stop in (line.split()[0].split("-") for line in moved)]
a, b = map(int, input().split())
print(a + b if sizes and min(sizes) % (2 << 20) == 0 else moved, os.environ.get("LD_PRELOAD", ""))
"""


@pytest.mark.docker
def test_programs_run_from_huge_pages_and_do_not_know():
    if not ENABLED.exists() or "[never]" in ENABLED.read_text():
        pytest.skip("this kernel has no transparent huge pages")
    with cppo_env.make_sandbox("docker", workers=1) as sandbox:
        report = sandbox.run([Job(sums(2), WHERE_THE_CODE_IS)])[0]
    assert report.verdict == "AC", report.message
