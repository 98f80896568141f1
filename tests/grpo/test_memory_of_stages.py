"""The memory plan of a warm start, of SFT and of a gate, against what they really allocate."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cppo_agents.judges.verbaliser import VerbaliserJudge
from cppo_grpo.learner.supervised import Demonstration, Encoded
from cppo_grpo.memory.devices import GIB, Devices
from cppo_grpo.memory.estimate import make_plan
from cppo_grpo.memory.supervised import sft_needs
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tiny import train_tokenizer
from cppo_grpo.parallel import Processes
from cppo_grpo.recipe.sft import SftConfig
from cppo_grpo.runs.stage_folder import StageFolder
from cppo_grpo.stages import sft, warm_start
from cppo_grpo.stages.sft_data import SftData
from rich.console import Console

from cppo_env import CppoError, load_problems
from cppo_env.prompts import load_prompts
from tests.grpo.test_memory import CONFIG, HERE, tiny, tokens


class NoTexts:
    """Stands for a tokenizer whose prompts and answers have the lengths that a plan assumes."""

    def __init__(self, config: Any):
        self.config, self.prompts = config, dict[str, tuple[int, ...]]()

    def __call__(self, shown: Demonstration, _: Any) -> Encoded:
        name = "solve" if shown.answer.startswith("```python") else "plan"
        words = f"{shown.messages} {len(self.prompts) * (name == 'solve')}"  # no two of a program
        prompt = self.prompts.setdefault(
            words, tokens(1, self.config.assume_prompt_tokens, len(self.prompts))[0]
        )
        return prompt, tokens(1, getattr(self.config, f"max_tokens_{name}"), 7)[0]


def learning_peak(learn: Callable[[Policy], Any], policy: Policy) -> int:
    """Bytes of the weights and of what is alive beside them at the worst moment."""
    weights = [*policy.parameters()]
    with AliveBytes([*weights, *policy.buffers()]) as alive:
        learn(policy)
    assert all(weight.grad is None for weight in weights), "gradients would stay for the run"
    return alive.peak + sum(weight.nbytes for weight in weights)


@pytest.mark.parametrize(
    "changes",
    [
        {"micro_batch_tokens": 8192},
        {"planner": "none"},
        {"warm_start_plans": 2, "micro_batch_tokens": 900},
    ],
    ids=str,
)
def test_the_plan_of_a_warm_start_is_within_15_percent_of_what_it_allocates(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(
        CONFIG, warm_start_steps=2, warm_start_problems=3, lora_rank=4, bf16=True, **changes
    )
    monkeypatch.setattr(warm_start, "encoded", NoTexts(config))
    problems = load_problems("strategies", size=16)
    words, chat = load_prompts("plain"), cast(Any, None)

    def learn(policy: Policy) -> None:
        for _ in warm_start.warm_start(policy, chat, problems, config, Processes(), words):
            pass

    plan = make_plan(config, HERE, 1)
    assert plan.at("warm start") == pytest.approx(learning_peak(learn, Policy(tiny())), rel=0.15)
    assert plan.peak >= plan.at("warm start")
    gpu = make_plan(config, Devices("h100", 1, 80 * GIB), 1).at("warm start")
    assert gpu == pytest.approx(plan.at("warm start"), rel=0.5), "no reference, all weights"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning")
@pytest.mark.parametrize("changes", [{}, {"lora_rank": 4}, {"checkpoint_activations": True}])
def test_the_plan_of_sft_is_within_15_percent_of_what_it_allocates(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = SftConfig(
        **{"batch": 8, "max_tokens_plan": 96, "assume_prompt_tokens": 256, "epochs": 1, **changes},
        sampled_plans=0,
        run=tmp_path / "run",
        micro_batch_tokens=2048,
    )
    monkeypatch.setattr(sft, "encoded", NoTexts(config))
    shown = [Demonstration([{"role": "user", "content": f"{i}"}], "plan") for i in range(16)]
    data, folder = SftData(shown, [], [], Counter()), StageFolder.open("sft", config)

    def learn(policy: Policy) -> None:
        if config.checkpoint_activations:
            checkpoint_activations(policy.model)
        sft._train(folder, policy, cast(Any, None), data, Console(quiet=True))

    model = tiny()
    policy = Policy(add_adapter(model, config.learner()) if config.lora_rank else model)
    measured = learning_peak(learn, policy)
    assert sft_needs(config, HERE).at("update") == pytest.approx(measured, rel=0.15)


def test_sft_is_planned_without_being_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cppo_grpo.commands.sft import sft as command

    monkeypatch.chdir(tmp_path)
    assert command(SftConfig(dry_run=True, assume="cpu:8"))["fits"]
    assert "assumed: prompts of 1024 tokens" in capsys.readouterr().out
    large = SftConfig(dry_run=True, assume="h100", model="Qwen/Qwen3-4B")
    with pytest.raises(CppoError, match=r"does not fit: .* on h100; lower micro_batch_tokens"):
        command(large)
    assert not any(tmp_path.iterdir())
    leaner: dict[str, Any] = {"lora_rank": 8, "checkpoint_activations": True}
    assert command(dataclasses.replace(large, **leaner, micro_batch_tokens=4096))["fits"]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("judge", ["verbaliser", "format*verbaliser"])
def test_the_plan_of_a_gate_is_within_15_percent_of_what_it_allocates(
    dtype: str, judge: str, tmp_path: Path
) -> None:
    made = tiny()
    made.save_pretrained(tmp_path)
    train_tokenizer(["Pass Fail {problem}"]).save_pretrained(tmp_path)
    options = {"model": str(tmp_path), "dtype": dtype, "device": "cpu", "batch_size": 3}
    gate = VerbaliserJudge(**options)
    questions = tokens(7, CONFIG.assume_prompt_tokens + CONFIG.max_tokens_plan, 5)
    gate._chat = cast(Any, SimpleNamespace(encode=lambda one: one))
    weights = [*gate._model.parameters()]
    with AliveBytes([*weights, *gate._model.buffers()]) as alive:
        gate.scores(cast(Any, questions))
    measured = alive.peak + sum(weight.nbytes for weight in weights)
    given = options if judge == "verbaliser" else {"verbaliser": options}
    config = dataclasses.replace(CONFIG, judge=judge, judge_options=given)
    plain, plan = make_plan(CONFIG, HERE, 1), make_plan(config, HERE, 1)
    kept = sum(weight.nbytes for weight in weights)
    assert plan.at("update") - plain.at("update") == pytest.approx(kept, rel=0.01)
    assert plan.at("judging") - plain.at("training") == pytest.approx(measured, rel=0.15)
    elsewhere = make_plan(config, Devices("h100", 1, 80 * GIB), 1)
    assert elsewhere.at("judging") == 0, "the gate is on the CPU"
