"""More of an episode: the values of its tokens, and a program as a test case."""

from __future__ import annotations

from typing import Any

from cppo_env.evaluation.folders import RunOverview
from cppo_viewer import cases, tokens
from cppo_viewer.failing import failing_test
from cppo_viewer.index import Entry, EpisodeIndex
from cppo_viewer.library import Library, NotFound


def token_values(library: Library, run: RunOverview, number: int) -> dict[str, Any]:
    """The values of the tokens of an episode.

    Raises:
        NotFound: the run has no such episode, recorded none of its tokens, or their file is
            damaged.
    """
    entry = library.entry(run, number)
    try:
        found = tokens.of_file(run.path, entry.file).get((entry.problem, entry.episode))
    except ValueError as error:
        raise NotFound(f"run {run.name}: {error}") from error
    if found is None:
        raise NotFound(f"run {run.name} recorded no tokens of episode {number}")
    return tokens.shown(found)


def case_of(library: Library, run: RunOverview, number: int, branch: int) -> str:
    """A program of an episode and the first test that it failed, as Python.

    Raises:
        NotFound: there is no such test, or the problem is not here.
    """
    entry = library.entry(run, number)
    record = library.index(run).record(entry)
    found = library.problem(run, entry.file, record.problem_id)
    test = failing_test(record, branch)
    program = record.programs[branch] if branch < len(record.programs) else None
    if found.problem is None or test is None or program is None:
        raise NotFound(found.reason or f"program {branch} of episode {number} failed no test")
    return cases.source(found.problem, test, program)


def tokens_recorded(index: EpisodeIndex, run: RunOverview, entry: Entry) -> dict[str, Any]:
    """Whether the tokens of an episode are recorded, and which episodes of the step have theirs."""
    try:
        known = tokens.of_file(run.path, entry.file)
    except ValueError as error:
        return {"here": False, "others": [], "fault": str(error)}
    others = [
        one
        for one in (index.of_file(entry.file) if known else ())
        if (one.problem, one.episode) in known
    ]
    return {"here": (entry.problem, entry.episode) in known, "others": others, "fault": ""}
