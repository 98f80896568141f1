"""Two processes of a run that torchrun starts share one judge server, and make the run of one."""

import signal
from pathlib import Path

import pytest

from tests.cluster.test_command import Server, home  # noqa: F401 - a fixture
from tests.support.cli import flags
from tests.support.tiny_runs import LEARNING, SMALL, carry_out
from tests.support.torchrun import episodes, finish, launch

pytest.importorskip("accelerate", reason="accelerate is not installed")


def test_processes_of_one_run_share_a_server_by_its_socket(home: Path) -> None:  # noqa: F811
    settings = {**SMALL, **LEARNING, "steps": 2, "eval_episodes": 0}
    server = Server("--socket", home / "judge.sock")
    try:
        shared = settings | {"sandbox": server.address, "run": home / "both"}
        output = finish(launch(2, *flags(**shared)))
    finally:
        ended = server.end(signal.SIGTERM)
    assert ended == 0 and output.count("report:") == 1
    alone = carry_out(home / "alone", **settings)
    assert episodes(home / "both") == episodes(alone.path)
    assert all("IE" not in verdicts for *_, verdicts in episodes(home / "both"))
