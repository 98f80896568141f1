"""Each algorithm solves a trivial task; CPPO beats its ablations and independent sampling.

The policy is a table of logits (`tabular`); environment, sandbox and learner are real.
"""

import itertools
from collections.abc import Iterator

import pytest
import torch
from cppo_grpo.rollouts.agent import Planner
from cppo_grpo.stages.evaluation import HeldOutFigures
from cppo_sandboxes.cached import CachedSandbox

from cppo_env import Sandbox, make_sandbox
from cppo_env.evaluation.records import EpisodeRecord
from cppo_env.intervals import wilson
from cppo_env.problems.strategies import independent_ceiling
from tests.support.tabular import METHODS, NUMBERS, START, K, Policy, learn

CEILING = independent_ceiling([1 / 2] * 2, K)
"""For independent guesses where two numbers are right equally often; coordinated: 1."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with CachedSandbox(make_sandbox("local")) as box:
        yield box
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("algorithm", "planner"),
    [
        ("cppo", "policy"),
        *(
            (name, "none")
            for name in (
                *("grpo", "rloo", "dr_grpo", "pkpo", "pkpo_loo", "pkpo_plain"),
                *("passk_training", "loo_max", "redundancy", "poly_epo"),
            )
        ),
        ("upskill", "skills"),
    ],
)
def test_every_algorithm_finds_the_right_number_and_unlearns_it_with_the_sign_flipped(
    sandbox: Sandbox, algorithm: str, planner: Planner
) -> None:
    at_random = 1 - (1 - 1 / NUMBERS) ** K
    settings = {"algorithm": algorithm, "planner": planner, "steps": 30}
    found, _ = learn(Policy(), [2], sandbox, **settings)
    lost, _ = learn(Policy(), [2], sandbox, **settings, lambda_plan=-1.0, lambda_solve=-1.0)
    assert found.pass_at_k > 0.95
    assert lost.pass_at_k < at_random / 2


@pytest.mark.parametrize("seed", [0, 1])
def test_cppo_needs_both_regions_to_pass_the_ceiling(sandbox: Sandbox, seed: int) -> None:
    """Methods must be coordinated, and half of a method's programs are clumsy."""

    def start() -> Policy:
        return Policy(clumsy=True, obedience=3.0)

    whole, _ = learn(start(), [0, 1], sandbox, seed=seed)
    planner_only, _ = learn(start(), [0, 1], sandbox, seed=seed, lambda_solve=0.0)
    solver_only, _ = learn(start(), [0, 1], sandbox, seed=seed, lambda_plan=0.0)
    # What any plan reaches with the solver as it stands, and any solver with methods that are drawn
    # independently.
    assert low(planner_only) < best_plan(start(), [0, 1])
    assert low(solver_only) < CEILING
    assert low(whole) > max(CEILING, best_plan(start(), [0, 1])) + 0.1


def low(found: HeldOutFigures) -> float:
    """The lower end for exactly these problems; `ci95` is for others like them."""
    return wilson(found.pass_at_k, found.episodes).low


def best_plan(policy: Policy, right: list[int]) -> float:
    """pass@K of the best pair of methods, for an unchanged solver."""
    rows = [Policy.prompt(method) for method in METHODS]
    chances = policy.log_probs(rows, [START] * NUMBERS, 1.0).detach().exp()
    return max(
        sum(1 - float((1 - chances[a, n]) * (1 - chances[b, n])) for n in right) / len(right)
        for a, b in itertools.product(range(NUMBERS), repeat=K)
    )


def test_the_gate_keeps_plans_from_buying_a_second_attempt_at_the_same_method(
    sandbox: Sandbox,
) -> None:
    """With one right method and a clumsy solver, R_out rewards duplicates.

    Two attempts at the method pay more than one. So the ablation's pass@K is higher here, by plans
    that the gate calls harmful; CPPO's reward is not.
    """

    def start() -> Policy:
        return Policy(clumsy=True, obedience=3.0)

    gated, plans = learn(start(), [2], sandbox, lambda_solve=0.0)
    ungated, ungated_plans = learn(start(), [2], sandbox, "accept", lambda_solve=0.0)
    assert duplicates(plans) < 0.05 < 0.8 < duplicates(ungated_plans)
    assert sum(one.reward for one in plans) > 3 * sum(one.reward for one in ungated_plans)
    assert ungated.pass_at_k > gated.pass_at_k


def test_the_warm_up_teaches_valid_plans_and_leaves_the_solver_alone(sandbox: Sandbox) -> None:
    policy = Policy()
    at_first = policy.tables.detach().clone()
    _, plans = learn(policy, [2], sandbox, reward="validity", plan_only=True, steps=30)
    assert duplicates(plans) < 0.02  # a quarter of them before
    assert torch.equal(policy.tables[1:], at_first[1:])


def duplicates(records: list[EpisodeRecord]) -> float:
    return sum(len(set(one.methods)) < K for one in records) / len(records)


def test_skills_coordinate_by_construction_and_independent_solutions_cannot(
    sandbox: Sandbox,
) -> None:
    skilled, _ = learn(Policy(), [0, 1], sandbox, algorithm="upskill")
    independent, _ = learn(Policy(), [0, 1], sandbox, algorithm="grpo", planner="none")
    assert low(skilled) > CEILING
    assert low(independent) < CEILING
