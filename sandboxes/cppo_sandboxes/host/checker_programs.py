"""Checkers that came with the data, run in workers that no judged program ever enters.

All answers that wait for one job's checker become one job of a second pool: the checker is the
program, and each answer is a test. A plain Python checker first sees many answers in one process,
see `checks_together`. A C++ checker is compiled once; its binary is kept by content and copied for
each job. Equal answers to one test are checked once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Protocol

from cppo_env.checkers.bounds import FACTOR
from cppo_env.types import CheckerProgram, Limits, TestCase
from cppo_sandboxes.host import checks_together
from cppo_sandboxes.host.batch import JobBatch
from cppo_sandboxes.host.checker_files import Files, Prepared, bundle, files, prepare, verdict_of
from cppo_sandboxes.host.checker_runs import CheckBatch
from cppo_sandboxes.host.checks import CheckerFailed, IsRight
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.languages import Language
from cppo_sandboxes.worker import frames

LIMITS = Limits(cpu_s=10.0, wall_s=30.0, memory_bytes=1 << 30, output_bytes=1 << 20)
"""What a checker may use for one answer."""
FLOOD_BYTES = 1 << 20
"""Answers longer than this are wrong unread, unless the test is long itself: see `_floods`."""
BINARIES = 256
"""Compiled checkers that are kept; the oldest is forgotten first."""
KNOWN = 1 << 16
"""Answers whose verdicts are remembered; the oldest is forgotten first."""
_COPY = Language(
    "binary", "program.bin", "", compile=("cp", "{source}", "{binary}"), run=("{binary}",)
)
Case = tuple[TestCase, bytes]
"""A test, and the answer to it."""
Done = Callable[[list[IsRight]], object]


class Runs(Protocol):
    """The part of a pool that is needed here."""

    def begin(self, batch: JobBatch) -> None:
        """Work on a batch; it says itself when it is done."""
        ...

    def close(self) -> None:
        """End all workers."""
        ...


@dataclass(slots=True)
class _Binary:
    """A checker that is compiled, or is being."""

    content: bytes = b""
    failure: str = ""
    waiting: list[Callable[[_Binary], None]] | None = field(
        default_factory=list[Callable[["_Binary"], None]]
    )
    """What to do once it is there; None when it is."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What a checker is asked about the answers of a program."""

    program: CheckerProgram
    shown: Sequence[Files]
    done: Done
    """Gets one result for each."""
    stop_early: bool
    """Whether nobody looks at the results after the first that is not right."""

    def said(self, outcome: RunOutcome) -> IsRight:
        """What the checker says with the end of its process."""
        return lambda: verdict_of(self.program, outcome)

    def fail(self, reason: str) -> None:
        """The checker cannot be run."""
        self.done([_raising(reason)] * len(self.shown))


