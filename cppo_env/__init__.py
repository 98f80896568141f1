"""A Gymnasium environment for language models that coordinate K attempts on a coding problem.

`import cppo_env` registers an id for each published problem set (`CPPO-APPS-v0`,
`CPPO-CodeContests-v0`, `CPPO-LiveCodeBench-v0`, `CPPO-DeepCoder-v0`, …; docs/problems.md lists
them), `CPPO-Samples-v0` and `CPPO-Strategies-v0`.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import gymnasium as _gym

from cppo_env import estimators, parsing
from cppo_env.choosing import Attempts, ChooseMethods, KnownMethod, known_methods
from cppo_env.env import CPPOEnv
from cppo_env.errors import (
    ActionError,
    CppoError,
    MissingExtraError,
    OrderError,
    ProblemDataError,
    SandboxError,
    UnknownNameError,
    UsageError,
)
from cppo_env.problems import load_problems
from cppo_env.protocols import Agent, Judge, ProblemSet, Reward, Sandbox
from cppo_env.sandboxing import IsolationWarning, grade, grade_batch, make_sandbox
from cppo_env.settings import EnvSettings
from cppo_env.types import (
    CheckerProgram,
    Episode,
    Job,
    Limits,
    Observation,
    Problem,
    ProgramOutput,
    Report,
    Ruling,
    TestCase,
    TestReport,
    Verdict,
)
from cppo_env.vector import CPPOVectorEnv, unbatch

if _TYPE_CHECKING:
    from cppo_env.evaluation.result import EvaluationResult, ProblemResult, evaluate

__all__ = [
    "ActionError",
    "Agent",
    "Attempts",
    "CPPOEnv",
    "CPPOVectorEnv",
    "CheckerProgram",
    "ChooseMethods",
    "CppoError",
    "EnvSettings",
    "Episode",
    "EvaluationResult",
    "IsolationWarning",
    "Job",
    "Judge",
    "KnownMethod",
    "Limits",
    "MissingExtraError",
    "Observation",
    "OrderError",
    "Problem",
    "ProblemDataError",
    "ProblemResult",
    "ProblemSet",
    "ProgramOutput",
    "Report",
    "Reward",
    "Ruling",
    "Sandbox",
    "SandboxError",
    "TestCase",
    "TestReport",
    "UnknownNameError",
    "UsageError",
    "Verdict",
    "estimators",
    "evaluate",
    "grade",
    "grade_batch",
    "known_methods",
    "load_problems",
    "make_sandbox",
    "parsing",
    "unbatch",
]

_ON_FIRST_USE = ("EvaluationResult", "ProblemResult", "evaluate")
"""What shows progress, with a package that the environments do without."""


def __getattr__(name: str) -> _Any:
    if name in _ON_FIRST_USE:
        from cppo_env.evaluation import result

        return getattr(result, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# The number is the reward from which a task counts as solved. `CPPO-Strategies-v0` and
# `CPPO-Math-v0` can be solved always, and never by K independent guesses (.684); of the others
# nobody knows what can be reached, so it is the most there is.
for _name, _dataset, _threshold in (
    ("APPS", "apps", 1.0),
    ("CodeContests", "code_contests", 1.0),
    ("LiveCodeBench", "livecodebench", 1.0),
    ("DeepCoder", "deepcoder", 1.0),
    ("Codeforces", "codeforces", 1.0),
    ("CodeContestsPlus", "code_contests_plus", 1.0),
    ("AetherCode", "aethercode", 1.0),
    ("TACO", "taco", 1.0),
    ("PrimeIntellect", "prime_intellect", 1.0),
    ("HumanEvalPlus", "humaneval_plus", 1.0),
    ("MBPPPlus", "mbpp_plus", 1.0),
    ("GSM8K", "gsm8k", 1.0),
    ("HendrycksMATH", "hendrycks_math", 1.0),
    ("Math", "math", 0.95),
    ("Samples", "samples", 1.0),
    ("Strategies", "strategies", 0.95),
):
    _gym.register(  # pyright: ignore[reportUnknownMemberType] - typed in part
        id=f"CPPO-{_name}-v0",
        entry_point="cppo_env.env:CPPOEnv",
        vector_entry_point="cppo_env.vector:CPPOVectorEnv",
        reward_threshold=_threshold,
        kwargs={"dataset": _dataset},
    )
