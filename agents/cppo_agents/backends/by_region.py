"""Two models as one back end: one writes the plans, the other one the solutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cppo_agents.backends import Backend, Failure, KnowsModel, RegionName, Reply, Request

if TYPE_CHECKING:
    from cppo_agents.models.check import ModelCheck
    from cppo_agents.models.lengths import Lengths
    from cppo_env.prompts import Messages


class ByRegion:
    """Hands each request to the model of its region."""

    def __init__(self, planner: Backend, solver: Backend):
        self.of: dict[RegionName, Backend] = {"plan": planner, "solve": solver}

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """The answers of both models, in the order of the requests."""
        answers: dict[int, Reply | Failure] = {}
        for region, backend in self.of.items():
            places = [n for n, one in enumerate(requests) if one.region == region]
            if places:
                given = backend.complete([requests[n] for n in places])
                answers.update(zip(places, given, strict=True))
        return [answers[n] for n in range(len(requests))]


class KnownByRegion(ByRegion):
    """The same of two models in reach; limits hold for both of them."""

    def __init__(self, planner: KnowsModel, solver: KnowsModel):
        super().__init__(planner, solver)  # pyright: ignore[reportArgumentType] - they are back ends as well
        self.models: dict[str, KnowsModel] = {"planner": planner, "solver": solver}

    @property
    def context(self) -> int | None:
        """The shorter of both contexts; None where neither has an end."""
        known = [one.context for one in self.models.values() if one.context is not None]
        return min(known, default=None)

    @property
    def thinking_tokens(self) -> int:
        """Tokens that thinking adds, for the model that needs more."""
        return max(one.thinking_tokens for one in self.models.values())

    def prompt_tokens(self, messages: Messages) -> int:
        """The length of a prompt, for the model that needs more tokens."""
        return max(one.prompt_tokens(messages) for one in self.models.values())

    def check(self, lengths: Lengths) -> ModelCheck:
        """The checks of both models."""
        from cppo_agents.models.check import ModelCheck

        checks = {role: one.check(lengths) for role, one in self.models.items()}
        rows = [
            replace(row, name=f"{role}: {row.name}")
            for role, check in checks.items()
            for row in check.rows
        ]
        return ModelCheck(" and ".join(check.source for check in checks.values()), tuple(rows))


def by_region(planner: Backend, solver: Backend) -> Backend:
    """One back end of two."""
    if isinstance(planner, KnowsModel) and isinstance(solver, KnowsModel):
        return KnownByRegion(planner, solver)
    return ByRegion(planner, solver)
