"""The agents that need no model, in real environments."""

import gymnasium as gym
import pytest
from cppo_agents import OracleAgent, RandomAgent, ScriptedAgent

import cppo_env
from cppo_env import Observation, Problem, TestCase, unbatch
from cppo_env.testing import AgentContract

ADD = Problem(
    id="add",
    statement="Add two numbers.",
    tests=(TestCase("1 2\n", "3\n"), TestCase("5 -7\n", "-2\n")),
    references=(
        "print(sum(map(int, input().split())))",
        "a, b = map(int, input().split())\nprint(a + b)",
    ),
    metadata={"methods": ("Sum the words of the line.", "Add the first word to the second.")},
)
ECHO = Problem(
    id="echo",
    statement="Print the line.",
    tests=(TestCase("hi\n", "hi\n"),),
    references=("print(input())",),
)
BARE = Problem(id="bare", statement="Nobody solved this.", tests=(TestCase("1\n", "2\n"),))


def observation(problem: Problem, phase: int, methods: tuple[str, ...] = ("",) * 4) -> Observation:
    return Observation(phase=phase, problem=problem.statement, starter_code="", methods=methods)


class TestRandomAgent(AgentContract):
    def make(self):
        return RandomAgent(k=4, seed=0)


class TestScriptedAgent(AgentContract):
    def make(self):
        return ScriptedAgent(("a", "b", "c", "d"), ("1", "2", "3", "4"))


class TestOracleAgent(AgentContract):
    def make(self):
        return OracleAgent([ADD, ECHO])


def test_the_random_agent_repeats_itself_under_one_seed_only():
    observations = [observation(ADD, 0), observation(ADD, 1)]
    first, again, other = (RandomAgent(seed=seed).act(observations) for seed in (1, 1, 2))
    assert first == again != other


def test_the_oracle_names_the_methods_it_replays():
    oracle = OracleAgent([ADD, ECHO])
    [plan, solutions] = oracle.act([observation(ADD, 0), observation(ADD, 1)])
    assert plan[:2] == ADD.metadata["methods"]
    assert len(set(plan)) == 4
    programs = [cppo_env.parsing.read_program(solution) for solution in solutions]
    assert programs == [*ADD.references, *ADD.references]


def test_the_oracle_plays_each_problem_of_a_batch_by_its_statement():
    [echo, add] = OracleAgent([ADD, ECHO], k=1).act([observation(ECHO, 1), observation(ADD, 1)])
    assert ECHO.references[0] in echo[0]
    assert ADD.references[0] in add[0]


@pytest.mark.parametrize("problem", [BARE, Problem(id="new", statement="Unheard of.", tests=())])
def test_the_oracle_has_nothing_to_say_without_references(problem):
    oracle = OracleAgent([ADD, BARE])
    assert oracle.act([observation(problem, 0), observation(problem, 1)]) == [("",) * 4] * 2


def test_the_oracle_declines_problems_without_references():
    oracle = OracleAgent([ADD, BARE])
    assert oracle.declines(ADD) is None
    assert oracle.declines(BARE) == "the record holds no reference solutions"


def play(agent, problems) -> tuple[list[float], list[list[str]]]:
    """Rewards and verdicts of one episode per problem."""
    env = gym.make_vec(
        "CPPO-Samples-v0", num_envs=len(problems), problems=problems, sandbox="local"
    )
    try:
        observations, _ = env.reset(options={"problems": list(range(len(problems)))})
        observations, *_ = env.step(agent.act(unbatch(observations)))
        _, rewards, _, _, infos = env.step(agent.act(unbatch(observations)))
    finally:
        env.close()
    return rewards.tolist(), infos["verdicts"].tolist()


def test_the_oracle_earns_every_reward():
    assert play(OracleAgent([ADD, ECHO]), [ADD, ECHO]) == ([1.0, 1.0], [["AC"] * 4] * 2)


def test_the_random_agent_earns_none():
    rewards, verdicts = play(RandomAgent(seed=0), [ADD, ECHO])
    assert rewards == [0.0, 0.0]
    assert {verdict for row in verdicts for verdict in row} == {"WA"}


def test_the_scripted_agent_plays_its_script():
    script = ScriptedAgent(
        ("one", "two", "three", "four"),
        ("```\nprint(input())\n```", "```\nprint(0)\n```", "```\n1 +\n```", "I do not know."),
    )
    rewards, verdicts = play(script, [ECHO])
    assert rewards == [1.0]
    assert verdicts == [["AC", "WA", "CE", "CE"]]
