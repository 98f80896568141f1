"""What a checker program is given and what it says, for each language of checkers.

The files of a test (input, answer, output) reach the process as one on standard input; what runs
before a Python checker writes them where it looks for them, and our testlib.h reads them as they
are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from cppo_env.parsing.python_source import after_future_imports
from cppo_env.types import CheckerProgram
from cppo_sandboxes.host.checks import CheckerFailed
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.languages import LANGUAGES, Language
from cppo_sandboxes.worker import frames

_TESTLIB = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"](?:[^>"\n]*/)?testlib\.h[>"]', re.M)
_PARTS = ("testlib_functions.h", "testlib_pattern.h")
"""What our testlib.h includes; a checker has one file, which holds all."""
_PYTHON = """\
def _cppo_files():
    import os, sys
    place = os.pread(0, 80, 0).index(b"\\n") + 1
    paths = []
    for size in os.pread(0, place, 0).split():
        file, left = os.memfd_create("file"), int(size)
        paths.append(f"/proc/self/fd/{file}")
        while left:
            sent = os.sendfile(file, 0, place, left)
            place, left = place + sent, left - sent
    os.lseek(0, 0, os.SEEK_END)
    sys.argv[:] = ["checker.py", *paths]
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(4300)
_cppo_files()
del _cppo_files
"""
"""Files in memory: to remove some from the scratch folder after each test takes as long as the
test. The limit for integers is Python's own, with which checkers were published: an output of a
million digits must not cost a checker its time."""
Files = tuple[bytes, bytes, bytes]
"""What a checker is shown of a test: input, answer and output."""
_ENDINGS = {
    frames.ENDED_CPU: "it took too much CPU time",
    frames.ENDED_WALL: "it did not end in time",
    frames.ENDED_MEMORY: "it took too much memory",
    frames.ENDED_OUTPUT: "it printed too much",
}
_RIGHT = frozenset({"1", "1.0", "True", "true"})
_WRONG = frozenset({"0", "0.0", "False", "false"})
FAILURE = 3
"""testlib's exit code for a failure of the jury."""
_REFUSALS = frozenset({1, 2, 4})
"""testlib's exit codes for a wrong, an unreadable and a too long output."""


PREPARED = 256
"""Checkers whose programs are kept; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checker as a program of the sandbox."""

    row: Language
    source: bytes
    together: bool = False
    """Whether a process is shown many cases; see `checks_together`."""


@lru_cache(maxsize=PREPARED)
def prepare(program: CheckerProgram) -> Prepared:
    """The program that a worker compiles.

    Raises:
        CheckerFailed: it is in a language that checkers cannot have, or needs other files.
    """
    if program.language == "python":
        source = after_future_imports(program.source, _PYTHON)
    elif program.language == "cpp17":
        before, *others = _TESTLIB.split(program.source)
        if not others:
            raise CheckerFailed(
                "a checker in C++ that does not include testlib.h; nothing else fits"
            )
        source = f"{before}{_testlib()}\n{''.join(others)}"
    else:
        raise CheckerFailed(f"got a checker in {program.language!r}, expected python or cpp17")
    return Prepared(LANGUAGES[program.language], source.encode("utf-8", "surrogatepass"))


@cache
def _testlib() -> str:
    library, *parts = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("testlib.h", *_PARTS)
    )
    for name, part in zip(_PARTS, parts, strict=True):
        library = library.replace(f'#include "{name}"', part)
    return library


def files(program: CheckerProgram, given: str, answer: str, output: bytes) -> Files:
    """The files of a test.

    Python checkers read text: what is none in an output must not make them crash.
    """
    if program.language == "python":
        output = output.decode("utf-8", "replace").encode()
    return (
        given.encode("utf-8", "surrogateescape"),
        answer.encode("utf-8", "surrogateescape"),
        output,
    )


def bundle(parts: Files) -> bytes:
    """The files of a test as one."""
    return b" ".join(b"%d" % len(part) for part in parts) + b"\n" + b"".join(parts)


def verdict_of(program: CheckerProgram, outcome: RunOutcome) -> bool:
    """Whether the checker accepts the output.

    Raises:
        CheckerFailed: it says nothing that can be understood, or did not end by itself.
    """
    if (ending := _ENDINGS.get(outcome.how)) is not None:
        raise CheckerFailed(ending)
    if outcome.how == frames.ENDED_SIGNAL:
        raise CheckerFailed(f"it was killed by signal {outcome.number}")
    said = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
    last = said[-1][:200] if said else ""
    if program.language == "python":
        return _printed(outcome, last)
    if outcome.number == 0 or outcome.number in _REFUSALS:
        return outcome.number == 0
    if outcome.number == FAILURE:
        raise CheckerFailed(f"failure of the jury: {last}")
    raise CheckerFailed(f"it ended with exit code {outcome.number}, which means no verdict: {last}")


def _printed(outcome: RunOutcome, last: str) -> bool:
    """open-r1's convention: 1 or 0 on standard output.

    Right is only an output that is nothing else: a checker may print parts of what it judges, and a
    program must not be able to choose the verdict. Wrong is also one whose first or last line, or
    last word, says so.
    """
    text = outcome.answer.decode("utf-8", "replace").strip()
    if outcome.number == 0 and text in _RIGHT:
        return True
    ends = {text.partition("\n")[0].strip(), *text.split()[-1:]}
    if ends & _WRONG and (outcome.number == 0 or not last):
        return False
    if outcome.number:
        raise CheckerFailed(last or f"it ended with exit code {outcome.number}")
    raise CheckerFailed(f"it printed {text[-100:]!r}, expected 1 or 0 and nothing else")
