"""The pictures of the pages: `python -m scripts.docsite.pictures` draws docs/pictures anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cppo_grpo.advantages import group_advantages, leave_one_out_max, passk_training, pkpo

from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from scripts.docsite.drawing import GREY, ORANGE, TEAL, VIOLET, Drawing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"


def episode() -> str:
    """The two steps of an episode, and who is paid what."""
    it = Drawing(770, 326, "episode")
    it.text(120, 20, "step 1: the plan", colour=TEAL, bold=True)
    it.text(455, 20, "step 2: the solutions", colour=ORANGE, bold=True)
    it.box(10, 120, 80, 56, "problem")
    it.box(130, 120, 92, 56, "planner", "one model", colour=TEAL, filled=0.12)
    it.arrow((90, 148), (128, 148))
    for branch, letter in enumerate("ABCD"):
        y = 42 + branch * 58
        it.box(262, y, 96, 38, f"method {letter}", colour=TEAL)
        it.arrow((222, 148), (260, y + 19))
        program = f"program {letter}", "same model"
        it.box(398, y, 96, 38, *program, colour=ORANGE, filled=0.12, size=12)
        it.arrow((358, y + 19), (396, y + 19))
        verdict = ("WA", "AC", "WA", "TLE")[branch]
        it.box(534, y, 52, 38, verdict, colour=TEAL if verdict == "AC" else GREY, filled=0.12)
        it.arrow((494, y + 19), (532, y + 19))
        value = "1" if verdict == "AC" else "0"
        it.text(594, y + 24, f"V = {value}", anchor="start")
    it.arrow((636, 120), (700, 120), (700, 268))
    it.text(706, 160, "max", anchor="start")
    it.box(638, 270, 128, 48, "R_plan = J · max V", "= 1 · 1 = 1", size=11.5)
    it.box(262, 276, 96, 36, "gate: J = 1", colour=TEAL, filled=0.12)
    it.arrow((358, 294), (638, 294))
    return it.svg()


def groups() -> str:
    """Which rewards are compared: plans of a problem, programs of a plan."""
    it = Drawing(700, 250, "groups")
    rng = np.random.default_rng(4)
    verdicts = (rng.random((4, 4)) < 0.3).astype(float)
    verdicts[2] = 0
    plans = group_advantages(verdicts.max(-1))
    solves = group_advantages(verdicts)
    it.text(20, 24, "one problem, M = 4 plans of K = 4 programs", anchor="start", bold=True)
    it.text(470, 24, "R_plan", bold=True, colour=TEAL)
    it.text(590, 24, "planner's advantage", bold=True, colour=TEAL)
    for row in range(4):
        y = 40 + row * 50
        it.text(20, y + 25, f"plan {row + 1}", anchor="start")
        for column in range(4):
            right = verdicts[row, column] > 0
            label = f"{'AC' if right else 'WA'}  {solves[row, column]:+.2f}".replace("+0.00", "0")
            it.box(
                80 + column * 84,
                y,
                78,
                38,
                label.replace("-", "−"),
                colour=ORANGE if right else GREY,
                filled=0.25 if right else 0.05,
                size=12,
            )
        it.line(
            (76, y - 4),
            (420, y - 4),
            (420, y + 42),
            (76, y + 42),
            (76, y - 4),
            colour=ORANGE,
            dashed=True,
            width=1,
        )
        it.text(470, y + 25, f"{verdicts[row].max():.0f}")
        it.text(590, y + 25, f"{plans[row]:+.2f}".replace("-", "−"))
    it.line((446, 34), (664, 34), (664, 236), (446, 236), (446, 34), colour=TEAL, dashed=True)
    return it.svg()


def ceiling() -> str:
    """What K attempts can reach, drawn independently or together."""
    together = [coordinated_optimum([0.25] * 4, k=k) for k in range(1, 9)]
    independent = [independent_ceiling([0.25] * 4, k=k) for k in range(1, 9)]
    it = Drawing(580, 300, "ceiling")
    _curves(
        it,
        {"together": (TEAL, together), "independent": (ORANGE, independent)},
        "attempts K",
        "best pass@K, four rules right equally often",
    )
    it.text(60 + 3 / 7 * 360, 250 - independent[3] * 220 + 22, f"{independent[3]:.3f}", size=12)
    return it.svg()


def estimators() -> str:
    """What a right attempt is worth by how many of eight are right, a lone one being 1."""
    rules: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "GRPO": (GREY, group_advantages),
        "Pass@k Training, k = 4": (ORANGE, lambda rewards: passk_training(rewards, 4)),
        "PKPO, k = 4": (TEAL, lambda rewards: pkpo(rewards, 4)),
        "leave-one-out max": (VIOLET, leave_one_out_max),
    }
    curves: dict[str, tuple[str, list[float]]] = {}
    for name, (colour, rule) in rules.items():
        weights = [float(rule([1.0] * right + [0.0] * (8 - right))[0]) for right in range(1, 9)]
        curves[name] = colour, [weight / weights[0] for weight in weights]
    it = Drawing(640, 300, "estimators")
    _curves(it, curves, "right attempts c among n = 8", "weight of a right attempt (c = 1: 1)")
    return it.svg()


def _curves(
    it: Drawing, curves: Mapping[str, tuple[str, Sequence[float]]], x_title: str, y_title: str
) -> None:
    """Curves from 0 to 1 over the numbers 1 to 8, with their names beside them."""
    left, bottom, wide, high = 60, 250, 360, 220
    for tick in (0, 0.25, 0.5, 0.75, 1):
        level = bottom - tick * high
        it.line((left, level), (left + wide, level), colour=GREY, width=0.4)
        it.text(left - 8, level + 4, f"{tick:g}", anchor="end", size=12)
    for number in range(1, 9):
        it.text(left + (number - 1) / 7 * wide, bottom + 18, str(number), size=12)
    it.text(left + wide / 2, bottom + 38, x_title, size=12)
    it.text(left - 40, bottom - high - 14, y_title, anchor="start", size=12)
    for number, (name, (colour, values)) in enumerate(curves.items()):
        points = [
            (left + place / 7 * wide, bottom - value * high) for place, value in enumerate(values)
        ]
        it.line(*points, colour=colour, width=2)
        for x, y in points:
            it.dot(x, y, colour)
        it.text(left + wide + 14, 36 + number * 26, name, anchor="start", colour=colour, bold=True)


def isolation() -> str:
    """What the host keeps, and what a judged program sees."""
    it = Drawing(760, 220, "isolation")
    it.box(10, 20, 210, 180, colour=TEAL, filled=0.05)
    it.text(115, 42, "host: your process", bold=True, colour=TEAL)
    it.box(30, 60, 170, 44, "problem", "inputs, expected outputs", size=12)
    it.box(30, 138, 170, 44, "checker", "compares, gives a verdict", size=12)
    it.box(290, 20, 190, 180, colour=GREY, filled=0.05)
    it.text(385, 42, "worker (container)", bold=True)
    it.box(310, 60, 150, 44, "supervisor", "limits from outside", size=12)
    it.box(540, 20, 210, 180, colour=ORANGE, filled=0.05)
    it.text(645, 42, "a fresh process for each test", bold=True, colour=ORANGE, size=12)
    it.box(560, 60, 170, 44, "program", "no network, empty folder", size=12)
    it.arrow((200, 82), (308, 82))
    it.text(255, 74, "program, input", size=11)
    it.arrow((460, 82), (558, 82))
    it.text(509, 74, "input", size=11)
    it.arrow((645, 104), (645, 160), (202, 160))
    it.text(420, 152, "its answer, time and memory", size=11)
    return it.svg()


def recipe() -> str:
    """The stages of the published method."""
    it = Drawing(760, 130, "recipe")
    stages = (
        ("sft", "gold tuples"),
        ("gate", "labels → J"),
        ("warm-up", "reward J"),
        ("audit", "go or no-go"),
        ("joint CPPO", "J · max V, V"),
        ("evaluation", "pass@k"),
    )
    for number, (name, what) in enumerate(stages):
        x = 10 + number * 126
        colour = ORANGE if name == "joint CPPO" else TEAL
        it.box(x, 30, 102, 56, name, what, colour=colour, filled=0.12, size=12)
        if number:
            it.arrow((x - 24, 58), (x - 2, 58))
    it.line((440, 86), (440, 110), colour=GREY)
    it.text(440, 124, "no-go ends the recipe", size=11, colour=GREY)
    return it.svg()


def coordination() -> str:
    """pass@4 of CPPO and its rivals on the task with a known optimum, a dot for each seed."""
    found = json.loads((ROOT / "benchmarks/results/coordination_long.json").read_text())
    rows = sorted(found["rows"], key=lambda row: -row["pass_at_4"])
    it = Drawing(700, 70 + 24 * len(rows), "coordination")
    left, wide, bottom = 170, 480, 30 + 24 * len(rows)
    for tick in (0, 0.25, 0.5, 0.75, 1.0):
        x = left + tick * wide
        it.line((x, 20), (x, bottom), colour=GREY, width=0.4)
        it.text(x, bottom + 18, f"{tick:.2f}", size=12)
    it.text(left + wide / 2, bottom + 36, "pass@4 on 512 held-out problems", size=12)
    bound = left + rows[0]["ceiling"] * wide
    it.line((bound, 14), (bound, bottom), colour=ORANGE, dashed=True, width=1.6)
    it.text(bound, 11, "ceiling of independent attempts", size=11, colour=ORANGE)
    for number, row in enumerate(rows):
        y = 36 + number * 24
        it.text(left - 12, y + 4, row["method"], anchor="end", bold=row["method"] == "cppo")
        for value in row["by_seed"]:
            it.dot(left + value * wide, y, GREY, radius=3.5)
        mean = left + row["pass_at_4"] * wide
        it.line((mean, y - 8), (mean, y + 8), colour=TEAL, width=3)
    return it.svg()


def curves() -> str:
    """Six runs of the pages on learning: what is solved, and how alike plans become."""
    found = json.loads((ROOT / "benchmarks/results/learn.json").read_text())
    it = Drawing(760, 300, "curves")
    panels = (
        ("pass_at_2", "pass@2 of a step's episodes"),
        ("duplicate_plans", "duplicate_plans (cppo)"),
    )
    wide, high, bottom, smooth = 300, 210, 250, 4
    for left, (metric, title) in zip((50, 420), panels, strict=True):
        for tick in (0, 0.25, 0.5, 0.75, 1):
            level = bottom - tick * high
            it.line((left, level), (left + wide, level), colour=GREY, width=0.4)
            it.text(left - 8, level + 4, f"{tick:g}", anchor="end", size=12)
        for step in (1, 12, 24, 36):
            it.text(left + (step - 1) / 35 * wide, bottom + 18, str(step), size=12)
        it.text(left + wide / 2, bottom + 38, "step (mean of the last 4)", size=12)
        it.text(left, 26, title, anchor="start", bold=True)
        for name, run in found["runs"].items():
            values = run.get(metric, [])
            points = [
                (
                    left + step / 35 * wide,
                    bottom - float(np.mean(values[max(0, step - smooth + 1) : step + 1])) * high,
                )
                for step in range(len(values))
            ]
            colour = TEAL if name.startswith("cppo") else ORANGE
            it.line(*points, colour=colour, width=2.4 if name.endswith("/0") else 1.2)
    level = bottom - found["ceiling"] * high
    it.line((50, level), (350, level), dashed=True, width=1)
    it.text(345, bottom - 20, "cppo", anchor="end", colour=TEAL, bold=True)
    it.text(345, bottom - 40, "grpo, independent", anchor="end", colour=ORANGE, bold=True)
    it.text(714, bottom - 20, "thick: seed 0", anchor="end", size=12)
    return it.svg()


PICTURES: dict[str, Callable[[], str]] = {
    "episode": episode,
    "groups": groups,
    "ceiling": ceiling,
    "estimators": estimators,
    "isolation": isolation,
    "recipe": recipe,
    "coordination": coordination,
    "curves": curves,
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw())
