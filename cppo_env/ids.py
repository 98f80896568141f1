"""The environment ids of this package's kind, whoever registered them."""

from __future__ import annotations

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from cppo_env import plugins
from cppo_env.errors import UsageError


def environment_spec(env: str) -> EnvSpec:
    """What `gym.make(env)` makes, of an id whose problems are a problem set of this package.

    Raises:
        UsageError: there is no such id, or it is no environment of this kind.
    """
    known = [name for name, one in gym.registry.items() if "dataset" in one.kwargs]
    try:
        spec = gym.spec(env)
    except gym.error.Error as error:
        raise UsageError(
            f"env: got {env!r}, expected a registered id; {plugins.suggest(env, known)}"
        ) from error
    if "dataset" not in spec.kwargs:
        raise UsageError(f"env: got {env!r}, expected one of {', '.join(known)}")
    return spec
