"""A custom sandbox, here plain processes: NO isolation, so only for trusted programs."""

import subprocess
import sys
from collections.abc import Sequence

from cppo_env import Job, Report, TestCase, TestReport, Verdict, grade_batch, load_problems
from cppo_env.checkers import strict


class ProcessSandbox:
    """Runs stdin programs with this interpreter, one process per test; compares answers here."""

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job."""
        return [self._judge(job) for job in jobs]

    def close(self) -> None:
        """Nothing stays open."""

    def _judge(self, job: Job) -> Report:
        try:
            compile(job.program, "program", "exec")
        except SyntaxError as error:
            return Report(Verdict.CE, message=str(error))
        verdicts = []
        for test in job.problem.tests:
            verdicts.append(self._verdict(job, test))
            if job.stop_early and verdicts[-1] is not Verdict.AC:
                break
        first_fault = next(
            (verdict for verdict in verdicts if verdict is not Verdict.AC), Verdict.AC
        )
        return Report(first_fault, tuple(map(TestReport, verdicts)))

    def _verdict(self, job: Job, test: TestCase) -> Verdict:
        command, wall_s = [sys.executable, "-c", job.program], job.problem.limits.wall_s
        try:
            done = subprocess.run(
                command, input=test.input, capture_output=True, text=True, timeout=wall_s
            )
        except subprocess.TimeoutExpired:
            return Verdict.TLE
        return (
            Verdict.RE
            if done.returncode
            else Verdict.AC
            if strict(job.problem, test, done.stdout)
            else Verdict.WA
        )


if __name__ == "__main__":
    [problem] = load_problems("samples", keep=["count-islands"])
    pairs = [(problem, program) for program in (problem.references[0], *problem.wrong)]
    print([str(report.verdict) for report in grade_batch(pairs, sandbox=ProcessSandbox())])
