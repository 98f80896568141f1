"""A sampler of this process that holds the weights of several updates: copies of the model."""

from __future__ import annotations

import copy
from typing import Self

import pytest
from cppo_grpo.samplers.transformers import TransformersSampler


class SamplerOfVersions(TransformersSampler):
    """Draws what transformers draws."""

    def with_present_weights(self) -> Self:
        """The same with a copy of the model."""
        other = copy.copy(self)
        other.model = copy.deepcopy(self.model)
        return other


def hold_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let --sampler transformers be that."""
    where = "cppo_grpo.samplers.transformers.TransformersSampler"
    monkeypatch.setattr(where, SamplerOfVersions)
