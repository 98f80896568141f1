"""What a call costs, as little as possible disturbed by what else the machine does."""

import ast
import time
from collections.abc import Callable

TRIES = 3
REFERENCE, REFERENCE_S = "a = [1, 2]\n" * 2_000, 0.03
"""A program, and the CPU seconds that parsing it and visiting its nodes take on an idle machine."""


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU time as on an idle machine: the least of several tries, beside the least of a reference.

    Other work on the machine adds to both, through its caches and its shared cores.
    """
    costs, references = [], []
    for _ in range(TRIES):
        references.append(_measured(_refer))
        costs.append(_measured(call))
    return min(costs) / min(references) * REFERENCE_S


def _refer() -> None:
    for _ in ast.walk(ast.parse(REFERENCE)):
        pass


def _measured(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
