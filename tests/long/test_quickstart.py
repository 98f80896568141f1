"""Every seed of docs/quickstart.md passes the ceiling of independent guesses."""

import json

import pytest

from tests.support.cli import cppo

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", range(5))
def test_the_plans_of_every_seed_coordinate(seed, tmp_path):
    out = tmp_path / "result.json"
    done = cppo(
        "run", "--seed", seed, "--run", tmp_path / "run", "--json", out, timeout=3600, anew=True
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert result["ci95"][0] > result["independent_ceiling"]
    assert result["pass_at_4_after"] > 0.95
