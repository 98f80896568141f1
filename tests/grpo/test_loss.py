"""The policy loss and its gradient, token by token (docs/method.md) and against TRL."""

import math
import warnings
from collections import defaultdict
from types import SimpleNamespace

import pytest
import torch
from cppo_grpo.loss import merge_metrics, needs_forward, policy_loss, sequence_weights
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cppo_env.errors import UsageError

LENGTHS = (3, 7, 1, 5)


class Batch:
    """Four padded sequences; the padding's values would spoil every sum."""

    def __init__(self, seed: int = 0, dtype: torch.dtype = torch.float64) -> None:
        generator = torch.Generator().manual_seed(seed)

        def logps(spread: float) -> Tensor:
            return -(
                torch.rand(len(LENGTHS), max(LENGTHS), generator=generator, dtype=dtype) * spread
                + 0.5
            )

        self.mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
        self.policy = logps(1.0)
        self.old, self.ref, self.sampler = (
            self.policy + 0.4 * (logps(1.0) + 1.0) for _ in range(3)
        )
        for values in (self.policy, self.old, self.ref, self.sampler):
            values[~self.mask] = torch.tensor([1e4, -torch.inf, torch.inf], dtype=dtype)[
                torch.arange((~self.mask).sum()) % 3
            ]
        self.advantages = torch.tensor([1.5, -0.7, 0.0, -2.0], dtype=dtype)
        self.policy.requires_grad_()

    def loss(self, **options) -> tuple[Tensor, dict[str, Tensor]]:
        defaults = {
            "old_logps_BT": self.old,
            "ref_logps_BT": self.ref,
            "sampler_logps_BT": self.sampler,
            "beta": 0.05,
        }
        return policy_loss(self.policy, self.advantages, self.mask, **(defaults | options))


def reference(
    batch: Batch,
    *,
    form: str,
    correction: str,
    cap: float,
    low: float,
    high: float,
    beta: float,
    kl_ratio: bool,
) -> Tensor:
    """docs/method.md, section 3, one token at a time."""
    total = torch.zeros((), dtype=batch.policy.dtype)
    for b, length in enumerate(LENGTHS):
        logp, old, ref, sampler = (
            v[b, :length] for v in (batch.policy, batch.old, batch.ref, batch.sampler)
        )
        advantage = batch.advantages[b]
        terms = []
        for t in range(length):
            ratio = ((logp - old).mean() if form == "gspo" else logp[t] - old[t]).exp()
            if form == "cispo":
                term = -min(ratio.item(), 1 + high) * advantage * logp[t]
            else:
                term = -torch.min(
                    ratio * advantage, torch.clamp(ratio, 1 - low, 1 + high) * advantage
                )
            gap = (
                (old - sampler).sum() if correction.startswith("sequence") else old[t] - sampler[t]
            )
            weight = math.exp(gap.item())
            if correction == "none":
                weight = 1.0
            elif weight > cap:
                weight = cap if correction.endswith("truncate") else 0.0
            x = ref[t] - logp[t]
            kl = x.exp() - 1 - x
            terms.append(weight * term + beta * (ratio * kl if kl_ratio else kl))
        total = total + torch.stack(terms).mean() / len(LENGTHS)
    return total


