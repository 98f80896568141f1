"""A chat agent for any OpenAI-compatible endpoint."""

from __future__ import annotations

from cppo_agents.backends.openai_compatible import OpenAICompatible
from cppo_agents.model_agent import NamedModelAgent


class ChatAgent(NamedModelAgent):
    """A strategy on a model that is reached over HTTP; needs the extra `openai`.

    Arguments beside those of `NamedModelAgent` are those of `OpenAICompatible`: `base_url`,
    `api_key_env`, `concurrency`, …. An endpoint that fails after all retries voids the episodes
    concerned; it scores no zero.
    """

    backend_class = OpenAICompatible
