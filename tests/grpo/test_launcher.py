"""A command in several processes has the result, failures and signals of one command."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cppo_grpo.launcher import run_together

from tests.support.processes import alive, descendants
from tests.support.tiny_runs import SMALL, wait_for_steps

pytest.importorskip("accelerate", reason="accelerate is not installed")

LAUNCH = "import sys; from cppo_grpo.launcher import run_together; run_together(2, sys.argv[1:])"


def arguments(folder: Path, **settings: Any) -> list[str]:
    """`cppo train` on a tiny run."""
    return [
        "train",
        *(
            f"--{name}={value}"
            for name, value in {
                **SMALL,
                "allow_untrusted_sandbox": True,
                "run": folder,
                **settings,
            }.items()
        ),
    ]


@contextlib.contextmanager
def launched(folder: Path):
    """Two processes, two steps into a long run, and their parent; all are gone at the end."""
    command = [sys.executable, "-c", LAUNCH, *arguments(folder, steps=10_000)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as launcher:
        wait_for_steps(launcher, folder, 2)
        below = descendants(launcher.pid)
        yield launcher
        ended(below)


def ended(processes: list[int]) -> None:
    """Assert that all of them end."""
    deadline = time.monotonic() + 300
    while any(map(alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, processes))


def of_rank(launcher: subprocess.Popen[str], rank: int) -> int:
    return next(
        pid
        for pid in descendants(launcher.pid)
        if f"\0RANK={rank}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        and b"cppo_env" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def test_two_processes_return_the_result_of_the_first(tmp_path: Path, capfd) -> None:
    result = run_together(2, arguments(tmp_path / "run", eval_episodes=4))
    assert (result["run"], result["steps"]) == (str(tmp_path / "run"), 4)
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()
    shown = capfd.readouterr()
    assert shown.out.count("run folder") == 1
    assert "Traceback" not in shown.err


def test_a_failure_of_the_first_is_said_once(tmp_path: Path, capfd) -> None:
    with pytest.raises(SystemExit) as ended:
        run_together(2, arguments(tmp_path / "run", model=tmp_path / "nothing"))
    assert ended.value.code == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if "error" in line]
    assert len(errors) == 1 and "expected a folder or hub name" in errors[0]


def test_a_killed_process_ends_the_others(tmp_path: Path) -> None:
    with launched(tmp_path / "run") as launcher:
        os.kill(of_rank(launcher, 1), signal.SIGKILL)
        output, _ = launcher.communicate(timeout=120)
    assert launcher.returncode != 0
    assert "process 1 of 2 failed" in output


def test_an_interrupt_reaches_all_and_keeps_what_was_learnt(tmp_path: Path) -> None:
    with launched(tmp_path / "run") as launcher:
        launcher.send_signal(signal.SIGINT)
        output, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == 130, output
    assert "--resume" in output and "Traceback" not in output


@pytest.mark.parametrize(
    ("signals", "code"), [([signal.SIGTERM], 143), ([signal.SIGINT, signal.SIGINT], 130)]
)
def test_the_exit_code_of_a_signal_is_that_of_one_process(
    tmp_path: Path, signals: list[signal.Signals], code: int
) -> None:
    with launched(tmp_path / "run") as launcher:
        for one in signals:
            launcher.send_signal(one)
            time.sleep(0.3)
        output, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == code, output
    assert "Traceback" not in output


def test_a_killed_launcher_leaves_no_process() -> None:
    endless = ["eval", "--agent=random", "--sandbox=local", "--attempts=40000"]
    with subprocess.Popen([sys.executable, "-c", LAUNCH, *endless]) as launcher:
        deadline = time.monotonic() + 300
        while len(below := descendants(launcher.pid)) <= 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        launcher.kill()
        ended(below)
