"""Skip Docker tests where Docker is unusable, unless CPPO_REQUIRE_DOCKER=1."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

from tests.support.engine import NOWHERE, why_unusable
from tests.support.repeats import NotesPassed, passed_before

# A busy machine makes single examples slow; pytest's own timeout ends a test that hangs.
hypothesis.settings.register_profile("cppo", deadline=None)
hypothesis.settings.load_profile("cppo")

# A suite started in the background inherits an ignored SIGINT, and so would the commands that tests
# interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The models are so small that a second thread costs more than it computes, and files of tests run
# side by side.
os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest.register_assert_rewrite("cppo_env.testing.contracts")


LONG_FILES = (
    "sandbox/test_hostile.py",
    "sandbox/test_verdicts.py",
    "grpo/test_learning.py",
    "grpo/test_parallel.py",
    "grpo/test_memory.py",
    "grpo/test_launcher.py",
    "grpo/test_run_folder.py",
    "grpo/test_runs.py",
    "docs/test_examples.py",
    "sandbox/test_engine_restart.py",
    "sandbox/test_contention.py",
    "sandbox/test_bench.py",
    "install/test_wheel.py",
)
"""They begin first, so that the processes which share the suite end at about the same time."""


def pytest_configure(config: pytest.Config) -> None:
    """Note what passes, where that is asked for."""
    if file := os.environ.get("CPPO_NOTE_PASSED"):
        config.pluginmanager.register(NotesPassed(Path(file)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    if passed := passed_before():
        terminalreporter.line(f"{len(passed)} tests had just passed without an engine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests to `make test-long`; skip optional Docker tests that cannot run."""
    if "long" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    if passed := passed_before():
        items[:] = [item for item in items if item.nodeid not in passed]
    order = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get("/".join(item.path.parts[-2:]), len(order)))
    needing = [item for item in items if item.get_closest_marker("docker")]
    if not needing or not (fault := why_unusable()):
        return
    if os.environ.get("CPPO_REQUIRE_DOCKER") == "1":
        raise pytest.UsageError(f"CPPO_REQUIRE_DOCKER=1, but {fault}")
    for item in needing:
        item.add_marker(pytest.mark.skip(reason=f"Docker cannot be used: {fault}"))
    # Other tests, and what they start, treat an engine without the image as none.
    os.environ["DOCKER_HOST"] = NOWHERE
