"""`cppo train` samples with vLLM, in its process and in a worker process."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import need_vllm
from tests.vllm.in_process import LORA
from tests.vllm.training import ADAPTER, require_resumption, require_training


@need_vllm
@pytest.mark.parametrize(
    ("name", "embeddings", "changed", "options"),
    [
        ("vllm", "untied", {}, {"max_model_len": 512}),
        ("vllm", "tied", ADAPTER, LORA),
        ("vllm_worker", "tied", ADAPTER, LORA),
    ],
)
def test_a_run_trains_on_what_vllm_draws_and_can_be_resumed(
    name: str,
    embeddings: str,
    changed: dict[str, Any],
    options: dict[str, Any],
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    require_training(folders[embeddings], tmp_path / "run", name, changed, **options)
    require_resumption(tmp_path / "run")
