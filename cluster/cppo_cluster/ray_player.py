"""The actor that draws: a sampler with a model of its own, and nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import torch
from cppo_grpo.samplers import Sampler, SamplingParams
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel

from cppo_cluster.draws import SentCompletions, SentPrompts, get_weights
from cppo_cluster.versions import require_version
from cppo_env import plugins


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A model without its weights."""

    config: Any
    dtype: torch.dtype
    buffers: Mapping[str, Tensor]
    """The persistent ones, which are no weights and never change."""

    @classmethod
    def of(cls, model: PreTrainedModel) -> Self:
        """What it takes to build this model elsewhere."""
        parameters = dict(model.named_parameters(remove_duplicate=False))
        state = model.state_dict()
        buffers = {name: state[name].cpu() for name in state.keys() - parameters.keys()}
        return cls(model.config, model.dtype, buffers)

    def build(self) -> Any:
        """The model, on this process's accelerator if it has one, with random weights."""
        with torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu"):
            model: Any = AutoModelForCausalLM.from_config(
                self.config,
                dtype=self.dtype,
                attn_implementation=self.config._attn_implementation,
            )
        model.load_state_dict(self.buffers, strict=False)
        return model


class Player:
    """Draws completions with the weights that it is told of.

    Args:
        sampler: name of the engine.
        options: its options.
        skeleton: the model.
        cpus: CPU threads.
        version: of the learner's cppo-env.

    Raises:
        RuntimeError: this machine has another version.
    """

    def __init__(
        self, sampler: str, options: Mapping[str, Any], skeleton: Skeleton, cpus: int, version: str
    ) -> None:
        require_version(version)
        # Ray's workers are at niceness 15; docs/cluster.md says what to do without root.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, os.getppid()))
        torch.set_num_threads(cpus)
        plugin = plugins.load("samplers", sampler)
        what = f"sampler {sampler!r}"
        self._sampler: Sampler = plugins.construct(partial(plugin, skeleton.build()), options, what)
        self._version = 0

    def process(self) -> int:
        """The id of this process, which answers once the engine is there."""
        return os.getpid()

    def draw(
        self, version: int, weights: list[Any], prompts: SentPrompts, params: SamplingParams
    ) -> SentCompletions:
        """One completion per prompt.

        Args:
            version: number of the weights, which are loaded unless they are here.
            weights: a reference to them (`draws.put_weights`), in a list, so that Ray does not
                fetch it before it is asked for.
            prompts: the prompts.
            params: how to draw.
        """
        if version != self._version:
            self._version = 0  # until all of them are loaded
            self._sampler.update(get_weights(weights[0]))
            self._version = version
        return SentCompletions.of(self._sampler.sample(prompts.prompts(), params), version)
