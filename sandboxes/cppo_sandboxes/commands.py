"""`cppo sandbox build | bench | selftest`."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

from cppo_env.errors import SandboxError, UsageError
from cppo_env.provenance import described, surroundings
from cppo_env.sandboxing import borrow_sandbox, make_sandbox
from cppo_sandboxes.bench.config import BenchConfig
from cppo_sandboxes.languages import OPTIONAL


@dataclass(frozen=True)
class BuildConfig:
    """Options of `cppo sandbox build`."""

    base: str | None = None
    """Image with python3; by default that of `make image` or the official Python image."""
    python: str | None = None
    """Version of Python that judges, such as 3.13. Default: that of the base, usually 3.11."""
    languages: list[str] = field(default_factory=list[str])
    """Compilers to add: [java, rust] or one of them."""
    tag: str | None = None
    """Name of the new image. Default: cppo-sandbox, or cppo-sandbox-3.13 for another Python."""


def build(config: BuildConfig) -> dict[str, Any]:
    """Build the Docker image that judged programs run in."""
    from cppo_sandboxes import engine

    if config.base and config.python:
        raise UsageError("got base and python, expected one of them: a base has its own Python")
    if config.python and not re.fullmatch(r"3\.\d+", config.python):
        raise UsageError(f"python: got {config.python!r}, expected a version such as 3.13")
    if unknown := {*config.languages} - {*OPTIONAL}:
        raise UsageError(
            f"languages: got {', '.join(sorted(unknown))}, expected some of {', '.join(OPTIONAL)}"
        )
    tag = config.tag or (f"{engine.IMAGE}-{config.python}" if config.python else engine.IMAGE)
    with contextlib.closing(engine.connect()) as client:
        base = config.base or engine.default_base(client, config.python)
        print(f"building {tag} from {base}")
        number = engine.build(client, base, tag, config.languages)
    print(f"built {tag} ({number.removeprefix('sha256:')[:12]})")
    if tag != engine.IMAGE:
        print(f"to use it: --sandbox docker --sandbox_options.image={tag}")
    return {"tag": tag, "base": base, "id": number, "languages": config.languages}


@dataclass(frozen=True)
class SelfTestConfig:
    """Options of `cppo sandbox selftest`."""

    sandbox: str = "auto"
    """Back end to test: auto, docker, local or the name of a plug-in."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its options, such as --sandbox_options.image=NAME."""


def self_test(config: SelfTestConfig) -> dict[str, Any]:
    """Check on this machine that a sandbox judges rightly and contains hostile programs."""
    from rich.console import Console
    from rich.table import Table

    from cppo_sandboxes.selftest import run_checks
    from cppo_sandboxes.selftest_programs import CHECKS
    from cppo_sandboxes.selftest_together import check_together

    with borrow_sandbox(config.sandbox, config.sandbox_options, cache=False) as sandbox:
        results = run_checks(sandbox)
        left_out = [check.about for check in CHECKS[len(results) :]]
        if not left_out:
            results += check_together(sandbox, config.sandbox_options)
        name = type(sandbox).__name__
    table = Table("check", "expected", "got", "", title=f"{name}: {len(results)} checks")
    for result in results:
        mark = (
            "[green]ok"
            if result["ok"]
            else "not installed"
            if result["absent"]
            else "[bold red]FAILED"
            if result["vital"]
            else "[yellow]not contained"
        )
        table.add_row(result["check"], result["expected"], result["verdict"], mark)
    Console().print(table)
    if left_out:
        print(f"{len(left_out)} checks that load the machine did not run, because of the failure")
    absent = [result["check"] for result in results if result["absent"]]
    failed = [result["check"] for result in results if not result["ok"] and not result["absent"]]
    summary = {
        "sandbox": name,
        "passed": len(results) - len(failed) - len(absent),
        "failed": failed,
        "absent": absent,
        "left_out": left_out,
        "checks": results,
    }
    if vital := [result["check"] for result in results if result["vital"] and not result["ok"]]:
        raise SandboxError(
            f"{name} cannot be trusted here; failed: {', '.join(vital)}", result=summary
        )
    return summary


def bench(config: BenchConfig) -> dict[str, Any]:
    """Measure tests per second, compared with a bare fork on the same cores."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from cppo_sandboxes.bench.scaling import measure as measure_scaling
    from cppo_sandboxes.bench.throughput import measure

    provenance = _provenance(config)  # before the minutes that a failure would lose
    if config.scaling:
        result = measure_scaling(config)
        table = Table(box=SIMPLE, padding=(0, 0, 0, 1))
        table.add_column(no_wrap=True)
        for column in ("per s", "of limit", "of first", "MB/s", "of stream", "host µs", "host MB"):
            table.add_column(column, justify="right")
        for row in result["rows"]:
            stream = (
                [f"{row['mb_per_s']:.1f}", f"{row['of_stream']:.2f}"]
                if "of_stream" in row
                else ["", ""]
            )
            table.add_row(
                f"{row['sandbox']} {row['value']:,} {row['what']}",
                *(f"{row['per_second']:,.0f}", f"{row['of_limit']:.2f}", f"{row['of_first']:.2f}"),
                *stream,
                *(f"{row['host_cpu_us']:,.0f}", f"{row['host_grew_mb']:.1f}"),
            )
    else:
        result = measure(config)
        table = Table("what", "per second", "of the limit")
        for name, rate in result["per_second"].items():
            table.add_row(name, f"{rate:,.0f}", f"{result['of_limit'][name]:.2f}")
        for name, seconds in result["first_verdict_s"].items():
            table.add_row(f"{name}, first verdict of a cold pool", f"after {seconds:.2f} s", "")
    Console().print(table)
    return result | {"provenance": provenance}


def _provenance(config: BenchConfig) -> dict[str, Any]:
    """Versions, commit, machine, and what each back end tells of itself."""
    found: dict[str, Any] = {}
    for name in config.sandboxes:
        with make_sandbox(name) as sandbox:
            found[name] = described(sandbox)
    return {**surroundings(), "sandboxes": found}
