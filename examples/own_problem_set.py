"""A custom problem set: `len()`, and indexing that makes `Problem`s on demand."""

import random

import gymnasium as gym

from cppo_env import Limits, Problem, TestCase


class LargestOfN:
    """Problem `index` asks for the largest of `index + 1` numbers."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int, /) -> Problem:
        if not 0 <= index < len(self):
            raise IndexError(index)
        rng = random.Random(index)
        rows = [[rng.randint(-99, 99) for _ in range(index + 1)] for _ in range(5)]
        return Problem(
            id=f"largest-of-{index + 1}",
            statement=f"Read {index + 1} whole numbers from one line and print the largest.",
            tests=[TestCase(" ".join(map(str, row)) + "\n", f"{max(row)}\n") for row in rows],
            limits=Limits(cpu_s=2.0),
            references=[
                "print(max(map(int, input().split())))",
                "print(sorted(map(int, input().split()))[-1])",
            ],
            wrong=["print(max(input().split()))"],  # compares texts
            metadata={"methods": ("built-in maximum", "last of the sorted numbers")},
        )


if __name__ == "__main__":
    problems = LargestOfN()
    with gym.make("CPPO-Samples-v0", problems=problems, k=2) as env:
        observation, info = env.reset(options={"problem_id": "largest-of-5"})
        env.step(problems[4].metadata["methods"])
        solutions = (
            f"```python\n{problems[4].references[0]}\n```",
            f"```python\n{problems[4].wrong[0]}\n```",
        )
        _, reward, *_, info = env.step(solutions)
        print(observation["problem"], "→", info["verdicts"], "reward", reward)
