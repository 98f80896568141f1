"""REINFORCE in NumPy on known methods: what three kinds of policies can reach, without a learner.

    python examples/reinforce.py [--episodes 20000] [--seed 0] [--problems 512]

- one shared head, drawn K times: the attempts are independent draws of one distribution, so
  `independent_ceiling` bounds it, whatever it learns;
- K separate heads, one for each place: head i may learn what head j leaves out;
- autoregressive: a method's logits depend on those chosen before it.
"""

import argparse

import gymnasium as gym
import numpy as np

import cppo_env
from cppo_env.problems import strategies
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling

K, BATCH, RATE = 4, 64, 1.0
KINDS = {"shared": "independent", "separate": "joint", "autoregressive": "autoregressive"}
"""The kinds of policies, and what `cppo_env.ChooseMethods` calls such attempts."""


class Policy:
    """Tables of logits over the methods, for each context, and for each place where that is on."""

    def __init__(self, contexts: int, methods: int, kind: str):
        self.kind = kind
        self.places = 1 if kind == "shared" else K
        self.own = np.zeros((contexts, self.places, methods))
        """Logits by context and place."""
        self.after = np.zeros((contexts, methods, methods))
        """What a method that was chosen before adds to the logits of the others."""

    def probabilities(self, context_N: np.ndarray, place: int, taken_NS: np.ndarray) -> np.ndarray:
        """The distribution of the next method: float[N, S]."""
        logits_NS = self.own[context_N, place % self.places].copy()
        if self.kind == "autoregressive":
            logits_NS += np.einsum("ns,nsz->nz", taken_NS, self.after[context_N])
        odds_NS = np.exp(logits_NS - logits_NS.max(-1, keepdims=True))
        return odds_NS / odds_NS.sum(-1, keepdims=True)

    def act(self, context_N: np.ndarray, random: np.random.Generator):
        """K methods each, int[N, K], and what `learn` must know."""
        count, methods = len(context_N), self.own.shape[-1]
        taken_NS, trace = np.zeros((count, methods)), []
        for place in range(K):
            probabilities_NS = self.probabilities(context_N, place, taken_NS)
            chosen_N = (probabilities_NS.cumsum(-1) < random.random((count, 1))).sum(-1)
            chosen_N = np.minimum(chosen_N, methods - 1)
            trace.append((place, taken_NS.copy(), probabilities_NS, chosen_N))
            taken_NS[np.arange(count), chosen_N] = 1.0
        return np.stack([chosen_N for *_, chosen_N in trace], axis=1), trace

    def learn(self, context_N: np.ndarray, trace: list, advantage_N: np.ndarray) -> None:
        """Ascend the advantage times the gradient of log p of the K choices."""
        for place, taken_NS, probabilities_NS, chosen_N in trace:
            score_NS = -probabilities_NS
            score_NS[np.arange(len(chosen_N)), chosen_N] += 1.0
            step_NS = RATE * advantage_N[:, None] * score_NS / len(chosen_N) * len(self.own)
            np.add.at(self.own, (context_N, place % self.places), step_NS)
            if self.kind == "autoregressive":
                np.add.at(self.after, context_N, taken_NS[:, :, None] * step_NS[:, None, :])


def play(env, policy: Policy, random: np.random.Generator, indices: np.ndarray):
    """One episode for each problem: contexts, the policy's trace, and R_out of each."""
    problems = env.unwrapped.assembly.problems
    played = [problems[int(index)] for index in indices]
    families = problems.families
    context_N = np.array([families.index(one.metadata["family"]) for one in played])
    chosen_NK, trace = policy.act(context_N, random)
    known = map(cppo_env.known_methods, played)
    taken = [
        [methods[number] for number in row] for methods, row in zip(known, chosen_NK, strict=True)
    ]
    env.reset(options={"problems": indices})
    env.step([tuple(one.method for one in row) for row in taken])
    *_, infos = env.step([tuple(f"```python\n{one.program}```" for one in row) for row in taken])
    return context_N, trace, infos["r_out"]


def train(env, kind: str, episodes: int, seed: int) -> Policy:
    """A policy after that many episodes on random problems."""
    random, problems = np.random.default_rng(seed), env.unwrapped.assembly.problems
    policy = Policy(len(problems.families), len(problems.strategies), kind)
    for _ in range(episodes // BATCH):
        indices = random.integers(len(problems), size=BATCH)
        context_N, trace, reward_N = play(env, policy, random, indices)
        policy.learn(context_N, trace, reward_N - reward_N.mean())
    return policy


def pass_at_k(env, policy: Policy, problems: int, seed: int) -> float:
    """The mean of R_out over the first problems, one episode each."""
    places = np.arange(problems).reshape(-1, BATCH)
    random = np.random.default_rng([seed, 1])
    return float(np.mean([play(env, policy, random, row)[-1].mean() for row in places]))


def main() -> None:
    """Train the three policies, and play each on held-out problems."""
    parser = argparse.ArgumentParser()
    for name, default in (("episodes", 20_000), ("seed", 0), ("problems", 512)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    trained, held_out = (
        gym.make_vec("CPPO-Strategies-v0", num_envs=BATCH, split=split, k=K, judge="accept")
        for split in ("train", "test")
    )
    for kind in KINDS:
        policy = train(trained, kind, given.episodes, given.seed)
        solved = pass_at_k(held_out, policy, given.problems, given.seed)
        print(f"{kind}: pass@{K} {solved:.3f} on {given.problems} held-out problems", flush=True)
    p_S = strategies.load().probabilities
    print(f"ceiling of independent attempts {independent_ceiling(p_S, K):.3f}, ", end="")
    print(f"optimum {coordinated_optimum(p_S, K):.3f}")
    for env in (trained, held_out):
        env.close()


if __name__ == "__main__":
    main()
