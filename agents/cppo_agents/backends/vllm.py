"""vLLM in this process: the fast way to sample from a local model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_env.plugins import missing_extra


class Vllm:
    """Hands all requests of a round to the engine at once."""

    def __init__(self, model: str, **engine: Any):
        """Loads the model.

        Args:
            model: path or name.
            **engine: options of `vllm.LLM`, such as `dtype="float32"` or `max_model_len=8192`.

        Raises:
            MissingExtraError: vLLM is not installed.
        """
        try:
            import vllm  # pyright: ignore[reportMissingImports] - an environment of its own
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the vllm agent") from error
        self._sampling_params = vllm.SamplingParams  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.llm: Any = vllm.LLM(model, **engine)  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One batched call of the engine."""
        outputs = self.llm.chat(
            [request.messages for request in requests],
            [
                self._sampling_params(
                    temperature=one.temperature, max_tokens=one.max_tokens, seed=one.seed
                )
                for one in requests
            ],
            use_tqdm=False,
            chat_template_kwargs={"enable_thinking": False},
        )
        return [
            Reply(
                output.outputs[0].text,
                truncated=output.outputs[0].finish_reason == "length",
                tokens=len(output.outputs[0].token_ids),
            )
            for output in outputs
        ]
