"""The results of a validation, one problem a line, so that an interrupted one can go on.

A result counts as long as its fingerprint does: that of the problem, its checker and its programs.
Those of problems with a void program are not kept, so that they run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cppo_env.atomic import naming, write_atomically
from cppo_env.errors import UsageError
from cppo_env.problems.contents import digest_of
from cppo_env.problems.validation.findings import KnownOutcome
from cppo_env.problems.validation.known_programs import Known
from cppo_env.types import Problem, Verdict

FORMAT = "cppo validation 1"
Row = tuple[str, int, str, str | None]
"""An outcome without its program: verdict, tests, message, answer."""


class ResultsFile:
    """A file that a validation appends to and reads first.

    Args:
        path: the file; made if it is not there.
        sandbox: what the sandbox says of itself and its language.

    Raises:
        UsageError: it is another file, or its results are another sandbox's.
    """

    def __init__(self, path: Path, sandbox: Mapping[str, Any]):
        self._path = path
        self._rows: dict[str, list[Row]] = {}
        self._ids: set[str] = set()
        self.changed = 0
        """Problems that run again, because they or their programs have changed."""
        header = {"format": FORMAT, "sandbox": dict(sandbox)}
        if path.exists() and (content := path.read_bytes()):
            self._read(content, header)
        else:
            write_atomically(path, json.dumps(header) + "\n")

    def _read(self, content: bytes, header: Mapping[str, Any]) -> None:
        complete = content[: content.rfind(b"\n") + 1]
        found: dict[str, Any] = {}
        rows: list[dict[str, Any]] = []
        try:
            found, *rows = [json.loads(line) for line in complete.splitlines()]
            known = found["format"] == FORMAT
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise UsageError(
                f"results: {self._path} is no file of results; give a new name, or one that "
                "cppo problems validate --results has written"
            )
        if found != header:
            raise UsageError(
                f"results: {self._path} is of the sandbox {found['sandbox']}, but got "
                f"{header['sandbox']}; give the same sandbox to go on, or another file"
            )
        if len(complete) < len(content):  # an interrupted write
            write_atomically(self._path, complete)
        for row in rows:
            self._ids.add(row["id"])
            self._rows[row["fingerprint"]] = [tuple(one) for one in row["outcomes"]]

    def find(self, problem: Problem, programs: Sequence[Known]) -> list[KnownOutcome] | None:
        """The outcomes of a problem's programs, if they are known."""
        rows = self._rows.get(_fingerprint(problem, programs))
        if rows is None:
            self.changed += problem.id in self._ids
            return None
        return [
            KnownOutcome(known, Verdict(verdict), tests, message, answer)
            for known, (verdict, tests, message, answer) in zip(programs, rows, strict=True)
        ]

    def add(self, results: Iterable[tuple[Problem, Sequence[KnownOutcome]]]) -> None:
        """Keep the outcomes of some problems' programs."""
        with naming(self._path), self._path.open("a", encoding="utf-8") as file:
            for problem, outcomes in results:
                if any(outcome.verdict is Verdict.IE for outcome in outcomes):
                    continue
                row = {
                    "id": problem.id,
                    "fingerprint": _fingerprint(problem, [one.known for one in outcomes]),
                    "outcomes": [
                        (one.verdict.value, one.tests, one.message, one.answer) for one in outcomes
                    ],
                }
                file.write(json.dumps(row) + "\n")


def _fingerprint(problem: Problem, programs: Sequence[Known]) -> str:
    """A digest of a problem, its checker, and its programs in their order."""
    digest = hashlib.sha256(f"{problem.id!r} {digest_of(problem)}\n".encode())
    for known in programs:
        text = json.dumps([known.language, known.right, known.program])
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()[:32]
