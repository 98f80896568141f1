"""The error tree. Every message says what was given, what was expected and what to do.

    CppoError
    ├── UsageError (ValueError)             an argument or a configuration that cannot work
    │   ├── ActionError                     an action that is not K texts
    │   └── UnknownNameError (LookupError)  a plug-in, problem or option name that does not exist
    ├── OrderError (gymnasium ResetNeeded)  step before reset, or after the end
    ├── ProblemDataError (ValueError)       problem files that are absent or malformed
    ├── MissingExtraError (ImportError)     an optional package that is not installed
    ├── SandboxError (RuntimeError)         no engine, no image, or a sandbox that cannot be trusted
    ├── AgentError (RuntimeError)           an agent's infrastructure failed, such as its endpoint
    ├── RoleError (RuntimeError)            a judge, sandbox, reward, agent, … that does not keep to
    │                                       its role: it raised, or returned something else
    └── SamplerError (RuntimeError)         the learner's sampling engine failed or did not answer

Faults of a single program, judge call or test never raise: they are verdicts (see
`cppo_env.types.Verdict`).
"""

from collections.abc import Sequence
from typing import Any

import gymnasium


class CppoError(Exception):
    """Base of all errors that this project raises on purpose.

    Args:
        message: one line: what was given, what was expected, what to do.
        result: what a command had found out by then; `cppo … --json PATH` writes it.
    """

    def __init__(self, message: str = "", *, result: Any = None):
        super().__init__(message)
        self.result = result


class UsageError(CppoError, ValueError):
    """An argument or a configuration that cannot work."""


class ActionError(UsageError):
    """An action that is not a tuple of K texts."""


class UnknownNameError(UsageError, LookupError):
    """No plug-in, problem or option has this name."""


class OrderError(CppoError, gymnasium.error.ResetNeeded):
    """`step` was called before `reset`, or after the episode's end."""


class ProblemDataError(CppoError, ValueError):
    """Problem files that are absent or malformed."""


class MissingExtraError(CppoError, ImportError):
    """An optional package that is not installed."""


class SandboxError(CppoError, RuntimeError):
    """No engine, no image, or a sandbox that cannot be trusted."""


class AgentError(CppoError, RuntimeError):
    """An agent's infrastructure failed, such as its endpoint.

    The episodes concerned are void; they never score 0.
    """

    def __init__(self, message: str, actions: Sequence[tuple[str, ...] | None]):
        super().__init__(message)
        self.actions = tuple(actions)
        """What `act` would have returned; None for the observations that got no answer."""


class RoleError(CppoError, RuntimeError):
    """Somebody's judge, sandbox, reward, agent, … raised, or returned what its role does not allow.

    See `cppo_env.roles`.
    """


class SamplerError(CppoError, RuntimeError):
    """The learner's sampling engine failed or did not answer."""