@pytest.mark.parametrize("form", ["clipped", "cispo", "gspo"])
@pytest.mark.parametrize(
    "correction", ["none", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"]
)
@pytest.mark.parametrize(("beta", "kl_ratio"), [(0.0, False), (0.05, False), (0.05, True)])
def test_loss_and_gradient_equal_the_reference(
    form: str, correction: str, beta: float, kl_ratio: bool
) -> None:
    batch = Batch()
    options = {"form": form, "correction": correction, "beta": beta, "kl_ratio": kl_ratio}
    loss, metrics = batch.loss(epsilon=0.02, epsilon_high=0.03, correction_cap=1.05, **options)
    expected = reference(batch, low=0.02, high=0.03, cap=1.05, **options)
    torch.testing.assert_close(loss, expected, atol=1e-7, rtol=0)  # the weights are float32
    (gradient,) = torch.autograd.grad(loss, batch.policy, retain_graph=True)
    (expected_gradient,) = torch.autograd.grad(expected, batch.policy)
    torch.testing.assert_close(gradient, expected_gradient, atol=1e-7, rtol=0)
    assert 0 < metrics["clip_share"] < 1
    assert 0 < metrics["sampler_clip_share"] <= 1


def test_the_first_step_has_ratio_one_and_the_reinforce_gradient() -> None:
    batch = Batch()
    loss, metrics = batch.loss(old_logps_BT=None, beta=0.0)
    (gradient,) = torch.autograd.grad(loss, batch.policy)
    lengths = torch.tensor(LENGTHS, dtype=torch.float64)
    expected = -(batch.advantages / lengths / len(LENGTHS))[:, None] * batch.mask
    torch.testing.assert_close(gradient, expected, atol=1e-7, rtol=0)
    assert metrics["ratio"] == metrics["ratio_max"] == 1
    assert metrics["clip_share"] == 0


def test_metrics_are_token_means_over_the_completion() -> None:
    batch = Batch()
    _, metrics = batch.loss(correction="token_truncate", correction_cap=1.1)
    policy, old, ref, sampler = (
        v.detach()[batch.mask] for v in (batch.policy, batch.old, batch.ref, batch.sampler)
    )
    x = ref - policy
    expected = {
        "tokens": torch.tensor(sum(LENGTHS)),
        "entropy_estimate": -policy.mean(),
        "ratio": (policy - old).exp().mean(),
        "ratio_max": (policy - old).exp().max(),
        "sampler_gap": (old - sampler).abs().mean(),
        "sampler_gap_max": (old - sampler).abs().max(),
        "sampler_ratio": (old - sampler).exp().mean(),
        "sampler_ratio_max": (old - sampler).exp().max(),
        "sampler_clip_share": ((old - sampler).exp() > 1.1).float().mean(),
        "kl": (x.exp() - 1 - x).mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(metrics[name], value, check_dtype=False)


@pytest.mark.parametrize("aggregation", ["sequence_mean", "token_mean", "constant_length"])
@given(cut=st.integers(1, 3))
def test_micro_batches_add_up_to_the_batch(aggregation: str, cut: int) -> None:
    batch = Batch()
    lengths, trainable = torch.tensor(LENGTHS), torch.tensor([True, True, True, False])
    weights = sequence_weights(
        lengths, trainable, aggregation=aggregation, total=5, constant_length=8
    )
    whole, whole_metrics = batch.loss(weights_B=weights)
    parts = []
    for rows in (slice(0, cut), slice(cut, None)):
        parts.append(
            policy_loss(
                batch.policy[rows],
                batch.advantages[rows],
                batch.mask[rows],
                weights[rows],
                old_logps_BT=batch.old[rows],
                ref_logps_BT=batch.ref[rows],
                sampler_logps_BT=batch.sampler[rows],
                beta=0.05,
            )
        )
    torch.testing.assert_close(sum(loss for loss, _ in parts), whole)
    merged, expected = merge_metrics([m for _, m in parts]), merge_metrics([whole_metrics])
    assert merged == pytest.approx(expected, rel=1e-5)


def test_a_metric_of_some_micro_batches_is_the_mean_over_their_tokens() -> None:
    parts = [{"tokens": 1, "kl": 4.0}, {"tokens": 3, "kl": 0.0}, {"tokens": 4, "ratio_max": 2.0}]
    merged = merge_metrics(
        [{name: torch.tensor(value) for name, value in part.items()} for part in parts]
    )
    assert merged == {"tokens": 8, "kl": 1.0, "ratio_max": 2.0}
    assert merge_metrics([]) == {}


def test_weights_of_the_paper() -> None:
    """M = 8 tuples, K = 4: the planner has 8 of 40 equal terms, whatever the lengths."""
    plans = sequence_weights(torch.arange(10, 18), torch.ones(8), total=40)
    programs = sequence_weights(torch.arange(100, 132), torch.ones(32), total=40)
    torch.testing.assert_close(plans * torch.arange(10, 18), torch.full((8,), 1 / 40))
    torch.testing.assert_close(programs * torch.arange(100, 132), torch.full((32,), 1 / 40))


def test_aggregations() -> None:
    lengths, trainable = torch.tensor([2, 4, 10]), torch.tensor([True, True, False])
    for aggregation, expected in {  # the region is half of the batch
        "sequence_mean": [0.5 / 4, 0.5 / 8, 0],
        "token_mean": [0.5 / 6, 0.5 / 6, 0],
        "constant_length": [0.5 / 40, 0.5 / 40, 0],
    }.items():
        weights = sequence_weights(
            lengths, trainable, aggregation=aggregation, total=4, constant_length=20
        )
        torch.testing.assert_close(weights, torch.tensor(expected))
    assert not sequence_weights(lengths, torch.zeros(3), aggregation="token_mean").any()


def test_sequences_without_a_gradient_need_no_forward_pass() -> None:
    advantages, weights = torch.tensor([1.0, 0.0, -1.0]), torch.tensor([0.1, 0.1, 0.0])
    assert needs_forward(advantages, weights, beta=0.0).tolist() == [True, False, False]
    assert needs_forward(advantages, weights, beta=0.1).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"form": "ppo"}, "form: got 'ppo'"),
        ({"correction": "both"}, "correction: got 'both'"),
        ({"ref_logps_BT": None}, "pass ref_logps_BT"),
        ({"sampler_logps_BT": None, "correction": "token_mask"}, "pass sampler_logps_BT"),
    ],
)
def test_refusals(options: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Batch().loss(**options)


def test_constant_length_needs_its_divisor() -> None:
    with pytest.raises(UsageError, match="token limit"):
        sequence_weights(torch.ones(2), torch.ones(2), aggregation="constant_length")


@pytest.fixture(scope="module")
def trl():
    """TRL's trainer class and default arguments; the test dependency is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip(
            "trl", reason="trl is not installed; it is a test-only dependency"
        )
        if not package.__version__.startswith("1.16."):
            pytest.skip(f"the formula compared is that of trl 1.16, found {package.__version__}")
        from trl import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer

        return GRPOTrainer, GRPOConfig(use_cpu=True, bf16=False, max_completion_length=8)


def trl_loss(
    trl,
    batch: Batch,
    *,
    ratio: Tensor,
    loss_type: str,
    level: str,
    beta: float,
    epsilon_high: float,
) -> Tensor:
    """`GRPOTrainer._compute_loss`, given the log-probs that its model would compute."""
    trainer, args = trl
    clean = {
        name: getattr(batch, name).masked_fill(~batch.mask, 0.0)
        for name in ("policy", "old", "ref")
    }
    state = SimpleNamespace(
        args=args,
        model=SimpleNamespace(training=True),
        accelerator=SimpleNamespace(
            num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x
        ),
        aux_loss_enabled=False,
        top_entropy_quantile=args.top_entropy_quantile,
        off_policy_mask_threshold=args.off_policy_mask_threshold,
        importance_sampling_level=level,
        beta=beta,
        loss_type=loss_type,
        epsilon_low=args.epsilon,
        epsilon_high=epsilon_high,
        use_vllm=True,
        vllm_importance_sampling_correction=args.vllm_importance_sampling_correction,
        current_gradient_accumulation_steps=1,
        max_completion_length=args.max_completion_length,
        _entropy_bonus_enabled=False,
        _metrics={"train": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (
            clean["policy"],
            torch.zeros(batch.mask.shape),
            None,
        ),
    )
    inputs = {
        "prompt_ids": torch.zeros(len(LENGTHS), 1, dtype=torch.long),
        "prompt_mask": torch.ones(len(LENGTHS), 1, dtype=torch.long),
        "completion_ids": torch.zeros(batch.mask.shape, dtype=torch.long),
        "completion_mask": batch.mask.long(),
        "advantages": batch.advantages,
        "old_per_token_logps": clean["old"],
        "ref_per_token_logps": clean["ref"],
        "importance_sampling_ratio": ratio,
        "num_items_in_batch": batch.mask.sum() * args.steps_per_generation,
    }
    return trainer._compute_loss(state, None, inputs)


def trl_ratio(batch: Batch, mode: str, cap: float) -> Tensor:
    """TRL's documented correction: exp of the (summed) difference, clamped or zeroed."""
    gap = (batch.old - batch.sampler).masked_fill(~batch.mask, 0.0)
    ratio = (gap.sum(-1, keepdim=True) if mode.startswith("sequence") else gap).exp()
    return (
        ratio.clamp(max=cap) if mode.endswith("truncate") else ratio.masked_fill(ratio > cap, 0.0)
    )


@pytest.mark.parametrize(
    ("loss_type", "level", "aggregation", "form"),
    [
        ("grpo", "token", "sequence_mean", "clipped"),
        ("dapo", "token", "token_mean", "clipped"),
        ("dr_grpo", "token", "constant_length", "clipped"),
        ("cispo", "token", "token_mean", "cispo"),
        ("grpo", "sequence", "sequence_mean", "gspo"),
    ],
)
@pytest.mark.parametrize("beta", [0.0, 0.04])
@pytest.mark.parametrize("correction", ["sequence_mask", "token_truncate"])
def test_loss_and_gradient_equal_trl(
    trl, loss_type: str, level: str, aggregation: str, form: str, beta: float, correction: str
) -> None:
    """TRL's code with its defaults (ε = 0.2, cap 3.0, …) on the same float32 log-probs."""
    args = trl[1]
    ours, theirs = Batch(dtype=torch.float32), Batch(dtype=torch.float32)
    high = (
        4.0 if form == "cispo" else args.epsilon
    )  # TRL's CISPO takes the bound itself, ours its distance from 1
    weights = sequence_weights(
        torch.tensor(LENGTHS),
        torch.ones(4),
        aggregation=aggregation,
        constant_length=args.max_completion_length,
    )
    cap = args.vllm_importance_sampling_clip_max
    options = {"form": form, "epsilon_high": high, "correction": correction, "correction_cap": cap}
    loss, _ = ours.loss(
        weights_B=weights,
        epsilon=args.epsilon,
        beta=beta,
        kl_ratio=args.use_bias_correction_kl,
        **options,
    )
    expected = trl_loss(
        trl,
        theirs,
        ratio=trl_ratio(theirs, correction, cap),
        loss_type=loss_type,
        level=level,
        beta=beta,
        epsilon_high=1 + high if form == "cispo" else high,
    )
    torch.testing.assert_close(loss, expected, atol=1e-6, rtol=1e-6)
    (gradient,) = torch.autograd.grad(loss, ours.policy)
    (expected_gradient,) = torch.autograd.grad(expected, theirs.policy)
    torch.testing.assert_close(
        gradient[ours.mask], expected_gradient[ours.mask], atol=1e-6, rtol=1e-6
    )
