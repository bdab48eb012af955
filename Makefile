# `make run` and `make test` need Python 3.11 or newer with venv (or uv), and make, nothing else. The
# tests of the page and of the clients need Node.js and Chromium, and are skipped where these are missing.
.DEFAULT_GOAL := help
.PHONY: help run test test-full coverage test-qiskit test-algorithms test-pennylane test-doors web screenshots clients node-packages lint format types docs lock upgrade dist clean

VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip --disable-pip-version-check install --quiet
# An environment that forbids byte code would have each of the tests' processes compile src again.
unexport PYTHONDONTWRITEBYTECODE

# uv installs in a quarter of pip's time; `make run UV=` leaves it out.
UV := $(shell command -v uv 2>/dev/null)

# The first of these that is 3.11 or newer makes the environment.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 $(wildcard $(BIN)/python)
FIND_PYTHON = for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	python=; done; \
	test -n "$$python" || { echo "QuantumTask needs Python 3.11 or newer; none of these is:" \
	"$(strip $(PYTHONS)). Name one: make run PYTHON=/path/to/python3" >&2; exit 1; }

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: export QUANTUMTASK_DATA_DIR ?= data
run: $(VENV)/run.stamp ## Start API and Worker, with their data in ./data; Ctrl-C ends them
	@$(BIN)/quantumtask up

test: lint node-packages ## Run everything that CI runs
	@$(TYPES_AND_TESTS)

test-full: export TEST_SIZE = full
test-full: PYTEST += --timeout 3600
test-full: lint node-packages ## Run the same tests at full size, for an hour or so
	@$(TYPES_AND_TESTS)

# Types are checked beside the tests, which do not keep two cores busy at all times.
TYPES_AND_TESTS = mkdir -p build; $(BIN)/mypy >build/types.txt 2>&1 & types=$$!; \
	$(PYTEST); tests=$$?; wait $$types; types=$$?; cat build/types.txt; exit $$((tests ? tests : types))

# Services of the tests have ports, folders and databases of their own in each of the processes.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder
# Five on two cores: half of the time, a test waits for a process, a disk or a deadline.
JOBS = 5

test-qiskit: $(VENV)/dev.stamp ## Run Qiskit's own tests of primitives on a service
	@$(BIN)/python -m tests.client.qiskit.qiskit_suite

test-algorithms: $(VENV)/dev.stamp ## Run qiskit-algorithms' own tests with our primitives
	@$(BIN)/python -m tests.client.qiskit.algorithms_suite $(ONLY)

test-pennylane: $(VENV)/dev.stamp ## Run PennyLane's own tests of devices on a service
	@$(BIN)/python -m tests.client.qiskit.pennylane_suite

test-doors: export BRAKET_SOURCES ?=
test-doors: export PYTKET_SOURCES ?=
test-doors: $(VENV)/dev.stamp ## Run the clients' own tests through the doors; ONLY=braket runs one suite
	@$(BIN)/python -m tests.doors.suites $(ONLY)

coverage: $(VENV)/dev.stamp ## Run the tests and show which lines of src no test runs
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadgroup --timeout 900
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

web: web/node_modules/.package-lock.json ## Build the page from web/ into the package; needs Node.js 20
	@node web/build.mjs

screenshots: $(VENV)/dev.stamp ## Take pictures of every page of the web page, to be looked at; needs Chromium
	@$(BIN)/python -m tests.web.screenshots $(ONLY)

clients: examples/typescript/node_modules/.package-lock.json ## Install what the example in TypeScript needs; needs Node.js 20

node-packages:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE:%=%/node_modules/.package-lock.json); \
	else echo "Without Node.js, tests of the page's files and of the client in TypeScript are skipped:" \
	"apt-get install nodejs npm"; fi

NODE = web examples/typescript

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@echo "Installing $*/package-lock.json"
	@npm --prefix $* ci --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

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
	@$(LOCK) --no-deps requirements/qsim.in -o requirements/qsim.lock
	@$(LOCK) -c requirements/dev.lock requirements/portable.in -o requirements/portable.lock
	@$(LOCK) --no-deps -c requirements/dev.lock requirements/devices.in -o requirements/devices.lock
	@$(LOCK) --no-deps requirements/generator.in -o requirements/generator.lock
	@$(LOCK) -c requirements/dev.lock --group docs -o requirements/docs.lock

# What the tests need; the others are in the group `dev`, for platforms that have them.
EXTRAS = server qiskit

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--fork-strategy fewest --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

dist: $(VENV)/dev.stamp ## Build the source archive and the wheel into dist/
	@$(BIN)/python -m hatchling build

clean: ## Remove the environment and every cache; keeps ./data
	rm -rf $(VENV) .venv-pennylane .venv-doors $(NODE:%=%/node_modules) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What only the tests need beside qsim.
$(VENV)/dev.stamp: requirements/generator.lock
$(VENV)/dev.stamp: GENERATOR = requirements/generator.lock

# What only a service needs beside qsim; the environment of the tests has the package with its dependencies.
$(VENV)/run.stamp: requirements/devices.lock
$(VENV)/run.stamp: DEVICES = requirements/devices.lock

# The site shows what the installed package declares: its packages are added to those of the tests.
$(VENV)/docs.stamp: requirements/docs.lock $(VENV)/dev.stamp
	@$(FIND_PYTHON); "$$python" requirements/install.py $(VENV) $< --uv "$(UV)" --packages-only
	@touch $@

# Compiling every module takes longer than the rest of the installation: leave it to the imports.
# The tests measure how fast the API starts, so theirs are compiled now.
$(VENV)/dev.stamp: COMPILE = --compile
$(VENV)/%.stamp: requirements/%.lock requirements/build.lock requirements/qsim.lock requirements/portable.lock pyproject.toml
	@$(FIND_PYTHON); "$$python" requirements/install.py $(VENV) $< requirements/build.lock \
		requirements/qsim.lock $(GENERATOR) $(DEVICES) --uv "$(UV)" $(COMPILE)
	@touch $@
