# `make` alone lists what there is. PYTHON=python3.12 picks another Python, PYTEST="-k name" narrows a test run.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# What starts often starts in half the time once it is compiled, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
RUN := .venv/.run
DEV := .venv/.dev
WEB := web/node_modules/.stamp
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --excludes requirements/excluded.txt --custom-compile-command "make lock" $(LOCK)

.PHONY: help run demo test check fix bench soak lock docs coverage clean fast packages

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(RUN) ## start a node here, in the foreground; ctrl-C stops it
	@exec $(BIN)/leither up

test: $(DEV) packages $(WEB) check ## everything a change must pass; installs what it needs
	@exec $(BIN)/pytest -n 2 -m "not soak" $(PYTEST)

check: $(DEV) fast docs ## lint, format, types, layers, dependencies, docs, generated files
	@$(BIN)/ruff format --quiet --check . || { echo "some files are not formatted: make fix"; exit 1; }
	@$(BIN)/deptry src
	@$(BIN)/python -m tools.generated --check

fix: $(DEV) ## let the tools repair what they can, and remake generated files
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/python -m tools.generated

demo: $(RUN) ## three nodes here: publish, lose one, come back from words; told and checked
	@exec $(BIN)/python -m tools.demo

bench: $(DEV) ## measure; figures go to the terminal
	@exec $(BIN)/python -m benches

soak: $(DEV) packages $(WEB) ## the tests with many more examples, and the long ones
	@exec $(BIN)/pytest -n 2 --hypothesis-profile=soak --timeout=3600 $(PYTEST)

lock: $(DEV) ## remake requirements/*.txt from *.in; LOCK=--upgrade takes newer versions
	env -u UV_FIND_LINKS $(COMPILE) -o requirements/run.txt requirements/run.in >/dev/null
	env -u UV_FIND_LINKS $(COMPILE) -o requirements/dev.txt requirements/dev.in >/dev/null

coverage: $(DEV) ## what of the pure cores their tests run; fails below the bound in pyproject.toml
	@exec $(BIN)/pytest -n 2 -m "not soak" --cov --cov-report=term $(PYTEST) tests/unit tests/property

docs: $(DEV) ## build the documentation into docs/_build/html
	@$(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning docs docs/_build/html

clean: ## remove what was made here: environment, packages, caches, built documentation
	rm -rf .venv web/node_modules docs/_build docs/reference/format dist htmlcov .coverage .coverage.* .benchmarks .hypothesis \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The stages below are made by the targets above.

# The parts of `check` that judge the code alone.
fast: $(DEV)
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/lint-imports --no-logo >.venv/imports.log || { cat .venv/imports.log; exit 1; }
	@$(BIN)/mypy --no-error-summary

packages:
	@tools/system-packages

$(RUN): requirements/run.txt pyproject.toml tools/environment
	@PYTHON="$(PYTHON)" tools/environment run
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@PYTHON="$(PYTHON)" tools/environment dev
	@touch $@

$(WEB): web/package.json web/package-lock.json web/.npmrc tools/node-packages
	@tools/node-packages
