# Each target makes what it needs; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
DEV := .venv-dev
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
SOURCES := $(shell git ls-files normstat 2>/dev/null || find normstat -name '*.py')

.PHONY: help demo test check format lint types layers tests docs package clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/installed ## make small data sets, then run compute, show, apply and invert on them
	rm -rf demo
	$(VENV)/$(BIN)/python tests/demo.py demo
	$(VENV)/$(BIN)/normstat compute demo/photos -o demo/photos.json --allow-unreadable 1
	$(VENV)/$(BIN)/normstat show demo/photos.json
	$(VENV)/$(BIN)/normstat compute demo/scans -o demo/scans.json
	$(VENV)/$(BIN)/normstat show demo/scans.json
	$(VENV)/$(BIN)/normstat apply demo/photos demo/normalized --stats demo/photos.json --allow-unreadable 1
	$(VENV)/$(BIN)/normstat invert demo/normalized demo/look

test: $(DEV)/installed ## run all tests
	$(DEV)/$(BIN)/python -m pytest -n auto

check: format lint types layers tests docs package ## all that continuous integration asks for

format: $(DEV)/installed ## the code is formatted
	$(DEV)/$(BIN)/ruff format --check .

lint: $(DEV)/installed ## the linter is content
	$(DEV)/$(BIN)/ruff check .

types: $(DEV)/installed ## strict types
	$(DEV)/$(BIN)/mypy

layers: $(DEV)/installed ## imports follow the data
	$(DEV)/$(BIN)/lint-imports --no-cache

tests: $(DEV)/installed ## tests, with branch coverage
	$(DEV)/$(BIN)/coverage erase
	$(DEV)/$(BIN)/coverage run -m pytest -n auto
	$(DEV)/$(BIN)/coverage combine -q
	# Workers are killed when a run ends, so what runs there counts as not covered.
	$(DEV)/$(BIN)/coverage report --fail-under=90

docs: $(DEV)/installed ## examples in docstrings
	$(DEV)/$(BIN)/python -m pytest -q --doctest-modules normstat

package: $(DEV)/installed ## the wheel works in an empty environment
	$(DEV)/$(BIN)/python tests/package.py

clean: ## remove what the targets made
	rm -rf $(VENV) $(DEV) demo dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/installed: pyproject.toml $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/$(BIN)/python -m pip install --quiet --upgrade pip
	$(VENV)/$(BIN)/python -m pip install --quiet .
	touch $@

$(DEV)/installed: pyproject.toml
	$(PYTHON) -m venv $(DEV)
	$(DEV)/$(BIN)/python -m pip install --quiet --upgrade pip
	$(DEV)/$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@
