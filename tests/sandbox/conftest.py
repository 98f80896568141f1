import pytest

import cppo_env
from cppo_env.types import Problem, TestCase

BACK_ENDS = ["local", pytest.param("docker", marks=pytest.mark.docker)]
ADD = "a, b = map(int, input().split())\nprint(a + b)\n"


def sums(count: int, **options) -> Problem:
    return Problem(
        "sums", "", tuple(TestCase(f"{i} 2\n", f"{i + 2}\n") for i in range(count)), **options
    )


@pytest.fixture(scope="module", params=BACK_ENDS)
def sandbox(request):
    with cppo_env.make_sandbox(request.param, workers=2) as box:
        yield box
