"""vLLM draws what transformers would, before and after an update, in both processes."""

import importlib.util
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cppo_agents.local import TransformersAgent

from tests.support import need_vllm
from tests.support.forked import Forked
from tests.vllm import ENGINE
from tests.vllm.agents import LIMITS, THOUGHTS, answers
from tests.vllm.comparison import require_equal
from tests.vllm.in_process import require_adapters


def alone(module: str, *words: object, env: Mapping[str, str] = {}) -> Any:
    """What a process of its own found, because vLLM allows one engine in each."""
    process = Forked(words, env=os.environ | env, program=module, imports=ENGINE)
    output, errors = process.communicate(timeout=1500)
    assert process.returncode == 0, errors[-2000:]
    return json.loads(next(line for line in output.splitlines() if line[:2] in ('{"', "[[")))


@need_vllm
@pytest.mark.parametrize(("name", "embeddings"), [("vllm", "tied"), ("vllm_worker", "untied")])
def test_vllm_equals_transformers_before_and_after_an_update(
    name: str, embeddings: str, folders: dict[str, Path]
) -> None:
    """The other two pairs train in `test_training`, which compares them after every update."""
    found = alone("tests.vllm.in_process", name, folders[embeddings])
    require_equal(found)
    unfinished = found["streamed"]["unfinished"]
    assert unfinished[0] > 0, "nothing was reported before the batch was over"
    assert found["threads"] == 1
    assert len(found["judged_early"]) > 1
    assert found["judged_early"][0] > 0, "no program went to the sandbox before all were written"
    assert found["left_behind"] == 0
    assert found["cached"] == [0, 128, 0, 128]  # an update empties the cache


@need_vllm
@pytest.mark.parametrize("name", ["vllm", "vllm_worker"])
def test_an_adapter_around_the_base_draws_as_merged_weights_do(
    name: str, folders: dict[str, Path]
) -> None:
    require_adapters(alone("tests.vllm.in_process", name, folders["tied"], "adapters"))


@need_vllm
def test_the_vllm_agent_answers_as_the_transformers_agent_does(folders: dict[str, Path]) -> None:
    """Of an exported model: `cppo export` writes what both engines load."""
    folder = str(folders["exported"])
    engine = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    found = alone("tests.vllm.agents", folder, env=engine)
    here = TransformersAgent(folder, device="cpu", **LIMITS)
    thinking = TransformersAgent(folder, device="cpu", **LIMITS, **THOUGHTS)
    assert found == [*answers(here), *answers(thinking)]
    assert any(text.strip() for text in found[0])
    assert all(text.startswith("<think>") for text in found[2])


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_the_error_names_the_extra() -> None:
    from cppo_grpo.samplers.vllm import VllmSampler

    from cppo_env import plugins
    from cppo_env.errors import MissingExtraError
    from tests.support.models import tiny_qwen3

    # Of a checkout it is the checkout's path, of an installed package its name.
    with pytest.raises(MissingExtraError, match=re.escape(plugins.how_to_install("vllm"))):
        VllmSampler(tiny_qwen3())
