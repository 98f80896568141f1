"""What speaks against a problem, after its right and wrong programs have run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cppo_env.problems.validation.known_programs import Known
from cppo_env.types import Verdict

SEVERAL = "several right answers, by those of right programs"
DISAGREE = "right programs disagree"


@dataclass(frozen=True, slots=True)
class KnownOutcome:
    """A program with a known verdict, and its result."""

    known: Known
    verdict: Verdict
    tests: int = 0
    """How many tests ran; the last one decided."""
    message: str = ""
    answer: str | None = None
    """A right program's answer to the test that rejected it; None if not looked at."""

    @property
    def as_expected(self) -> bool:
        """A right program was accepted, or a wrong one was not."""
        return (self.verdict is Verdict.AC) == self.known.right

    @property
    def wrong_answer(self) -> bool:
        """A right program whose answer was refused."""
        return self.known.right and self.verdict is Verdict.WA

    @property
    def cause(self) -> str:
        """Why a program was rejected, by its own message."""
        verdict, message = self.verdict, self.message
        if verdict is not Verdict.RE:
            return _REASONS.get(verdict, "answers otherwise")
        if "UnicodeDecodeError" in message or "UnicodeEncodeError" in message:
            return "encoding"
        if any(
            word in message
            for word in ("ImportError", "ModuleNotFoundError", "AttributeError: module")
        ):
            return "needs a module or name that is not there"
        return "reads a file" if "FileNotFoundError" in message else "run-time error"


_REASONS = {
    Verdict.TLE: "time limit",
    Verdict.MLE: "memory limit",
    Verdict.OLE: "output limit",
    Verdict.CE: "does not compile",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a problem after its programs have run."""

    id: str
    rule: str
    """How answers are compared: the name of a checker, or that of the problem's own."""
    cues: tuple[str, ...]
    one_answer: bool
    """The statement promises a single right answer."""
    checker_given: bool
    no_expected_output: bool
    outcomes: tuple[KnownOutcome, ...]

    @property
    def right(self) -> list[KnownOutcome]:
        """Programs known to be right, without internal errors."""
        return [outcome for outcome in self._measured if outcome.known.right]

    @property
    def wrong(self) -> list[KnownOutcome]:
        """Programs known to be wrong, without internal errors."""
        return [outcome for outcome in self._measured if not outcome.known.right]

    @property
    def _measured(self) -> list[KnownOutcome]:
        return [outcome for outcome in self.outcomes if outcome.verdict is not Verdict.IE]

    @property
    def rejected(self) -> list[KnownOutcome]:
        """Right programs that were not accepted."""
        return [outcome for outcome in self.right if not outcome.as_expected]

    @property
    def missed(self) -> list[KnownOutcome]:
        """Wrong programs that were accepted."""
        return [outcome for outcome in self.wrong if not outcome.as_expected]

    @property
    def fault(self) -> str | None:
        """Why the problem should not be used, or None.

        A right program that fails for other reasons (it does not compile today, needs a removed
        module, is too slow) does not count against the problem if another one is accepted. A right
        program with a different answer does, unless the statement promises a single right answer:
        then the program is at fault, if no other one says so too.
        """
        if self.cues and not self.checker_given:
            return f"{' and '.join(self.cues)}, by the statement"
        return self._why_rejected() or self._weak()

    def _weak(self) -> str | None:
        return (
            f"weak tests: {len(self.missed)} of {len(self.wrong)} wrong programs pass"
            if self.missed
            else None
        )

    def _why_rejected(self) -> str | None:
        if not self.rejected:
            return None
        share = f"{len(self.rejected)} of {len(self.right)} right programs fail"
        if any(outcome.wrong_answer for outcome in self.rejected):
            reason = (
                "empty expected output" if self.no_expected_output else self._why_wrong_answers()
            )
        else:
            reason = self._why_none_runs()
        return reason and f"{reason}: {share}"

    def _why_wrong_answers(self) -> str | None:
        """Wrong expected output, several right answers, or a program that is not right?"""
        dissenters = [outcome for outcome in self.rejected if outcome.wrong_answer]
        answers = Counter((outcome.tests, outcome.answer) for outcome in dissenters)
        agreeing = answers.most_common(1)[0][1]
        accepted = len(self.right) > len(self.rejected)
        if accepted and agreeing == 1 and self.one_answer:
            return None
        if not accepted and len(answers) == 1:
            return "wrong expected output"
        if agreeing > 1 or not (accepted or self.one_answer):
            return SEVERAL
        return DISAGREE

    @property
    def overturned(self) -> bool:
        """Whether right programs answer differently by the rule, which is then wrong."""
        if self.no_expected_output or not any(outcome.wrong_answer for outcome in self.rejected):
            return False
        return self._why_wrong_answers() in (SEVERAL, DISAGREE)

    def _why_none_runs(self) -> str | None:
        if len(self.rejected) < len(self.right):
            return None
        return Counter(outcome.cause for outcome in self.rejected).most_common(1)[0][0]

    @property
    def causes(self) -> Counter[str]:
        """Why right programs were rejected, each by its own cause."""
        otherwise = (
            self.fault.partition(":")[0]
            if self.fault
            else "not right: the statement promises one answer"
        )
        return Counter(
            otherwise if outcome.wrong_answer else outcome.cause for outcome in self.rejected
        )
