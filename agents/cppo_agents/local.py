"""Agents whose model runs in this process."""

from __future__ import annotations

from cppo_agents.backends.transformers import Transformers
from cppo_agents.backends.vllm import Vllm
from cppo_agents.model_agent import NamedModelAgent


class TransformersAgent(NamedModelAgent):
    """A strategy on a Hugging Face model; needs the extra `grpo`.

    Further arguments are those of `Transformers`.
    """

    backend_class = Transformers


class VllmAgent(NamedModelAgent):
    """A strategy on vLLM; needs the extra `vllm`. Further arguments are options of `vllm.LLM`."""

    backend_class = Vllm
