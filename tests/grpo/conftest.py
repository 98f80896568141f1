"""What several tests of the learner start from."""

from pathlib import Path

import pytest

from tests.support.tiny_runs import PLANNING, carry_out


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of `PLANNING`; its `reference/` has episodes worth learning from."""
    return carry_out(tmp_path_factory.mktemp("learnt"), **PLANNING).path
