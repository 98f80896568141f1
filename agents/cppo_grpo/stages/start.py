"""The initial model of a run: pretrained, or tiny and warm-started here."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import check_model, context_of
from cppo_agents.models.lengths import Lengths
from cppo_agents.models.loading import load_config, load_model, load_tokenizer
from rich.console import Console
from torch import nn

from cppo_env import plugins
from cppo_env.prompts import Messages, Prompts, observe
from cppo_env.protocols import ProblemSet
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.lora import WithoutAdapter, adapter_weights, add_adapter, write_adapter
from cppo_grpo.model.policy import Policy, inner_model
from cppo_grpo.model.shards import sharded_policy
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.model.weights import save_whole, state_to_save
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.runs.atomic import whole_folder
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.progress import stage
from cppo_grpo.samplers import Sampler, SamplingParams, TakesAdapters
from cppo_grpo.samplers.frozen import FrozenRegion, trained_by
from cppo_grpo.stages.lengths import fitting
from cppo_grpo.stages.model_check import sampler_rows
from cppo_grpo.stages.warm_start import demonstrate_plan, demonstrate_solution, warm_start

TOKENIZER_PROBLEMS = 64
"""Number of problems whose texts train a new tokenizer."""


@dataclass(frozen=True, slots=True)
class InitialModel:
    """A model before its training, and who plays with it."""

    model: Any
    chat: ChatFormat
    """Holds the tokenizer."""
    agent: PolicyAgent


def starting_point(
    run: Run, problems: ProblemSet, console: Console, processes: Processes | None = None
) -> tuple[Any, Any, PolicyAgent]:
    """The initial model and tokenizer, kept in the run folder, and the agent that plays with it.

    Raises:
        UsageError: the model cannot be loaded, or the model check refuses it; or no problem has a
            prompt that is short enough.
    """
    processes = processes or Processes()
    start = initial_model(run, problems, console, processes)
    fit = fitting(problems, start.agent, run, console)
    keep_start(run, start, fit, console, processes)
    return start.model, start.chat.tokenizer, start.agent


def initial_model(
    run: Run, problems: ProblemSet, console: Console, processes: Processes
) -> InitialModel:
    """The model before any training, or that of the run folder; and who plays with it.

    Every process builds them. The sampler is built before the warm start, so a missing or
    unreachable one fails at once.

    Raises:
        UsageError: the model cannot be loaded, or the model check refuses it.
    """
    config = run.config
    made = _is_kept(run, processes)
    model: Any
    source = str(run.reference) if made else config.model
    if source is not None:
        model, tokenizer = load_pair(source)
    else:
        tokenizer = train_tokenizer(_texts(problems, config, run.prompts))
        model = make_model(tokenizer, hidden=config.hidden, layers=config.layers, seed=config.seed)
    chat = ChatFormat(tokenizer, model.generation_config)
    name = source or "made from scratch"
    check = check_model(name, model.config, chat, lengths(config, model, chat)).required()
    model = model.to(processes.device)
    # Who plays beside the update needs weights that stay what they are, and whole ones where the
    # policy's are sharded: those of this model, unless an adapter is put around it. Engines with
    # weights of their own know nothing of adapters, so they see the model before it has one.
    sharded = shards_weights(config, processes)
    apart = bool(config.lora_rank) if sharded else config.off_policy_steps
    own = copy.deepcopy(model).requires_grad_(False) if apart else model
    agent = make_policy_agent(config, own, chat, run.prompts)
    if source is not None and not made:
        for line in check.plus(sampler_rows(trained_by(agent.sampler))).required().lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return InitialModel(model, chat, agent)


def keep_start(
    run: Run, start: InitialModel, problems: ProblemSet, console: Console, processes: Processes
) -> None:
    """Warm up the model on these problems and write `reference/`, unless that was done before.

    Each process computes its share of the warm start; the main process writes.
    """
    if _is_kept(run, processes):
        return
    if run.config.warm_start_steps:
        _warm_start(run, start, problems, console, processes)
        drawing = trained_by(start.agent.sampler)
        if isinstance(drawing, TakesAdapters) and drawing.takes_adapters:
            drawing.update(start.model.named_parameters())  # from now on it gets adapters alone
        if isinstance(start.agent.sampler, FrozenRegion):
            start.agent.sampler.frozen.update(start.model.named_parameters())
    if processes.main:
        with whole_folder(run.reference) as partial:
            start.model.save_pretrained(partial)
            start.chat.tokenizer.save_pretrained(partial)


def _is_kept(run: Run, processes: Processes) -> bool:
    """Whether the run folder holds its initial model, as the main process sees it."""
    return processes.gather(run.reference.exists())[0]


def load_pair(source: str) -> tuple[Any, Any]:
    """Model (float32) and tokenizer of a folder or hub name.

    Raises:
        UsageError: they cannot be loaded.
    """
    load_config(source)
    tokenizer = load_tokenizer(source)
    model: Any = load_model(source, torch.float32)
    # A file's tensors may lie at any address, on which the last bit of a product depends on some
    # processors. A resumed run must compute what the uninterrupted one does.
    for weight in model.parameters():
        weight.data = weight.data.clone()
    return model, tokenizer


def shards_weights(config: TrainConfig, processes: Processes) -> bool:
    """Whether each process holds only a part of every weight."""
    return config.parallel == "fsdp2" and processes.count > 1


def make_policies(
    config: TrainConfig, model: Any, processes: Processes
) -> tuple[Policy, Policy | WithoutAdapter | None]:
    """The policy, and its frozen reference if a region has a KL term.

    Where weights are sharded the given model keeps whole ones, which its sampler draws with.
    """
    reference = None
    sharded = shards_weights(config, processes)

    def shard(one: Policy) -> None:
        processes.shard(one, decoder_layers(one))

    if config.lora_rank:
        policy = Policy(add_adapter(model, config))
        reference = WithoutAdapter(policy) if config.anchored else None
        if sharded:
            shard(policy)
    elif sharded:
        measured = Policy(model)
        policy = sharded_policy(measured, shard, processes.device)
        if config.anchored:
            reference = sharded_policy(measured, shard, processes.device)
            reference.requires_grad_(False).eval()
        model.requires_grad_(False)  # from now on it only draws
    else:
        policy = Policy(model)
        reference = (
            Policy(copy.deepcopy(model).requires_grad_(False)).eval() if config.anchored else None
        )
    return policy, reference


def decoder_layers(policy: Policy) -> list[nn.Module]:
    """The layers that transformers declares unsplittable."""
    inner = inner_model(policy.model)
    return [
        module
        for module in inner.modules()
        if type(module).__name__ in (inner._no_split_modules or ())
    ]


def save_model(run: Run, policy: Policy, tokenizer: Any) -> None:
    """Write `model/` as transformers reads it, and any adapter; all processes call this."""
    config = run.config
    named = None if config.warm_start_steps else config.model  # a warm start changes the base
    write_model(
        policy,
        tokenizer,
        run.model,
        run.adapter if config.lora_rank else None,
        base=named or str(run.reference.resolve()),
        writable=run.writable,
    )


def write_model(
    policy: Policy,
    tokenizer: Any,
    folder: Path,
    adapter: Path | None,
    *,
    base: str | None,
    writable: bool = True,
) -> None:
    """Write merged weights and tokenizer, and the adapter by itself where there is one.

    Args:
        policy: the policy.
        tokenizer: its tokenizer.
        folder: of the merged weights.
        adapter: folder of the adapter.
        base: the model that the adapter was trained on; None: it is not kept.
        writable: whether this process writes.
    """
    state = state_to_save(policy.model)
    learnt = adapter_weights(policy.model) if adapter is not None else {}
    if not writable:
        return
    with whole_folder(folder) as partial:
        save_whole(policy.model, partial, state)
        tokenizer.save_pretrained(partial)
    if adapter is not None:
        with whole_folder(adapter) as partial:
            peft_model: Any = policy.model
            peft_model.active_peft_config.base_model_name_or_path = base
            write_adapter(peft_model, learnt, partial)


def lengths(config: TrainConfig, model: Any, chat: ChatFormat) -> Lengths:
    """The limits in tokens of a run with this model."""
    plans, solves = config.planning == "policy", not config.plan_only
    return Lengths(
        config.max_tokens_plan * plans,
        config.max_tokens_solve * solves,
        context_of(model.config),
        config.max_prompt_tokens,
        plan_thoughts=config.max_thoughts_plan * plans,
        solve_thoughts=config.max_thoughts_solve * solves,
        marks=chat.thinking_tokens,
    )


def make_policy_agent(
    config: TrainConfig, model: Any, chat: ChatFormat, words: Prompts
) -> PolicyAgent:
    """The model as it plays in a run of this config."""
    regions = Regions(
        plan=SamplingParams(
            config.max_tokens_plan, chat.end_ids, config.temperature_plan, region="plan"
        ),
        solve=SamplingParams(
            config.max_tokens_solve, chat.end_ids, config.temperature_solve, region="solve"
        ),
        thoughts={"plan": config.max_thoughts_plan, "solve": config.max_thoughts_solve},
    )
    plugin = plugins.load("samplers", config.sampler)

    def make(drawn: Any) -> Sampler:
        what = f"sampler {config.sampler!r}"
        return plugins.construct(partial(plugin, drawn), config.sampler_options, what)

    sampler = make(model)
    if config.frozen is not None:
        still = copy.deepcopy(model).requires_grad_(False)
        sampler = FrozenRegion(sampler, make(still), config.frozen)
    return PolicyAgent(
        chat,
        sampler,
        regions,
        config.planning,
        plan_only=config.plan_only,
        lengths=lengths(config, model, chat),
        words=words,
    )


def _warm_start(
    run: Run, start: InitialModel, problems: ProblemSet, console: Console, processes: Processes
) -> None:
    run.log.rewind("warm_start", 0)
    longest = context_of(start.model.config) or math.inf
    rows = warm_start(
        Policy(start.model), start.chat, problems, run.config, processes, run.prompts, longest
    )
    with (
        stage(console, "warm start", run.config.warm_start_steps) as shown,
        processes.interrupted_together(),
    ):
        for step, row in enumerate(rows, start=1):
            run.log.append({"stage": "warm_start", "step": step, **row})
            shown.show(step, {"loss": row["loss"]})
            processes.agree()


def _texts(problems: ProblemSet, config: TrainConfig, words: Prompts) -> Iterable[str]:
    """Training texts for a new tokenizer: problem statements, and known answers."""
    random = Random(f"{config.seed}/tokenizer")
    for index in random.sample(range(len(problems)), min(TOKENIZER_PROBLEMS, len(problems))):
        observation = observe(problems[index])
        conversations: list[Messages] = [
            words.plan(observation, config.k),
            words.solve(observation, ""),
        ]
        for demonstrate in (demonstrate_plan, *(demonstrate_solution,) * config.k):
            if (shown := demonstrate(problems, index, config.k, random, words)) is not None:
                conversations.append(shown.conversation)
        for message in itertools.chain(*conversations):
            yield message["role"] + "\n"
            yield message["content"]
