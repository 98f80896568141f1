"""`cppo gate label | train | calibrate | check`."""

from __future__ import annotations

from typing import Any

from cppo_grpo.recipe.gate import GateConfig, GateTrainConfig, LabelConfig


def label(config: LabelConfig) -> dict[str, Any]:
    """Label tuples for a gate: valid ones and their corruptions, or what a judge says."""
    from cppo_grpo.stages.gate_labels import make_labels, write_labels

    config.check()
    result = write_labels(config, make_labels(config, config.source.load()))
    _print(f"{result['labels']} labels of {result['problems']} problems in {config.output}")
    for kind, count in result["kinds"].items():
        _print(f"  {kind}: {count}")
    return result


def train(config: GateTrainConfig) -> dict[str, Any]:
    """Train a gate on labels, choose its threshold, and accept or refuse it."""
    from cppo_grpo.runs.progress import main_console
    from cppo_grpo.runs.stage_folder import StageFolder
    from cppo_grpo.stages.gate_training import train_gate

    config.check()
    folder = StageFolder[GateTrainConfig].open("gate", config)
    with folder.resumable():
        result = train_gate(folder, folder.config.source.load(), main_console())
    return _decided(result, str(folder.model))


def calibrate(config: GateConfig) -> dict[str, Any]:
    """Choose the threshold of a gate for a wanted recall on labels, and accept or refuse it."""
    return _measured(config, change=True)


def check(config: GateConfig) -> dict[str, Any]:
    """Measure a gate on labels, at its threshold; exit code 1 if it is refused."""
    return _measured(config, change=False)


def _measured(config: GateConfig, *, change: bool) -> dict[str, Any]:
    from cppo_grpo.runs.progress import main_console
    from cppo_grpo.stages.gate_training import calibrate as measured

    config.check()
    result = measured(config, config.source.load(), main_console(), change=change)
    return _decided(result, str(config.gate))


def _decided(result: dict[str, Any], gate: str) -> dict[str, Any]:
    from cppo_env.errors import CppoError
    from cppo_env.rendering import printable

    ends = result["ci95"]
    for name in ("auc", "average_precision", "balanced_accuracy", "precision", "recall"):
        low, high = ends.get(name, (0.0, 1.0))
        _print(f"{name:<18} {result[name]:.3f}  (95 % {low:.3f} to {high:.3f})")
    _print(f"threshold          {result['threshold']:.4f}")
    for kind, share in sorted(result["accepted_by_kind"].items()):
        named = printable(" ".join(kind.split())[:60])  # it is whatever the file of labels says
        _print(f"  accepted of {named}: {share:.2f}")
    if result["faults"]:
        raise CppoError(f"gate {gate} is refused: {'; '.join(result['faults'])}", result=result)
    _print(f"gate {gate} is accepted; use it with --judge verbaliser --judge_options.model={gate}")
    return result


def _print(text: str) -> None:
    from rich.console import Console

    Console().print(text, highlight=False, soft_wrap=True, markup=False)
