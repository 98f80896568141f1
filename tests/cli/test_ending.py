"""How a process ends whose libraries would crash it on its way out."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, os, sys
from cppo_env import ending

class Crashes:
    def __del__(self):
        os._exit(99)

crashes = Crashes()
with ending.noted():
    atexit.register(print, "modules clean up")
    if {sudden}:
        ending.be_sudden()
    print("all is written")
    sys.exit({code})
"""


@pytest.mark.parametrize("code, expected", [("0", 0), ("3", 3), ("None", 0), ("'why'", 1)])
def test_a_sudden_end_comes_after_what_modules_do_and_has_the_code(code, expected):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(sudden=True, code=code)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == expected
    assert done.stdout == "all is written\nmodules clean up\n"


def test_others_end_as_always():
    words = [sys.executable, "-c", PROGRAM.format(sudden=False, code="0")]
    assert subprocess.run(words, capture_output=True).returncode == 99
