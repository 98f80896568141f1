"""The tables of a comparison, for every writer: titles, columns, cells as texts, notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMED = 5
"""Problems that a table names; the JSON result names all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as it is shown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def shown_tables(result: Mapping[str, Any]) -> Iterator[Shown]:
    """All tables of a comparison, the most important first."""
    for name, found in result["sets"].items():
        yield _pass_at_k(name, found)
        yield _pairs(found)
        yield _power(found)
        yield _wins(found)
        yield _behaviour(found)
        yield _hacking(found)
        yield _variance(found)
    if any(result["aggregates"]["interquartile_mean"].values()):
        yield _aggregates(result)


def interval(values: Mapping[str, float] | None, digits: int = 3) -> str:
    """A mean with its interval."""
    if values is None:
        return "–"
    mean, low, high = (f"{values[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean} ({low} … {high})"


def _pass_at_k(name: str, found: Mapping[str, Any]) -> Shown:
    methods = found["methods"]
    budgets = list(next(iter(methods.values()))["pass_at_k"])
    over = f"{found['n_problems']:,} problems"
    over += f" in {found['n_contests']:,} contests" if found["n_contests"] else ""
    notes = list(found["notes"])
    if found["left_out"]:
        notes.append(f"left out: {len(found['left_out']):,} problems that not every run has")
    if void := sum(one["void"] for one in methods.values()):
        notes.append(f"void, and not counted: {void:,} episodes")
    return Shown(
        f"pass@k on {name}: {over}, 95 % intervals",
        ["method", "seeds", *(f"pass@{n}" for n in budgets)],
        [
            [label, str(len(one["seeds"])), *(interval(one["pass_at_k"][n]) for n in budgets)]
            for label, one in methods.items()
        ],
        notes,
    )


def _pairs(found: Mapping[str, Any]) -> Shown:
    k = str(found["k"])
    notes = [
        "p: bootstrap over problems and seeds, agrees with the interval before the correction; "
        "permutation and McNemar: over problems, for these seeds"
    ]
    if single := [label for label, one in found["methods"].items() if len(one["seeds"]) == 1]:
        notes.append(
            f"one seed of {', '.join(single)}: its p-values and intervals are over problems only, "
            "and say nothing of other seeds"
        )
    return Shown(
        f"paired differences of pass@{k}; p-values with Holm's correction for all pairs",
        ["pair", "difference", "p", "p permutation", "p McNemar"],
        [
            [
                f"{one['a']} − {one['b']}",
                interval(one["difference"][k]),
                *(
                    p_value(one[name])
                    for name in ("p_holm", "p_permutation_holm", "p_mcnemar_holm")
                ),
            ]
            for one in found["pairs"]
        ],
        notes,
    )


def _power(found: Mapping[str, Any]) -> Shown:
    return Shown(
        "size of the differences, and what could be seen",
        ["pair", "effect size", "smallest detectable", "needed to see this difference"],
        [
            [
                f"{one['a']} − {one['b']}",
                _number(one["effect_size"], 2),
                _number(one["detectable"], 3),
                "; ".join(
                    f"{need['problems']:,} problems × {need['attempts']} attempts"
                    for need in one["needed"]
                )
                or ("more seeds" if one["seed_error"] else "–"),
            ]
            for one in found["pairs"]
        ],
        [
            "effect size: mean of the differences over their standard deviation; detectable and "
            "needed: with power 80 % at p < .05"
        ],
    )


def _wins(found: Mapping[str, Any]) -> Shown:
    return Shown(
        "problems won, tied and lost",
        ["pair", "won", "tied", "lost", "won on", "lost on"],
        [
            [
                f"{one['a']} − {one['b']}",
                *(str(n) for n in (len(one["wins"]), one["ties"], len(one["losses"]))),
                _names(one["wins"]),
                _names(one["losses"]),
            ]
            for one in found["pairs"]
        ],
    )


def _behaviour(found: Mapping[str, Any]) -> Shown:
    return Shown(
        f"programs of a tuple of {found['k']}, and what a success costs",
        [
            *("method", "distinct programs", "distinct behaviours", "duplicate plans"),
            *("tokens per success", "seconds per success"),
        ],
        [
            [
                label,
                _number(one["distinct_programs"], 2),
                _number(one["distinct_behaviours"], 2),
                _number(one["duplicate_plans"], 3),
                _number(one["tokens_per_success"], 0),
                _number(one["seconds_per_success"], 2),
            ]
            for label, one in found["methods"].items()
        ],
        ["duplicate plans: share of tuples that hold a method twice; a success: a solved tuple"],
    )


def _hacking(found: Mapping[str, Any]) -> Shown:
    return Shown(
        "signs of reward hacking",
        ["method", "pass public, fail hidden", "written-down outputs", "signs"],
        [
            [
                label,
                _share(one["public_pass_hidden_fail"]),
                _share(one["hard_coded"]),
                "; ".join(f"{n:,} {why}" for why, n in one["hard_coded"]["reasons"].items()) or "–",
            ]
            for label, one in found["methods"].items()
        ],
    )


def _variance(found: Mapping[str, Any]) -> Shown:
    return Shown(
        "where the variance of single outcomes is from",
        ["method", "outcome", "problems", "attempts", "seeds"],
        [
            [
                label,
                "attempt" if one["independent_attempts"] else "tuple",
                *(_number(one["variance"][name], 4) for name in ("problems", "attempts", "seeds")),
            ]
            for label, one in found["methods"].items()
        ],
        ["–: one draw for each problem, or one seed, cannot tell"],
    )


def _aggregates(result: Mapping[str, Any]) -> Shown:
    found = result["aggregates"]
    rows = [
        [label, "interquartile mean", interval(one)]
        for label, one in found["interquartile_mean"].items()
    ]
    rows += [
        [f"{one['a']} over {one['b']}", "probability of improvement", interval(one)]
        for one in found["probability_of_improvement"]
    ]
    return Shown(
        "over seeds and problem sets",
        ["of", "figure", "value"],
        rows,
        ["percentile bootstrap over seeds, as in rliable: too narrow with fewer than five seeds"],
    )


def p_value(value: float | None) -> str:
    """A p-value in a table; a dash where there was no test."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _share(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    return f"{found['count']:,} of {found['of']:,}"


def _names(names: Sequence[str]) -> str:
    more = f", … {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more if names else "–"
