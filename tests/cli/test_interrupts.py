"""Ctrl-C at any moment of a command's start is one line, exit code 130 and no traceback."""

import os
import signal
import subprocess
import sys
import time

import pytest

START = "import cppo_command; print('up', flush=True); cppo_command.main()"
# Says so once the command listens: until then a Ctrl-C is Python's own.
LISTENS = """
import cppo_command, signal
listen = signal.signal
signal.signal = lambda *what: (listen(*what), print("up", flush=True))
cppo_command.main()
"""


EVAL = ["eval", "--agent", "random", "--sandbox", "local", "--attempts", "400"]


@pytest.mark.parametrize("delay_ms", [0, 5, 10, 20, 30, 40, 50, 100, 150, 200, 250, 300])
def test_ctrl_c_is_one_line(delay_ms):
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENS, *EVAL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(delay_ms / 1000)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    [line] = stderr.splitlines()
    assert "interrupted" in line


def test_a_second_ctrl_c_ends_a_command_that_is_about_to_end_without_a_word():
    slow_to_end = "import threading, time; threading.Thread(target=time.sleep, args=[60]).start()"
    process = subprocess.Popen(
        [sys.executable, "-c", slow_to_end + LISTENS, *EVAL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert process.stdout is not None and process.stderr is not None
    assert [process.stdout.readline() for _ in range(2)] == ["up\n"] * 2, "its work has begun"
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")


def test_an_ignored_ctrl_c_stays_ignored():
    """As under nohup, and in the background of a script."""
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    process = subprocess.Popen(
        [sys.executable, "-c", ignore + START, "problems", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
