"""Tests that passed without a Docker engine, and would be the same with one, need not run twice.

`CPPO_NOTE_PASSED=FILE` notes them, `CPPO_PASSED=FILE` leaves them out, for a suite that runs right
after. A file of tests runs again as a whole if any of its tests looked for an engine or started
another program than a judged one.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.support.engine import NOWHERE

ASKS = "asks"


class NotesPassed:
    """In the process that runs the tests, who looks for an engine; in the one that reports, all."""

    def __init__(self, file: Path) -> None:
        self.file, self.passed, self.again = file, [], set()
        self.asked = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if event == "cppo.forked":
            self.asked = True
        elif event == "socket.connect":
            self.asked |= f"unix://{arguments[1]}" == NOWHERE
        elif event == "subprocess.Popen":
            self.asked |= "-I" not in arguments[1]  # judged programs start so

    def pytest_collection_finish(self) -> None:
        self.asked = False  # the suite itself has looked for an engine

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item):
        report = yield
        if self.asked:
            report.user_properties.append((ASKS, True))
            self.asked = False
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (ASKS, True) in map(tuple, report.user_properties):
            self.again.add(report.location[0])
        elif report.when == "call" and report.passed:
            self.passed.append((report.nodeid, report.location[0]))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            kept = [test for test, file in self.passed if file not in self.again]
            self.file.write_text("".join(f"{test}\n" for test in kept))


def passed_before() -> frozenset[str]:
    """The tests that `CPPO_PASSED` names."""
    file = os.environ.get("CPPO_PASSED")
    return frozenset(Path(file).read_text().splitlines() if file else ())
