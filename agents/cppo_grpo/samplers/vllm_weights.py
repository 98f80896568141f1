"""What vLLM's worker learns for a learner, and the file that carries weights between processes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

SHARED_MEMORY = Path("/dev/shm")
"""Where weights are handed over on one machine."""


class WeightLoader:
    """Mixed into vLLM's worker class: take new weights, and draw fast."""

    vllm_config: Any
    model_runner: Any
    reload_weights: Callable[..., None]

    def load_named(self, named_weights: Iterable[tuple[str, Tensor]]) -> None:
        """Load weights by their transformers names."""
        self.reload_weights(weights_iterator=named_weights)
        # On a CPU the head of a tied model keeps a packed copy of the old embedding unless it is
        # packed anew.
        head = self.model_runner.model.lm_head
        head.quant_method.process_weights_after_loading(head)

    def load_named_file(self, path: str) -> None:
        """Load weights from a safetensors file."""
        self.load_named(load_file(path).items())

    def prepare(self) -> dict[str, Any]:
        """Prepare to draw; returns what a learner must know: log-prob mode, and LoRA or not."""
        mode = str(self.vllm_config.model_config.logprobs_mode)
        if self.vllm_config.device_config.device_type == "cpu" and mode == "processed_logprobs":
            # Only vLLM's worker can import this.
            from cppo_grpo.samplers.vllm_draws import draw_together

            draw_together(self.model_runner)
        return {"logprobs_mode": mode, "lora": self.vllm_config.lora_config is not None}


WORKER_EXTENSION = f"{WeightLoader.__module__}.{WeightLoader.__qualname__}"
"""The value of `worker_extension_cls`."""


@contextmanager
def weights_file(
    named_weights: Iterable[tuple[str, Tensor]], folder: Path | None = None
) -> Iterator[str]:
    """A temporary safetensors file with these weights.

    Args:
        named_weights: weights by their transformers names.
        folder: where to write it. Default: shared memory, if there is any.
    """
    with tempfile.NamedTemporaryFile(suffix=".safetensors", dir=folder or _shared()) as file:
        save_file(
            {name: weight.detach().cpu().contiguous() for name, weight in named_weights}, file.name
        )
        yield file.name


@contextmanager
def shared_folder(within: Path | None = None) -> Iterator[Path]:
    """A temporary folder, by default in shared memory, if there is any."""
    with tempfile.TemporaryDirectory(dir=within or _shared()) as folder:
        yield Path(folder)


def _shared() -> Path | None:
    return SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
