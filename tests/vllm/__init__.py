"""Samplers and agents of vLLM beside those of transformers; `make test-vllm` runs them."""

ENGINE = ("vllm.v1.engine.llm_engine", "vllm.v1.worker.cpu_worker")
"""What an engine imports, which takes longer than what a test does with it."""
