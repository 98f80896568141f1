"""A sandbox whose process ends when a program says so: for tests of what happens then."""

import os
import time
from pathlib import Path

from cppo_env.errors import SandboxError
from cppo_env.types import Report, Verdict

SECONDS = {"sleep": 0.1, "doze": 3.0}


class Fragile:
    """Programs are words: "break" ends the process, "sleep" and "doze" take time; all are right.

    The message of a report is the id of the process.
    """

    def __init__(self, workers=1):
        self.facts = {"name": "fragile", "language": "words"}

    def run(self, jobs, /):
        for job in jobs:
            if job.program.startswith("break"):
                os._exit(1)
            time.sleep(SECONDS.get(job.program.split()[0], 0.0))
        return [Report(Verdict.AC, message=str(os.getpid())) for _ in jobs]

    def close(self):
        """Nothing is open."""


class Ill(Fragile):
    """Whoever takes the file away gives every program IE, as where a disk is full."""

    def __init__(self, workers=1, file=""):
        super().__init__(workers)
        if _takes(file):
            self.facts |= {"name": "ill"}

    def run(self, jobs, /):
        """IE for all of them, at once, where it is ill."""
        if self.facts["name"] == "ill":
            return [Report(Verdict.IE, message="No space left on device")] * len(jobs)
        return super().run(jobs)


class Unlucky(Fragile):
    """Whoever takes the file away cannot start."""

    def __init__(self, workers=1, file=""):
        super().__init__(workers)
        if _takes(file):
            raise SandboxError("no engine answers here")


def _takes(file):
    """Whether this process takes a file away, which only one can."""
    try:
        Path(file).unlink()
    except FileNotFoundError:
        return False
    return True
