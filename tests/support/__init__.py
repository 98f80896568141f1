"""Where tests find the shared sample data."""

import importlib.util
import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("CPPO_SHARED", Path(__file__).resolve().parents[3] / "shared"))
"""The folder of real problem records that lies beside the checkout."""

need_shared = pytest.mark.skipif(
    not (SHARED / "data").is_dir(),
    reason=f"the shared sample data is absent: no folder {SHARED / 'data'}",
)

need_vllm = pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None and os.environ.get("CPPO_REQUIRE_VLLM") != "1",
    reason="vLLM is not installed here; run: make test-vllm",
)
