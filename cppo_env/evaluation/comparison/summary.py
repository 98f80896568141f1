"""The figures of a comparison, all of them: one function for every view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.assembly import find_problem
from cppo_env.errors import CppoError
from cppo_env.evaluation.comparison import aggregates, power
from cppo_env.evaluation.comparison.behaviour import behaviour
from cppo_env.evaluation.comparison.differences import Difference, Pair, differences
from cppo_env.evaluation.comparison.loading import require_comparable
from cppo_env.evaluation.comparison.methods import Method, load_methods
from cppo_env.evaluation.comparison.scores import Table, tables
from cppo_env.evaluation.comparison.significance import holm, mcnemar_p, permutation_p
from cppo_env.evaluation.figures import contests_of
from cppo_env.evaluation.summary import budgets
from cppo_env.intervals import Interval, over_seeds
from cppo_env.types import Problem


def compare_runs(places: Sequence[str], *, seed: int = 0) -> dict[str, Any]:
    """Compare finished runs: the result of `cppo compare PLACE… --json`.

    Args:
        places: folders of runs, folders of such folders, or LABEL=FOLDER.
        seed: decides the resamples.

    Raises:
        UsageError: a place holds no finished run, or the runs cannot be compared.
        CppoError: no problem was played by all runs.
    """
    return compare(load_methods(places), seed=seed)


def compare(sets: Mapping[str, Sequence[Method]], *, seed: int = 0) -> dict[str, Any]:
    """Compare methods on one problem set or several; every view shows parts of what it returns.

    Args:
        sets: problem set → the methods, the same ones in each (`methods.load_methods`).
        seed: decides the resamples.

    Returns:
        `sets`: the figures of each set (docs/compare.md); `aggregates`: over seeds × sets.

    Raises:
        UsageError: runs of one set differ in more than their method.
        CppoError: no problem was played by all runs.
    """
    compared = {name: _on_set(methods, seed) for name, methods in sets.items()}
    labels = [method.label for method in next(iter(sets.values()))]
    by_seed: dict[str, list[Floats]] = {
        label: [np.array(one["methods"][label]["by_seed"]) for one in compared.values()]
        for label in labels
    }
    return {
        "sets": compared,
        "aggregates": {
            "interquartile_mean": {
                label: _plain(aggregates.interquartile_mean(scores, seed=seed))
                for label, scores in by_seed.items()
            },
            "probability_of_improvement": [
                {"a": a, "b": b, **found}
                for a, b in combinations(labels, 2)
                if (
                    found := _plain(
                        aggregates.probability_of_improvement(by_seed[a], by_seed[b], seed=seed)
                    )
                )
            ],
            "profiles": {
                label: [asdict(one) for one in profile]
                for label, scores in by_seed.items()
                if (profile := aggregates.profile(scores, seed=seed))
            },
            "levels": aggregates.LEVELS.tolist(),
        },
    }


def score(method: Method, contests: Mapping[str, str], *, seed: int = 0) -> Interval:
    """pass@K of one method with its interval over problems (or contests) and seeds.

    Args:
        method: its runs are on one problem set.
        contests: problem → contest, where they are known.
        seed: decides the resamples.

    Raises:
        CppoError: no problem was played by all runs.
    """
    names, by_method = tables([method])
    scores_SN = by_method[method.label].scores(method.runs[0].k)
    return over_seeds(scores_SN, _clusters(names, contests), seed=seed)


def _clusters(names: Sequence[str], contests: Mapping[str, str]) -> list[Any] | None:
    """What each problem was drawn with: its contest, or itself; None if no contest is known."""
    return [contests.get(name, (name,)) for name in names] if contests else None


def _on_set(methods: Sequence[Method], seed: int) -> dict[str, Any]:
    """The figures of all methods on one problem set."""
    runs = [run for method in methods for run in method.runs]
    require_comparable(runs)
    names, by_method = tables(methods)
    known, note = _problems(methods, names)
    contests = contests_of(known.values())
    clusters = _clusters(names, contests)
    k = runs[0].k
    counts = budgets(min(table.attempts for table in by_method.values()), k)
    scores = {label: {n: table.scores(n) for n in counts} for label, table in by_method.items()}
    shared = set(names)
    every = {record.problem_id for run in runs for record in run.records}
    figures: dict[str, Any] = {}
    for method in methods:
        table, own = by_method[method.label], scores[method.label]
        records = [one for run in method.runs for one in run.records if one.problem_id in shared]
        figures[method.label] = {
            "seeds": method.seeds,
            "runs": [str(run.path) for run in method.runs],
            "independent_attempts": table.independent,
            "void": sum(run.void for run in method.runs),
            "pass_at_k": {
                str(n): asdict(over_seeds(values, clusters, seed=seed)) for n, values in own.items()
            },
            "by_seed": own[k].mean(axis=1).tolist(),
            "variance": asdict(power.split(_draws(table))),
            **behaviour(records, known),
        }
    return {
        "k": k,
        "problems": names,
        "n_problems": len(names),
        "n_contests": len(set(contests.values())),
        "left_out": sorted(every - shared),
        "notes": [note] if note else [],
        "methods": figures,
        "pairs": _pairs(methods, by_method, scores, names, clusters, k, seed),
        "judged": dict(runs[0].judged),
    }


def _problems(methods: Sequence[Method], names: Sequence[str]) -> tuple[dict[str, Problem], str]:
    """The problems by id, and what is not told where they cannot be loaded."""
    try:
        loaded = methods[0].runs[0].problems()
        return {name: loaded[find_problem(loaded, name)] for name in names}, ""
    except (CppoError, OSError) as error:
        return {}, (
            f"the problems could not be loaded ({error}), so intervals are over problems even "
            "if they come from contests, and no program was searched for public examples"
        )


def _draws(table: Table) -> Floats:
    """Seeds × problems × draws: single attempts if they are independent, else tuples.

    Problems with more episodes than others give their first ones.
    """
    few = min(len(solved_TK) for row in table.solved for solved_TK in row)
    return np.array(
        [
            [one[:few].reshape(-1) if table.independent else one[:few].any(axis=1) for one in row]
            for row in table.solved
        ],
        dtype=np.float64,
    )


def _pairs(
    methods: Sequence[Method],
    by_method: Mapping[str, Table],
    scores: Mapping[str, Mapping[int, Floats]],
    names: Sequence[str],
    clusters: Sequence[Any] | None,
    k: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Each method minus each later one: differences at every budget, tests at K."""
    chosen = list(combinations(methods, 2))
    counts = list(scores[methods[0].label])
    wanted = [
        Pair(scores[a.label][n], scores[b.label][n], a.seeds == b.seeds)
        for a, b in chosen
        for n in counts
    ]
    found = iter(differences(wanted, clusters, seed=seed))
    rows: list[dict[str, Any]] = []
    for a, b in chosen:
        at = {n: next(found) for n in counts}
        pair = Pair(scores[a.label][k], scores[b.label][k], a.seeds == b.seeds)
        rows.append(
            {
                "a": a.label,
                "b": b.label,
                "difference": {str(n): asdict(one.interval) for n, one in at.items()},
                "p": at[k].p,
                "p_permutation": permutation_p(at[k].by_problem_N, clusters, seed=seed),
                "p_mcnemar": _mcnemar(pair),
                **_sizes(pair, at[k], by_method[a.label], by_method[b.label], clusters),
                **_wins(at[k].by_problem_N, names),
            }
        )
    for name in ("p", "p_permutation", "p_mcnemar"):
        for row, p in zip(rows, holm([row[name] for row in rows]), strict=True):
            row[f"{name}_holm"] = p
    return rows


