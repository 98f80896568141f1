"""A Gymnasium environment for language models that coordinate K attempts on a coding problem.

`import cppo_env` registers `CPPO-APPS-v0`, `CPPO-CodeContests-v0`, `CPPO-LiveCodeBench-v0`,
`CPPO-Samples-v0` and `CPPO-Strategies-v0`.
"""

import gymnasium as _gym

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
from cppo_env.types import (
    Episode,
    Job,
    Limits,
    Observation,
    Problem,
    Report,
    Ruling,
    TestCase,
    TestReport,
    Verdict,
)
from cppo_env.vector import CPPOVectorEnv, unbatch

__all__ = [
    "ActionError",
    "Agent",
    "CPPOEnv",
    "CPPOVectorEnv",
    "CppoError",
    "Episode",
    "IsolationWarning",
    "Job",
    "Judge",
    "Limits",
    "MissingExtraError",
    "Observation",
    "OrderError",
    "Problem",
    "ProblemDataError",
    "ProblemSet",
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
    "grade",
    "grade_batch",
    "load_problems",
    "make_sandbox",
    "unbatch",
]

for _name, _dataset in {
    "APPS": "apps",
    "CodeContests": "code_contests",
    "LiveCodeBench": "livecodebench",
    "Samples": "samples",
    "Strategies": "strategies",
}.items():
    _gym.register(  # pyright: ignore[reportUnknownMemberType] - typed in part
        id=f"CPPO-{_name}-v0",
        entry_point="cppo_env.env:CPPOEnv",
        vector_entry_point="cppo_env.vector:CPPOVectorEnv",
        kwargs={"dataset": _dataset},
    )
