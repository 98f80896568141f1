"""The words of the two prompts: Jinja templates, bundled or a user's.

A set of prompts is a folder with `plan.jinja` and `solve.jinja`; a file that it lacks is that of
the set "plain". A template has a block `user`, may have a block `system`, and states its version:
`{% set version = "1" %}`. docs/prompts.md lists its variables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Literal

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.forms import code_block
from cppo_env.parsing import MAX_METHOD_WORDS
from cppo_env.plugins import missing_extra, suggest
from cppo_env.types import Observation

if TYPE_CHECKING:
    from jinja2 import Template

Messages = list[dict[str, str]]
"""Chat messages: `{"role": "system" | "user" | "assistant", "content": text}`."""

RegionName = Literal["plan", "solve"]

BUNDLED = Path(__file__).parent
PLAIN = "plain"
NAMES = (PLAIN, "strong", "math")
"""The bundled sets."""

RECORD = "prompts.json"
"""In a folder of copies: name, version and digest of each template."""

VARIABLES: Mapping[RegionName, frozenset[str]] = {
    "plan": frozenset({"task", "problem", "starter_code", "k", "labels", "letters", "words"}),
    "solve": frozenset({"task", "problem", "starter_code", "called", "method"}),
}
"""What a template may use."""

PROBE = Observation(
    phase=0, problem="problem-7f3a", starter_code="starter-7f3a", methods=("method-7f3a",)
)
"""Tried with every new template; each of its texts must be in the prompt."""


class PromptFile:
    """One template, checked.

    Raises:
        UsageError: it cannot be read or rendered, or leaves something out; in one line, with file
            and line number.
    """

    def __init__(self, region: RegionName, path: Path, name: str | None = None):
        self.region: RegionName = region
        self.path = path
        self.name = name or f"{path.parent.name}/{path.name}"
        try:
            self.text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"prompts: {path}: {error}; expected a Jinja template") from error
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()
        self._template, self.version = self._compiled()
        self._try()

    @property
    def identity(self) -> str:
        """Name, version and digest."""
        return f"{self.name} {self.version} sha256:{self.digest}"

    def messages(self, variables: Mapping[str, Any]) -> Messages:
        """The prompt: a system text where the template has one, and the user's."""
        return [
            {"role": role, "content": self._render(role, variables)}
            for role in ("system", "user")
            if role in self._template.blocks
        ]

    def _compiled(self) -> tuple[Template, str]:
        try:
            import jinja2
            from jinja2 import meta, nodes
            from jinja2.sandbox import SandboxedEnvironment
        except ModuleNotFoundError as error:
            raise missing_extra(error, "a prompt") from error
        environment = SandboxedEnvironment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        try:
            tree = environment.parse(self.text)
            known = VARIABLES[self.region]
            unknown = meta.find_undeclared_variables(tree) - known
            for used in tree.find_all(nodes.Name):
                if used.name in unknown:
                    hint = suggest(used.name, sorted(known))
                    raise self._fault(used.lineno, f"there is no variable {used.name!r}; {hint}")
            code = environment.compile(tree, self.name, str(self.path))
        except jinja2.TemplateSyntaxError as error:
            raise self._fault(error.lineno, error.message or "it is no Jinja template") from error
        template = jinja2.Template.from_code(environment, code, {})
        if "user" not in template.blocks:
            raise self._fault(1, "it has no block user: {% block user %}{{ task }}{% endblock %}")
        for one in tree.find_all(nodes.Assign):
            if isinstance(one.target, nodes.Name) and one.target.name == "version":
                stated: Any = one.node
                return template, str(getattr(stated, "value", "?"))
        raise self._fault(1, 'it states no version: {% set version = "1" %}')

    def _render(self, role: str, variables: Mapping[str, Any]) -> str:
        from jinja2 import TemplateError

        template = self._template
        faults = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError)
        try:
            try:
                text = "".join(template.blocks[role](template.new_context(dict(variables))))
            except faults:
                template.environment.handle_exception()  # which raises with the template's lines
        except (*faults, ValueError) as error:
            raise self._fault(_line(error, str(self.path)), " ".join(str(error).split())) from error
        return text.removesuffix("\n")

    def _try(self) -> None:
        """Render it for both forms of problems; whatever the problem, the prompt must tell it."""
        for starter in (PROBE["starter_code"], ""):
            for k in (4, 1):
                observation = PROBE.copy()
                observation["starter_code"] = starter
                variables = (
                    plan_variables(observation, k)
                    if self.region == "plan"
                    else solve_variables(observation, PROBE["methods"][0])
                )
                text = "".join(one["content"] for one in self.messages(variables))
                method = PROBE["methods"][0] if self.region == "solve" else ""
                for what, told in (
                    ("task", PROBE["problem"]),
                    ("task", starter),
                    ("method", method),
                ):
                    if told not in text:
                        raise self._fault(1, f"it leaves out what {{{{ {what} }}}} tells")

    def _fault(self, line: int, what: str) -> UsageError:
        return UsageError(f"prompts: {self.path}, line {line}: {what}")


