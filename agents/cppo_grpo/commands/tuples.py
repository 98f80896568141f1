"""`cppo tuples write`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cppo_env import plugins
from cppo_grpo.recipe.tuples import TuplesConfig

if TYPE_CHECKING:
    from cppo_agents.backends import Backend


def write(config: TuplesConfig) -> dict[str, Any]:
    """Let a teacher write gold tuples, and keep those that judge and sandbox accept."""
    from cppo_env.judges import make_judge
    from cppo_env.sandboxing import borrow_sandbox
    from cppo_grpo.runs.progress import main_console, stage
    from cppo_grpo.stages.tuples import TupleWriter

    config.check()
    console = main_console()
    problems = config.source.load()
    judge = make_judge(config.judge, config.judge_options)
    teacher = _teacher(config)
    with ExitStack() as parts:
        sandbox = None
        if config.solve:
            sandbox = parts.enter_context(borrow_sandbox(config.sandbox, config.sandbox_options))
        writer = TupleWriter(config, teacher, judge, sandbox)
        count = min(len(problems), config.limit or len(problems))
        with stage(console, "tuples", count) as shown:
            try:
                result = writer.write(problems, shown)
            except KeyboardInterrupt:
                written = "the tuples that were written are kept"
                raise KeyboardInterrupt(f"{written}; the same command goes on") from None
    cost = "" if result["cost"] is None else f", cost {result['cost']:.2f}"
    console.print(
        f"{result['written']} tuples written, {result['tuples']} in {config.output}; "
        f"{result['requests']} requests, {result['tokens']} tokens{cost}",
        highlight=False,
        soft_wrap=True,
    )
    for why, times in result["refused"].items():
        console.print(f"  refused {times}: {why}", highlight=False, soft_wrap=True, markup=False)
    for why, times in result["failed"].items():
        said = f"  {times} attempts failed and do not count: {why}"
        console.print(said, highlight=False, soft_wrap=True, markup=False)
    if result["stopped"]:
        console.print(f"  {result['stopped']}", highlight=False)
    return result


def _teacher(config: TuplesConfig) -> Backend:
    if config.teacher == "chat":
        from cppo_agents.backends.openai_compatible import OpenAICompatible as kind
    elif config.teacher == "transformers":
        from cppo_agents.backends.transformers import Transformers as kind
    else:
        from cppo_agents.backends.vllm import Vllm as kind
    return plugins.construct(kind, config.options, f"teacher {config.teacher!r}")
