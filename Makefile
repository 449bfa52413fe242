# The commands of this project; `make help` lists them.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo -n)

.DEFAULT_GOAL := help
.PHONY: help serve test lint check audit bench endure scale quality spec docs sdk fuzz lock clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

serve: $(INSTALLED) ## Start the service with a demo account; Ctrl-C ends it
	@exec $(BIN)/pixelgate serve --demo

test: $(INSTALLED_DEV) ## Run the tests
	PATH="$(abspath $(BIN)):$$PATH" scripts/test

lint: $(INSTALLED_DEV) ## Format, lint, types, spec
	PATH="$(abspath $(BIN)):$$PATH" scripts/lint

check: $(INSTALLED_DEV) ## Lint and tests: what must pass before a commit
	PATH="$(abspath $(BIN)):$$PATH" scripts/check

audit: $(INSTALLED_DEV) ## Ask PyPI for known weaknesses of what the service depends on
	PATH="$(abspath $(BIN)):$$PATH" scripts/audit

bench: $(INSTALLED_DEV) $(PEERS:%=$(VENV)/peers/%) ## Measure throughput beside the plain loop (PEERS=mosec: and that), and CPU of each engine beside decoding
	$(BIN)/python -m benchmarks.http $(addprefix --peers ,$(PEERS))
	$(BIN)/python -m benchmarks.pekat
	$(BIN)/python -m benchmarks.engines
	$(BIN)/python -m benchmarks.libraries

# In an environment of its own; where it cannot be installed, the benchmark says so.
$(VENV)/peers/mosec: | $(INSTALLED_DEV)
	$(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check 'mosec>=0.9.8,<0.10' || rm -rf $@

endure: $(INSTALLED_DEV) ## Watch memory over 10,000 requests, answers and tasks while processes are killed or restarted
	$(BIN)/python -m benchmarks.soak --requests $(or $(REQUESTS),10000)
	$(BIN)/python -m benchmarks.chaos
	$(BIN)/python -m benchmarks.task_chaos --tasks $(or $(TASKS),200)
	$(BIN)/python -m benchmarks.rolling_restart --requests $(or $(REQUESTS),2000)

scale: $(INSTALLED_DEV) ## Have each part of the scaled-out service die under load, each on a host of its own (needs root)
	$(AS_ROOT) $(BIN)/python -m benchmarks.scale $(or $(SCALE),--rounds 2 --seconds 10)

quality: $(INSTALLED_DEV) ## Measure how right the answers are
	$(BIN)/python -m benchmarks.quality

spec: $(INSTALLED_DEV) ## Write openapi.yaml and docs/configuration.md anew
	$(BIN)/python -m gateway.dialects.ltu.examples
	$(BIN)/pixelgate spec > openapi.yaml
	$(BIN)/pixelgate settings --markdown > docs/configuration.md

docs: $(INSTALLED) ## Write the guide anew, which the service has at /docs
	$(BIN)/mkdocs build --strict

sdk: $(INSTALLED_DEV) ## Generate clients in Python and TypeScript (needs Java)
	PATH="$(abspath $(BIN)):$$PATH" scripts/sdk

fuzz: $(INSTALLED_DEV) ## Try 100,000 damaged pictures, and what openapi.yaml allows, for ten minutes
	$(BIN)/python -m tests.fuzz.pictures 100000 600
	$(BIN)/python -m tests.fuzz 600

lock: ## Write the lock files anew (needs uv)
	scripts/lock

clean: ## Remove the environment and caches, not the data
	rm -rf $(VENV) gateway/console/docs .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) scripts/python_version
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(INSTALLED_DEV): requirements-dev.lock $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
