"""Optimizers with less memory on the device: the same update, exact checkpoints, counted bytes."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from cppo_grpo.choices import OptimizerKind, StatesAt
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.cpu_states import CpuStates
from cppo_grpo.learner.optimizer import apply_gradient, make_optimizer
from cppo_grpo.memory.counts import EIGHT_BIT_FROM, state_bytes
from cppo_grpo.memory.devices import GIB, Devices
from cppo_grpo.memory.estimate import make_plan
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.tiny import VOCABULARY, tiny_config
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import Qwen3ForCausalLM

from cppo_env import UsageError
from cppo_env.errors import MissingExtraError
from tests.support.tiny_runs import LEARNING, assert_equal_runs, carry_out, resumed_from

pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")

WAYS: list[tuple[OptimizerKind, StatesAt]] = [
    ("adamw", "cpu"),
    ("adamw8bit", "device"),
    ("adamw8bit", "cpu"),
]


def weights() -> nn.ParameterList:
    """Two that 8 bits are for, one of them without whole blocks, and a short one."""
    torch.manual_seed(0)
    shapes = (64, 128), (90, 77), (128,)
    return nn.ParameterList([nn.Parameter(torch.randn(shape) * 0.02) for shape in shapes])


def taken(steps: int, **settings: Any) -> tuple[list[torch.Tensor], torch.optim.Optimizer]:
    """The weights after some steps on the same gradients, the last one without a gradient once."""
    module = weights()
    optimizer = make_optimizer(module, 1e-3, 0.01, **settings)
    noise = torch.Generator().manual_seed(1)
    for step in range(steps):
        for weight in module.parameters():
            weight.grad = torch.randn(weight.shape, generator=noise)
        if step == 1:
            module[2].grad = None
        apply_gradient(optimizer, 1e-3, 1.0)
    return [weight.detach() for weight in module.parameters()], optimizer


def test_states_on_the_cpu_give_the_same_update() -> None:
    for kind in ("adamw", "adamw8bit"):
        expected, _ = taken(5, kind=kind)
        found, optimizer = taken(5, kind=kind, states="cpu")
        assert isinstance(optimizer, CpuStates)
        assert all(map(torch.equal, found, expected))


def test_moments_in_8_bits_follow_adamw() -> None:
    start = [weight.detach().clone() for weight in weights().parameters()]
    (exact, _), (found, optimizer) = taken(20), taken(20, kind="adamw8bit")
    for first, one, other in zip(start, exact, found, strict=True):
        moved = (one - first).norm()
        assert (other - one).norm() < (0.05 if first.numel() >= EIGHT_BIT_FROM else 1e-5) * moved
    coded = [state["state1"].dtype for state in optimizer.state.values()]
    assert coded == [torch.uint8, torch.uint8, torch.float32]


def test_the_device_holds_the_states_of_one_weight_at_a_time() -> None:
    with FakeTensorMode():
        sizes = (3000, 1000, 2000)
        module = nn.ParameterList(
            [nn.Parameter(torch.zeros(size, device="cuda")) for size in sizes]
        )
        optimizer = make_optimizer(module, 1e-3, states="cpu")
        for weight in module.parameters():
            weight.grad = torch.ones_like(weight)
        optimizer.step()
        moments = [
            value for state in optimizer.state.values() for value in state.values() if value.ndim
        ]
        assert {str(value.device) for value in moments} == {"cpu"}
        held = [*module.parameters(), *(weight.grad for weight in module.parameters()), *moments]
        with AliveBytes([one for one in held if one is not None]) as alive:
            optimizer.step()
    # Two moments and two temporaries of the largest weight.
    assert alive.peak == pytest.approx(4 * 4 * max(sizes), rel=0.05)


@pytest.mark.parametrize(("kind", "states"), WAYS)
def test_a_resumed_run_equals_an_uninterrupted_one(kind: str, states: str, tmp_path: Path) -> None:
    settings = {"optimizer": kind, "optimizer_states": states, "warm_start_steps": 10, "steps": 3}
    whole = carry_out(tmp_path / "whole", **LEARNING | settings).path
    assert_equal_runs(resumed_from(whole, 2), whole)


@pytest.mark.parametrize("kind", ["adamw", "adamw8bit"])
def test_the_plan_counts_the_states_that_are_there(kind: OptimizerKind) -> None:
    config = TrainConfig(optimizer=kind, optimizer_states="cpu")
    model = Qwen3ForCausalLM(tiny_config(VOCABULARY, config.hidden, config.layers)).float()
    optimizer = make_optimizer(model, 1e-3, kind=kind)
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    distinct = {
        value.data_ptr(): value.nbytes
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.ndim
    }
    here = make_plan(config, Devices("cpu", 1, GIB), 1)
    measured = sum(distinct.values())
    assert state_bytes(here.counts, config) == pytest.approx(measured, rel=0.01)
    [part] = [part for part in here.parts if part.name == "optimizer state"]
    assert (part.bytes, part.when) == (state_bytes(here.counts, config), "training")
    assert here.main_memory == 0
    there = make_plan(config, Devices("h100", 2, 80 * GIB), 2)
    assert there.main_memory == 2 * state_bytes(here.counts, config)
    [part] = [part for part in there.parts if part.name == "optimizer state"]
    assert part.when == "optimizer step"
    assert part.bytes < state_bytes(here.counts, config)
    kept = there.under(optimizer_states="device")
    assert kept.at("update") - there.at("update") == state_bytes(here.counts, config)


def test_what_cannot_be_combined_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from cppo_grpo.checks import check
    from cppo_grpo.learner.optimizer import optimizer_class

    for wrong, said in (
        ({"parallel": "fsdp2", "optimizer": "adamw8bit"}, "shards the states of adamw"),
        ({"parallel": "fsdp2", "optimizer_states": "cpu"}, "shards the states of adamw"),
        ({"optimizer": "adamw8bit", "replicates": 2, "minibatches": 2}, "have no mean"),
    ):
        with pytest.raises(UsageError, match=said):
            check(dataclasses.replace(TrainConfig(), **wrong))
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim.adamw", None)
    with pytest.raises(MissingExtraError, match=r"optimizer=adamw8bit needs .*'bitsandbytes'"):
        optimizer_class("adamw8bit", "device")
