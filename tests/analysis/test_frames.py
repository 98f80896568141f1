"""Runs as pandas frames."""

import pytest

from cppo_env import make_sandbox
from cppo_env.analysis import load_runs
from cppo_env.errors import UsageError
from tests.support.finished_runs import finished
from tests.viewer.test_viewer import run

__all__ = ["run"]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Two evaluations of three problems: in the second, only the second branch is right."""
    folder = tmp_path_factory.mktemp("runs")
    finished(folder / "none", lambda problem, episode: (False,) * 4, problems=3)
    finished(folder / "second", lambda problem, episode: (False, True, False, False), problems=3)
    return load_runs(folder)


def test_each_frame_has_a_row_for_what_it_counts(frames):
    assert set(frames.runs["run"]) == {"none", "second"} and set(frames.runs["k"]) == {4}
    assert len(frames.episodes) == 6 and len(frames.attempts) == 24
    solved = frames.episodes.groupby("run")["solved"].mean().to_dict()
    assert solved == {"none": 0.0, "second": 1.0}
    right = frames.attempts[frames.attempts["verdict"] == "AC"]
    assert set(right["branch"]) == {1} and set(right["method"]) == {"Method 1."}
    assert (right["passed"] == right["ran"]).all()


def test_frames_join_on_the_columns_that_they_share(run):
    frames = load_runs(run)
    assert len(frames.attempts.merge(frames.episodes.drop(columns="tests"))) == 10
    tests = frames.tests.merge(frames.attempts.drop(columns="verdict"))
    assert len(tests) == len(frames.tests) == int(frames.attempts["ran"].sum()) == 10
    assert tests["verdict"].value_counts().to_dict() == {"WA": 8, "AC": 2}
    assert set(frames.steps["stage"]) == {"before", "joint"}


def test_of_a_failed_attempt_it_is_known_what_the_program_wrote(tmp_path):
    with make_sandbox("local") as box:
        finished(tmp_path / "run", lambda problem, episode: (False,), problems=1, k=1, sandbox=box)
    [attempt] = load_runs(tmp_path).attempts.to_dict("records")
    assert (attempt["verdict"], attempt["failed_test"]) == ("RE", 0)  # its text is WA
    assert attempt["cpu_s"] > 0 and attempt["memory_bytes"] > 1 << 20
    assert attempt["got"] == "" and attempt["stderr"].endswith("name 'WA' is not defined\n")


def test_only_the_files_that_are_asked_for_are_read(frames, tmp_path):
    finished(tmp_path / "run", lambda problem, episode: (True,) * 4, problems=2)
    assert load_runs(tmp_path, files=["after"]).episodes.empty
    assert len(load_runs(tmp_path / "run", files=["episodes"]).episodes) == 2
    with pytest.raises(UsageError, match="expected a folder of a run"):
        load_runs(tmp_path / "nowhere")
