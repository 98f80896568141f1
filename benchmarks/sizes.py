"""How often the tests of `cppo compare` call two equal policies different (docs/compare.md).

python benchmarks/sizes.py            # about two minutes; prints the table
"""

from __future__ import annotations

import argparse

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.evaluation.comparison.differences import Pair, differences
from cppo_env.evaluation.comparison.significance import mcnemar_p, permutation_p

LEVEL = 0.05


def two_equal_policies(
    rng: np.random.Generator, seeds: int, problems: int, spread: float
) -> tuple[Floats, Floats]:
    """Right and wrong outcomes, seeds × problems, of two policies with the same distribution."""
    rates_N = rng.beta(0.6, 0.6, problems)
    shifts_2S1 = rng.normal(0.0, spread, (2, seeds, 1))
    rates_2SN = np.clip(rates_N + shifts_2S1, 0.0, 1.0)
    a, b = (rng.random(rates_2SN.shape) < rates_2SN).astype(np.float64)
    return a, b


def sizes(samples: int, seeds: int, problems: int, spread: float) -> dict[str, float | None]:
    """Test → share of samples with p below the level."""
    rng = np.random.default_rng([seeds, problems])
    drawn = [two_equal_policies(rng, seeds, problems, spread) for _ in range(samples)]
    found = differences([Pair(a, b, same_seeds=True) for a, b in drawn])
    mcnemar = [p for a, b in drawn if (p := mcnemar_p(a.mean(axis=0), b.mean(axis=0))) is not None]
    shares = {
        "bootstrap": [one.p for one in found],
        "permutation": [permutation_p((a - b).mean(axis=0)) for a, b in drawn],
        "McNemar": mcnemar if seeds == 1 else [],
    }
    return {
        name: float(np.mean(np.array(values) < LEVEL)) if values else None
        for name, values in shares.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=500)
    samples = parser.parse_args().samples
    print("| seeds, their spread | problems | bootstrap | permutation | McNemar |")
    print("| --- | --- | --- | --- | --- |")
    for seeds, spread in ((1, 0.0), (3, 0.1)):
        for problems in (20, 60, 200):
            row = sizes(samples, seeds, problems, spread).values()
            cells = " | ".join("–" if one is None else f"{one:.3f}" for one in row)
            print(f"| {seeds}, {spread:g} | {problems} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
