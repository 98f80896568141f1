"""Real APPS records in Docker: reference solutions pass, known-wrong programs do not."""

import json

import pytest
from cppo_agents import OracleAgent

import cppo_env
from cppo_env.commands.evaluate import failed_references
from cppo_env.evaluation.run import Evaluation
from cppo_env.evaluation.setting import Setting
from tests.support import SHARED, need_shared

pytestmark = [pytest.mark.docker, need_shared]

APPS = SHARED / "data" / "apps"

SEVERAL_ANSWERS = "WA: several answers are right and the data set ships no checker"
PASTED = (
    "CE: the program was meant to be pasted into a function (return or nonlocal at module level)"
)
OLD_PYTHON = "RE: fractions.gcd is gone since Python 3.9"
BY_LUCK = "WA: prints a set and expects it to be in order"
DEFECTS = {
    "33": {0: SEVERAL_ANSWERS, 2: SEVERAL_ANSWERS, 3: SEVERAL_ANSWERS},
    "2006": {1: OLD_PYTHON, 2: OLD_PYTHON, 3: OLD_PYTHON},
    "2015": {1: PASTED},
    "2025": {3: SEVERAL_ANSWERS},
    "2033": {2: SEVERAL_ANSWERS},
    "2038": {0: PASTED},
    "2046": {0: PASTED, 1: PASTED},
    "2050": {1: PASTED},
    "2053": {1: PASTED, 3: PASTED},
    "2054": {3: PASTED},
    "2365": {2: SEVERAL_ANSWERS},
    "2369": {1: PASTED},
    "2378": {0: SEVERAL_ANSWERS, 1: SEVERAL_ANSWERS},
    "2386": {0: BY_LUCK},
    "2396": {1: PASTED},
    "2400": dict.fromkeys(range(4), SEVERAL_ANSWERS),
}
"""Problem → reference → the record's defect, among each problem's first four references."""


@pytest.fixture(scope="module")
def sandbox():
    with cppo_env.make_sandbox("docker") as made:
        yield made


def test_every_reference_that_fails_is_a_known_defect_of_its_record(sandbox):
    problems = cppo_env.load_problems(APPS)
    evaluation = Evaluation(Setting(env="CPPO-APPS-v0"), problems, OracleAgent(problems))
    evaluation.run(sandbox, "oracle")
    result = evaluation.result()
    found: dict[str, dict[int, str]] = {}
    for failure in failed_references(evaluation.records):
        # A right but slow program may run out of time on a busy machine.
        if failure["verdict"] != "TLE":
            found.setdefault(failure["problem"], {})[failure["reference"]] = failure["verdict"]
    assert found == {
        problem: {reference: cause.partition(":")[0] for reference, cause in causes.items()}
        for problem, causes in DEFECTS.items()
    }
    assert result["void"] == 0
    assert result["n_problems"] == 90
    assert result["pass_at_k"]["4"] == pytest.approx(89 / 90)  # all but 2400
    assert {one["reason"] for one in result["excluded"]} == {
        "the record holds no reference solutions"
    }
    assert len(result["excluded"]) == 22


def test_known_wrong_programs_score_nothing(sandbox):
    problems = {
        problem.id: problem
        for source in (APPS, APPS / "raw_genuine")
        for problem in cppo_env.load_problems(source)
    }
    rows = [json.loads(line) for line in (APPS / "known_solutions.jsonl").read_text().splitlines()]
    wrong = [
        (problems[str(int(row["key"]))], row["code"])
        for row in rows
        if row["expected"] == "incorrect" and row.get("agrees_with_available_tests", True)
    ]
    assert len(wrong) == 125
    verdicts = [report.verdict.value for report in cppo_env.grade_batch(wrong, sandbox=sandbox)]
    assert set(verdicts) <= {"WA", "RE", "TLE", "MLE", "OLE", "CE"}
