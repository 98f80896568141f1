"""What the sandbox lacks is never the program's fault."""

from dataclasses import replace

import docker
import pytest
from cppo_sandboxes.languages import LANGUAGES

import cppo_env
from cppo_env.types import MIB, Job, Limits, Problem, TestCase
from tests.support.jobs import ADD, sums

BARE_IMAGE = "cppo-base"
CPP = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }\n"


@pytest.fixture
def bare_image():
    """An image with python3 and nothing else: `make image` leaves one."""
    client = docker.from_env()
    with client.api:
        if not any(f"{BARE_IMAGE}:latest" in image.tags for image in client.images.list()):
            pytest.skip(f"no image {BARE_IMAGE}; make one with: make image")
    return BARE_IMAGE


@pytest.mark.docker
def test_a_missing_compiler_is_no_compile_error(bare_image):
    with cppo_env.make_sandbox("docker", workers=1, image=bare_image) as sandbox:
        jobs = [Job(sums(1), CPP, language="cpp17"), Job(sums(1), ADD)]
        cpp, python = sandbox.run(jobs)
    assert (cpp.verdict, python.verdict) == ("IE", "AC")
    assert "the sandbox has no g++" in cpp.message


def test_a_broken_compiler_is_no_compile_error(monkeypatch):
    row = LANGUAGES["cpp17"]
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        nonsense = sandbox.run([Job(sums(1), "int main( {", language="cpp17")])[0]
    monkeypatch.setitem(
        LANGUAGES, "cpp17", replace(row, compile=(*row.compile, "no-such-library.o"))
    )
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        report = sandbox.run([Job(sums(1), CPP, language="cpp17")])[0]
    assert (nonsense.verdict, report.verdict) == ("CE", "IE")
    assert (
        "also rejects a right program" in report.message and "no-such-library.o" in report.message
    )


@pytest.mark.docker
def test_a_memory_limit_above_the_containers_is_granted_as_far_as_it_goes():
    large = sums(1, limits=Limits(memory_bytes=1024 * MIB))
    small = sums(1, limits=Limits(memory_bytes=128 * MIB))
    hungry = f"x = b'x' * {700 * MIB}\n{ADD}"
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=512 * MIB) as sandbox:
        reports = sandbox.run(
            [Job(large, ADD), Job(large, hungry), Job(small, hungry), Job(large, ADD + "#")]
        )
    assert [report.verdict for report in reports] == ["AC", "IE", "MLE", "AC"]
    assert "raise DockerSandbox(memory_bytes=" in reports[1].message


@pytest.mark.docker
def test_a_program_that_takes_all_memory_to_compile_is_a_compile_error():
    bomb = f"x = [{'1.5,a,b(c),' * 500_000}]\n"
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=513 * MIB) as sandbox:
        reports = sandbox.run([Job(sums(2), ADD), Job(sums(2), bomb), Job(sums(2), ADD + "#")])
    assert [report.verdict for report in reports] == ["AC", "CE", "AC"]


@pytest.mark.docker
def test_a_full_input_store_is_our_fault_and_passes(monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.docker.STORE_BYTES", 4 * MIB)
    count = "import sys\nprint(len(sys.stdin.read()))\n"
    problems = [
        Problem(
            f"{size} MiB",
            "",
            tuple(TestCase("x" * (size * MIB), f"{size * MIB}\n") for _ in range(2)),
        )
        for size in (1, 6)
    ]
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=1024 * MIB) as sandbox:
        reports = sandbox.run([Job(problem, count) for problem in problems] + [Job(sums(1), ADD)])
    assert [report.verdict for report in reports] == ["AC", "IE", "AC"]


@pytest.mark.docker
def test_a_worker_that_cannot_fork_is_our_fault(monkeypatch):
    monkeypatch.setattr(
        "cppo_sandboxes.docker.CONTAINER_PROCESSES", 4
    )  # the last one is the program's own process
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=1025 * MIB) as sandbox:
        reports = sandbox.run([Job(sums(2), ADD), Job(sums(1), ADD)])
    assert [report.verdict for report in reports] == ["IE", "AC"]  # which runs an only test itself
