"""`cppo doctor`: what this machine has, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env import plugins
from cppo_env.errors import CppoError
from cppo_env.machine import cores
from cppo_env.problems.files.sources import LAYOUTS, data_folder
from cppo_env.provenance import judged_language
from cppo_env.sandboxing import grade, make_sandbox
from cppo_env.types import Problem, TestCase, Verdict


@dataclass(frozen=True)
class DoctorConfig:
    """Options of `cppo doctor`: there are none."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at."""

    what: str
    state: str
    advice: str = ""
    """What to do; empty when there is nothing to do."""


def doctor(config: DoctorConfig) -> dict[str, Any]:
    """Check what this machine offers cppo, and how to add the rest."""
    findings = [*_machine(), *_sandboxes(), *_extras(), *_accelerator(), *_data()]
    table = Table("", "found", "to do", title="cppo doctor", title_justify="left")
    for finding in findings:
        mark = Text("– ", "yellow") if finding.advice else Text("✓ ", "green")
        table.add_row(mark + Text(finding.what), Text(finding.state), Text(finding.advice))
    Console().print(table)
    return {"findings": [asdict(finding) for finding in findings]}


def _machine() -> Iterator[Fact]:
    yield Fact("Python", f"{platform.python_version()} at {sys.executable}")
    yield Fact("cppo-env", importlib.metadata.version("cppo-env"))
    yield Fact("cores", str(cores()))
    free = shutil.disk_usage(os.getcwd()).free
    yield Fact(
        "disk",
        f"{free / 1e9:.0f} GB free here",
        "" if free > 5e9 else "free some: the extra grpo takes 2 GB",
    )


def _sandboxes() -> Iterator[Fact]:
    """Each sandbox by what it does: it must judge a right and a wrong program as such."""
    problem = Problem(id="doctor", statement="Print 42.", tests=(TestCase("", "42\n"),))
    for name in plugins.names("sandboxes"):
        if _is_reached_by_address(name):
            state = f"a judge server's: --sandbox {name}://…, see cppo sandbox serve --help"
            yield Fact(f"sandbox {name}", state)
            continue
        try:
            with make_sandbox(name) as sandbox:
                verdicts = [
                    grade(problem, f"print({n})", sandbox=sandbox).verdict for n in (42, 43)
                ]
                language = judged_language(sandbox)
        except (CppoError, OSError) as error:
            yield Fact(f"sandbox {name}", "cannot be used", " ".join(str(error).split()))
            continue
        if verdicts == [Verdict.AC, Verdict.WA]:
            state = "judges a right and a wrong program rightly"
            state += f", in {language}" if language else ""
            yield Fact(f"sandbox {name}", state)
        else:
            yield Fact(
                f"sandbox {name}",
                f"judged 42 {verdicts[0]} and 43 {verdicts[1]}",
                "run: cppo sandbox selftest",
            )


def _is_reached_by_address(name: str) -> bool:
    """Whether a sandbox is the scheme of an address, which nothing here can tell."""
    try:
        plugin: Any = plugins.load("sandboxes", name)
    except CppoError:
        return False
    address = inspect.signature(plugin).parameters.get("address")
    return address is not None and address.default is inspect.Parameter.empty


def _extras() -> Iterator[Fact]:
    """The optional packages, grouped by the extra that installs them."""
    # By importable package: `sklearn` comes with scikit-learn.
    providers = importlib.metadata.packages_distributions()
    for extra in sorted({*plugins.EXTRAS.values()}):
        packages = [package for package, needed_by in plugins.EXTRAS.items() if needed_by == extra]
        absent = [package for package in packages if importlib.util.find_spec(package) is None]
        if absent:
            yield Fact(
                f"extra {extra}",
                f"lacks {', '.join(absent)}",
                f"if you need it: {plugins.how_to_install(extra)}",
            )
        else:
            versions = (
                f"{package} {importlib.metadata.version(providers[package][0])}"
                for package in packages
            )
            yield Fact(f"extra {extra}", ", ".join(versions))


def _accelerator() -> Iterator[Fact]:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.cuda.is_available():
        yield Fact("GPU", f"{torch.cuda.device_count()} × {torch.cuda.get_device_name(0)}")
    else:
        yield Fact("GPU", "none that torch can use; the quickstart needs none")


def _data() -> Iterator[Fact]:
    for layout in LAYOUTS:
        folder = data_folder() / layout
        if folder.exists():
            yield Fact(f"data {layout}", str(folder))
        else:
            yield Fact(
                f"data {layout}",
                "not downloaded",
                f"pass --problems PATH, or run: cppo problems download {layout}",
            )
