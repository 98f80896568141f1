"""A problem set that is made on demand."""

from collections.abc import Sequence
from dataclasses import dataclass

from cppo_env import Problem, TestCase


@dataclass(frozen=True)
class DigitProblems:
    """Problem `index` asks for the sum of the digits in base `index + 2`."""

    largest_base: int

    def __len__(self) -> int:
        return self.largest_base - 1

    def __getitem__(self, index: int, /) -> Problem:
        if not 0 <= index < len(self):
            raise IndexError(index)
        base = index + 2
        return Problem(
            id=f"base-{base}",
            statement=(
                f"Read a whole number n (0 to 10^6) and print the sum of its digits in base {base}."
            ),
            tests=[
                TestCase(f"{n}\n", f"{sum(digits(n, base))}\n")
                for n in (0, 1, 7, 100, 4095, 999_999)
            ],
        )


def digits(n: int, base: int) -> list[int]:
    """The digits of n, the last one first."""
    return [n % base, *digits(n // base, base)] if n else []


def load(source: None = None, /, *, largest_base: int = 10) -> Sequence[Problem]:
    """The problems in the bases 2 to `largest_base`."""
    return DigitProblems(largest_base)
