"""How small a difference can be seen, what it would take to see one, and where variance is from.

Miller 2024 (arXiv 2411.00640): a difference that is found with probability .8 by a two-sided test
at .05 is (z_.975 + z_.8) standard errors of the paired difference. Over few training seeds the
quantiles are Student's, as in the test (`differences`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from cppo_env.arrays import Floats
from cppo_env.intervals import by_cluster

Z = 1.959963984540054 + 0.8416212335729143
"""The quantiles of the normal distribution at .975 and at .8."""


@dataclass(frozen=True, slots=True)
class SeedError:
    """How uncertain a mean is because other seeds would give another one."""

    error: float = 0.0
    """Standard error over seeds, which more problems do not lower; 0 with one seed."""
    freedom: int = 1
    """Its degrees of freedom."""

    @property
    def detectable(self) -> float:
        """The smallest difference that these seeds would show on problems without end."""
        if not self.error:
            return 0.0
        from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

        tests: Any = stats
        return float(tests.t.ppf([0.975, 0.8], self.freedom).sum()) * self.error


ONE_SEED = SeedError()


def variance(values_N: Floats, clusters: Sequence[Hashable] | None = None) -> float | None:
    """The squared standard error of a mean over N problems, times N; None of a single cluster.

    Without clusters it is the variance of the values.
    """
    # The mean of equal values differs from them in the last digit.
    sums_VC, sizes_C = by_cluster((values_N - values_N.mean()).round(12)[None], clusters)
    c = len(sizes_C)
    return float((sums_VC**2).sum()) / len(values_N) * c / (c - 1) if c > 1 else None


def detectable(
    differences_N: Floats,
    clusters: Sequence[Hashable] | None = None,
    seeds: SeedError = ONE_SEED,
) -> float | None:
    """The smallest difference that as many problems and seeds would show; None if none is known.

    Differences that are all equal tell of no spread.

    Args:
        differences_N: the paired difference on each problem.
        clusters: what each problem was drawn with, such as its contest; by default each by itself.
        seeds: of the difference.
    """
    spread = variance(differences_N, clusters)
    if spread is None:
        return None
    return math.hypot(Z * math.sqrt(spread / len(differences_N)), seeds.detectable) or None


@dataclass(frozen=True, slots=True)
class Needed:
    """What it would take to see a difference."""

    problems: int
    episodes: int
    """Episodes of K attempts on each problem."""


def needed(
    difference: float,
    differences_N: Floats,
    noise_N: Floats | None,
    episodes: int,
    clusters: Sequence[Hashable] | None = None,
    seeds: SeedError = ONE_SEED,
) -> list[Needed]:
    """Numbers of problems and episodes that would show a difference with probability .8.

    None, where no number of problems would: the seeds differ too much, and more of them are needed.

    Args:
        difference: what is to be seen.
        differences_N: the paired difference on each problem, from `episodes` each.
        noise_N: estimated variance of each of these that comes from drawing episodes; None if it
            cannot be told, then only the same number of episodes is answered.
        episodes: on each problem, by each method, over all seeds.
        clusters: as in `detectable`.
        seeds: as in `detectable`.
    """
    whole = variance(differences_N, clusters)
    allowed = (difference**2 - seeds.detectable**2) / Z**2
    if not whole or allowed <= 0.0:
        return []
    noise = 0.0 if noise_N is None else min(float(noise_N.mean()), whole)
    options = (1,) if noise_N is None else (1, 2, 4, 8)
    return [
        Needed(
            max(2, math.ceil((whole - noise + noise / times) / allowed)),
            episodes * times,
        )
        for times in options
    ]


@dataclass(frozen=True, slots=True)
class Variance:
    """Where the variance of single outcomes is from; None where the runs cannot tell."""

    problems: float | None
    attempts: float | None
    """Between draws on one problem with one seed (and what problems and seeds do together)."""
    seeds: float | None


def split(outcomes_SNT: Floats) -> Variance:
    """Variance components of seeds × problems × draws, by the method of moments (two-way ANOVA).

    An estimate below 0 is 0.
    """
    s, n, t = outcomes_SNT.shape
    if n < 2 or s * t < 2:
        return Variance(None, None, None)
    mean = outcomes_SNT.mean()
    by_problem_N, by_seed_S = outcomes_SNT.mean(axis=(0, 2)), outcomes_SNT.mean(axis=(1, 2))
    problems = s * t * float(((by_problem_N - mean) ** 2).sum())
    seeds = n * t * float(((by_seed_S - mean) ** 2).sum())
    rest = float(((outcomes_SNT - mean) ** 2).sum()) - problems - seeds
    freedom = s * n * t - n - s + 1
    error = max(0.0, rest / freedom)
    return Variance(
        problems=max(0.0, (problems / (n - 1) - error) / (s * t)),
        attempts=error,
        seeds=max(0.0, (seeds / (s - 1) - error) / (n * t)) if s > 1 else None,
    )
