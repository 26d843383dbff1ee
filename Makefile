# Everything sets itself up on a machine that has Python 3.11 or newer, make and git. The second time is instant.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
BIN := .venv/bin
WORKERS ?= 3
FUZZ ?= 200
CHAOS ?= 200
SEED ?= 0
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml
PYTEST_FLAGS ?= -q

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgresql check bench fuzz chaos screenshots schema format requirements clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: .venv/run.stamp  ## Start Heartbeet on http://127.0.0.1:8000
	@exec $(BIN)/heartbeet up

test: test-sqlite test-postgresql  ## Run the tests on SQLite, then on PostgreSQL with Redis

test-sqlite: .venv/dev.stamp
	HEARTBEET_TEST_DATABASE=sqlite $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_FLAGS)

test-postgresql: .venv/dev.stamp
	HEARTBEET_TEST_DATABASE=postgresql $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_FLAGS)

check: .venv/dev.stamp  ## Style, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/heartbeet makemigrations --check --dry-run
	$(BIN)/heartbeet check
	$(BIN)/heartbeet schema --check

bench: .venv/dev.stamp  ## Measure: one JSON line per case
	@for name in ingest sweep judging learning replay latency storm api pages sign_in; do $(BIN)/python -m benchmarks.$$name || exit 1; done
	@$(BIN)/python -m benchmarks.rhythm --quick --json

fuzz: .venv/dev.stamp  ## Ask the API for what nobody expects: FUZZ examples for each call
	HEARTBEET_TEST_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_FLAGS) tests/api/test_schema.py

chaos: .venv/dev.stamp  ## Kill processes at every statement: CHAOS rounds on each database, and outages at full length; a table each
	@for database in sqlite postgresql; do \
		HEARTBEET_TEST_CHAOS=$(CHAOS) HEARTBEET_TEST_SEED=$(SEED) HEARTBEET_TEST_DATABASE=$$database \
		timeout --signal=INT --kill-after=60 3600 $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/chaos || exit 1; done

screenshots: .venv/dev.stamp  ## Take the pictures of README and docs anew, of a demo (Chromium)
	$(BIN)/python -m tests.browser.screenshots

schema: .venv/dev.stamp  ## Write schema.yml and the tables of docs/reference/api.md from the code
	$(BIN)/heartbeet schema

format: .venv/dev.stamp  ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

requirements: .venv/dev.stamp  ## Pin what pyproject.toml asks for, with hashes
	$(COMPILE) --extra install -o requirements.txt
	$(COMPILE) --extra install --extra dev -c requirements.txt -o requirements-dev.txt

clean:  ## Remove the environment and what tools left behind; data in var/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

# The project itself needs setuptools, which the requirements bring: nothing is fetched that has no hash.
.venv/run.stamp: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@ .venv/run.stamp
