"""A program that does not compile leaves nothing to the next one."""

import time
from dataclasses import replace

import pytest
from cppo_sandboxes.languages import LANGUAGES

import cppo_env
from cppo_env.types import Job, Limits
from tests.support.jobs import ADD, BACK_ENDS, sums

LOOK = (
    ADD
    + """
import os
assert not os.listdir("."), os.listdir(".")
mine = f"\\nUid:\\t{os.getuid()}\\t"
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        status = open(f"/proc/{pid}/status").read()
    except OSError:
        continue
    # The sandbox's own processes have a plain user's uid where a plain user judges.
    assert mine not in status or "Name:\\tpython" in status, status
"""
)
SPIN = "i=0; while [ $i -lt 4000000 ]; do i=$((i+1)); done"
LEAVERS = {
    "messages": "echo SECRET; echo SECRET > ./half-a-binary; chmod 700 .; exit 1",
    "processes": f"({SPIN}) & ({SPIN}) & ({SPIN}) & sleep 0.3; exit 1",
    "a session": f"setsid sh -c '{SPIN}' & sleep 0.1; kill -9 $$",
}


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize("name", LEAVERS)
def test_a_compiler_that_fails_leaves_nothing(back_end, name, monkeypatch):
    row = replace(LANGUAGES["cpp17"], compile=("sh", "-c", LEAVERS[name]))
    monkeypatch.setitem(LANGUAGES, "sloppy", replace(row, name="sloppy"))
    with cppo_env.make_sandbox(back_end, workers=1) as sandbox:
        monkeypatch.setattr(sandbox, "_compiles", lambda _: True)
        tight = sums(1, limits=Limits(cpu_s=0.5, wall_s=20.0))
        for _ in range(2):
            failed, after = sandbox.run([Job(tight, "x", "sloppy"), Job(tight, LOOK)])
            assert (failed.verdict, after.verdict) == ("CE", "AC"), after.message
            assert after.tests[0].cpu_s < 0.3


def test_a_syntax_error_costs_little(sandbox):
    sandbox.run([Job(sums(1), ADD)])
    start = time.monotonic()
    reports = sandbox.run([Job(sums(1), f"({number}") for number in range(50)])
    assert {report.verdict for report in reports} == {"CE"}
    assert time.monotonic() - start < 5


def test_messages_cannot_move_a_terminals_cursor(sandbox):
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp"
    programs = [
        Job(sums(1), f"raise SystemExit({evil!r})"),
        Job(sums(1), f"import sys; sys.stderr.buffer.write({evil!r}.encode()); sys.exit(1)"),
        Job(sums(1), f"#error {evil}\nint main() {{}}\n", "cpp17"),
    ]
    for report in sandbox.run(programs):
        texts = [report.message, *(test.message for test in report.tests)]
        assert not any(set("\x1b\x07\x9b\u202e") & set(text) for text in texts), texts
        assert any("\\x1b[2J" in text for text in texts)
