"""vLLM in this process: the fast way to sample from a local model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cppo_agents.backends.by_tokens import ByTokens
from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra

if TYPE_CHECKING:
    from cppo_agents.models.thinking import Draw


class Vllm(ByTokens):
    """Hands all requests of a round to the engine at once."""

    def __init__(self, model: str, **engine: Any):
        """Loads the model.

        Args:
            model: path or name.
            **engine: options of `vllm.LLM`, such as `dtype="float32"` or `max_model_len=8192`.

        Raises:
            MissingExtraError: vLLM is not installed.
            UsageError: the model is an adapter.
        """
        try:
            import vllm  # pyright: ignore[reportMissingImports] - an environment of its own
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the vllm agent") from error
        from cppo_agents.models.chat_format import ChatFormat
        from cppo_agents.models.loading import base_of, load_generation_config

        if (base := base_of(model)) != model:
            raise UsageError(
                f"model: got {model!r}, an adapter over {base!r}, expected whole weights for vLLM; "
                "give the merged model, which a run keeps as its model/"
            )

        self._sampling_params = vllm.SamplingParams  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.llm: Any = vllm.LLM(model, **engine)  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.name = model
        self.chat = ChatFormat(self.llm.get_tokenizer(), load_generation_config(model))
        self.config = self.llm.llm_engine.model_config.hf_config
        self.context: int = self.llm.llm_engine.model_config.max_model_len

    def draw(
        self,
        prompts: Sequence[tuple[int, ...]],
        temperature: float,
        max_tokens: int,
        seeds: Sequence[int | None],
    ) -> list[Draw]:
        """One batched call of the engine."""
        from cppo_agents.models.thinking import Draw

        outputs = self.llm.generate(
            [{"prompt_token_ids": list(prompt)} for prompt in prompts],
            [
                self._sampling_params(
                    temperature=temperature,
                    max_tokens=max_tokens,
                    seed=seed,
                    stop_token_ids=list(self.chat.end_ids),
                    ignore_eos=True,  # `end_ids` alone decide
                    detokenize=False,
                )
                for seed in seeds
            ],
            use_tqdm=False,
        )
        answers = [output.outputs[0] for output in outputs]
        return [Draw(tuple(one.token_ids), one.finish_reason != "length") for one in answers]
