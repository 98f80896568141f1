"""The conformance corpus: every program of tests/verdicts gets the verdict of an honest judge.

To add a case, add a folder tests/verdicts/PROBLEM/PROGRAM with `program.py` (or `.cpp`, `.java`,
`.rs`) and `verdict`: a line with the verdicts that an honest judge may give, then a line saying
what the case is about. `problem.py` in the folder above defines `problem`.
"""

import runpy
from dataclasses import dataclass
from pathlib import Path

import pytest
from cppo_sandboxes.languages import LANGUAGES
from cppo_sandboxes.worker.frames import NO_COMPILER

import cppo_env
from cppo_env.types import Job, Problem, Report, Verdict
from tests.support.jobs import BACK_ENDS

CORPUS = Path(__file__).parents[1] / "verdicts"
SUFFIXES = {".py": "python", ".cpp": "cpp17", ".java": "java", ".rs": "rust"}


@dataclass(frozen=True)
class Case:
    folder: Path
    program: str
    language: str
    allowed: frozenset[Verdict]
    about: str


def read_case(folder: Path) -> Case:
    source = next(folder.glob("program.*"))
    allowed, about = (folder / "verdict").read_text().splitlines()
    program = source.read_bytes().decode()  # read_text would turn CRLF into LF
    return Case(
        folder, program, SUFFIXES[source.suffix], frozenset(map(Verdict, allowed.split())), about
    )


FOLDERS = sorted(path.parent for path in CORPUS.glob("*/*/verdict"))


def read_jobs() -> dict[Path, Job]:
    problems: dict[Path, Problem] = {
        path.parent: runpy.run_path(str(path))["problem"] for path in CORPUS.glob("*/problem.py")
    }
    cases = map(read_case, FOLDERS)
    return {
        case.folder: Job(problems[case.folder.parent], case.program, case.language)
        for case in cases
    }


@pytest.fixture(scope="module", params=BACK_ENDS)
def reports(request) -> dict[Path, Report]:
    """All programs in one batch: the slow ones overlap."""
    jobs = read_jobs()
    with cppo_env.make_sandbox(request.param) as sandbox:
        return dict(zip(jobs, sandbox.run(list(jobs.values())), strict=True))


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_the_verdict_is_that_of_an_honest_judge(folder, reports, request):
    local = request.node.callspec.params["reports"] == "local"
    case, report = read_case(folder), reports[folder]
    if "No module named 'numpy'" in report.message and local:
        pytest.skip("the Python that the local sandbox runs programs with has no numpy")
    if report.message == NO_COMPILER % (LANGUAGES[case.language].compiler or "-"):
        pytest.skip(f"{case.language} is not installed")
    assert report.verdict in case.allowed, (
        f"{report.verdict} for a program that {case.about}: {report.message}"
    )


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_early_stop_changes_the_length_of_a_report_and_nothing_else(back_end):
    jobs = [
        job for folder, job in read_jobs().items() if folder.parent.name in ("fresh", "sorting")
    ]
    with cppo_env.make_sandbox(back_end) as sandbox:
        short = sandbox.run(jobs)
        full = sandbox.run([Job(job.problem, job.program, stop_early=False) for job in jobs])
    assert [report.verdict for report in short] == [report.verdict for report in full]
    assert all(
        len(report.tests) == len(job.problem.tests) for job, report in zip(jobs, full, strict=True)
    )
    stopped = [report for report in short if report.verdict is not Verdict.AC]
    assert all(report.tests[-1].verdict is report.verdict for report in stopped)
    assert all(test.verdict is Verdict.AC for report in stopped for test in report.tests[:-1])


def test_every_folder_is_a_case():
    folders = {path for path in CORPUS.glob("*/*/") if path.name != "__pycache__"}
    assert folders == set(FOLDERS)
    assert len(FOLDERS) >= 120
