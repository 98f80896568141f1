"""Models whose tensors hold no data."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import AutoModelForCausalLM, PretrainedConfig
from transformers.utils import logging

from cppo_grpo.memory.shapes import slice_of


class Key:
    """A slice as an argument that can be remembered by its text."""

    def __init__(self, part: PretrainedConfig):
        self.part, self.text = part, part.to_json_string(use_diff=False)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.text == other.text


def key_of(shape: PretrainedConfig, kinds: Sequence[str]) -> Key:
    """The slice of a shape that has layers of these kinds."""
    return Key(slice_of(shape, kinds))


@contextmanager
def fake() -> Iterator[None]:
    """Tensors without data, and none of the warnings about how little they know."""
    with warnings.catch_warnings(), FakeTensorMode():
        warnings.simplefilter("ignore")
        level = logging.get_verbosity()
        logging.set_verbosity_error()  # a missing fast kernel matters to no count
        try:
            yield
        finally:
            logging.set_verbosity(level)


def shapes_only(part: PretrainedConfig) -> Any:
    """A model on the device `meta`."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(part, dtype=torch.float32)


def fill(model: nn.Module) -> None:
    """Give every weight and buffer a fake tensor, on the CPU, in place of its shape."""
    filled: dict[Tensor, Tensor] = {}

    def filler(tensor: Tensor) -> Tensor:
        if tensor not in filled:
            new = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
            filled[tensor] = (
                nn.Parameter(new, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else new
            )
        return filled[tensor]

    for module in model.modules():
        for tensors in (module._parameters, module._buffers):
            owned: dict[str, Any] = tensors  # torch allows None in either
            owned.update({name: filler(one) for name, one in owned.items() if one is not None})
