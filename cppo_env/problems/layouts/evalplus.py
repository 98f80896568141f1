"""HumanEval+ and MBPP+ (Liu et al. 2023) as EvalPlus writes them, and as they lie on the hub.

    {"task_id", "prompt", "entry_point", "canonical_solution", "base_input", "plus_input", "atol"}
    {"task_id", "prompt", "entry_point", "canonical_solution", "test"}                 HumanEval+
    {"task_id", "prompt", "code", "test_list", "test"}                                 MBPP+

Every input becomes a call-based test. EvalPlus' own files hold no expected values: the checker is a
program that calls the canonical solution on the input, apart from the judged program. On the hub
`test` is a program with the lists `inputs` and `results`, which are read and never executed.
Problems whose values have no JSON form are refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from cppo_env.forms import in_form
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cases import function_name, json_text
from cppo_env.problems.layouts.evalplus_checker import RULES, checker_of
from cppo_env.problems.lenient import Spare, name_of, number_of
from cppo_env.problems.records import (
    FieldError,
    Record,
    list_field,
    required_text,
    text_field,
    unix_lines,
    value_of,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import CheckerProgram, Problem, TestCase

NO_JSON = {"Mbpp/252": "its arguments are complex numbers, which have no JSON form"}


def load_humaneval(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The HumanEval+ problems of a JSON lines or Parquet file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download humaneval_plus` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(Catalog(files_of("humaneval_plus", source), decode), **filters)


def load_mbpp(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The MBPP+ problems of a JSON lines or Parquet file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download mbpp_plus` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(Catalog(files_of("mbpp_plus", source, also="humaneval_plus"), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record of either set.

    Raises:
        FieldError: a field cannot be read, or a value has no JSON form.
    """
    spare = Spare()
    name = name_of(record, "task_id")
    identifier = f"Mbpp/{name}" if name.isdecimal() else name
    if identifier in NO_JSON:
        raise FieldError("base_input", NO_JSON[identifier])
    prompt = unix_lines(required_text(record, "prompt"))
    reference = _reference(record, prompt)
    entry = _entry(record)
    if entry not in _functions(reference):
        raise FieldError("entry_point", f"the canonical solution defines no function {entry!r}")
    tolerance = float(spare.read(lambda: number_of(record, "atol"), 0))
    if value_of(record, "base_input") is not None or "plus_input" in record:
        tests = tuple(
            TestCase(json_text(given, f"{field}[{n}]"), "")
            for field in ("base_input", "plus_input")
            for n, given in enumerate(_inputs(record, field))
        )
        checker: str | CheckerProgram = checker_of(entry, tolerance, reference)
    else:
        tests = _literal_tests(required_text(record, "test"))
        checker = checker_of(entry, tolerance) if entry in RULES else "strict"
    if not tests:
        raise FieldError("base_input", "a problem without tests, here and in plus_input")
    humaneval = identifier.startswith("HumanEval")
    problem = Problem(
        id=identifier,
        statement=_statement(prompt, entry),
        tests=tests,
        starter_code=prompt if humaneval else f"{_functions(reference)[entry]}\n",
        entry_point=entry,
        checker=checker,
        references=(reference,),
        metadata={
            "dataset": "humaneval_plus" if humaneval else "mbpp_plus",
            "split": split or "test",
            "languages": ("python3",),
            "unread": spare.unread,
        },
    )
    return in_form(problem)


def _reference(record: Record, prompt: str) -> str:
    """The canonical solution as a whole program."""
    field = "canonical_solution" if "canonical_solution" in record else "code"
    body = unix_lines(required_text(record, field))
    # HumanEval's continues the prompt, MBPP's stands for itself.
    return body if _functions(body) else prompt + body


def _entry(record: Record) -> str:
    """The name of the function; MBPP+ on the hub gives it by its test only."""
    name = text_field(record, "entry_point", "")
    if not name:
        match = re.search(r"^\s*assertion\(\s*(\w+)\(", text_field(record, "test", ""), re.M)
        name = match[1] if match else None
    return function_name(name, "entry_point")


def _functions(program: str) -> dict[str, str]:
    """The names and first lines of the functions that a program defines."""
    try:
        body = ast.parse(program).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        one.name: f"def {one.name}({ast.unparse(one.args)}):"
        for one in body
        if isinstance(one, ast.FunctionDef)
    }


def _statement(prompt: str, entry: str) -> str:
    """What the prompt says in words: the docstring of the function, or of the module."""
    try:
        tree = ast.parse(prompt)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return prompt.strip()
    places = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == entry]
    return next((text for one in (*places, tree) if (text := ast.get_docstring(one))), prompt)


def _inputs(record: Record, field: str) -> list[Any]:
    """The argument lists of a field; EvalPlus writes an empty object where it has none."""
    return list_field(record, field) if value_of(record, field) else []


def _literal_tests(program: str) -> tuple[TestCase, ...]:
    """The tests of a program with the lists `inputs` and `results`."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FieldError("test", f"no Python program ({error})") from None
    found: dict[str, list[Any]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("inputs", "results"):
                found[name] = _literal(node.value, f"test: {name}")
    if len(found) < 2 or len(found["inputs"]) != len(found["results"]):
        raise FieldError("test", "expected the lists inputs and results, of one length")
    return tuple(
        TestCase(_json(given, f"test: inputs[{n}]"), _json(want, f"test: results[{n}]"))
        for n, (given, want) in enumerate(zip(found["inputs"], found["results"], strict=True))
    )


def _literal(node: ast.expr, place: str) -> list[Any]:
    try:
        value: Any = ast.literal_eval(node)
    except (ValueError, RecursionError, MemoryError, TypeError):
        raise FieldError(place, "no list of literals") from None
    if not isinstance(value, list):
        raise FieldError(place, f"expected a list, got {type(value).__name__}")
    return cast(list[Any], value)


def _json(value: Any, place: str) -> str:
    """The JSON text of a literal; tuples become arrays."""
    pending: list[Any] = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, list | tuple):
            pending += cast(Sequence[Any], one)
        elif isinstance(one, dict):
            items = cast(dict[Any, Any], one)
            pending += [*items.values()]
            if not all(isinstance(key, str) for key in items):
                raise FieldError(place, "a dictionary whose keys are no texts has no JSON form")
        elif one is not None and not isinstance(one, str | int | float):
            raise FieldError(place, f"a {type(one).__name__} has no JSON form")
    return json_text(value, place)
