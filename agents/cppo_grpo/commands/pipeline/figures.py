"""The figures of each stage that the report shows, from its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[str, str]
"""A name and what is shown of it."""


def rows_of(stage: str, result: Mapping[str, Any]) -> list[Row]:
    """Name and value of each figure, the most important first."""
    return _ROWS[stage](result)


def _sft(result: Mapping[str, Any]) -> list[Row]:
    count = result["demonstrations"]
    rows = [
        (
            f"loss on {result['measured_on']}",
            _step(result["held_out_loss_before"], result["held_out_loss"]),
        ),
        ("answers learnt, held out", f"{count['train']}, {count['held_out']}"),
    ]
    before, after = result["plans_before"], result["plans_after"]
    for name, what in (("parse_rate", "plans read"), ("acceptance", "plans accepted by form")):
        if before and after:
            rows.append((what, f"{_step(before[name], after[name])} {_ci(after[f'{name}_ci95'])}"))
    return rows + [("left out: " + why, str(times)) for why, times in result["left_out"].items()]


def _labels(result: Mapping[str, Any]) -> list[Row]:
    kinds = ", ".join(f"{kind} {count}" for kind, count in result["kinds"].items())
    return [("labels of problems", f"{result['labels']} of {result['problems']}"), ("kinds", kinds)]


def _gate(result: Mapping[str, Any]) -> list[Row]:
    rows = [("verdict", "accepted" if result["accepted"] else "; ".join(result["faults"]))]
    for name in ("auc", "average_precision", "balanced_accuracy", "precision", "recall"):
        rows.append((name.replace("_", " "), f"{result[name]:.3f} {_ci(result['ci95'].get(name))}"))
    rows.append(("τ", f"{result['threshold']:.4f}"))
    kinds = sorted(result["accepted_by_kind"].items())
    return [*rows, ("accepted of", ", ".join(f"{kind} {share:.2f}" for kind, share in kinds))]


def _train(result: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for name, what in (("validity", "plans accepted"), ("pass_at_k", "pass@K")):
        if result.get(f"{name}_after") is not None:
            said = _step(result[f"{name}_before"], result[f"{name}_after"])
            ends = f" {_ci(result['ci95_after'])}" if name == "pass_at_k" else ""
            rows.append((f"{what}, held out", said + ends))
    return [
        *rows,
        ("steps", str(result["steps"])),
        ("best step", str(result.get("best_step", "–"))),
    ]


def _audit(result: Mapping[str, Any]) -> list[Row]:
    found = result["audit"]
    rows = [("decision", found["decision"])]
    for name, line in found["thresholds"].items():
        rows.append((line["means"], f"{found[name]:.3f}"))
    for budget, value in found.get("solver_pass_at_k", {}).items():
        rows.append((f"solver pass@{budget} on these plans", f"{value:.3f}"))
    shares = (
        f"{name.replace('_', ', ')} {value:.2f}" for name, value in found["quadrants"].items()
    )
    return [*rows, ("J × R_out", "; ".join(shares))]


def _evaluation(result: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for policy, found in result.items():
        for budget, value in found["pass_at_k"].items():
            ends = _ci(found["ci95"]["pass_at_k"][budget])
            rows.append((f"{policy}: pass@{budget}", f"{value:.3f} {ends}"))
        if found["validity"] is not None:
            ends = _ci(found["ci95"]["validity"])
            rows.append((f"{policy}: plans accepted", f"{found['validity']:.3f} {ends}"))
        if found["void"]:
            rows.append((f"{policy}: void episodes", str(found["void"])))
    return rows


def _step(before: float, after: float) -> str:
    return f"{before:.3f} → {after:.3f}"


def _ci(ends: Any) -> str:
    return f"(95 % {ends[0]:.3f} to {ends[1]:.3f})" if ends else ""


_ROWS = {
    "sft": _sft,
    "labels": _labels,
    "gate": _gate,
    "warm_up": _train,
    "audit": _audit,
    "joint": _train,
    "evaluation": _evaluation,
}
