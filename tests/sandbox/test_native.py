"""The image's module for cheaper forks, and its equivalent in Python."""

from pathlib import Path

import pytest
from cppo_sandboxes import engine

import cppo_env
from cppo_env.types import MIB, Job, Limits, Problem, TestCase
from tests.support.jobs import ADD, sums

ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
WHERE_THE_CODE_IS = """
lines = [line.split() for line in open("/proc/self/maps")]
moved = [line for line in lines if line[1] == "r-xp" and len(line) == 5]
sizes = [int(stop, 16) - int(start, 16) for start, stop in (line[0].split("-") for line in moved)]
a, b = map(int, input().split())
print(a + b if sizes and min(sizes) % (2 << 20) == 0 else moved)
"""
PROGRAMS = {
    ADD: "AC",
    # 0, 1, 2 and the listing's
    f"import os\nassert len(os.listdir('/proc/self/fd')) == 4\n{ADD}": "AC",
    "import os, resource\n"
    f"assert os.getuid() and resource.getrlimit(resource.RLIMIT_CPU)[0] < 9\n{ADD}": "AC",
    "a, b = map(int, input().split())\nprint(a + b if a < 1 else a)\n": "WA",
    "while True: pass": "TLE",
    f"{ADD}import os\nos.kill(os.getpid(), 11)": "RE",
}
CALL = Problem("call", "", (TestCase("[1, 2]", "3"), TestCase("[3, 4]", "7")), "", "add")
LOOKS_FOR_IT = f"""
import sys
names = [*sys.modules, *sys.path, *sys.path_importer_cache]
assert not [name for name in names if "cppo" in name and "sources" not in name]
{ADD}"""


@pytest.mark.docker
def test_programs_run_from_huge_pages():
    if not ENABLED.exists() or "[never]" in ENABLED.read_text():
        pytest.skip("this kernel has no transparent huge pages")
    with cppo_env.make_sandbox("docker", workers=1) as sandbox:
        report = sandbox.run([Job(sums(2), WHERE_THE_CODE_IS)])[0]
    assert report.verdict == "AC", report.message


@pytest.mark.docker
@pytest.mark.parametrize(
    "native, memory_bytes", [(engine.NATIVE, 1026 * MIB), ("/nowhere", 1027 * MIB)]
)
def test_programs_are_judged_alike_with_and_without_it(native, memory_bytes, monkeypatch):
    monkeypatch.setattr(engine, "NATIVE", native)
    with cppo_env.make_sandbox(
        "docker", workers=1, memory_bytes=memory_bytes
    ) as sandbox:  # a separate pool
        problem = sums(3, limits=Limits(cpu_s=0.5))
        reports = sandbox.run([Job(problem, program) for program in PROGRAMS])
        call = sandbox.run([Job(CALL, "def add(a, b): return a + b")])[0]
    assert [report.verdict for report in reports] == list(PROGRAMS.values())
    assert call.verdict == "AC"


@pytest.mark.docker
def test_programs_do_not_see_it():
    with cppo_env.make_sandbox("docker", workers=1) as sandbox:
        assert sandbox.run([Job(sums(2), LOOKS_FOR_IT)])[0].verdict == "AC"
