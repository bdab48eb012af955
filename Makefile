# `make run` and `make test` need Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help run test test-full coverage test-qiskit test-algorithms test-pennylane lint format types docs lock upgrade dist clean

VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip --disable-pip-version-check install --quiet
# The first of these that is 3.11 or newer makes the environment.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
FIND_PYTHON = for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	python=; done; \
	test -n "$$python" || { echo "QuantumTask needs Python 3.11 or newer; none of these is:" \
	"$(strip $(PYTHONS)). Name one: make run PYTHON=/path/to/python3" >&2; exit 1; }

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: $(VENV)/run.stamp ## Start API and Worker; Ctrl-C ends them
	@$(BIN)/quantumtask up

test: lint types ## Run everything that CI runs
	@$(PYTEST)

test-full: lint types ## Run the same tests at full size, for an hour or so
	@TEST_SIZE=full $(PYTEST) --timeout 3600

# Services of the tests have ports, folders and databases of their own in each of the processes.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup
# Four on two cores: half of the time, a test waits for a process, a disk or a deadline.
JOBS = 4

test-qiskit: $(VENV)/dev.stamp ## Run Qiskit's own tests of primitives on a service
	@$(BIN)/python -m tests.client.qiskit.qiskit_suite

test-algorithms: $(VENV)/dev.stamp ## Run qiskit-algorithms' own tests with our primitives
	@$(BIN)/python -m tests.client.qiskit.algorithms_suite $(ONLY)

test-pennylane: $(VENV)/dev.stamp ## Run PennyLane's own tests of devices on a service
	@$(BIN)/python -m tests.client.qiskit.pennylane_suite

coverage: $(VENV)/dev.stamp ## Run the tests and show which lines of src no test runs
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadgroup --timeout 900
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: $(VENV)/dev.stamp ## Check imports, style and formatting
	@$(BIN)/lint-imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/dev.stamp ## Mend style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/dev.stamp ## Check types
	@$(BIN)/mypy

docs: $(VENV)/docs.stamp ## Build the documentation site into build/site
	@$(BIN)/python -m docs_site.build

upgrade: LOCK += --upgrade
upgrade: lock ## Lock the newest versions that pyproject.toml allows

lock: $(VENV)/dev.stamp ## Lock what pyproject.toml names; versions locked before stay
	@$(INSTALL) uv
	@$(LOCK) $(EXTRAS:%=--extra %) --group dev pyproject.toml -o requirements/dev.lock
	@$(LOCK) -c requirements/dev.lock --extra server pyproject.toml -o requirements/run.lock
	@$(LOCK) -c requirements/dev.lock --extra server --extra ray pyproject.toml -o requirements/ray.lock
	@$(LOCK) -c requirements/dev.lock --group build -o requirements/build.lock
	@$(LOCK) -c requirements/dev.lock requirements/api.in -o requirements/api.lock
	@$(LOCK) -c requirements/dev.lock --group docs -o requirements/docs.lock

# What the tests need; the others are in the group `dev`, for platforms that have them.
EXTRAS = server qiskit

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--fork-strategy fewest --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

dist: $(VENV)/dev.stamp ## Build the source archive and the wheel into dist/
	@$(BIN)/python -m hatchling build

clean: ## Remove the environment and every cache; keeps ./data
	rm -rf $(VENV) .venv-pennylane build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(FIND_PYTHON); echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV)

# Compiling every module takes longer than the rest of the installation: leave it to the imports.
# The tests measure how fast the API starts, so theirs are compiled now.
$(VENV)/run.stamp: INSTALL += --no-compile
# The site shows what the installed package declares: its packages are added to those of the tests.
$(VENV)/docs.stamp: requirements/docs.lock $(VENV)/dev.stamp
	@echo "Installing $<"
	@$(INSTALL) -r $<
	@touch $@
$(VENV)/%.stamp: requirements/%.lock requirements/build.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing $<"
	@$(INSTALL) -r $< -r requirements/build.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@
