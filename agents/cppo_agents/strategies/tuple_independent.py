"""The tuple planner without coordination: method i is that of the i-th of K separate plans.

The ablation of `tuple`: each position keeps its distribution, and no method knows of the others, so
what `tuple` reaches above this is what its methods owe to each other. It costs K plans in place of
one. The attempts are independent and not identically distributed (the positions differ), so they
are reported as one draw of a tuple.
"""

from __future__ import annotations

from cppo_agents.strategies.base import Planned, Steps
from cppo_env.types import Observation


class TupleIndependent(Planned):
    """Asks K times for K alternative methods and takes one from each plan, by its place."""

    def plan(self, observation: Observation) -> Steps:
        """K plans; one that cannot be read leaves its method empty."""
        request = self.sampling.plan(self.prompts.plan(observation, self.k), self.k)
        plans = yield [request] * self.k
        methods = [plan.methods(self.k) for plan in plans]
        return tuple(one[place] if one else "" for place, one in enumerate(methods))
