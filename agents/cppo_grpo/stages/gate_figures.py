"""What a gate is worth: figures with intervals, τ, the verdict, and the curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
)

from cppo_env.errors import UsageError
from cppo_env.plotting import axes_of, svg
from cppo_grpo.recipe.gate import Label

LEAST = {"auc": 0.75, "balanced_accuracy": 0.70, "precision": 0.65, "recall": 0.65}
"""A gate is accepted only above these (docs/method.md, section 2)."""

LEAST_LABELS, LEAST_PROBLEMS = 20, 10
"""Fewer held-out labels of a class, or held-out problems, accept no gate, whatever its figures are.
With 20 valid labels a recall of .90 has a 95 % interval of .70 to .97 (Wilson), just above the
line; the bootstrap draws problems, and with fewer than ten its intervals are too narrow."""

RESAMPLES = 200

Floats = NDArray[np.float64]


def threshold_for(labels: Sequence[Label], scores: Floats, recall: float) -> float:
    """The largest τ at which at least `recall` of the valid tuples are accepted."""
    valid = np.sort(scores[[one.valid for one in labels]])
    spared = int((1 - recall) * len(valid) + 1e-9)  # .1 · 10 is less than 1 in floating point
    return float(valid[min(spared, len(valid) - 1)])


def figures(
    labels: Sequence[Label], scores: Floats, threshold: float, seed: int = 0
) -> dict[str, Any]:
    """AUC, average precision, and what τ gives, with 95 % intervals over problems.

    The bootstrap draws whole problems, whose labels are alike. `accepted_by_kind` is the share of
    each kind of label that passes: of "valid" it should be high, of all others low.

    Raises:
        UsageError: the labels are of one class.
    """
    valid = np.array([one.valid for one in labels])
    if valid.all() or not valid.any():
        raise UsageError("labels: all are of one class; figures need both")
    by_problem: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(labels):
        by_problem[one.problem_id].append(place)
    rows = [np.array(places) for places in by_problem.values()]
    random, drawn = np.random.default_rng(seed), defaultdict[str, list[float]](list)
    for _ in range(RESAMPLES):
        picked = np.concatenate([rows[i] for i in random.integers(len(rows), size=len(rows))])
        if 0 < valid[picked].sum() < len(picked):
            for name, value in _point(valid[picked], scores[picked], threshold).items():
                drawn[name].append(value)
    found: dict[str, Any] = dict(_point(valid, scores, threshold))
    found["ci95"] = {
        name: [float(end) for end in np.quantile(values, (0.025, 0.975))]
        for name, values in drawn.items()
    }
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for one, score in zip(labels, scores, strict=True):
        by_kind["valid" if one.valid else one.kind].append(bool(score >= threshold))
    found["accepted_by_kind"] = {kind: float(np.mean(all_)) for kind, all_ in by_kind.items()}
    share, mean = calibration_curve(valid, scores, n_bins=8, strategy="quantile")
    found["reliability"] = [[float(x), float(y)] for x, y in zip(mean, share, strict=True)]
    counts = {"labels": len(labels), "valid": int(valid.sum()), "problems": len(rows)}
    return found | counts


def _point(valid: NDArray[np.bool_], scores: Floats, threshold: float) -> dict[str, float]:
    passed = scores >= threshold
    return {
        "auc": float(roc_auc_score(valid, scores)),
        "average_precision": float(average_precision_score(valid, scores)),
        "balanced_accuracy": float(balanced_accuracy_score(valid, passed)),
        "precision": float(precision_score(valid, passed)) if passed.any() else 0.0,
        "recall": float(recall_score(valid, passed)),
    }


def faults(found: dict[str, Any]) -> list[str]:
    """Why a gate with these figures is refused; empty where it is accepted."""
    sides = {"valid": found["valid"], "invalid": found["labels"] - found["valid"]}
    few = [
        f"{n} {side} labels, at least {LEAST_LABELS}"
        for side, n in sides.items()
        if n < LEAST_LABELS
    ]
    if found["problems"] < LEAST_PROBLEMS:
        few.append(f"{found['problems']} problems, at least {LEAST_PROBLEMS}")
    said = [f"too few are held out: {one} are needed" for one in few]
    if few:
        low, high = found["ci95"].get("auc", (0.0, 1.0))
        said[-1] += f" (AUC {found['auc']:.3f}, 95 % {low:.3f} to {high:.3f}); label more problems"
    return said + [
        f"{name} {found[name]:.3f} (95 % from {found['ci95'].get(name, (0.0, 1.0))[0]:.3f}) is "
        f"below {least:.2f}"
        for name, least in LEAST.items()
        if found[name] < least
    ]


def curves(labels: Sequence[Label], scores: Floats, threshold: float) -> str:
    """Precision and recall over τ, and the reliability curve, as SVG."""
    valid = np.array([one.valid for one in labels])
    precision, recall, at = precision_recall_curve(valid, scores)
    figure, axes = axes_of((7.0, 4.2))
    axes.plot(at, precision[:-1], label="precision", color="#4f46e5")
    axes.plot(at, recall[:-1], label="recall", color="#059669")
    share, mean = calibration_curve(valid, scores, n_bins=8, strategy="quantile")
    axes.plot(mean, share, "o--", label="share valid (reliability)", color="#dc2626")
    axes.axvline(threshold, color="#1f2937", linestyle=":", label=f"τ = {threshold:.3f}")
    axes.set_xlabel("P(Pass), or the threshold on it")
    axes.set_ylim(0, 1.05)
    axes.legend(frameon=False, fontsize=9)
    return svg(figure)
