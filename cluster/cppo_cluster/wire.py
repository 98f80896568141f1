"""How problems, jobs and reports travel.

A problem is a line of JSON that names everything but its tests, and the tests in compressed chunks,
as in a store. It is called by its contents, so that it is sent once and named afterwards.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from typing import Any, cast

from cppo_env import plugins
from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.places import place_of
from cppo_env.problems.contents import digest_of
from cppo_env.problems.store.tests import Buffer, StoredTests, pack
from cppo_env.types import (
    CheckerProgram,
    Job,
    Limits,
    Problem,
    ProgramOutput,
    Report,
    TestCase,
    TestReport,
    Verdict,
)

NAME = re.compile(r"[0-9a-f]{32}")
"""What problems are called on the wire."""
JOB_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MOST_S = 600.0
"""CPU or wall-clock seconds that a problem may allow a test."""
HEAD_BYTES = 64 << 20
"""Size of a problem without its tests."""
CHUNK_BYTES = 1 << 30
"""What a chunk of tests may be decompressed to."""


def name_of(problem: Problem, digest: str | None = None) -> str:
    """A problem's name: the digest of its id and of all that decides a verdict."""
    return name_from(problem.id, digest or digest_of(problem), _integer_keys(problem))


def name_from(problem_id: str, digest: str, integer_keys: bool) -> str:
    """The name of a problem whose contents have a digest (`cppo_env.problems.contents`)."""
    text = f"{digest} {integer_keys} {problem_id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _integer_keys(problem: Problem) -> bool:
    return bool(problem.metadata.get("integer_keys"))


def encode_problem(problem: Problem) -> bytes:
    """A problem without its known programs; of its metadata only `integer_keys` decides verdicts.

    Raises:
        UsageError: its checker is a function, which cannot travel.
    """
    checker: Any = problem.checker
    if not isinstance(checker, str | CheckerProgram):
        raise UsageError(
            f"problem {problem.id!r}: its checker {place_of(checker)} is a function, which cannot "
            "travel to another machine; give a named rule or a CheckerProgram, or judge it with "
            "docker or local"
        )
    packed = list(pack(problem.tests))
    head = {
        "id": problem.id,
        "statement": problem.statement,
        "starter_code": problem.starter_code,
        "entry_point": problem.entry_point,
        "public_tests": [[test.input, test.output] for test in problem.public_tests],
        "limits": asdict(problem.limits),
        "checker": checker if isinstance(checker, str) else asdict(checker),
        "integer_keys": _integer_keys(problem),
        "tests": [[count, len(chunk)] for count, chunk in packed],
    }
    return b"".join([json.dumps(head).encode(), b"\n", *(chunk for _, chunk in packed)])


@dataclass(frozen=True, slots=True)
class _Chunks:
    """Reads the compressed tests of a problem."""

    content: Buffer
    ends: tuple[int, ...]

    def __call__(self) -> Sequence[Buffer]:
        """The chunks in order, as views."""
        view = memoryview(self.content)
        return [view[start:stop] for start, stop in pairwise(self.ends)]


def decode_problem(content: Buffer) -> Problem:
    """The problem in some bytes, which are kept; its tests are decoded when they are used.

    Raises:
        ProblemDataError: the bytes are no problem, or one that cannot be judged here.
    """
    stop = content.find(b"\n", 0, HEAD_BYTES)
    try:
        head = _mapping(json.loads(content[: max(stop, 0)]))
        counts, sizes = zip(*head["tests"], strict=True) if head["tests"] else ((), ())
        ends = tuple(accumulate(map(_whole, sizes), initial=stop + 1))
        problem = Problem(
            id=_text(head["id"]),
            statement=_text(head["statement"]),
            tests=StoredTests([*map(_whole, counts)], _Chunks(content, ends)),
            starter_code=_text(head["starter_code"]),
            entry_point=None if head["entry_point"] is None else _text(head["entry_point"]),
            public_tests=tuple(TestCase(_text(a), _text(b)) for a, b in head["public_tests"]),
            limits=_limits(_mapping(head["limits"])),
            checker=_checker(head["checker"]),
            metadata={"integer_keys": True} if head["integer_keys"] is True else {},
        )
    except (ValueError, KeyError, TypeError, RecursionError, UnknownNameError) as error:
        said = error.args[0] if isinstance(error, UnknownNameError) else repr(error)
        raise ProblemDataError(f"this is no problem: {said}") from None
    if ends[-1] != len(content):
        raise ProblemDataError(f"this is no problem: got {len(content)} bytes, expected {ends[-1]}")
    return problem


