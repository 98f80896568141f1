"""One vLLM server: requests to it, and what its failures mean."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cppo_env.errors import SamplerError, UsageError
from cppo_grpo.samplers.vllm_weights import WORKER_EXTENSION

HOW_TO_SERVE = (
    "start it with: VLLM_SERVER_DEV_MODE=1 vllm serve MODEL --logprobs-mode processed_logprobs "
    f"--generation-config vllm --worker-extension-cls {WORKER_EXTENSION}"
)


class VllmServer:
    """A server by its address; every method raises `SamplerError` where it does not answer.

    Raises:
        UsageError: it is no address.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url, self.timeout_s = url.strip().rstrip("/"), timeout_s
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(
                f"url: got {url!r}, expected an address such as http://127.0.0.1:8000, or several "
                "with commas between"
            )
        # A server beside the trainer is never behind the proxy that the environment may name.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def prepare(self) -> dict[str, Any]:
        """Prepare it to draw; returns what `WeightLoader.prepare` says.

        Raises:
            UsageError: it has other log-probs, or cannot take weights.
        """
        try:
            (settings, *_) = self.post("/collective_rpc", {"method": "prepare"})["results"]
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

    def load_weights(self, path: str) -> None:
        """Load a file of weights, and drop the prefix cache of the old ones."""
        self.post("/collective_rpc", {"method": "load_named_file", "args": [path]})
        # Cached prefixes hold keys and values of the old weights.
        if not self.post("/reset_prefix_cache", {})["success"]:
            raise SamplerError(
                f"{self.url}: its prefix cache is in use; give the server to one run"
            )

    def load_adapter(self, name: str, folder: Path, old: str | None) -> None:
        """Load a LoRA adapter under this name, and drop the old one."""
        try:
            self.request("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})
        except SamplerError as error:
            if '"detail":"Not Found"' not in str(error):  # of a path that is not there
                raise
            raise SamplerError(
                f"{self.url}: the server takes no adapters while it runs; start it with "
                "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, or without --enable-lora for merged weights"
            ) from error
        if old is not None:
            self.request("/v1/unload_lora_adapter", {"lora_name": old})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON value that it answers."""
        return json.loads(self.request(path, body) or "null")

    def request(self, path: str, body: dict[str, Any]) -> bytes:
        """What it answers."""
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
