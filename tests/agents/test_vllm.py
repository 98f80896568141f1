"""The vLLM back end on a tiny model made from scratch; runs if vLLM is installed."""

import importlib.util
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (extra vllm)"
)

# In a separate process: vLLM binds all threads of its process.
SCRIPT = """
import sys
from cppo_agents import VllmAgent
from cppo_agents.backends import Request
from cppo_env import Observation
from cppo_grpo.model.tiny import make_model, train_tokenizer

folder = sys.argv[1]
tokenizer = train_tokenizer(["Add up the numbers of the log.", "print(sum(numbers))"] * 3, 400)
make_model(tokenizer).save_pretrained(folder)
tokenizer.save_pretrained(folder)
agent = VllmAgent(folder, dtype="float32", enforce_eager=True, plan_tokens=8, solve_tokens=16)
observations = [
    Observation(phase=phase, problem="Add.", starter_code="", methods=("a", "b", "c", "d"))
    for phase in (0, 1)
]
assert [len(action) for action in agent.act(observations)] == [4, 4]
assert agent.tokens == [8, 64], agent.tokens
request = Request([{"role": "user", "content": "Add up."}], temperature=1.0, max_tokens=8, seed=3)
[first], [again] = agent.backend.complete([request]), agent.backend.complete([request])
assert first == again
assert (first.truncated, first.tokens) == (True, 8)
print("as expected")
"""


def test_vllm_answers_a_batch(tmp_path, monkeypatch):
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("as expected\n")