def check_problem(content: Buffer, name: str) -> Problem:
    """The problem in some bytes, once all of it has been read and bears its name.

    Raises:
        ProblemDataError: the bytes are no problem, or another one.
    """
    if not NAME.fullmatch(name):
        raise ProblemDataError(f"got the name {name[:80]!r}, expected 32 hex digits")
    problem = decode_problem(content)
    tests = cast(StoredTests, problem.tests)
    try:
        for chunk in tests.chunks():
            inflater = zlib.decompressobj()
            inflater.decompress(chunk, CHUNK_BYTES)
            if not inflater.eof:
                raise ProblemDataError(f"a chunk of tests holds more than {CHUNK_BYTES} bytes")
        found = name_of(problem)
    except (zlib.error, ValueError, TypeError) as error:
        raise ProblemDataError(f"the tests cannot be read: {error}") from None
    if found != name:
        raise ProblemDataError(f"got the problem {name}, but its contents are those of {found}")
    return problem


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"expected a whole number, got {value!r}")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return cast(Mapping[str, Any], value)


def _limits(values: Mapping[str, Any]) -> Limits:
    limits = Limits(**{one.name: values[one.name] for one in fields(Limits)})
    for name, value in asdict(limits).items():
        if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name}: got {value!r}, expected a number above 0")
        if name.endswith("_s") and value > MOST_S:
            raise ValueError(f"{name}: got {value!r}, expected at most {MOST_S:g}")
    return limits


def _checker(value: Any) -> str | CheckerProgram:
    if isinstance(value, str):
        plugins.find("checkers", value)
        return value
    parts = _mapping(value)
    return CheckerProgram(_text(parts["language"]), _text(parts["source"]))


# ---- jobs and reports ----


def encode_job(number: str, problem: str, job: Job) -> str:
    """A job under its id, with the name of its problem, as JSON."""
    return json.dumps(
        {
            "id": number,
            "problem": problem,
            "program": job.program,
            "language": job.language,
            "stop_early": job.stop_early,
        }
    )


def decode_job(value: Any, problem_named: Callable[[str], Problem]) -> tuple[str, Job]:
    """The id and the job.

    Raises:
        UsageError: it is no job.
    """
    try:
        parts = _mapping(value)
        number = _text(parts["id"])
        if not JOB_ID.fullmatch(number):
            raise ValueError(f"id: got {number[:80]!r}, expected {JOB_ID.pattern}")
        if type(stop := parts.get("stop_early", True)) is not bool:
            raise TypeError(f"stop_early: got {stop!r}, expected true or false")
        language = _text(parts.get("language", "python"))
        problem = problem_named(_text(parts["problem"]))
        return number, Job(problem, _text(parts["program"]), language, stop)
    except KeyError as error:
        raise UsageError(f"a job lacks {error}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"a job cannot be read: {error}") from None


def encode_report(report: Report) -> dict[str, Any]:
    """A report."""
    tests = [
        [one.verdict.value, one.cpu_s, one.wall_s, one.memory_bytes, one.message]
        for one in report.tests
    ]
    said = {"verdict": report.verdict.value, "message": report.message, "tests": tests}
    return said if report.output is None else said | {"output": asdict(report.output)}


def decode_report(value: Mapping[str, Any]) -> Report:
    """The report in a value. Raises ValueError, KeyError or TypeError if it is none."""
    tests = tuple(TestReport(Verdict(verdict), *rest) for verdict, *rest in value["tests"])
    wrote = value.get("output")  # older servers send none
    output = None if wrote is None else ProgramOutput(**wrote)
    return Report(Verdict(value["verdict"]), tests, _text(value["message"]), output)
