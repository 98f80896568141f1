"""Sampling with a `vllm serve` process: the engine on other GPUs, with the trainer's weights.

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs \
        --generation-config vllm \
        --worker-extension-cls cppo_grpo.samplers.vllm_weights.WeightLoader
    cppo train --model MODEL --sampler vllm_server --sampler_options.url=http://127.0.0.1:8000

Token ids travel through the completions API. New weights go through a file that both processes can
read. A server that was also started with `--enable-lora --max-lora-rank RANK` and with
VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 keeps the base of a LoRA run and draws through its adapter. The
development mode opens the server's control endpoints to anyone who reaches the port:
serve on 127.0.0.1 or a private network.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel

from cppo_env.errors import SamplerError, UsageError
from cppo_grpo.launcher import launched_processes
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from cppo_grpo.samplers.vllm_weights import WORKER_EXTENSION, shared_folder, weights_file

HOW_TO_SERVE = (
    "start it with: VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs "
    f"--generation-config vllm --worker-extension-cls {WORKER_EXTENSION}"
)


class VllmServerSampler:
    """Samples from the model of a vLLM server, after sending it the trainer's weights.

    Args:
        model: the trained model; the server must serve the same architecture.
        url: the server's address, such as "http://127.0.0.1:8000".
        folder: where the file with new weights is written; the server must see it under the same
            path. Default: shared memory (server and trainer on one machine).
        requests: maximum requests in flight; the server batches them.
        timeout_s: seconds per request.

    Raises:
        SamplerError: no server answers there.
        UsageError: several processes train, or the server was started without a required option;
            the message says how to start it.
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
        if (count := launched_processes()) > 1:
            raise UsageError(
                f"sampler vllm_server: one server serves one process, and there are {count}; use "
                "--sampler transformers"
            )
        self.url, self.folder, self.timeout_s = (
            url.rstrip("/"),
            Path(folder) if folder else None,
            timeout_s,
        )
        self._threads = ThreadPoolExecutor(requests, thread_name_prefix="vllm_server")
        # A server beside the trainer is never behind the proxy that the environment may name.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.takes_adapters: bool = self._require_settings()["lora"]
        self._adapter: str | None = None
        self.update(model.named_parameters())

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order; see `Sampler.sample`.

        Raises:
            SamplerError: the server failed, or did not answer in time.
        """
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[dict[int, Completion]]:
        """The same completions by prompt index, each as soon as the server answers.

        Raises:
            SamplerError: the server failed, or did not answer in time.
        """
        drawn = {} if self._adapter is None else {"model": self._adapter}
        # One request for each prompt: prompts of one request share their seed.
        bodies = [
            drawn
            | {
                "prompt": list(prompt),
                "max_tokens": params.max_tokens,
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
        numbers = {self._threads.submit(self._complete, body): i for i, body in enumerate(bodies)}
        try:
            for answer in as_completed(numbers):
                yield {numbers[answer]: answer.result()}
        finally:
            for request in numbers:
                request.cancel()

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Load the trainer's weights, and drop the prefix cache of the old ones.

        Raises:
            SamplerError: the server did not accept them.
        """
        with weights_file(named_weights, self.folder) as path:
            self._post("/collective_rpc", {"method": "load_named_file", "args": [path]})
        # Cached prefixes hold keys and values of the old weights.
        if not self._post("/reset_prefix_cache", {})["success"]:
            raise SamplerError(
                f"{self.url}: its prefix cache is in use; give the server to one trainer"
            )

    def update_adapter(self, write: Callable[[Path], None], /) -> None:
        """Draw through an adapter around the weights that were loaded last.

        Raises:
            SamplerError: the server did not accept it.
        """
        # The prefix cache goes by the name, so no two adapters of a server may share one.
        name = f"cppo-{uuid.uuid4().hex}"
        with shared_folder(self.folder) as folder:
            write(folder)
            body = {"lora_name": name, "lora_path": str(folder)}
            try:
                self._request("/v1/load_lora_adapter", body)
            except SamplerError as error:
                if '"detail":"Not Found"' not in str(error):  # of a path that is not there
                    raise
                raise SamplerError(
                    f"{self.url}: the server takes no adapters while it runs; start it with "
                    "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, or without --enable-lora for merged "
                    "weights"
                ) from error
        if self._adapter is not None:
            self._request("/v1/unload_lora_adapter", {"lora_name": self._adapter})
        self._adapter = name

    def _complete(self, body: dict[str, Any]) -> Completion:
        choice = self._post("/v1/completions", body)["choices"][0]
        return Completion(
            tuple(choice["token_ids"]),
            tuple(choice["logprobs"]["token_logprobs"]),
            "stop" if choice["finish_reason"] == "stop" else "length",
        )

    def _require_settings(self) -> dict[str, Any]:
        """Reject a server with other log-probs, or one that cannot take weights."""
        try:
            (settings, *_) = self._post("/collective_rpc", {"method": "prepare"})["results"]
        except SamplerError as error:
            if not isinstance(error.__cause__, urllib.error.HTTPError):
                raise
            raise UsageError(
                f"{self.url}: the server cannot take new weights; {HOW_TO_SERVE}"
            ) from error
        if (mode := settings["logprobs_mode"]) != "processed_logprobs":
            raise UsageError(
                f"{self.url}: the server reports {mode}, expected processed_logprobs; "
                f"{HOW_TO_SERVE}"
            )
        return settings

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return json.loads(self._request(path, body) or "null")

    def _request(self, path: str, body: dict[str, Any]) -> bytes:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=self.timeout_s) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            said = error.read(300).decode(errors="replace")
            raise SamplerError(
                f"{self.url}{path}: the vLLM server answered {error.code}: {said}"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise SamplerError(
                f"{self.url}{path}: no vLLM server answers: {error}; {HOW_TO_SERVE}"
            ) from error
