"""The server sampler against a real `vllm serve` on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cppo_agents import ChatAgent
from cppo_agents.backends import Request
from cppo_agents.backends.dialect import EXTENSIONS
from cppo_agents.backends.transformers import Transformers
from cppo_agents.local import TransformersAgent
from cppo_grpo.samplers.vllm_server import VllmServerSampler
from cppo_grpo.samplers.vllm_weights import WORKER_EXTENSION

from cppo_env.errors import SamplerError, UsageError
from cppo_env.types import Observation
from tests.support import need_vllm
from tests.support.cli import flags
from tests.support.models import tiny_qwen3
from tests.support.tiny_runs import killed_after
from tests.support.torchrun import assert_same_run, change, episodes, finish, launch
from tests.vllm.agents import LIMITS, answers
from tests.vllm.comparison import compare, load_model, require_equal
from tests.vllm.in_process import require_adapters, through_adapters
from tests.vllm.training import ADAPTER, SETTINGS, require_resumption, require_training

STARTS_WITHIN_S = 900
OBSERVATION = Observation(phase=0, problem="Add.", starter_code="", methods=("",) * 4)
LONG = [{"role": "user", "content": "too long " * 600}]
FLAGS = (
    "--logprobs-mode=processed_logprobs",
    "--generation-config=vllm",
    f"--worker-extension-cls={WORKER_EXTENSION}",
)
TAKES_ADAPTERS = ("--enable-lora", "--max-lora-rank=8")


@contextmanager
def serving(folder: Path, log: Path, *flags: str) -> Iterator[str]:
    """The URL of a server, which is gone in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    common = (
        "--host=127.0.0.1",
        f"--port={port}",
        "--dtype=float32",
        "--enforce-eager",
        "--max-model-len=512",
    )
    settings = {
        "VLLM_SERVER_DEV_MODE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
    settings |= {"OMP_NUM_THREADS": "1", "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1"}
    with log.open("w") as out:
        server = subprocess.Popen(
            # What `vllm serve` runs; that command itself does not start in the CPU build, which is
            # named vllm-cpu.
            [
                sys.executable,
                "-m",
                "vllm.entrypoints.openai.api_server",
                f"--model={folder}",
                *common,
                *flags,
            ],
            env=os.environ | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not _healthy(url):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.5)
        yield url
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


def unfinished(url: str) -> int:
    """Requests that the server is working on, as it says itself."""
    with urllib.request.urlopen(url + "/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    return int(
        sum(
            float(line.split()[-1])
            for line in lines
            if line.startswith("vllm:num_requests_running")
        )
    )


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/health", timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@need_vllm
def test_a_server_equals_transformers_and_trains(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = folders["tied"]
    with serving(folder, tmp_path / "server.log", *FLAGS, *TAKES_ADAPTERS) as url:
        model = load_model(folder)
        sampler = VllmServerSampler(model, url=url)
        require_equal(compare(sampler, model, folder, lambda: unfinished(url)))
        require_training(folder, tmp_path / "run", "vllm_server", url=url)

        require_adapters(through_adapters("vllm_server", folder, url=url))
        adapted = tmp_path / "adapted"
        require_training(folder, adapted, "vllm_server", ADAPTER, url=url)
        require_resumption(adapted)
        log = (tmp_path / "server.log").read_text()
        assert log.count("Loaded new LoRA adapter") - log.count("Removed LoRA adapter") == 3


@pytest.fixture(scope="module")
def two_servers(
    folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The URLs of two servers of the tied model."""
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    logs = tmp_path_factory.mktemp("servers")
    flags = (*FLAGS, *TAKES_ADAPTERS)
    with (
        serving(folders["tied"], logs / "one.log", *flags) as one,
        serving(folders["tied"], logs / "other.log", *flags) as other,
    ):
        yield one, other
    for log in logs.iterdir():
        assert log.read_text().count("POST /v1/completions") > 20


def in_two_processes(run: Path, servers: tuple[str, str], changed: Mapping[str, Any]) -> None:
    settings = SETTINGS | {"run": run, "sampler": "vllm_server"} | changed
    finish(launch(2, *flags(**settings), f"--sampler_options.url={','.join(servers)}"))


@need_vllm
def test_two_processes_beside_two_servers_make_the_run_of_one(
    folders: dict[str, Path], two_servers: tuple[str, str], tmp_path: Path
) -> None:
    alone, changed = tmp_path / "alone", {"model": folders["tied"], "lr": 1e-4}
    require_training(folders["tied"], alone, "vllm_server", changed, url=two_servers[0])
    in_two_processes(tmp_path / "both", two_servers, changed)
    assert_same_run(alone, tmp_path / "both")
    sharded = change(
        killed_after(alone, 1, tmp_path / "sharded"),
        parallel="fsdp2",
        sampler_options={"url": ",".join(two_servers)},
    )
    finish(launch(2, f"--resume={sharded}"))
    assert_same_run(alone, sharded)


@need_vllm
def test_two_processes_draw_through_one_adapter(
    folders: dict[str, Path], two_servers: tuple[str, str], tmp_path: Path
) -> None:
    alone, changed = tmp_path / "alone", ADAPTER | {"model": folders["tied"]}
    require_training(folders["tied"], alone, "vllm_server", changed, url=two_servers[0])
    in_two_processes(tmp_path / "both", two_servers, changed)
    assert episodes(tmp_path / "both") == episodes(alone)


@need_vllm
def test_a_server_takes_untied_weights(folders: dict[str, Path], tmp_path: Path) -> None:
    with serving(folders["untied"], tmp_path / "server.log", *FLAGS) as url:
        model = load_model(folders["untied"])
        require_equal(
            compare(
                VllmServerSampler(model, url=url), model, folders["untied"], lambda: unfinished(url)
            )
        )


@need_vllm
def test_a_plain_server_serves_the_chat_agent_and_is_refused_by_the_sampler(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = str(folders["tied"])
    own = answers(TransformersAgent(folder, device="cpu", **LIMITS))
    with serving(folders["tied"], tmp_path / "server.log", FLAGS[2]) as url:
        with pytest.raises(
            UsageError, match=r"reports raw_logprobs, expected processed_logprobs; start it with"
        ):
            VllmServerSampler(load_model(folders["tied"]), url=url)
        agent = ChatAgent(folder, base_url=f"{url}/v1", **LIMITS)
        assert answers(agent) == own
        assert [len(text) > 0 for text in own[0]].count(True) == 3
        # Nothing of the request was given up: the server takes all of it.
        fields = agent.backend.dialect.fields(Request([], 0.7, 8, seed=1))
        assert {"max_tokens", "seed", "top_p"} < fields.keys()
        assert fields["extra_body"] == EXTENSIONS
        asked = agent.prompts.plan(OBSERVATION, 4)
        [reply] = agent.backend.complete([Request(asked, 0.0, 6, thoughts=10)])
        assert (reply.thoughts, reply.thoughts_cut) == (10, True)
        begun, _, rest = reply.text.partition("</think>\n\n")
        turn = {"role": "assistant", "content": f"{begun}</think>\n\n"}
        backend = Transformers(folder, device="cpu")
        prompt = backend.tokenizer.apply_chat_template(
            [*asked, turn], continue_final_message=True, return_dict=False
        )
        [goes_on] = backend.draw([tuple(prompt)], 0.0, 6, [None])
        assert backend.chat.decode([goes_on.token_ids]) == [rest]
        with pytest.warns(UserWarning, match="a prompt is too long for it"):
            [reply] = agent.backend.complete([Request(LONG, 0.7, 8)])
        assert reply.truncated
        with pytest.raises(UsageError, match="refuses the requests, so none is repeated"):
            ChatAgent("another", base_url=f"{url}/v1", **LIMITS).act([OBSERVATION])


def test_where_no_server_answers_the_error_says_how_to_start_one() -> None:
    with pytest.raises(SamplerError, match=r"no vLLM server answers: .*vllm serve MODEL"):
        VllmServerSampler(tiny_qwen3(), url="http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "http://127.0.0.1:9,"])
def test_what_is_no_address_is_told_in_one_line(url: str) -> None:
    with pytest.raises(UsageError, match=r"expected an address such as http://127\.0\.0\.1:8000"):
        VllmServerSampler(tiny_qwen3(), url=url)
