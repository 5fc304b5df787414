# SPDX-License-Identifier: EUPL-1.2
# Everything there is to type. `make demo` shows the chain, `make test` tests it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= python3
PIP_TOOLS := pip-tools==7.6.2
JOBS ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check lint types imports crash soak fuzz bench docs lock format clean help

demo: $(READY)  ## play one real round with three municipalities, in a fresh demo/
	@$(BIN)/knooppunt demo

# Files are shared out over the cores; what one file shares (a chain, a disk) stays together.
test: $(READY)  ## every test, with a sample of the crash suite
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

check: test lint types imports  ## what CI runs: test, lint, types, imports
	@echo "check: all is well"

lint: $(READY)  ## ruff: rules and layout
	@$(BIN)/ruff check gateway envelopes tests bench docs
	@$(BIN)/ruff format --check gateway envelopes tests bench docs/*.py

types: $(READY)  ## mypy, strict
	@$(BIN)/mypy

imports: $(READY)  ## which module may import which
	@$(BIN)/lint-imports --no-logo --cache-dir .import_linter_cache

crash: $(READY)  ## the whole crash suite: kill and power loss at every call (root, minutes)
	@KNOOPPUNT_CRASH=full $(BIN)/python -m pytest tests/crash

fuzz: $(READY)  ## hypothesis at length: names, envelopes, configuration, the chain in any order (an hour)
	@KNOOPPUNT_FUZZ=full $(BIN)/python -m pytest --timeout=0 tests/fuzz

soak: $(READY)  ## half an hour of load, faults and kills at random; then every file is counted
	@$(BIN)/python bench/soak.py $(SOAK)

bench: $(READY)  ## messages a second on this machine
	@$(BIN)/python bench/throughput.py

docs: $(READY)  ## make the generated pages and tables again
	@$(BIN)/python -m gateway.config_doc > docs/config.md.new && mv docs/config.md.new docs/config.md
	@$(BIN)/python -m gateway.config_doc schema > docs/schemas/config.new
	@mv docs/schemas/config.new docs/schemas/config.schema.json
	@$(BIN)/python docs/generate.py
	@echo "docs: made again; see git diff docs/"

format: $(READY)  ## lay the code out
	@$(BIN)/ruff format gateway envelopes tests bench docs/*.py

# The lock names exact versions and hashes, of the tools that build the package too. It holds no
# address: where packages come from is a matter of the machine that installs them.
lock:  ## choose versions anew and write requirements.lock
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; \
	echo "lock: choosing versions (a minute)"; \
	$(PYTHON) -m venv "$$made/venv"; \
	"$$made/venv/bin/pip" install --quiet '$(PIP_TOOLS)'; \
	"$$made/venv/bin/pip-compile" --quiet --upgrade --generate-hashes --all-extras --all-build-deps \
	  --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links --output-file "$$made/lock" pyproject.toml; \
	{ echo "# SPDX-License-Identifier: EUPL-1.2"; \
	  echo "# Made by \`make lock\` from pyproject.toml: exact versions with their hashes."; \
	  cat "$$made/lock"; } > requirements.lock

# Made anew only when what is to be installed has changed.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "      Name another one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "make: python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; \
	  exit 1; }
	@echo "setting up $(VENV): $$(grep -c '==' requirements.lock) packages, once; this takes a minute or two"; \
	touch $(VENV)/.begun; \
	$(BIN)/python -m pip install --require-hashes -r requirements.lock > $(VENV)/set-up.log 2>&1 & \
	pid=$$!; \
	while kill -0 $$pid 2> /dev/null; do sleep 5; if kill -0 $$pid 2> /dev/null; then \
	  there=$$(find $(VENV)/lib -name '*.dist-info' -newer $(VENV)/.begun | wc -l); \
	  if [ $$there = 0 ]; then echo "  looking them up and fetching them"; \
	  else echo "  $$there installed"; fi; fi; done; \
	wait $$pid || { tail -n 5 $(VENV)/set-up.log >&2; echo "make: packages could not be installed; all of it is in $(VENV)/set-up.log" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean:  ## remove what make made (not folders/, not a chain of yours)
	@rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .grimp_cache
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

help:  ## this list
	@echo "Knooppunt: the chain GGk -> RINIS -> CBS on your own machine. Type make and one of:"
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 12
