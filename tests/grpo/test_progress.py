"""Live progress is one line of whole words in any terminal, else plain lines."""

import io
import os
import pty
import re
import subprocess
import sys

import pytest
from cppo_grpo.runs.progress import stage
from rich.console import Console

FIGURES = {
    "pass@4": 0.375,
    "R_plan": 0.25,
    "R_solve": 0.125,
    "valid": 0.9375,
    "tokens/s": 10190.0,
    "void": 0.5,
}
SHOWS = """
import sys, time
from cppo_grpo.runs.progress import main_console, stage
with stage(main_console(), "CPPO", 300) as shown:
    for step in range(1, 301):
        shown.show(step, dict(zip(("pass@4", "R_plan"), (0.375, step / 300))))
"""


def line(width: int) -> str:
    """The live line in the middle of training."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=True, color_system=None, legacy_windows=False
    )
    with stage(console, "CPPO", 300) as shown:
        shown.show(120, FIGURES)
        shown.progress.refresh()
    lines = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", out.getvalue()).replace("\r", "\n").splitlines()
    return next(text.rstrip() for text in reversed(lines) if text.strip())


@pytest.mark.parametrize(
    ("width", "there", "absent"),
    [
        (60, ["R_plan 0.25"], ["R_solve", "valid", "━"]),
        (80, ["R_plan 0.25", "R_solve 0.125", "valid 0.938"], ["tokens/s", "━"]),
        (120, [*(f"{name} " for name in FIGURES), "tokens/s 10190"], ["…"]),
    ],
)
def test_a_terminal_shows_whole_columns_in_one_line(width, there, absent):
    text = line(width)
    assert len(text) <= width
    assert text.startswith("CPPO") and text.endswith("left")
    for words in ["120/300", "pass@4 0.375", *there]:
        assert words in text
    for words in ["…", *absent]:
        assert words not in text


def test_every_width_shows_a_whole_line():
    for width in range(20, 200):
        text = line(width)
        assert len(text) <= width
        assert text.startswith("CPPO") and "120/300" in text
        for word in text.replace("━", " ").split("  "):
            assert re.fullmatch(r"|CPPO|120/300|(-|\d+):..( left)?|\S+ [\d.]+", word.strip()), text


def shown_in(terminal: bool, **environment: str) -> str:
    """What a process with progress writes to an 80-column terminal, or to a pipe."""
    reads, writes = pty.openpty() if terminal else os.pipe()
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-c", SHOWS],
        stdout=writes,
        stderr=writes,
        env={**clean, "COLUMNS": "80", "TERM": "xterm-256color", **environment},
    )
    os.close(writes)
    read = b""
    try:
        while more := os.read(reads, 65536):
            read += more
    except OSError:  # a terminal ends so
        pass
    os.close(reads)
    assert process.wait() == 0, read
    return read.decode()


@pytest.mark.parametrize(
    ("terminal", "environment"), [(False, {}), (True, {"TERM": "dumb"})], ids=["pipe", "dumb"]
)
def test_where_nothing_can_be_live_there_are_plain_lines(terminal, environment):
    text = shown_in(terminal, **environment)
    assert "\x1b" not in text
    lines = text.replace("\r", "").splitlines()
    assert len(lines) == 9  # every 37 steps, and the end
    assert lines[-1] == "CPPO  300/300  pass@4 0.375  R_plan 1"


def test_no_color_leaves_the_live_line_and_takes_its_colours():
    coloured, plain = shown_in(True), shown_in(True, NO_COLOR="1")
    assert "\x1b[36m" in coloured
    assert not re.search(r"\x1b\[[\d;]*3\dm", plain)
    assert "300/300" in plain and "\x1b[2K" in plain
