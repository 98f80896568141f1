"""Sampling with `vllm serve` processes: engines on other GPUs, with the trainer's weights.

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs \
        --generation-config vllm \
        --worker-extension-cls cppo_grpo.samplers.vllm_weights.WeightLoader
    cppo train --model MODEL --sampler vllm_server --sampler_options.url=http://127.0.0.1:8000

Token ids travel through the completions API. New weights go through a file that trainer and servers
can read. Several processes may train: the first one sends the weights, and each draws from its
share of the servers. A server that was also started with `--enable-lora --max-lora-rank RANK` and
with VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 keeps the base of a LoRA run and draws through its adapter.
The development mode opens the server's control endpoints to anyone who reaches the port:
serve on 127.0.0.1 or a private network.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor
from transformers import PreTrainedModel

from cppo_grpo.parallel import Processes
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from cppo_grpo.samplers.vllm_requests import VllmServer
from cppo_grpo.samplers.vllm_weights import shared_folder, weights_file

T = TypeVar("T")


class VllmServerSampler:
    """Samples from the model of vLLM servers, after sending them the trainer's weights.

    Every process of a run makes one, and all of them update it at the same time.

    Args:
        model: the trained model; the servers must serve the same architecture.
        url: the server's address, such as "http://127.0.0.1:8000", or several with commas between.
        folder: where the file with new weights is written; the servers must see it under the same
            path. Default: shared memory (servers and first process on one machine).
        requests: maximum requests of a process in flight; the servers batch them.
        timeout_s: seconds per request.

    Raises:
        SamplerError: no server answers there.
        UsageError: a server was started without a required option; the message says how to start
            it.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        url: str,
        folder: str | None = None,
        requests: int = 256,
        timeout_s: float = 600,
    ) -> None:
        self.folder = Path(folder) if folder else None
        self._servers = [VllmServer(one, timeout_s) for one in url.split(",")]
        self._threads = ThreadPoolExecutor(requests, thread_name_prefix="vllm_server")
        settings = [server.prepare() for server in self._servers]
        self.takes_adapters: bool = all(one["lora"] for one in settings)
        self._processes = Processes.launched()
        self._own = servers_of(self._servers, self._processes.rank, self._processes.count)
        self._adapter: str | None = None
        self.update(model.named_parameters())

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order; see `Sampler.sample`.

        Raises:
            SamplerError: a server failed, or did not answer in time.
        """
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[dict[int, Completion]]:
        """The same completions by prompt index, each as soon as its server answers.

        Raises:
            SamplerError: a server failed, or did not answer in time.
        """
        drawn = {} if self._adapter is None else {"model": self._adapter}
        # One request for each prompt: prompts of one request share their seed.
        bodies = [
            drawn
            | {
                "prompt": list(prompt),
                "max_tokens": params.most,
                "temperature": params.temperature,
                "seed": seed,
                "stop_token_ids": list(params.end_ids),
                "ignore_eos": True,  # `end_ids` alone decide
                "logprobs": 0,  # of the sampled token only
                "return_token_ids": True,
                "return_tokens_as_token_ids": True,  # no text is ever looked at
            }
            for prompt, seed in zip(prompts, params.seeds_of(len(prompts)), strict=True)
        ]
        # Neighbours, which share their beginning, go to one server.
        numbers = {
            self._threads.submit(_complete, self._own[i * len(self._own) // len(bodies)], body): i
            for i, body in enumerate(bodies)
        }
        try:
            for answer in as_completed(numbers):
                yield {numbers[answer]: answer.result()}
        finally:
            for request in numbers:
                request.cancel()

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Load the trainer's weights, and drop the prefix caches of the old ones.

        Raises:
            SamplerError: a server did not accept them.
        """
        self._processes.gather(None)  # until nobody draws with the old ones
        if self._processes.main:
            with weights_file(named_weights, self.folder) as path:
                self._tell_all(lambda server: server.load_weights(path))
        else:
            deque(named_weights, maxlen=0)  # all processes gather a weight that lies in shards
        self._processes.gather(None)

    def update_adapter(self, write: Callable[[Path], None], /) -> None:
        """Draw through an adapter around the weights that were loaded last.

        Raises:
            SamplerError: a server did not accept it.
        """
        # The prefix cache goes by the name, so no two adapters of a server may share one.
        name, *_ = self._processes.gather(f"cppo-{uuid.uuid4().hex}")
        if self._processes.main:
            with shared_folder(self.folder) as folder:
                write(folder)
                self._tell_all(lambda server: server.load_adapter(name, folder, self._adapter))
        self._processes.gather(None)
        self._adapter = name

    def _tell_all(self, tell: Callable[[VllmServer], None]) -> None:
        deque(self._threads.map(tell, self._servers), maxlen=0)


def servers_of(servers: Sequence[T], rank: int, count: int) -> Sequence[T]:
    """The servers that one of `count` processes draws from: all of them are in use."""
    return servers[rank % len(servers) :: count]


def _complete(server: VllmServer, body: dict[str, Any]) -> Completion:
    choice = server.post("/v1/completions", body)["choices"][0]
    return Completion(
        tuple(choice["token_ids"]),
        tuple(choice["logprobs"]["token_logprobs"]),
        "stop" if choice["finish_reason"] == "stop" else "length",
    )
