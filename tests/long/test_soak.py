"""A sandbox leaks nothing over thousands of jobs and judges all rightly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.jobs import BACK_ENDS

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]
SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"
COUNTED = (
    "host_descriptors",
    "host_threads",
    "containers",
    "worker_processes",
    "worker_descriptors",
)


@pytest.mark.parametrize("name", BACK_ENDS)
def test_ten_thousand_jobs_leave_nothing(name, tmp_path):
    out = tmp_path / "soak.json"
    subprocess.run([sys.executable, SOAK, "--sandboxes", name, "--json", out], check=True)
    [result] = json.loads(out.read_text())
    assert result["wrong"] == []
    rows = result["rows"]
    first, last = rows["after 2000 in a row"], rows["after 10000 in a row"]
    # That a pool keeps less than before is no leak.
    assert not {name: (first[name], last[name]) for name in COUNTED if last[name] > first[name]}
    assert last["scratch_kib"] <= first["scratch_kib"] + 1024
    for field in ("containers", "worker_processes", "host_threads"):
        assert rows["closed"][field] <= rows["before"][field]
