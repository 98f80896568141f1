"""The settings and methods of the proof (`coordination.py`), and what all of its runs share."""

from __future__ import annotations

from typing import Any

K = 4
SEARCH_SEED = 100
RATES = (6e-4, 1.2e-3)
EPISODES = 512
WINDOW = 20
POINT = 10
"""Steps of a point of the curves in `--json`."""

SETTINGS: dict[str, dict[str, Any]] = {
    "4-of-8": {},
    "4-of-8-long": {},
    "8-of-8": {"right": 8},
    "skewed": {"probabilities": [0.4, 0.3, 0.2, 0.1]},
    "two-stage": {"stages": 2, "slips": 0.2},
}
"""Filters of the problem set, beside `FILTERS`."""
FILTERS: dict[str, Any] = {"families": 2}
BUDGETS: dict[str, dict[str, int]] = {
    "4-of-8-long": {"steps": 200},
    "two-stage": {"steps": 400, "max_tokens_plan": 100, "max_tokens_solve": 100},
}
"""Steps and token limits of a setting, where they are not those of `COMMON`."""

COMMON: dict[str, Any] = {
    "env": "CPPO-Strategies-v0",
    "k": K,
    "steps": 100,
    "problems_per_step": 8,
    "tuples": 8,
    "temperature_plan": 1.0,
    "max_tokens_plan": 40,
    "max_tokens_solve": 40,
    "eval_episodes": EPISODES,
    "eval_temperature_plan": 0.5,
    "keep_checkpoints": 1,
}
WARM_START_STEPS = 240
PLANNED: dict[str, Any] = {
    "temperature_solve": 0.7,
    "lambda_plan": 8.0,
    "beta_plan": 0.25,
    "beta_solve": 0.2,
}
"""Weights of the two regions, where a planner writes plans (docs/quickstart.md)."""
INDEPENDENT: dict[str, Any] = {"planner": "none", "temperature_solve": 1.0, "beta_solve": 0.01}

# The warm start is supervised training on valid tuples, drawn without regard to what is right;
# `planner_sft` is evaluated right after it.
METHODS: dict[str, dict[str, Any]] = {
    "planner_sft": PLANNED | {"lambda_solve": 0.0, "steps": 1, "lr": 0.0},
    "cppo": PLANNED | {"lambda_solve": 0.3},
    "grpo": INDEPENDENT | {"algorithm": "grpo"},
    "passk_training": INDEPENDENT | {"algorithm": "passk_training"},
    "pkpo": INDEPENDENT | {"algorithm": "pkpo"},
    "upskill": {"algorithm": "upskill", "temperature_solve": 1.0, "beta_solve": 0.01},
    "planner_only_rl": PLANNED | {"lambda_solve": 0.0},
    "solver_only_rl": PLANNED | {"lambda_plan": 0.0, "lambda_solve": 1.0},
    "cppo_without_gate": PLANNED | {"lambda_solve": 0.3, "judge": "accept"},
    "rloo": INDEPENDENT | {"algorithm": "rloo"},
    "dr_grpo": INDEPENDENT | {"algorithm": "dr_grpo"},
    "loo_max": INDEPENDENT | {"algorithm": "loo_max"},
    "redundancy": INDEPENDENT | {"algorithm": "redundancy"},
    "poly_epo": INDEPENDENT | {"algorithm": "poly_epo"},
    # CAPO (arXiv 2603.12596) and the deeper updates that cost as much.
    "cppo_replicates": PLANNED | {"lambda_solve": 0.3, "minibatches": 4, "replicates": 4},
    "cppo_epochs": PLANNED | {"lambda_solve": 0.3, "minibatches": 4, "update_epochs": 4},
}
CORE = ("planner_sft", "cppo", "grpo", "passk_training", "pkpo", "upskill")
BOUND = frozenset(name for name, settings in METHODS.items() if settings.get("planner") == "none")
"""Their K attempts are independent and identically distributed, so the ceiling binds them."""
