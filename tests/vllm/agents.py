"""What an agent on the tiny model answers, greedily; the same from every back end.

python -m tests.vllm.agents FOLDER    prints the answers of the vllm agent as JSON
"""

import json
import sys
from dataclasses import replace
from typing import Any

from cppo_agents.local import VllmAgent

from cppo_env import load_problems
from cppo_env.prompts import observe
from cppo_env.protocols import Agent

LIMITS: dict[str, Any] = {
    "plan_tokens": 48,
    "solve_tokens": 48,
    "plan_temperature": 0.0,
    "solve_temperature": 0.0,
    "seed": 1,
}
THOUGHTS: dict[str, Any] = {"plan_thoughts": 10, "solve_thoughts": 6}
METHODS = ("one", "two", "three", "four")


def answers(agent: Agent) -> list[list[str]]:
    """Plans as the model wrote them, and solutions, of three problems."""
    problems = load_problems("strategies")
    shown = [problems[index] for index in range(3)]
    agent.act([observe(one) for one in shown])
    plans = [reply.text for replies in agent.replies for reply in replies]
    solutions = agent.act([observe(one, METHODS, 1) for one in shown])
    return [plans, [text for one in solutions for text in one]]


if __name__ == "__main__":
    engine = {"dtype": "float32", "max_model_len": 512, "enforce_eager": True}
    agent = VllmAgent(sys.argv[1], **engine, **LIMITS)
    plain = answers(agent)
    agent.strategy.sampling = replace(agent.strategy.sampling, **THOUGHTS)
    print(json.dumps([*plain, *answers(agent)]))
