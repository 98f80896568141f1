"""Checkers that are not ours, as a pool asks them: functions in graders, programs in workers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial

from cppo_env.types import CheckerProgram
from cppo_sandboxes.host.batch import Work
from cppo_sandboxes.host.checker_programs import ProgramChecks, Runs
from cppo_sandboxes.host.checks import Checks, IsRight
from cppo_sandboxes.host.faults import told

AHEAD = 2
"""Checker programs started for each worker, so that no worker waits for the next."""


class Checking:
    """Has the answers of programs checked and graded.

    Args:
        size: how many checkers may run at the same time, of each kind.
        workers: makes the workers of checker programs, when the first needs them.
        call: has the pool's thread, in which all of this runs, call a function.
        over: told when a checker has decided on a program.
    """

    def __init__(
        self,
        size: int,
        workers: Callable[[], Runs],
        call: Callable[[Callable[[], None]], None],
        over: Callable[[Work], None],
    ) -> None:
        self._size, self._call, self._over = size, call, over
        self._functions, self._programs = Checks(size), ProgramChecks(workers)
        self._unasked: dict[CheckerProgram, deque[Work]] = {}
        """Programs with answers for each checker program."""
        self._at_work: Counter[CheckerProgram] = Counter()
        """How often each checker program works or is about to."""
        self._functions_at_work = 0

    @property
    def idle(self) -> bool:
        """Whether no checker wants a core."""
        return not self._at_work and not self._functions_at_work

    def ask(self, work: Work) -> None:
        """Ask a function at once, and a program with `ask_programs`."""
        if work.rule.program is not None:
            self._unasked.setdefault(work.rule.program, deque()).append(work)
        else:
            [(test, answer)] = work.to_check()
            listen = self._listener(work)
            self._functions.start(work.rule, test, answer, lambda is_right: listen([is_right]))
            self._functions_at_work += 1  # last: if odd data have raised, nobody is heard

    def close(self) -> None:
        """End all checkers."""
        self._functions.close()
        self._programs.close()

    def ask_programs(self) -> None:
        """Ask checker programs for whom their workers have room; called after all that was heard.

        Each gets all answers that the judged program has given by then.

        The checker that has least at work comes first, so that one that hangs keeps no other one
        waiting for all of its own answers.
        """
        while self._unasked and self._at_work.total() < AHEAD * self._size:
            program = min(self._unasked, key=self._at_work.__getitem__)
            work = self._unasked[program].popleft()
            if not self._unasked[program]:
                del self._unasked[program]
            if work.report is None:
                self._step(work, partial(self._ask_program, program, work))

    def _ask_program(self, program: CheckerProgram, work: Work) -> None:
        self._programs.start(
            program, work.to_check(), self._listener(work), stop_early=work.job.stop_early
        )
        self._at_work[program] += 1  # last, as above

    def _listener(self, work: Work) -> Callable[[Sequence[IsRight]], None]:
        return lambda results: self._call(lambda: self._hear(work, results))

    def _hear(self, work: Work, results: Sequence[IsRight]) -> None:
        if work.rule.program is None:
            self._functions_at_work -= 1
        else:
            self._at_work -= Counter([work.rule.program])  # which forgets those at zero
        self._step(work, partial(work.checked, results))

    def _step(self, work: Work, step: Callable[[], None]) -> None:
        """Go on with a program; what raises is its own fault, whoever wrote it."""
        try:
            step()
        except BaseException as error:
            work.unable(told(error, f"test {work.ran} cannot be judged"))
        if work.report is not None:
            self._over(work)