class ProgramChecks:
    """The checkers of all jobs of a pool.

    Args:
        pool: makes the second pool, when the first checker needs it.
    """

    def __init__(self, pool: Callable[[], Runs]) -> None:
        self._make = pool
        self._pool: Runs | None = None
        self._lock = threading.Lock()
        self._binaries: OrderedDict[CheckerProgram, _Binary] = OrderedDict()
        self._known: dict[bytes, bool] = {}
        """What checkers have said, by `_key`."""

    def start(
        self, program: CheckerProgram, cases: Sequence[Case], done: Done, *, stop_early: bool
    ) -> None:
        """Check answers; `done` gets one result for each, in another thread or at once.

        With `stop_early` nobody looks at the results after the first that is not right.
        """
        keys = [b"" if _floods(*case) else _key(program, *case) for case in cases]
        known = [self._known.get(key) if key else False for key in keys]
        unknown = [n for n, is_right in enumerate(known) if is_right is None]

        def finished(said: list[IsRight]) -> None:
            results = [partial(bool, is_right) for is_right in known]
            for n, is_right in zip(unknown, said, strict=True):
                results[n] = partial(self._remember, keys[n], is_right)
            done(results)

        if unknown:
            self._start(program, [cases[n] for n in unknown], finished, stop_early)
        else:
            finished([])

    def _remember(self, key: bytes, is_right: IsRight) -> bool:
        """A result, which equal answers will get as well; failures are not remembered."""
        self._known[key] = right = is_right()
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        return right

    def _start(
        self, program: CheckerProgram, cases: Sequence[Case], done: Done, stop_early: bool
    ) -> None:
        try:
            prepared = prepare(program)
        except CheckerFailed as error:
            done([_raising(str(error))] * len(cases))
            return
        # Here, so that data that cannot be written to files fail the job that asks.
        shown = [files(program, test.input, test.output, answer) for test, answer in cases]
        question = _Question(program, shown, done, stop_early)
        if prepared.row.compile is not None:
            self._with_binary(program, prepared, partial(self._run_binary, question))
        elif len(cases) > 1 and (together := checks_together.prepare(program)) is not None:
            self._run_together(question, together, prepared)
        else:
            self._run(question, prepared)

    def close(self) -> None:
        """End the workers of the checkers."""
        if self._pool is not None:
            self._pool.close()

    def _begin(self, batch: JobBatch) -> None:
        with self._lock:
            if self._pool is None:
                self._pool = self._make()
        self._pool.begin(batch)

    def _run_together(self, question: _Question, together: Prepared, alone: Prepared) -> None:
        """Show a Python checker many cases in one process, and those left open one by one."""
        shown = question.shown
        groups = list(checks_together.groups(shown))
        results = [_unasked] * len(shown)
        still_open = set(range(len(shown)))

        def finished(batch: CheckBatch) -> None:
            outcomes = [] if batch.failure else batch.work.outcomes
            for group, outcome in zip(groups, outcomes, strict=False):
                said = checks_together.outcomes(outcome, len(group))
                for n, one in zip(group, said, strict=True):
                    if one is not None:
                        results[n] = question.said(one)
                        still_open.discard(n)
            if question.stop_early:
                wrong = (
                    n for n in range(len(shown)) if n not in still_open and not _holds(results[n])
                )
                still_open.intersection_update(range(next(wrong, len(shown))))
            if still_open:
                left = [shown[n] for n in sorted(still_open)]
                self._run(replace(question, shown=left, done=complete), alone)
            else:
                question.done(results)

        def complete(said: list[IsRight]) -> None:
            for n, is_right in zip(sorted(still_open), said, strict=True):
                results[n] = is_right
            question.done(results)

        inputs = [checks_together.bundle([shown[n] for n in group]) for group in groups]
        limits, well = checks_together.LIMITS, checks_together.ended_well
        self._begin(CheckBatch(question.program.name, together, inputs, finished, limits, well))

    def _run(self, question: _Question, prepared: Prepared) -> None:
        """Show a checker each case in a process of its own."""
        inputs = [bundle(parts) for parts in question.shown]

        def finished(batch: CheckBatch) -> None:
            if (failure := batch.failure) is not None:
                question.fail(failure)
            else:
                said = [question.said(outcome) for outcome in batch.work.outcomes]
                question.done(said + [_unasked] * (len(inputs) - len(said)))

        def right(outcome: RunOutcome) -> bool:
            return _holds(question.said(outcome))

        until = right if question.stop_early else None
        name = question.program.name
        self._begin(CheckBatch(name, prepared, inputs, finished, LIMITS, until))

    # ---- C++ ----

    def _run_binary(self, question: _Question, binary: _Binary) -> None:
        if binary.failure:
            question.fail(binary.failure)
        else:
            self._run(question, Prepared(_COPY, binary.content))

    def _with_binary(
        self, program: CheckerProgram, prepared: Prepared, then: Callable[[_Binary], None]
    ) -> None:
        """Do something once the checker is compiled; compile it, if nobody has."""
        with self._lock:
            binary = self._binaries.get(program)
            new = binary is None
            if binary is None:
                binary = self._binaries[program] = _Binary()
            ready = binary.waiting is None
            if binary.waiting is not None:
                binary.waiting.append(then)
        if new:
            self._compile(program, prepared, binary)
        elif ready:
            then(binary)

    def _compile(self, program: CheckerProgram, prepared: Prepared, binary: _Binary) -> None:
        """Have a worker compile it and print what came out."""

        def finished(batch: CheckBatch) -> None:
            failure = batch.failure
            if failure is None:
                outcome = batch.work.outcomes[0]
                binary.content = outcome.answer
                if outcome.how != frames.ENDED_EXIT or outcome.number or not outcome.answer:
                    failure = "its compiled form cannot be read"
            binary.failure = failure or ""
            with self._lock:
                waiting, binary.waiting = binary.waiting or [], None
                if len(self._binaries) > BINARIES:
                    self._forget()
                if failure and not batch.refused:  # the machine's doing: try it again
                    self._binaries.pop(program, None)
            for then in waiting:
                then(binary)

        printing = replace(prepared, row=replace(prepared.row, run=("/bin/cat", "{binary}")))
        limits = replace(LIMITS, output_bytes=64 << 20)
        self._begin(CheckBatch(program.name, printing, [b""], finished, limits))

    def _forget(self) -> None:
        """Drop the oldest binary that nobody waits for."""
        for program, binary in self._binaries.items():
            if binary.waiting is None:
                del self._binaries[program]
                return


def _floods(test: TestCase, answer: bytes) -> bool:
    """Whether an answer is so long that reading it could cost a checker its limits."""
    return len(answer) > FLOOD_BYTES + FACTOR * (len(test.input) + len(test.output))


def _key(program: CheckerProgram, test: TestCase, answer: bytes) -> bytes:
    """A digest of all that a checker is given, and of the checker."""
    digest = _begun(program).copy()
    for part in (_bytes(test.input), _bytes(test.output), answer):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


@lru_cache(maxsize=BINARIES)
def _begun(program: CheckerProgram) -> blake2b:
    parts = _bytes(program.language), _bytes(program.source)
    return blake2b(b"%d:%d:" % (len(parts[0]), len(parts[1])) + b"".join(parts), digest_size=16)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _raising(reason: str) -> IsRight:
    def failed() -> bool:
        raise CheckerFailed(reason)

    return failed


_unasked = _raising("it was not asked")


def _holds(is_right: IsRight) -> bool:
    """Whether an answer is right, and the checker has not failed."""
    try:
        return is_right()
    except CheckerFailed:
        return False
