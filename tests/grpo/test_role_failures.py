"""A sampler or an algorithm that raises or returns nonsense is named in one line."""

import dataclasses

import numpy as np
import pytest
from cppo_grpo.algorithms import Advantages
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.samplers import Completion, SamplingParams, stream

from cppo_env.errors import RoleError
from tests.support.rollouts import CONFIG, rollout

DRAWN = Completion((1,), (0.0,), "stop")


class Sampler:
    def __init__(self, answer):
        self.answer = answer

    def sample(self, prompts, params):
        return self.answer()


class Streaming:
    def __init__(self, answer):
        self.answer = answer

    def stream(self, prompts, params):
        yield self.answer()


def broken(*_):
    raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (Sampler(broken), "sampler Sampler.sample() raised KeyError"),
        (Sampler(lambda: [DRAWN]), "returned 1, expected a list of 2, one Completion"),
        (Sampler(lambda: [DRAWN, (1, 2)]), "returned tuple at position 1"),
        (Streaming(broken), "sampler Streaming.stream() raised KeyError"),
        (Streaming(lambda: {1: DRAWN}), "left out 1 of 2 prompts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_sampler(sampler, message):
    with pytest.raises(RoleError) as caught:
        list(stream(sampler, [(1,), (2,)], SamplingParams(4, (0,))))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (broken, "algorithm broken() raised KeyError"),
        (lambda *_: None, "raised AttributeError"),
        (lambda *_: Advantages(np.zeros((2, 4)), np.zeros((2, 3, 2))), "raised ValueError"),
        (lambda *_: Advantages(np.full((2, 3), np.nan), np.zeros((2, 3, 2))), "not finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_algorithm(answer, message):
    with pytest.raises(RoleError) as caught:
        compute_advantages(rollout(), dataclasses.replace(CONFIG, algorithm=answer))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
