"""Sampling with vLLM: continuous batching, prefix caching, the trainer's weights after each update.

    vllm           the engine in this process; weights are handed over in memory
    vllm_worker    the engine in its own process; weights go through a file in memory
    vllm_server    the engine behind HTTP, in `vllm_server.py`

A process can hold only one engine: vLLM keeps its parallel state in globals, and a second engine
breaks the first.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra
from cppo_grpo.launcher import launched_processes
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from cppo_grpo.samplers.vllm_weights import WORKER_EXTENSION, shared_folder, weights_file

DEFAULTS = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "1"}
"""Environment defaults: leave the threads of this process to the trainer; GiB of KV cache on a CPU.
"""


class VllmSampler:
    """Samples from vLLM's own copy of a model.

    Args:
        model: the trained model; vLLM copies its architecture and weights.
        **engine: options of `vllm.LLM`, such as `gpu_memory_utilization=0.4` or
            `max_model_len=8192`. With `enable_lora=True` and `max_lora_rank=16`, the engine draws
            through the adapter of a LoRA run and keeps its base; otherwise it gets merged weights.

    Raises:
        MissingExtraError: vLLM is not installed.
        UsageError: several processes train on GPUs; all their engines would use the first one.
    """

    multiprocessing = "0"

    def __init__(self, model: PreTrainedModel, **engine: Any) -> None:
        if model.device.type != "cpu" and (count := launched_processes()) > 1:
            raise UsageError(
                f"sampler: {count} processes on GPUs would put all their vLLM engines on the "
                "first one; use --sampler vllm_server or transformers"
            )
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = self.multiprocessing
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        try:
            import vllm  # pyright: ignore[reportMissingImports] - an environment of its own
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the vllm sampler") from error
        self._make_params: Any = vllm.SamplingParams
        self.takes_adapters = bool(engine.get("enable_lora"))
        self._adapter: Any = None
        options = {
            "dtype": str(model.dtype).removeprefix("torch."),
            "enforce_eager": model.device.type == "cpu",
            # Log-probs of the sampled distribution, not those at temperature 1.
            "logprobs_mode": "processed_logprobs",
            "load_format": "dummy",
            "worker_extension_cls": WORKER_EXTENSION,
        }
        with tempfile.TemporaryDirectory() as folder:
            _describe(model, folder)
            self.llm: Any = vllm.LLM(folder, **options | engine)  # pyright: ignore[reportAttributeAccessIssue] - the package, not this file
        self.llm.collective_rpc("prepare")
        self.update(model.named_parameters())

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order; see `Sampler.sample`."""
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[dict[int, Completion]]:
        """The same completions by prompt index, after each engine step in which some finish."""
        requests = self.llm.enqueue(
            [{"prompt_token_ids": list(prompt)} for prompt in prompts],
            [
                self._make_params(
                    max_tokens=params.most,
                    temperature=params.temperature,
                    seed=seed,
                    stop_token_ids=list(params.end_ids),
                    ignore_eos=True,  # `end_ids` alone decide
                    logprobs=0,  # of the sampled token only
                    flat_logprobs=True,  # no dictionary for each token
                    detokenize=False,
                )
                for seed in params.seeds_of(len(prompts))
            ],
            lora_request=self._adapter,
            use_tqdm=False,
        )
        # The engine appends random letters to a request's name and leaves them out of its output.
        going = {request.partition("-")[0]: i for i, request in enumerate(requests)}
        try:
            while going:
                outputs = [output for output in self.llm.llm_engine.step() if output.finished]
                if outputs:
                    yield {
                        going.pop(output.request_id): _completion(output.outputs[0])
                        for output in outputs
                    }
        finally:
            # Whoever stops listening, or an interrupt, leaves nothing behind that the next call
            # would go on with.
            self.llm.llm_engine.abort_request(list(going))

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Load the trainer's weights, and drop the prefix cache of the old ones."""
        self._hand_over(named_weights)
        # Cached prefixes hold keys and values of the old weights.
        self.llm.reset_prefix_cache()

    def update_adapter(self, write: Callable[[Path], None], /) -> None:
        """Draw through an adapter around the weights that were loaded last."""
        from vllm.lora.request import LoRARequest  # pyright: ignore[reportMissingImports]

        number = 1 if self._adapter is None else self._adapter.lora_int_id + 1
        with shared_folder() as folder:
            write(folder)
            adapter = LoRARequest(f"step-{number}", number, str(folder))
            self.llm.llm_engine.add_lora(adapter)
        if self._adapter is not None:
            self.llm.llm_engine.remove_lora(self._adapter.lora_int_id)
        self._adapter = adapter

    def _hand_over(self, named_weights: Iterable[tuple[str, Tensor]]) -> None:
        self.llm.collective_rpc("load_named", args=(iter(named_weights),))


class VllmWorkerSampler(VllmSampler):
    """The engine in its own process, so its threads and globals are not the trainer's."""

    multiprocessing = "1"

    def _hand_over(self, named_weights: Iterable[tuple[str, Tensor]]) -> None:
        with weights_file(named_weights) as path:
            self.llm.collective_rpc("load_named_file", args=(path,))


def _completion(output: Any) -> Completion:
    log_probs = tuple(output.logprobs.logprobs)
    return Completion(
        tuple(output.token_ids), log_probs, "stop" if output.finish_reason == "stop" else "length"
    )


def _describe(model: PreTrainedModel, folder: str) -> None:
    """Write what vLLM reads before any weight: the architecture and a tokenizer (unused)."""
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    placeholder = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    PreTrainedTokenizerFast(
        tokenizer_object=placeholder, unk_token="?", chat_template="?"
    ).save_pretrained(folder)
