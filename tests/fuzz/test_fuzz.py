"""A minute of the fuzzer, with a different range of programs each day."""

import os
import time
from itertools import count

import pytest

import cppo_env
from tests.fuzz.campaign import run

SECONDS = 30.0
DAY = int(time.time()) // 86400
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the programs would be this very user")


@pytest.mark.parametrize(
    "back_end",
    [pytest.param("local", marks=needs_root), pytest.param("docker", marks=pytest.mark.docker)],
)
def test_random_programs_leave_the_judge_as_it_was(back_end):
    with cppo_env.make_sandbox(back_end, workers=1) as sandbox:
        result = run(sandbox, count(DAY * 100_000), SECONDS)
    assert not result.faults, result.faults
    assert result.programs >= 10
