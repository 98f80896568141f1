"""Measure how much one program can tell a later or a simultaneous one.

    python benchmarks/channels.py [--sandboxes docker,local] [--pairs 20] [--json PATH]

Senders and receivers know the channel and each other. A worker runs a sender of a secret, then its
receiver, which prints what it finds. `process ids`: the sender leaves the next process id at a
chosen remainder, which the receiver reads. `inode numbers`: the same with new pipes. `memory`: both
run at the same time in two workers, and the sender takes and frees 48 MB. Each channel is tried
with isolation="shared" and "strict". The rate is that of the bits in right messages or, for
`memory`, the capacity of a binary symmetric channel with this share of right bits.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import cppo_env
from cppo_env.types import Job, Limits, Problem, TestCase

LIMITS = Limits(cpu_s=5.0, wall_s=20.0)
BITS = {"process ids": 4, "inode numbers": 8}
"""Bits of a message. More take a sender longer."""

PROCESS_IDS = (
    """
import os
def new():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid
while new() % {values} != {value}:
    pass
print(0)
""",
    """
import os
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
print(pid % {values})
""",
)
INODE_NUMBERS = (
    """
import os
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})  # each core has numbers of its own
def new():
    ends = os.pipe()
    number = os.fstat(ends[0]).st_ino
    for end in ends:
        os.close(end)
    return number
while new() % {values} != {value}:
    pass
print(0)
""",
    """
import os
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
print(os.fstat(os.pipe()[0]).st_ino % {values})
""",
)
SUCCESSIVE = {"process ids": PROCESS_IDS, "inode numbers": INODE_NUMBERS}
SLICE_S = 0.1
MEMORY = (
    """
import time
start = time.time() // 4 * 4 + 4
for n, bit in enumerate("{bits}"):
    time.sleep(max(0, start + n * {slice_s} - time.time()))
    block = b"x" * (48 << 20) if bit == "1" else None
    time.sleep(max(0, start + (n + 0.9) * {slice_s} - time.time()))
    block = None
print(0)
""",
    """
import os, time
start = time.time() // 4 * 4 + 4
seen = []
for n in range({count}):
    time.sleep(max(0, start + (n + 0.7) * {slice_s} - time.time()))
    seen.append(os.sysconf("SC_AVPHYS_PAGES"))
middle = (min(seen) + max(seen)) / 2
print("".join("1" if pages < middle else "0" for pages in seen))
""",
)


def _problem(answers: list[str]) -> Problem:
    def note(problem: Problem, test: TestCase, got: str) -> bool:
        answers.append(got.strip())
        return True

    return Problem("channel", "", (TestCase("", ""),), checker=note, limits=LIMITS)


def successive(sandbox: Any, channel: str, pairs: int) -> dict[str, Any]:
    """The receiver runs after the sender; the offset between the two is learnt from other pairs."""
    draw, found, values = random.Random(1), [], 1 << BITS[channel]
    started = time.perf_counter()
    for number in range(pairs):
        value, answers = draw.randrange(values), list[str]()
        problem = _problem(answers)
        jobs = [text.format(value=value, values=values) for text in SUCCESSIVE[channel]]
        reports = sandbox.run([Job(problem, f"{text}# {number}\n") for text in jobs])
        if {str(report.verdict) for report in reports} == {"AC"}:
            found.append((int(answers[-1]) - value) % values)
    seconds = (time.perf_counter() - started) / pairs
    offset = max(set(found), key=found.count)
    right = found.count(offset) - 1  # one pair was needed to learn it
    share = right / max(1, len(found) - 1)
    # The most frequent of a few random offsets is not rare.
    carried = BITS[channel] * share if share > 0.25 else 0.0
    return {
        "pairs": len(found),
        "right": right,
        "seconds": seconds,
        "bits_per_s": carried / seconds,
    }


def simultaneous(sandbox: Any, pairs: int) -> dict[str, Any]:
    """Both run at once; each bit is right or wrong."""
    draw, count, right, total = random.Random(1), 40, 0, 0
    started = time.perf_counter()
    for number in range(max(1, pairs // 4)):
        bits, answers = "".join(draw.choice("01") for _ in range(count)), list[str]()
        problem = _problem(answers)
        jobs = [text.format(bits=bits, count=count, slice_s=SLICE_S) for text in MEMORY]
        sandbox.run([Job(problem, f"{text}# {number}\n") for text in jobs])
        seen = max(answers, key=len, default="")
        if len(seen) == count:
            total += count
            right += sum(one == other for one, other in zip(bits, seen, strict=True))
    seconds = time.perf_counter() - started
    share = right / total if total else 0.5
    carried = 0.0 if share in (0.0, 1.0) else -sum(
        part * math.log2(part) for part in (share, 1 - share)
    )  # fmt: skip
    rate = (1.0 - carried) / SLICE_S if total else 0.0
    return {"bits": total, "right": right, "seconds": seconds, "bits_per_s": rate}


def main() -> None:
    """Print a line for each sandbox, isolation and channel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandboxes", default="docker,local")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for name in options.sandboxes.split(","):
        for isolation in ("shared", "strict"):
            with cppo_env.make_sandbox(name, workers=1, isolation=isolation) as sandbox:
                rows = {
                    channel: successive(sandbox, channel, options.pairs) for channel in SUCCESSIVE
                }
            with cppo_env.make_sandbox(name, workers=2, isolation=isolation) as sandbox:
                rows["memory"] = simultaneous(sandbox, options.pairs)
            for channel, row in rows.items():
                print(f"{name:7} {isolation:7} {channel:14} {row}", flush=True)
                results.append({"sandbox": name, "isolation": isolation, "channel": channel} | row)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
