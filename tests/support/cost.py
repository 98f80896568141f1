"""What a call costs, as little as possible disturbed by what else the machine does."""

import time
from collections.abc import Callable

TRIES = 3


def cpu_seconds(call: Callable[[], object]) -> float:
    """The least CPU time of several tries: other work on the machine can only add to it."""
    costs = []
    for _ in range(TRIES):
        start = time.process_time()
        call()
        costs.append(time.process_time() - start)
    return min(costs)
