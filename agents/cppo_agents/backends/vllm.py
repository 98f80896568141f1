"""vLLM in this process: the fast way to sample from a local model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_env.plugins import missing_extra

if TYPE_CHECKING:
    from cppo_agents.models.check import ModelCheck
    from cppo_agents.models.lengths import Lengths
    from cppo_env.prompts import Messages


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
        from cppo_agents.models.chat_format import ChatFormat
        from cppo_agents.models.loading import load_generation_config

        self._sampling_params = vllm.SamplingParams  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.llm: Any = vllm.LLM(model, **engine)  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.name = model
        self.chat = ChatFormat(self.llm.get_tokenizer(), load_generation_config(model))
        self._config: Any = self.llm.llm_engine.model_config.hf_config
        self.context: int = self.llm.llm_engine.model_config.max_model_len

    def prompt_tokens(self, messages: Messages) -> int:
        """The length of a prompt."""
        return len(self.chat.encode(messages))

    def check(self, lengths: Lengths) -> ModelCheck:
        """What the model and its tokenizer are, and what of it cannot work."""
        from cppo_agents.models.check import check_model

        return check_model(self.name, self._config, self.chat, lengths)

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One batched call of the engine."""
        outputs = self.llm.generate(
            [{"prompt_token_ids": list(self.chat.encode(one.messages))} for one in requests],
            [
                self._sampling_params(
                    temperature=one.temperature,
                    max_tokens=one.max_tokens,
                    seed=one.seed,
                    stop_token_ids=list(self.chat.end_ids),
                    skip_special_tokens=False,
                )
                for one in requests
            ],
            use_tqdm=False,
        )
        texts = self.chat.decode([output.outputs[0].token_ids for output in outputs])
        return [
            Reply(
                text,
                truncated=output.outputs[0].finish_reason == "length",
                tokens=len(output.outputs[0].token_ids),
            )
            for text, output in zip(texts, outputs, strict=True)
        ]
