"""A file is replaced whole or not at all."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cppo_grpo.runs.log import MetricsLog

from cppo_env.atomic import write_atomically

FULL = """
import resource, signal, sys
from pathlib import Path
from cppo_env.atomic import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), "x" * 5000)
except OSError:
    print("refused")
"""


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    write_atomically(file, "old\n")
    done = subprocess.run([sys.executable, "-c", FULL, file], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("refused\n", "")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "\ud800")
    assert file.read_text() == "old\n"
    write_atomically(file, b"new\n")
    assert file.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("way", ["whole", "appended"])
def test_a_write_that_the_system_refuses_names_its_file(tmp_path, way):
    """A limit on the size of files stands for a full disk: the error of both names no file."""
    file = tmp_path / "metrics.jsonl"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match=r"metrics.jsonl'$") as raised:
            if way == "whole":
                write_atomically(file, "x" * 1000)
            else:
                MetricsLog(file).append({"stage": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.filename == str(file) and "partial" not in str(raised.value)


def test_processes_that_write_one_result_find_at_once_that_they_can(tmp_path):
    """The processes of a training run are all given the same `--json`."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom cppo_env.outputs import require_writable\n"
        "for _ in range(2000): require_writable(Path(sys.argv[1]), '--json')\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "result.json")]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert not list(tmp_path.iterdir())
