"""Measure how often the intervals of `cppo_env.intervals` hold the truth: docs/figures.md.

    python benchmarks/coverage.py                 all cells (about 15 minutes on one core)
    python benchmarks/coverage.py --samples 200   a quick look

Each cell draws samples of a known rate and counts the intervals that hold it. Beside it, where
there is one, stands the coverage of a common alternative (the percentile bootstrap over problems,
or Wilson's interval of all episodes as if they were independent).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.intervals import TAIL, beta, bootstrap_ends, wilson

Ends = tuple[Floats, Floats]

SIZES = (20, 50, 100, 300, 1000)
RATES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 0.995, 1.0)
EPISODES = 4
CONTEST = 4
BATCH = 250
"""Samples whose bootstraps are in memory at once."""


@dataclass(frozen=True)
class Scenario:
    """A way in which samples arise, and how its interval is made."""

    title: str
    draw: Callable[[np.random.Generator, int, int, float], Floats]
    """(rng, samples, problems, rate) → values (V, N) or (V, S, N)."""
    ends: Callable[[Floats], Ends]
    before: Callable[[Floats], Ends] | None = None
    truth: Callable[[float], float] = lambda rate: rate


def difficulty(rng: np.random.Generator, shape: tuple[int, ...], rate: float) -> Floats:
    """Success rates of problems: most are nearly always or nearly never solved."""
    return np.ones(shape) if rate == 1.0 else rng.beta(0.6 * rate, 0.6 * (1 - rate), shape)


def once(rng: np.random.Generator, v: int, n: int, rate: float) -> Floats:
    """One episode per problem."""
    return rng.binomial(1, rate, (v, n)).astype(float)


def repeated(rng: np.random.Generator, v: int, n: int, rate: float) -> Floats:
    """Several episodes per problem."""
    return rng.binomial(EPISODES, difficulty(rng, (v, n), rate)) / EPISODES


def contests(rng: np.random.Generator, v: int, n: int, rate: float) -> Floats:
    """One episode per problem; the problems of a contest are equally hard."""
    hard = np.repeat(difficulty(rng, (v, -(-n // CONTEST)), rate), CONTEST, axis=1)[:, :n]
    return rng.binomial(1, hard).astype(float)


def seeds(s: int) -> Callable[[np.random.Generator, int, int, float], Floats]:
    """One episode per problem and seed; part of the rate belongs to the seed."""

    def draw(rng: np.random.Generator, v: int, n: int, rate: float) -> Floats:
        hard = difficulty(rng, (v, 1, n), rate)
        own = rate + rng.uniform(-1, 1, (v, s, 1)) * min(rate, 1 - rate)
        return rng.binomial(1, 0.7 * hard + 0.3 * own).astype(float)

    return draw


def paired(rng: np.random.Generator, v: int, n: int, rate: float) -> Floats:
    """The difference of two policies; the second solves 2 % of what the first does not."""
    hard = difficulty(rng, (v, n), rate)
    first = rng.binomial(EPISODES, hard)
    return (rng.binomial(EPISODES, hard + 0.02 * (1 - hard)) - first) / EPISODES


def exact(values: Floats) -> Ends:
    """`over_problems` of one episode per problem: exact, or Wilson's if all agree."""
    n = values.shape[1]
    found = [
        beta(right, n) if 0 < right < n else wilson(right / n, n)
        for right in values.sum(axis=1).astype(int).tolist()
    ]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def by_contest(values: Floats) -> Ends:
    """The bootstrap over contests."""
    return bootstrap_ends(values, [i // CONTEST for i in range(values.shape[1])])


def as_if_independent(values: Floats) -> Ends:
    """Wilson's interval of all episodes."""
    found = [wilson(share, values.shape[1] * EPISODES) for share in values.mean(axis=1).tolist()]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def percentile(values: Floats) -> Ends:
    """The percentile bootstrap over problems, 2,000 resamples."""
    n = values.shape[1]
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), 2000) / n
    means = weights @ values.T
    return np.quantile(means, TAIL, axis=0), np.quantile(means, 1 - TAIL, axis=0)


SCENARIOS = (
    Scenario("one episode a problem: `beta`", once, exact, percentile),
    Scenario(
        f"{EPISODES} episodes a problem: `over_problems`",
        repeated,
        bootstrap_ends,
        as_if_independent,
    ),
    Scenario(
        f"contests of {CONTEST} problems: `over_problems` with clusters", contests, by_contest
    ),
    Scenario("3 training seeds: `over_seeds`", seeds(3), bootstrap_ends),
    Scenario("5 training seeds: `over_seeds`", seeds(5), bootstrap_ends),
    Scenario(
        "a paired difference: `over_problems` with bounds (-1, 1)",
        paired,
        lambda values: bootstrap_ends(values, bounds=(-1.0, 1.0)),
        percentile,
        truth=lambda rate: 0.02 * (1 - rate),
    ),
)


def coverage(ends: Callable[[Floats], Ends], values: Floats, truth: float) -> tuple[float, float]:
    """The share of the samples whose interval holds the truth, and the intervals' mean width."""
    parts = [ends(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
    low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
    # A rounding error beside the truth is no miss.
    return float(np.mean((low <= truth + 1e-9) & (truth - 1e-9 <= high))), float(
        (high - low).mean()
    )


def table(
    scenario: Scenario, samples: int, sizes: tuple[int, ...], rates: tuple[float, ...]
) -> str:
    """A Markdown table: a row for each rate, a column for each number of problems."""
    lines = [
        f"| {scenario.title} | " + " | ".join(f"n = {n:,}" for n in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    for rate in rates:
        cells: list[str] = []
        for n in sizes:
            rng = np.random.default_rng([n, round(rate * 1000)])
            values, truth = scenario.draw(rng, samples, n, rate), scenario.truth(rate)
            covered, width = coverage(scenario.ends, values, truth)
            cell = f"{covered:.3f} ±{width / 2:.3f}"
            if scenario.before:
                cell += f" ({coverage(scenario.before, values, truth)[0]:.3f})"
            cells.append(cell)
        lines.append(f"| {rate} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000, help="samples of each cell")
    arguments = parser.parse_args()
    for scenario in SCENARIOS:
        print(table(scenario, arguments.samples, SIZES, RATES), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
