"""The simulation of a cluster obeys what must hold, and meets what was measured."""

import argparse
import json

import pytest

pytest.importorskip("simpy", reason="needs the extra dev")
pytest.importorskip("ray", reason="needs the extra ray")

from benchmarks.cluster_simulation import RESULTS, Figures, Training, check, rate

FREE = Figures(driver_s=0.0, node_s=0.0, round_trip_s=0.0)


def test_without_overhead_judges_run_at_the_limit_of_their_workers():
    found = rate(4, 8, lambda: 0.5, 4 * 8 * 64, FREE)
    assert found.world.now == pytest.approx(64 * 0.5)
    assert found.worker_busy_s == pytest.approx(4 * 8 * 64 * 0.5)


def test_a_slow_driver_is_the_limit():
    found = rate(4, 8, lambda: 0.001, 1024, Figures(0.01, 0.0, 0.0))
    assert found.world.now == pytest.approx(1024 * 0.01, rel=0.05)


def test_it_meets_the_measured_points_of_two_and_four_nodes():
    rows = check(argparse.Namespace(figures=RESULTS))
    assert {row["nodes"] for row in rows} == {1, 2, 4}
    assert all(0.85 < row["simulated_of_measured"] < 1.15 for row in rows), json.dumps(rows)


def test_staleness_never_passes_its_bound_and_fills_the_gpus():
    options = argparse.Namespace(
        learning_share=0.5, judge_s=0.5, judge_spread=1.0, workers=8, figures=RESULTS,
        sequences_per_gpu=4, tokens_per_program=100.0, length_spread=0.8, most_tokens=400.0,
        draw_tokens_per_s=400.0, learn_tokens_per_s=400.0, programs_per_gpu=8, group=8,
    )  # fmt: skip
    took = []
    for bound in (0, 1, 2):
        run = Training(options, 4, 2, bound)
        took.append(run.run(6))
        assert 0 <= run.stale / run.programs / 6 <= bound
    assert took[0] > took[1] >= took[2] * 0.99


@pytest.mark.parametrize("jobs", [1, 16, 31, 128, 200])
def test_a_batch_that_fits_the_workers_takes_one_turn(jobs):
    """Chunks used to be so small that half of the workers had nothing."""
    found = rate(4, 32, lambda: 1.0, jobs, FREE)
    assert found.world.now == pytest.approx(1.0 if jobs <= 4 * 32 else 2.0)
