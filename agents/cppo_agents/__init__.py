"""Agents: three that need no model (random, scripted, oracle), and model back ends × strategies.

A *back end* (`backends`) turns chat prompts into texts. A *strategy* (`strategies`) says which
prompts to send for one episode. `ModelAgent` plays many episodes with one strategy on one back end,
all prompts of a round in one batch.
"""

from cppo_agents.chat import ChatAgent
from cppo_agents.local import TransformersAgent, VllmAgent
from cppo_agents.model_agent import ModelAgent
from cppo_agents.oracle import OracleAgent
from cppo_agents.random import RandomAgent
from cppo_agents.scripted import ScriptedAgent

__all__ = [
    "ChatAgent",
    "ModelAgent",
    "OracleAgent",
    "RandomAgent",
    "ScriptedAgent",
    "TransformersAgent",
    "VllmAgent",
]
