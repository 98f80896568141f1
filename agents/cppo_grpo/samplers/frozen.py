"""Two samplers as one: a region is drawn from a frozen model, the other one from the trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cppo_agents.backends import RegionName
from torch import Tensor

from cppo_grpo.samplers import (
    Completion,
    HoldsVersions,
    Sampler,
    SamplingParams,
    in_order,
    stream,
)


class FrozenRegion:
    """Draws one region from a sampler that is never updated.

    Args:
        trained: draws from the policy.
        frozen: draws from the initial model.
        region: the one that is frozen.
    """

    def __init__(self, trained: Sampler, frozen: Sampler, region: RegionName):
        self.trained, self.frozen = trained, frozen
        self.region: RegionName = region

    @property
    def model(self) -> Any:
        """The model that the trained region is drawn from, where it is in this process."""
        return getattr(self.trained, "model", None)

    def sample(self, prompts: Sequence[Sequence[int]], params: SamplingParams) -> list[Completion]:
        """One completion per prompt, from the sampler of the region."""
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams
    ) -> Iterator[Mapping[int, Completion]]:
        """The same as they are finished."""
        drawn = self.frozen if params.region == self.region else self.trained
        return stream(drawn, prompts, params)

    def update(self, named_weights: Iterable[tuple[str, Tensor]]) -> None:
        """Load the trainer's weights where they are drawn from."""
        self.trained.update(named_weights)


def trained_by(sampler: Sampler) -> Sampler:
    """The sampler that draws from the policy."""
    return sampler.trained if isinstance(sampler, FrozenRegion) else sampler


def with_present_weights(sampler: Sampler) -> Sampler:
    """A sampler whose weights stay as they are, where that can hold those of several updates."""
    if isinstance(sampler, FrozenRegion):
        trained, frozen = map(with_present_weights, (sampler.trained, sampler.frozen))
        return FrozenRegion(trained, frozen, sampler.region)
    return sampler.with_present_weights() if isinstance(sampler, HoldsVersions) else sampler
