"""Two processes of a run that torchrun starts share one judge server, and make the run of one."""

import signal
import tempfile
from pathlib import Path

import pytest

from tests.cluster.test_command import Server, home  # noqa: F401 - a fixture
from tests.support.cli import flags
from tests.support.tiny_runs import LEARNING, SMALL, carry_out
from tests.support.torchrun import episodes, finish, launch

pytest.importorskip("accelerate", reason="accelerate is not installed")


SETTINGS = {**SMALL, **LEARNING, "steps": 2, "eval_episodes": 0}


def test_processes_of_one_run_share_a_server_by_its_socket(home: Path) -> None:  # noqa: F811
    server = Server("--socket", home / "judge.sock")
    try:
        shared = SETTINGS | {"sandbox": server.address, "run": home / "both"}
        output = finish(launch(2, *flags(**shared)))
    finally:
        ended = server.end(signal.SIGTERM)
    assert ended == 0 and output.count("report:") == 1
    alone = carry_out(home / "alone", **SETTINGS)
    assert episodes(home / "both") == episodes(alone.path)
    assert all("IE" not in verdicts for *_, verdicts in episodes(home / "both"))


def test_one_option_starts_a_sandbox_that_the_processes_of_a_machine_share(home: Path) -> None:  # noqa: F811
    before = shared_folders()
    shared = SETTINGS | {"share_sandbox": "true", "run": home / "both"}
    output = finish(launch(2, *flags(**shared)))
    assert output.count("report:") == 1
    assert '"server": "unix://' in (home / "both" / "config.json").read_text()
    alone = carry_out(home / "alone", **SETTINGS)
    assert episodes(home / "both") == episodes(alone.path)
    assert shared_folders() <= before


def shared_folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("cppo-shared-*"))
