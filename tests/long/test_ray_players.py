"""Players on two nodes of Ray on this machine draw for a run, and go one after the other."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import torch
from cppo_grpo.runs.log import MetricsLog
from safetensors.torch import load_file

from cppo_env.errors import SamplerError
from tests.support.tiny_runs import (
    LEARNING,
    SMALL,
    assert_equal_runs,
    carry_out,
    facts,
    resumed_from,
    weights,
)
from tests.support.versions import hold_versions

ray = pytest.importorskip("ray", reason="needs the extra ray")

from tests.support.ray_cluster import two_nodes  # noqa: E402

pytestmark = [
    pytest.mark.long,  # two nodes and four players take a minute of CPU time to start
    pytest.mark.filterwarnings("ignore"),  # Ray's own, about sockets and old names
]

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def cluster():
    # A machine that is busy starts Ray slowly, and its workers politely.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_raylet_start_wait_time_s", "120")
        environment.setenv("RAY_worker_niceness", "0")
        with two_nodes(**NODE) as running:
            yield running


def player_that_draws(node, until):
    """The process of a player of a node, at a moment when it draws."""
    [raylet] = [one.process.pid for one in node.all_processes["raylet"]]
    while not until():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                title = (folder / "cmdline").read_bytes()
                if parent == raylet and title.startswith(b"ray::Player.draw"):
                    return int(folder.name)
        time.sleep(0.01)
    return None


def test_players_draw_beside_the_update_what_one_process_draws_there(tmp_path, cluster):
    settings = {**SMALL, **LEARNING, "off_policy_steps": 1, "correction": "token_truncate"}
    settings |= {"checkpoint_every": 3, "keep_checkpoints": 9}
    expected = carry_out(tmp_path / "here", **settings, sampler_options={"batch_size": 4})
    found = carry_out(
        tmp_path / "ray",
        **settings,
        sampler="ray",
        sampler_options={"players": 2, "batch_size": 4},
    )
    assert [row["staleness"] for row in found.log.rows("joint")] == [0, 1, 1, 0]
    assert_equal_runs(found.path, expected.path)


def test_rollouts_of_several_versions_are_played_at_a_time_though_a_player_is_lost(
    tmp_path, cluster, monkeypatch
):
    settings = {**SMALL, **LEARNING, "off_policy_steps": 2, "correction": "token_truncate"}
    settings |= {"steps": 6, "checkpoint_every": 4, "keep_checkpoints": 9, "curriculum": True}
    with monkeypatch.context() as here:
        hold_versions(here)
        expected = carry_out(tmp_path / "here", **settings, sampler_options={"batch_size": 4})
    found, over, killed = tmp_path / "ray", threading.Event(), []

    def harm():
        while len(list((found / "rollouts").glob("step-*"))) < 2 and not over.is_set():
            time.sleep(0.01)
        killed.append(player_that_draws(cluster.list_all_nodes()[1], over.is_set))
        if killed[0] is not None:
            os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=harm)
    thread.start()
    try:
        carry_out(found, **settings, sampler="ray", sampler_options={"players": 2, "batch_size": 4})
    finally:
        over.set()
        thread.join()
    assert killed != [None], "it drew for one of the two rollouts beside the update"
    rows = MetricsLog(found / "metrics.jsonl").rows("joint")
    assert [row["staleness"] for row in rows] == [0, 1, 2, 2, 0, 1]
    assert_equal_runs(found, expected.path)
    assert_equal_runs(resumed_from(found, 4), expected.path)


def test_answers_drawn_in_parts_are_learnt_from_like_whole_ones(tmp_path, cluster):
    settings = {**SMALL, **LEARNING, "sampler": "ray"}
    options = {"players": 2, "batch_size": 4}
    whole = carry_out(tmp_path / "whole", **settings, sampler_options=options)
    parts = carry_out(
        tmp_path / "parts", **settings, sampler_options=options | {"segment_tokens": 7}
    )
    assert all(torch.equal(weights(parts.path)[n], one) for n, one in weights(whole.path).items())
    assert not any("versions_solve" in row for row in parts.log.rows("joint"))

    late = {"off_policy_steps": 2, "correction": "token_truncate", "steps": 6}
    crossed = carry_out(
        tmp_path / "crossed",
        **settings | late | {"checkpoint_every": 50},
        sampler_options=options | {"segment_tokens": 4},
    )
    rows = crossed.log.rows("joint")
    assert [row["staleness"] for row in rows] == [0, 1, 2, 2, 2, 2]
    [first, *_] = told = [row for row in rows if "versions_solve" in row]
    assert all(row["several_versions_solve"] >= 1 and row["versions_solve"] > 1 for row in told)
    assert first["step"] > 1, "nothing is updated before the first one is drawn"


def test_a_run_outlives_players_and_nodes_and_stops_with_a_checkpoint_when_all_is_lost(
    tmp_path, cluster
):
    settings = {**SMALL, **LEARNING, "steps": 4, "keep_checkpoints": 9}
    expected = carry_out(tmp_path / "here", **settings, sampler_options={"batch_size": 4})
    found = tmp_path / "ray"
    over = threading.Event()
    harmed = []

    def steps():
        log = found / "metrics.jsonl"
        return log.read_text().count('"joint"') if log.exists() else 0

    def harm():
        while steps() < 1 and not over.is_set():
            time.sleep(0.01)
        head, second = cluster.list_all_nodes()
        harmed.append(player_that_draws(second, over.is_set))
        cluster.remove_node(second, allow_graceful=False)
        while not over.is_set():
            if steps() == 3 and (player := player_that_draws(head, over.is_set)):
                os.kill(player, signal.SIGKILL)
                harmed.append(player)
            time.sleep(0.01)

    thread = threading.Thread(target=harm)
    thread.start()
    try:
        with pytest.raises(SamplerError, match="lost with their player 3 times") as raised:
            carry_out(
                found,
                **settings | {"checkpoint_every": 50},
                sampler="ray",
                sampler_options={"players": 2, "batch_size": 4},
            )
    finally:
        over.set()
        thread.join()
    assert "\n" not in str(raised.value)
    assert len({*harmed}) == 4 and None not in harmed, "one with its node, then three"
    rows = facts(found)
    assert rows == facts(expected.path)[: len(rows)] and rows[-1]["step"] == 3
    assert len(list((found / "rollouts").glob("step-*"))) == 3, "each step is counted once"
    [saved] = (found / "checkpoints").glob("step-*")
    kept = [load_file(one) for one in sorted(saved.glob("*.safetensors"))]
    same = expected.path / "checkpoints" / saved.name
    other = [load_file(one) for one in sorted(same.glob("*.safetensors"))]
    assert kept and [one.keys() for one in kept] == [one.keys() for one in other]
    for one, two in zip(kept, other, strict=True):
        assert all(torch.equal(one[name], two[name]) for name in one)
