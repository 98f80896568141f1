"""A run on three machines with a network between them, which is cut; then the head is lost."""

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

from cppo_env.types import Verdict
from tests.support.machines import PORT, machines, start_ray, why_not
from tests.support.tiny_runs import LEARNING, SMALL, carry_out, facts

pytest.importorskip("ray", reason="needs the extra ray")

pytestmark = [
    pytest.mark.long,  # three nodes, judges and players take a minute to start
    pytest.mark.skipif(bool(why_not()), reason=why_not() or ""),
]

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PATH": f"{Path(sys.executable).parent}:{Path(shutil.which('ip') or '/sbin/ip').parent}:/bin",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "a" * 64,
    "RAY_raylet_start_wait_time_s": "120",  # a busy machine is slow
    "RAY_worker_niceness": "0",
}
SETTINGS = {**SMALL, **LEARNING, "checkpoint_every": 10_000, "eval_episodes": 0}
CUT_S = 30


def wait_for(condition, process, log, limit_s=400):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.2)


def test_a_run_outlives_a_cut_network_and_a_lost_node_and_ends_with_a_checkpoint_without_head(
    tmp_path,
):
    run, log = tmp_path / "run", tmp_path / "train.log"

    def steps():
        metrics = run / "metrics.jsonl"
        return metrics.read_text().count('"joint"') if metrics.exists() else 0

    with machines(3) as (head, learner, other):

        def start_node(machine, cpus):
            output = tmp_path / f"{machine.address}.log"
            words = ("--num-cpus", str(cpus))
            process = start_ray(machine, head, output, *words, **ENVIRONMENT)
            wait_for(lambda: "Ray runtime started" in output.read_text(), process, output)
            return process

        start_node(head, 0)
        start_node(learner, 2)
        node = start_node(other, 2)
        options = SETTINGS | {
            "run": run,
            "steps": 10_000,
            "sampler": "ray",
            "sampler_options.address": f"{head.address}:{PORT}",
            "sampler_options.players": 2,
            "sampler_options.batch_size": 4,
            "sandbox": "ray",
            "sandbox_options.sandbox": "local",
            "sandbox_options.workers": 1,
            "sandbox_options.address": f"{head.address}:{PORT}",
            "allow_untrusted_sandbox": "true",
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-m", "cppo_env", "train", *words]
        training = learner.start(command, log, **ENVIRONMENT)

        def go_on(count):
            enough = steps() + count
            wait_for(lambda: steps() >= enough, training, log)

        go_on(2)
        other.cut()
        time.sleep(CUT_S)
        other.mend()
        go_on(2)
        time.sleep(5)
        if node.poll() is not None:  # Ray gave the node up; a service starts it anew
            start_node(other, 2)
            go_on(2)
        other.cut()
        go_on(3)
        head.cut()
        head.end()
        assert training.wait(240) == 1
    said = log.read_text().splitlines()
    assert "has not answered for" in said[-1], said[-20:]
    assert "Traceback" not in log.read_text()
    rows = [row for row in facts(run) if row["stage"] == "joint"]
    assert [row["step"] for row in rows] == [*range(1, len(rows) + 1)]
    assert len(list((run / "rollouts").glob("step-*"))) == len(rows), "each is counted once"
    [saved] = (run / "checkpoints").glob("step-*")
    assert saved.name == f"step-{len(rows):06d}", "the checkpoint is of the last step"
    expected = carry_out(
        tmp_path / "here",
        **SETTINGS | {"steps": len(rows), "sampler_options": {"batch_size": 4}},
    )
    assert facts(run) == facts(expected.path), "it learnt what an undisturbed run does"
    for records in sorted((run / "rollouts").glob("step-*")):
        for line in records.read_text().splitlines():
            assert Verdict.IE not in json.loads(line)["verdicts"]
