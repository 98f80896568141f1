"""Strategies: which prompts to send for one episode. One file each.

    direct           K independent solutions, no plan
    plan-and-solve   K times: one plan, then its solution (Wang et al. 2023, arXiv 2305.04091)
    plan-search      observations → subsets → more observations → one plan each (arXiv 2409.03733)
    skills           K fixed skills instead of a plan, z = 1 … K (arXiv 2602.22296)
    tuple            one plan of K coordinated methods, then their solutions (arXiv 2605.27000)
    tuple-independent   its ablation: method i of the i-th of K separate plans

All spend the same budget: K solutions per episode. A strategy is written for one episode, as a
generator that yields rounds of requests and receives their answers; `ModelAgent` runs the
generators of a batch side by side.
"""

from __future__ import annotations

from collections.abc import Callable

from cppo_agents.strategies.base import Sampling, Strategy
from cppo_agents.strategies.direct import Direct
from cppo_agents.strategies.plan_and_solve import PlanAndSolve
from cppo_agents.strategies.plan_search import PlanSearch
from cppo_agents.strategies.skills import Skills
from cppo_agents.strategies.tuple_independent import TupleIndependent
from cppo_agents.strategies.tuple_planner import TuplePlanner
from cppo_env import plugins
from cppo_env.errors import UnknownNameError
from cppo_env.prompts import Prompts, load_prompts

STRATEGIES: dict[str, Callable[[int, Sampling, Prompts], Strategy]] = {
    "direct": Direct,
    "plan-and-solve": PlanAndSolve,
    "plan-search": PlanSearch,
    "skills": Skills,
    "tuple": TuplePlanner,
    "tuple-independent": TupleIndependent,
}


def make_strategy(
    name: str, k: int, sampling: Sampling, prompts: Prompts | None = None
) -> Strategy:
    """The strategy of that name; default: with the plain prompts.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in STRATEGIES:
        raise UnknownNameError(
            f"no strategy named {name!r}; {plugins.suggest(name, list(STRATEGIES))}"
        )
    return STRATEGIES[name](k, sampling, prompts or load_prompts("plain"))


__all__ = ["STRATEGIES", "Sampling", "Strategy", "make_strategy"]