class Prompts:
    """A set of prompts."""

    def __init__(self, plan: PromptFile, solve: PromptFile):
        self.files: tuple[PromptFile, PromptFile] = (plan, solve)

    def plan(self, observation: Observation, k: int = 4) -> Messages:
        """The PLAN prompt: asks for K labelled methods (read back by `parsing.read_plan`)."""
        return self.files[0].messages(plan_variables(observation, k))

    def solve(self, observation: Observation, method: str) -> Messages:
        """The SOLVE prompt for one method (see `read_program`); empty leaves the method open."""
        return self.files[1].messages(solve_variables(observation, method))

    @cached_property
    def identity(self) -> dict[str, str]:
        """Name, version and digest of each template."""
        return {one.region: one.identity for one in self.files}

    @property
    def shown(self) -> str:
        """The same, short enough for a line."""
        return ", ".join(f"{one.name} {one.version} ({one.digest[:8]})" for one in self.files)

    def save(self, folder: Path) -> None:
        """Copy the templates; `load_prompts(folder)` gives the same set."""
        folder.mkdir(parents=True, exist_ok=True)
        for one in self.files:
            write_atomically(folder / f"{one.region}.jinja", one.text)
        names = {
            one.region: {"name": one.name, "version": one.version, "sha256": one.digest}
            for one in self.files
        }
        write_atomically(folder / RECORD, json.dumps(names, indent=2) + "\n")


def load_prompts(source: str) -> Prompts:
    """The set of a bundled name, or in a user's folder.

    Raises:
        UsageError: there is none, or one of its templates cannot be used.
    """
    return _bundled(source) if source in NAMES else _of_folder(Path(source))


@cache
def _bundled(name: str) -> Prompts:
    return _of_folder(BUNDLED / name)


def _of_folder(folder: Path) -> Prompts:
    found: dict[RegionName, Path] = {
        region: path
        for region in ("plan", "solve")
        if (path := folder.expanduser() / f"{region}.jinja").is_file()
    }
    if not found:
        raise UsageError(
            f"prompts: got {str(folder)!r}, expected {' or '.join(NAMES)}, or a folder with "
            f"plan.jinja or solve.jinja; {suggest(str(folder), list(NAMES))}"
        )
    record = folder / RECORD
    names: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {}
    plan, solve = (
        PromptFile(region, found[region], names.get(region, {}).get("name"))
        if region in found
        else _bundled(PLAIN).files[place]
        for place, region in enumerate(VARIABLES)
    )
    return Prompts(plan, solve)


def plan_variables(observation: Observation, k: int) -> dict[str, Any]:
    """What a PLAN template may use."""
    return {
        **_common(observation),
        "k": k,
        "labels": ", ".join(f"{label}:" for label in ascii_uppercase[:k]),
        "letters": ascii_uppercase,
        "words": MAX_METHOD_WORDS,
    }


def solve_variables(observation: Observation, method: str) -> dict[str, Any]:
    """What a SOLVE template may use."""
    return {
        **_common(observation),
        "called": bool(observation["starter_code"]),
        "method": method,
    }


def problem_text(observation: Observation) -> str:
    """The statement, with the starter code where there is one."""
    return observation["problem"] + code_block("Starter code", observation["starter_code"])


def _common(observation: Observation) -> dict[str, Any]:
    return {
        "task": problem_text(observation),
        "problem": observation["problem"],
        "starter_code": observation["starter_code"],
    }


def _line(error: BaseException, file: str) -> int:
    """The line of a file where an error came from."""
    trace, line = error.__traceback__, 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
