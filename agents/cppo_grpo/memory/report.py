"""`cppo train --dry_run true`: the plan as a table, and what to change where it does not fit."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cppo_env.errors import CppoError, UsageError
from cppo_env.prompts import load_prompts
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.launcher import launched_processes
from cppo_grpo.memory.devices import GIB, Devices, assumed, found_here
from cppo_grpo.memory.estimate import MemoryPlan, make_plan
from cppo_grpo.memory.parts import PHASES, Needs
from cppo_grpo.memory.supervised import sft_needs
from cppo_grpo.recipe.sft import SftConfig
from cppo_grpo.regions import REGIONS

LORA_RANK = 32
"""The adapter that is proposed where all weights do not fit."""


def dry_run(config: TrainConfig, console: Console, processes: int | None = None) -> dict[str, Any]:
    """Print the plan of a run and return it.

    Args:
        config: the run.
        console: shows the plan.
        processes: that share the run. Default: those that were launched, or one for each device
            that is assumed.

    Raises:
        CppoError: it does not fit; the message names the nearest settings that do, and the error
            holds the plan.
        UsageError: the settings are refused, or they continue a run.
    """
    if config.resume is not None:
        raise UsageError("dry_run: it plans a new run; leave --resume out")
    check(config)
    load_prompts(config.prompts)
    devices = _devices(config.assume)
    if processes is None:
        processes = max(launched_processes(), devices.count if config.assume else 1)
    elif processes > devices.count and devices.name != "cpu":
        raise UsageError(
            f"processes: got {processes}, but {devices.count} x {devices.name} hold one each; "
            "lower it, or name more devices with --assume"
        )
    plan = make_plan(config, devices, processes)
    disk_free = shutil.disk_usage(_existing(config.run or Path())).free
    console.print(_table(plan, processes))
    _print_rest(plan, disk_free, console)
    result = _result(plan, processes, disk_free)
    if not plan.fits:
        raise _too_large(plan, _proposals(plan), config.assume, result)
    if plan.disk_bytes > disk_free and config.assume is None:
        raise CppoError(
            f"does not fit on the disk: the run folder takes {_gib(plan.disk_bytes)} of "
            f"{_gib(disk_free)} free; lower keep_checkpoints, or give --run on another disk",
            result=result,
        )
    return result


def dry_run_sft(config: SftConfig, console: Console) -> dict[str, Any]:
    """Print what supervised training takes, and return it.

    Raises:
        CppoError: it does not fit; the error holds the plan.
        UsageError: the settings are refused, or they continue a run.
    """
    if config.resume is not None:
        raise UsageError("dry_run: it plans a new run; leave --resume out")
    config.check()
    load_prompts(config.prompts)
    needs = sft_needs(config, _devices(config.assume))
    console.print(_table(needs, 1))
    console.print(
        f"assumed: prompts of {config.assume_prompt_tokens} tokens, answers of full length",
        highlight=False,
        soft_wrap=True,
    )
    result = _memory(needs)
    if not needs.fits:
        leaner = "lower micro_batch_tokens, give checkpoint_activations=true, or a lora_rank"
        raise _too_large(needs, leaner, config.assume, result)
    return result


def _devices(assume: str | None) -> Devices:
    return found_here() if assume is None else assumed(assume)


def _too_large(needs: Needs, advice: str, assume: str | None, result: dict[str, Any]) -> CppoError:
    usable = f"{_gib(needs.devices.bytes_each)} on {needs.devices.name}"
    other = "" if assume else "; --assume h100x8 plans for other devices"
    return CppoError(
        f"does not fit: {_gib(needs.peak)} of {usable}; {advice}{other}", result=result
    )


def _proposals(plan: MemoryPlan) -> str:
    """The first changes that make it fit, those that keep all weights trained before LoRA."""
    found: list[str] = []
    starts: list[dict[str, Any]] = [{}]
    adapter: dict[str, Any] = {} if plan.config.lora_rank else {"lora_rank": LORA_RANK}
    if adapter:
        starts.append(adapter)
    if plan.config.lora_base == "float32" and plan.config.parallel != "fsdp2":
        starts.append(adapter | {"lora_base": "bfloat16"})
    for changed in starts:
        if found and "lora_base" in changed:
            break  # it rounds the weights, so it is proposed only where nothing else fits
        start = plan.under(**changed) if changed else plan
        if _least(start) > plan.devices.bytes_each:
            continue
        for change in _leaner(start):
            other = start.under(**change) if change else start
            if other.fits:
                named = ", ".join(f"{name}={value}" for name, value in (changed | change).items())
                found.append(f"{named} takes {_gib(other.peak)}")
                break
    if not found and plan.at("warm start") > plan.devices.bytes_each:
        return (
            "its warm start trains all weights in float32; leave warm_start_steps out, and train "
            "with cppo sft --lora_rank before it"
        )
    return "; ".join(found) or "take a smaller model or a larger device"


def _least(plan: MemoryPlan) -> int:
    """Bytes that none of the leaner settings lowers."""
    held = (part for part in plan.parts if part.when in ("always", "training"))
    return sum(part.bytes for part in held if part.name != "optimizer state")


def _leaner(plan: MemoryPlan) -> Iterator[dict[str, Any]]:
    """Changes that compute the same run: none, then from the cheapest on; each keeps the others."""
    config = plan.config
    change: dict[str, Any] = {}
    yield {}
    if not config.checkpoints(plan.counts.total):
        change["checkpoint_activations"] = True
        yield dict(change)
    longest = max(config.region(name).longest for name in REGIONS) + config.assume_prompt_tokens
    if config.micro_batch_tokens > longest:
        change["micro_batch_tokens"] = longest
        yield dict(change)
    if config.sampler == "transformers":
        for rows in (64, 16):
            change["sampler_options"] = {**config.sampler_options, "batch_size": rows}
            yield dict(change)
    if (
        plan.devices.name != "cpu"
        and config.parallel != "fsdp2"
        and config.optimizer_states == "device"
    ):
        change["optimizer_states"] = "cpu"
        yield dict(change)


def _table(needs: Needs, processes: int) -> Table:
    devices = needs.devices
    where = (
        f"{processes} x {devices.name}" if devices.name != "cpu" else f"cpu, {processes} process"
    )
    table = Table(title=f"memory of each device ({where}, {_gib(devices.bytes_each)} usable)")
    table.add_column("part")
    table.add_column("when")
    table.add_column("GiB", justify="right")
    for part in needs.parts:
        table.add_row(part.name, part.when, f"{part.bytes / GIB:.2f}")
    table.add_section()
    for when in PHASES:
        if size := needs.at(when):
            table.add_row("all", when, f"{size / GIB:.2f}")
    return table


def _print_rest(plan: MemoryPlan, disk_free: int, console: Console) -> None:
    config, counts, batches = plan.config, plan.counts, plan.batches
    programs = batches["programs_per_step"]
    solved = f"x {config.k} = {programs} programs" if programs else "no programs"
    steps = f"{config.steps} steps"
    if config.audit_steps:
        steps += f" and {config.audit_steps} of the audit"
    lines = [
        f"model: {counts.total:,} parameters, {counts.trained:,} trained",
        f"a step: {config.problems_per_step} problems x {config.tuples} tuples = "
        f"{batches['plans_per_step']} plans, {solved}; "
        f"at most {batches['sampled_tokens_per_step']:,} sampled tokens, about "
        f"{batches['passes_per_step']} passes and {batches['optimizer_steps_per_step']} optimizer "
        "steps",
        f"the run: {steps}, {batches['programs_per_run']:,} programs, and "
        f"{batches['evaluation_programs']:,} in evaluations",
        f"disk: {_gib(plan.checkpoint_bytes)} a checkpoint, {_gib(plan.disk_bytes)} the run folder "
        f"({_gib(disk_free)} free here)",
        *_beside(plan),
        f"assumed: prompts of {config.assume_prompt_tokens} tokens, completions of full length",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _beside(plan: MemoryPlan) -> Iterator[str]:
    if plan.main_memory:
        yield f"main memory: {_gib(plan.main_memory)} for the optimizer states of all processes"
    if plan.object_store:
        yield f"Ray's object store: {_gib(plan.object_store)} for weights, on the learner's machine"


def _result(plan: MemoryPlan, processes: int, disk_free: int) -> dict[str, Any]:
    return {
        **_memory(plan),
        "processes": processes,
        "bytes_main_memory": plan.main_memory,
        "bytes_object_store": plan.object_store,
        "parameters": plan.counts.total,
        "trained_parameters": plan.counts.trained,
        "checkpoint_bytes": plan.checkpoint_bytes,
        "disk_bytes": plan.disk_bytes,
        "disk_free_bytes": disk_free,
        **plan.batches,
    }


def _memory(needs: Needs) -> dict[str, Any]:
    return {
        "fits": needs.fits,
        "device": needs.devices.name,
        "bytes_usable": needs.devices.bytes_each,
        "bytes_peak": needs.peak,
        "parts": [dataclasses.asdict(part) for part in needs.parts],
    }


def _existing(path: Path) -> Path:
    """The nearest folder that exists."""
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)


def _gib(count: float) -> str:
    return f"{count / GIB:.1f} GiB" if count >= 0.1 * GIB else f"{count / 2**20:.0f} MiB"
