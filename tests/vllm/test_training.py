"""`cppo train` samples with vLLM, in its process and in a worker process."""

from pathlib import Path

import pytest

from tests.support import need_vllm
from tests.vllm.training import require_resumption, require_training


@need_vllm
@pytest.mark.parametrize(("name", "embeddings"), [("vllm", "untied"), ("vllm_worker", "tied")])
def test_a_run_trains_on_what_vllm_draws_and_can_be_resumed(
    name: str, embeddings: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    require_training(folders[embeddings], tmp_path / "run", name, max_model_len=512)
    require_resumption(tmp_path / "run")
