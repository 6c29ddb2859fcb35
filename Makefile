# Each target does its own set-up: a virtual environment from the hashed lock files, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

.PHONY: demo test check lint types bench nightly guards lock clean stop

demo: $(RUNTIME)
	@$(BIN)/junkan demo

stop: $(RUNTIME)
	@$(BIN)/junkan stop

test: $(DEV)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

# The whole suite with examples drawn afresh and the fault programmes at full size. Prints its seed; JUNKAN_SEED runs
# the same again, JUNKAN_SCALE a part of it.
nightly: $(DEV)
	JUNKAN_TIER=N $(BIN)/python -m pytest -m ""

# Takes every guard of the database away, one at a time, and sees that a test then fails; ONLY=lot_ for some of them.
guards: $(DEV)
	$(BIN)/python -m tests.guards --only "$(ONLY)"

check: lint types test

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

bench: $(DEV)
	$(BIN)/python -m benchmarks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Needs uv; run it after changing pyproject.toml. No registry address may stand in a lock file.
lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header --quiet \
		--group build pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header --quiet \
		--group build --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage
