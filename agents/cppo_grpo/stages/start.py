"""The initial model of a run: pretrained, or tiny and warm-started here."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

import torch
from rich.console import Console
from torch import nn

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_env.prompts import Messages, plan_messages, solve_messages
from cppo_env.protocols import ProblemSet
from cppo_env.types import Observation
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.lora import WithoutAdapter, add_adapter
from cppo_grpo.model.policy import Policy, inner_model
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.model.weights import state_to_save, trainable_weights, whole
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.runs.atomic import whole_folder
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.progress import stage
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.stages.warm_start import demonstrate_plan, demonstrate_solution, warm_start

TOKENIZER_PROBLEMS = 64
"""Number of problems whose texts train a new tokenizer."""


def starting_point(
    run: Run, problems: ProblemSet, console: Console, processes: Processes | None = None
) -> tuple[Any, Any, PolicyAgent]:
    """The initial model and tokenizer, kept in the run folder, and the agent that plays with it.

    Every process builds them, with its share of the warm start; the main process writes them. The
    sampler is built before the warm start, so a missing or unreachable one fails at once.

    Raises:
        UsageError: the model's folder or name leads to no causal language model with a tokenizer
            and a chat template.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    config, processes = run.config, processes or Processes()
    made = processes.gather(run.reference.exists())[0]
    source = str(run.reference) if made else config.model
    if source is not None:
        try:
            tokenizer = AutoTokenizer.from_pretrained(source)
            model: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"model: got {source!r}, expected a folder or hub name of a causal language model "
                "and its tokenizer; "
                f"{error}"
            ) from error
        # A file's tensors may lie at any address, on which the last bit of a product depends on
        # some processors. A resumed run must compute what the uninterrupted one does.
        for weight in model.parameters():
            weight.data = weight.data.clone()
    else:
        tokenizer = train_tokenizer(_texts(problems, config))
        model = make_model(tokenizer, hidden=config.hidden, layers=config.layers, seed=config.seed)
    if not tokenizer.chat_template:
        raise UsageError(
            f"model: the tokenizer of {source!r} has no chat template; take a chat model, or put "
            "its "
            "chat_template.jinja beside tokenizer.json"
        )
    model = model.to(processes.device)
    # Who plays beside the update needs weights that stay what they are, and whole ones where the
    # policy's are sharded. Engines with weights of their own know nothing of adapters, so they see
    # the model before it has one.
    apart = config.off_policy_steps or shards_weights(config, processes)
    own = copy.deepcopy(model).requires_grad_(False) if apart else model
    agent = make_policy_agent(config, own, tokenizer)
    if not made:
        if config.warm_start_steps:
            _warm_start(run, model, tokenizer, problems, console, processes)
        if processes.main:
            with whole_folder(run.reference) as partial:
                model.save_pretrained(partial)
                tokenizer.save_pretrained(partial)
    return model, tokenizer, agent


def shards_weights(config: TrainConfig, processes: Processes) -> bool:
    """Whether each process holds only a part of every weight."""
    return config.parallel == "fsdp2" and processes.count > 1


def make_policies(
    config: TrainConfig, model: Any, processes: Processes
) -> tuple[Policy, Policy | WithoutAdapter | None]:
    """The policy, and its frozen reference if a region has a KL term."""
    anchored = config.beta_plan > 0 or config.beta_solve > 0
    reference = None
    if config.lora_rank:
        policy = Policy(add_adapter(model, config))
        reference = WithoutAdapter(policy) if anchored else None
    else:
        policy = Policy(model)
        reference = Policy(copy.deepcopy(model).requires_grad_(False)).eval() if anchored else None
    if shards_weights(config, processes):
        for one in (policy, reference):
            if isinstance(one, Policy):
                processes.shard(one, decoder_layers(one))
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
    state = state_to_save(policy.model)
    learnt = {
        name: whole(weight.detach()) for name, weight in trainable_weights(policy.model).items()
    }
    if not run.writable:
        return
    with whole_folder(run.model) as partial:
        inner_model(policy.model).save_pretrained(partial, state_dict=state)
        tokenizer.save_pretrained(partial)
    if run.config.lora_rank:
        with whole_folder(run.adapter) as partial:
            peft_model: Any = policy.model
            peft_model.save_pretrained(partial, state_dict=learnt, save_embedding_layers=False)


def make_policy_agent(config: TrainConfig, model: Any, tokenizer: Any) -> PolicyAgent:
    """The model as it plays in a run of this config."""
    ends = model.generation_config.eos_token_id
    end_ids = (
        tuple(ends)
        if isinstance(ends, list)
        else (ends if ends is not None else tokenizer.eos_token_id,)
    )
    regions = Regions(
        plan=SamplingParams(config.max_tokens_plan, end_ids, config.temperature_plan),
        solve=SamplingParams(config.max_tokens_solve, end_ids, config.temperature_solve),
    )
    make_sampler = partial(plugins.load("samplers", config.sampler), model)
    sampler = plugins.construct(make_sampler, config.sampler_options, f"sampler {config.sampler!r}")
    return PolicyAgent(tokenizer, sampler, regions, config.planning, plan_only=config.plan_only)


def _warm_start(
    run: Run,
    model: Any,
    tokenizer: Any,
    problems: ProblemSet,
    console: Console,
    processes: Processes,
) -> None:
    run.log.rewind("warm_start", 0)
    rows = warm_start(Policy(model), tokenizer, problems, run.config, processes)
    with (
        stage(console, "warm start", run.config.warm_start_steps) as shown,
        processes.interrupted_together(),
    ):
        for step, row in enumerate(rows, start=1):
            run.log.append({"stage": "warm_start", "step": step, **row})
            shown.show(step, {"loss": row["loss"]})
            processes.agree()


def _texts(problems: ProblemSet, config: TrainConfig) -> Iterable[str]:
    """Training texts for a new tokenizer: problem statements, and known answers."""
    random = Random(f"{config.seed}/tokenizer")
    for index in random.sample(range(len(problems)), min(TOKENIZER_PROBLEMS, len(problems))):
        problem = problems[index]
        observation = Observation(
            phase=0, problem=problem.statement, starter_code=problem.starter_code, methods=()
        )
        conversations: list[Messages] = [
            plan_messages(observation, config.k),
            solve_messages(observation, ""),
        ]
        for demonstrate in (demonstrate_plan, *(demonstrate_solution,) * config.k):
            if (shown := demonstrate(problems, index, config.k, random)) is not None:
                conversations.append(shown.conversation)
        for message in itertools.chain(*conversations):
            yield message["role"] + "\n"
            yield message["content"]
