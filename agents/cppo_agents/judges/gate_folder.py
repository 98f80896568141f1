"""The folder of a trained gate: a model, and `gate.json` that says what it is worth.

gate.json     base, data, τ, figures, verdict, and SHA-256 of the files that they hold for
rubric.md     the rubric that it was trained on
…             model and tokenizer, as transformers reads them
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from cppo_agents.judges.rubric import load_template
from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.provenance import change_of, digests_of

FACTS, RUBRIC = "gate.json", "rubric.md"


@dataclass(frozen=True, slots=True)
class Gate:
    """What `gate.json` says."""

    base: str
    """The model that it was trained from."""
    data: Mapping[str, Any]
    """Files, counts and SHA-256 of its labels."""
    threshold: float
    """τ."""
    figures: Mapping[str, Any]
    """What was measured on problems that it was not trained on."""
    faults: Sequence[str] = (
        "not measured yet; go on with its training, or run cppo gate calibrate",
    )
    """Why it is refused; empty where it was accepted."""
    rubric: str = field(default="", repr=False)
    sha256: Mapping[str, str] | None = None
    """Of model, tokenizer and rubric, by name; None in folders of older versions."""

    @property
    def accepted(self) -> bool:
        """Whether it reached the thresholds of docs/method.md, section 2."""
        return not self.faults


def write_gate(folder: Path, gate: Gate) -> None:
    """Write the rubric and `gate.json` beside the model, which is the one that was measured."""
    facts = asdict(gate)
    write_atomically(folder / RUBRIC, facts.pop("rubric"))
    files = [one for one in folder.iterdir() if one.is_file() and one.suffix != ".svg"]
    names = sorted({one.name for one in files} - {FACTS})
    facts |= {"accepted": gate.accepted, "sha256": digests_of(folder, names)}
    write_atomically(folder / FACTS, json.dumps(facts, indent=2) + "\n")


def read_gate(model: str | Path, *, allow_refused: bool = True) -> Gate | None:
    """The gate in a folder; None if it is a model without `gate.json`.

    Raises:
        UsageError: `gate.json` is damaged or speaks of other files, or the gate was refused and
            that is not allowed.
    """
    folder = Path(model)
    if not (folder / FACTS).is_file():
        return None
    try:
        gate = _gate(
            json.loads((folder / FACTS).read_text("utf-8")), load_template(folder / RUBRIC)
        )
        change = change_of(folder, gate.sha256 or {})
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(
            f"{folder / FACTS} is no gate ({type(error).__name__}: {error}); train it again with "
            "cppo gate train"
        ) from error
    if change is not None:
        raise UsageError(
            f"the gate {folder} is not the one that {FACTS} speaks of ({change}); bring that file "
            "back, or train a gate again with cppo gate train"
        )
    if gate.sha256 is None:
        warnings.warn(
            f"{folder / FACTS} is of an older version and does not say which weights it speaks of; "
            "cppo gate calibrate writes that too",
            stacklevel=1,  # once, whoever reads it
        )
    if gate.faults and not allow_refused:
        raise UsageError(
            f"the gate {folder} was not accepted: {'; '.join(gate.faults)}; train a better one, or "
            "give judge_options.allow_refused=true"
        )
    return gate


def _gate(facts: Any, rubric: str) -> Gate:
    """The gate of these facts.

    Raises:
        KeyError, TypeError, ValueError: a fact is missing, unknown or impossible.
    """
    if not isinstance(facts, dict):
        raise TypeError(f"got {type(facts).__name__}, expected the facts of a gate")
    values = dict(cast(dict[str, Any], facts))
    accepted = values.pop("accepted")
    gate = Gate(**values, rubric=rubric)
    check_threshold(gate.threshold)
    faults: Any = gate.faults
    if not isinstance(faults, list) or not all(isinstance(one, str) for one in faults):
        raise TypeError(f"faults: got {faults!r}, expected a list of texts")
    digests: Any = gate.sha256
    if digests is not None and not (isinstance(digests, dict) and digests):
        raise TypeError(f"sha256: got {digests!r}, expected one for each file")
    if accepted is not gate.accepted:
        raise ValueError(f"accepted: got {accepted!r} with {len(gate.faults)} faults")
    return gate


def check_threshold(threshold: object) -> None:
    """Refuse what is no τ.

    Raises:
        UsageError: it is no number from 0 to 1.
    """
    if type(threshold) not in (int, float) or not 0 <= cast(float, threshold) <= 1:
        raise UsageError(f"threshold: got {threshold!r}, expected 0 to 1")
