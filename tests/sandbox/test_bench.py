"""`cppo sandbox bench` as a user runs it, cut short."""

import json

import pytest

from tests.support.cli import cppo

BRIEFLY = ["--sandboxes", "[local]", "--rounds", "1", "--seconds", "0.05"]


def bench(tmp_path, *options):
    done = cppo("sandbox", "bench", *BRIEFLY, "--json", tmp_path / "bench.json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "bench.json").read_text()), done.stdout


def test_rates_stand_beside_the_limit_of_the_same_run(tmp_path):
    result, table = bench(tmp_path, "--slow", "false")
    names = [f"local, {length} tests a program" for length in (1, 5, 20, 100)]
    assert {"bare fork + exit + wait", "a fresh python for each test", *names} <= set(
        result["per_second"]
    )
    assert result["of_limit"]["bare fork + exit + wait"] == 1.0
    assert len(result["starts"]["local"]) == 1
    assert "local, 20 tests a program" in table
    told = result["provenance"]
    assert told["sandboxes"]["local"]["name"] == "local"
    assert told["sandboxes"]["local"]["language"].startswith("CPython 3.")
    assert told["versions"]["cppo-env"]
    assert told["machine"]["cores"] >= 1


def test_scaling_varies_one_thing_at_a_time(tmp_path):
    result, table = bench(tmp_path, "--scaling", "true", "--most_tests", "100")
    rows = result["rows"]
    assert "5,242,880 B out" in table
    kinds = {row["what"] for row in rows}
    assert kinds == {"tests", "workers", "B in", "B out"}
    for kind in kinds:
        first = next(row for row in rows if row["what"] == kind)
        assert first["of_first"] == pytest.approx(1.0)
    assert all(row["mb_per_s"] > 0 for row in rows if row["what"].startswith("B "))
