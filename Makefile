# make run    the quickstart: a tiny language model learns to coordinate its attempts
# make test   the whole test suite
# make setup  .venv with everything for working on the project   (PYTHON=… chooses the interpreter)
# make check  ruff, pyright, import-linter
# make image  the Docker image that judged programs run in, made without an image registry (Debian, as root)
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

.PHONY: help run test setup check image
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' $(firstword $(MAKEFILE_LIST))

run: $(LEAN)
	@$(BIN)/cppo run $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(ARGS)

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