def _mcnemar(pair: Pair) -> float | None:
    """Only for one outcome for each problem: others are no independent pairs."""
    if len(pair.a_SN) > 1 or len(pair.b_SN) > 1:
        return None
    return mcnemar_p(pair.a_SN[0], pair.b_SN[0])


def _sizes(
    pair: Pair, found: Difference, a: Table, b: Table, clusters: Sequence[Any] | None
) -> dict[str, Any]:
    """Effect size, the smallest detectable difference, and what it takes to see the one found."""
    values = found.by_problem_N
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    noises = [_noise(table, scores) for table, scores in ((a, pair.a_SN), (b, pair.b_SN))]
    noise_N = None if noises[0] is None or noises[1] is None else noises[0] + noises[1]
    episodes = min(sum(len(row[0]) for row in a.solved), sum(len(row[0]) for row in b.solved))
    seeds, difference = pair.by_seed(), found.interval.mean
    return {
        "effect_size": difference / spread if spread else None,
        "seed_error": seeds.error,
        "detectable": power.detectable(values, clusters, seeds),
        "needed": [
            {"problems": one.problems, "attempts": one.episodes * a.k}
            for one in power.needed(difference, values, noise_N, episodes, clusters, seeds)
        ],
    }


def _noise(table: Table, scores_SN: Floats) -> Floats | None:
    """The variance of each problem's mean score that comes from drawing episodes or seeds."""
    if len(scores_SN) > 1:
        variance_N: Floats = scores_SN.var(axis=0, ddof=1) / len(scores_SN)
        return variance_N
    draws_NT = _draws(table)[0] if not table.independent else None
    if draws_NT is None or draws_NT.shape[1] < 2:
        return None
    return draws_NT.var(axis=1, ddof=1) / draws_NT.shape[1]


def _wins(differences_N: Floats, names: Sequence[str]) -> dict[str, Any]:
    """The problems on which the first method scores higher, and lower, and the others' number."""
    wins = [name for name, gain in zip(names, differences_N, strict=True) if gain > 0]
    losses = [name for name, gain in zip(names, differences_N, strict=True) if gain < 0]
    return {"wins": wins, "losses": losses, "ties": len(names) - len(wins) - len(losses)}


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else asdict(found)
