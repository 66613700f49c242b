# Each target sets up what it needs, from nothing: Python 3.11 or later, make, and a package index that pip reaches.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := connector_sdk plugins/salesforce/connector_salesforce plugins/salesforce_picklist/connector_salesforce_picklist \
	plugins/salesforce_events/connector_salesforce_events plugins/salesforce_emulator/salesforce_emulator
PLUGINS := plugins/salesforce plugins/salesforce_picklist plugins/salesforce_events plugins/salesforce_emulator

.DEFAULT_GOAL := help
.PHONY: help install demo test test-long coverage check wheels lowest faults cassettes fidelity bench duel docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## everything into .venv

$(INSTALLED): pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (PYTHON=...)"; exit 1; }
	@echo "Installing into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[dev]' $(addprefix --editable ,$(PLUGINS))
	@touch $@

demo: $(INSTALLED) ## plan, run, change, run again: a sync against a Salesforce org on this machine
	@$(BIN)/python examples/quickstart/demo.py

test: $(INSTALLED) ## the test suite
	@$(BIN)/python -m pytest -n 3 -m "not long"

test-long: $(INSTALLED) ## kill loops and other tests that take minutes
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m long --hypothesis-seed=$$(date +%s)

coverage: $(INSTALLED) ## branch coverage of the quick suite, in htmlcov/; names every module below 90 % of its branches
	@rm -rf htmlcov
	@$(BIN)/python -m pytest -n 3 -m "not long" --timeout 600 --cov --cov-report=html \
		--cov-report=json:htmlcov/coverage.json; tests=$$?; \
		$(BIN)/python -m tests.branches htmlcov/coverage.json && exit $$tests

check: $(INSTALLED) wheels ## lint, formatting, language, types, floors, and the wheels in a clean environment
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && echo "lint: ok"
	@$(BIN)/python -m tests.language
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports --no-cache

wheels: $(INSTALLED) ## the sdists and wheels into dist/; the wheels are installed and used in a clean environment
	@$(BIN)/python -m tests.distributions.wheels

lowest: $(INSTALLED) ## the lowest allowed versions, on each Python from 3.11 to 3.14 that is found (PYTHONS="PATH ...")
	@$(BIN)/python -m tests.distributions.lowest $(PYTHONS)

faults: $(INSTALLED) ## the rules about known faults, with the tests that show each
	@$(BIN)/python -m tests.faults

cassettes: $(INSTALLED) ## record the cassettes anew, against the emulator
	@$(BIN)/python -m pytest -q -n 0 tests/salesforce/test_cassettes.py tests/salesforce/test_login_cassettes.py \
		tests/salesforce_picklist/test_cassettes.py tests/salesforce_events/test_cassettes.py --record-cassettes

fidelity: $(INSTALLED) ## the emulator beside recorded answers of real orgs: equal, or different for a stated reason
	@$(BIN)/python -m tests.salesforce_emulator.fidelity

bench: $(INSTALLED) ## speed and memory, beside the peers, in the same run
	@$(BIN)/python -m bench

duel: $(INSTALLED) ## the same inserts with the same faults through the product and its peers: duplicates and losses
	@test -x .venv-duel/bin/drt || { $(PYTHON) -m venv .venv-duel && \
		.venv-duel/bin/pip install --quiet --disable-pip-version-check drt-core==1.2.1 simple-salesforce==1.12.10; }
	@$(BIN)/python -m bench.duel

docs: $(INSTALLED) ## the manual as a site, in docs/_site; its generated pages are written first
	@$(BIN)/python -m docs

clean: ## remove what the targets made
	@rm -rf $(VENV) .venv-duel dist docs/_site htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
