"""Programs that compete for cores harm only themselves (see benchmarks/neighbours.py)."""

import contextlib
import itertools

import docker
import pytest
from cppo_sandboxes.base import workers_for

import cppo_env
from benchmarks.neighbours import verdicts
from cppo_env.errors import SandboxError
from cppo_env.machine import cores
from cppo_env.types import MIB, Job, Limits
from tests.support.jobs import ADD, BACK_ENDS, sums

GIB = 1 << 30
FILL_MEMORY = """
import os
block = b"x" * (1 << 20)
files = [os.memfd_create("bomb") for _ in range(40)]
for _ in range(8):
    if os.fork() == 0:
        while True:
            for file in files: os.write(file, block)
os.wait()
"""
CHILD_FILLS_MEMORY = """
import os
if (child := os.fork()) == 0:
    block = []
    while True: block.append(bytearray(1 << 20))
os.waitpid(child, 0)
print(sum(map(int, input().split())))
"""
COMPILER_FILLS_MEMORY = "".join(
    [
        "#define A " + ",".join("x" * 8) + "\n",
        *(f"#define {b} {','.join(a * 8)}\n" for a, b in itertools.pairwise("ABCDEFGHIJKL")),
        "int x;\nint main() { int numbers[] = {L}; }\n",
    ]
)


@pytest.mark.parametrize("name", BACK_ENDS)
def test_hogs_do_not_make_an_honest_program_too_slow(name):
    with cppo_env.make_sandbox(name, workers=2) as sandbox:
        honest, hogs = verdicts(sandbox, honest=20, workers=2)
    assert honest == {"AC": 20}
    assert set(hogs) <= {"TLE", "WA"}, "on a crowded machine a hog may end before its limits"


@pytest.mark.docker
def test_a_program_that_gets_its_worker_killed_for_memory_has_taken_too_much():
    problem = sums(2, limits=Limits(cpu_s=5.0, memory_bytes=128 * MIB))
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=160 * MIB) as sandbox:
        reports = sandbox.run([Job(problem, FILL_MEMORY), Job(problem, ADD)])
    assert [report.verdict for report in reports] == ["MLE", "AC"]


@pytest.mark.docker
def test_a_program_whose_child_was_killed_for_memory_has_taken_too_much():
    """Its own limit is as high as the container's, so that only the kernel sees the excess."""
    problem = sums(2, limits=Limits(cpu_s=5.0, memory_bytes=160 * MIB))
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=160 * MIB) as sandbox:
        crash = f"{CHILD_FILLS_MEMORY}os.abort()"
        jobs = [Job(problem, program) for program in (CHILD_FILLS_MEMORY, ADD, crash, ADD)]
        reports = sandbox.run(jobs)
    assert [report.verdict for report in reports] == ["MLE", "AC", "MLE", "AC"]


@pytest.mark.docker
def test_a_compiler_that_was_killed_for_memory_is_not_the_next_programs_fault():
    problem = sums(2, limits=Limits(cpu_s=5.0, memory_bytes=128 * MIB))
    with cppo_env.make_sandbox("docker", workers=1, memory_bytes=512 * MIB) as sandbox:
        reports = sandbox.run([Job(problem, COMPILER_FILLS_MEMORY, "cpp17"), Job(problem, ADD)])
    assert [report.verdict for report in reports] == ["CE", "AC"]
    assert "Killed" in reports[0].message


@pytest.mark.docker
def test_the_engine_says_why_a_container_has_ended():
    from cppo_sandboxes import engine

    starved, killed = "x = bytearray(200 << 20)", "raise SystemExit(137)"
    with contextlib.closing(docker.from_env()) as client:
        said = []
        for program in (starved, killed):
            box = client.containers.run(
                engine.IMAGE,
                ["sh", "-c", f"exec python3 -c '{program}'"],
                detach=True,
                network_mode="none",
                mem_limit=64 * MIB,
                memswap_limit=64 * MIB,
                auto_remove=True,
            )
            with contextlib.suppress(docker.errors.NotFound):  # it has ended and been removed
                box.wait()
            said.append(engine.ran_out_of_memory(client, box.id))
    assert said == [True, False]


def test_a_sandbox_has_no_more_workers_than_the_machine_has_memory_for(capsys):
    assert workers_for(2, 16 * GIB, 3 * GIB) == (2, 4)
    assert workers_for(None, 4 * GIB, 3 * GIB) == (1, 1)
    with pytest.raises(SandboxError, match=r"5 workers of 3072 MiB .* 16.0 GiB; give at most 4"):
        workers_for(5, 16 * GIB, 3 * GIB)
    if cores() > 1:
        assert "the sandbox has 1 workers for" in capsys.readouterr().err


@pytest.mark.docker
def test_docker_refuses_workers_without_memory():
    with pytest.raises(SandboxError, match="give at most"):
        cppo_env.make_sandbox("docker", workers=60, memory_bytes=GIB << 10)
