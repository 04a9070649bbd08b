# The few commands. Everything is made from the lock files; a second run does only what changed.
SHELL := /bin/bash
BIN := .venv/bin

PYTHON_SUM := $(shell cat uv.lock pyproject.toml | sha256sum | cut -c1-16)
NPM_SUM := $(shell sha256sum viewer/package-lock.json | cut -c1-16)
VIEWER_SUM := $(shell find viewer -type f -not -path '*/node_modules/*' -not -path '*/dist/*' | LC_ALL=C sort \
	| xargs -d '\n' sha256sum | sha256sum | cut -c1-16)

PACKAGES := isocenter scp dicomweb api analysis routing access archive config

# A stamp lies in the folder it speaks for, so that deleting the folder deletes the stamp.
ENVIRONMENT := .venv/.synced-$(PYTHON_SUM)
MODULES := viewer/node_modules/.installed-$(NPM_SUM)
VIEWER := viewer/dist/.built-$(VIEWER_SUM)

.PHONY: help setup demo serve test test-viewer check check-types check-sources check-viewer format peers clean docs crash bench-ingest bench-query bench-dicomweb bench-retrieve bench-profile bench-turnaround fuzz

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(ENVIRONMENT) $(VIEWER) ## environment and viewer; .venv/bin/isocenter is there afterwards
	@$(BIN)/python -m compileall -q $(PACKAGES)

demo: setup ## node, simulated modality and PACS, one study and its report; then serves
	@$(BIN)/python -m isocenter.demo

serve: setup ## the plain node on its defaults
	@$(BIN)/isocenter serve

# Two lines of them, of about the same length, beside each other; each says what it has to say when it has ended.
BESIDE := $(MAKE) --no-print-directory --jobs=2 --output-sync=target

check: setup ## linters and types
	@$(BESIDE) check-types check-sources check-viewer docs

check-types:
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases -p tests

check-sources:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .

check-viewer:
	cd viewer && npm run --silent check

test-viewer:
	cd viewer && npm test --silent

docs: setup ## the documentation, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: setup ## rewrite sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd viewer && npm run --silent format

test: setup peers ## all tests
	@$(BESIDE) check-types check-sources check-viewer docs test-viewer
	$$(.ci/peers --check) $(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder

crash: setup peers ## 50 rounds of kill -9 and objects of 2 and 4 GiB, into docs/benchmarks.md
	CRASH_ROUNDS=50 LARGE_MEBIBYTES=2048 $$(.ci/peers --check) $(BIN)/pytest -p no:xdist -s \
		tests/acceptance/test_crash_*.py tests/acceptance/test_large_*.py

# Options of the benchmarks: make bench-ingest BENCH="--quick --only CT-1 memory"; BENCH=--help names them.
bench-ingest: setup peers ## ingest beside Orthanc, 6 to 9 minutes, into docs/benchmarks.md; BENCH=--help
	$(BIN)/python -m tests.benchmarks.ingest $(BENCH)

bench-query: setup peers ## C-FIND beside Orthanc and beside more instances, into docs/benchmarks.md; BENCH=--quick
	$(BIN)/python -m tests.benchmarks.query $(BENCH)

bench-retrieve: setup peers ## C-GET and C-MOVE beside Orthanc, into docs/benchmarks.md; BENCH=--quick
	$(BIN)/python -m tests.benchmarks.retrieve $(BENCH)

bench-dicomweb: setup peers ## DICOMweb beside Orthanc, 8 to 12 minutes, into docs/benchmarks.md; BENCH=--quick
	$(BIN)/python -m tests.benchmarks.dicomweb $(BENCH)

bench-profile: setup peers ## where the listeners' time goes, as root, into docs/benchmarks.md
	@$(BIN)/uv sync --frozen --inexact --quiet --group profile
	$(BIN)/python -m tests.benchmarks.profile $(BENCH)

bench-turnaround: setup peers ## from the last image to the report, and to the first image on screen
	$(BIN)/python -m tests.benchmarks.turnaround

FUZZ_SECONDS ?= 60
fuzz: setup ## fuzzers, FUZZ_SECONDS each; KEEP=1 keeps inputs that reach new code
	@$(BIN)/uv sync --frozen --inexact --quiet --group fuzz
	$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS) $(if $(KEEP),--keep)

peers: ## the Debian packages that only tests need
	@.ci/peers

clean: ## remove what make made (not ./data)
	rm -rf .venv viewer/node_modules viewer/dist .mypy_cache .ruff_cache .pytest_cache

$(ENVIRONMENT):
	@.ci/require python
	[ -x $(BIN)/python ] || "$$(.ci/python)" -m venv .venv
	$(BIN)/pip install --quiet uv
	$(BIN)/uv sync --frozen --inexact --quiet --compile-bytecode
	@rm -f .venv/.synced-* && touch $@

$(MODULES):
	@.ci/require node
	cd viewer && npm ci --no-audit --no-fund
	@rm -f viewer/node_modules/.installed-* && touch $@

$(VIEWER): $(MODULES)
	cd viewer && npm run --silent build
	@rm -f viewer/dist/.built-* && touch $@
