# Each target makes what it needs; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
DEV := .venv-dev
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BENCH := .venv-bench
PEERS := simplejpeg opencv-python-headless albumentations scikit-learn
# Frameworks that constants are exported for, in environments of their own: they need 10 GB.
PARITY := torch images keras graphs dali
PARITY_torch := torchvision transformers timm open_clip_torch fastai monai mmengine
PARITY_images := albumentations opencv-python-headless
PARITY_keras := tensorflow-cpu keras jax
PARITY_graphs := onnx onnxruntime openvino ncnn
PARITY_dali := nvidia-dali-cuda120
SOURCES := $(shell git ls-files normstat 2>/dev/null || find normstat -name '*.py')

# Neither all combinations nor the benchmarks: a change is tried in minutes. Many tests wait for
# processes, so there is one worker more than cores; each takes neighbours, which share fixtures.
JOBS := $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
PYTEST := -m pytest -n $(JOBS) --dist worksteal
USUAL := -m "not matrix and not bench"

.PHONY: help demo test check format lint types layers tests matrix examples docs faults torture package
.PHONY: bench bench-engines bench-sources bench-test parity clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/installed ## make small data sets, then run compute, show, apply and invert on them
	rm -rf demo
	$(VENV)/$(BIN)/python tests/demo.py demo
	$(VENV)/$(BIN)/normstat compute demo/photos -o demo/photos.json --allow-unreadable 1
	$(VENV)/$(BIN)/normstat show demo/photos.json
	$(VENV)/$(BIN)/normstat compute demo/scans -o demo/scans.json
	$(VENV)/$(BIN)/normstat show demo/scans.json
	$(VENV)/$(BIN)/normstat apply demo/photos demo/normalized --stats demo/photos.json --allow-unreadable 1
	$(VENV)/$(BIN)/normstat invert demo/normalized demo/look

test: $(DEV)/installed ## run the tests
	$(DEV)/$(BIN)/python $(PYTEST) $(USUAL)

check: format lint types layers tests matrix bench-test examples package ## all that continuous integration asks for

format: $(DEV)/installed ## the code is formatted
	$(DEV)/$(BIN)/ruff format --check .

lint: $(DEV)/installed ## the linter is content
	$(DEV)/$(BIN)/ruff check .

types: $(DEV)/installed ## strict types, also of calls as users write them
	$(DEV)/$(BIN)/mypy

layers: $(DEV)/installed ## imports follow the data
	$(DEV)/$(BIN)/lint-imports --no-cache

tests: $(DEV)/installed ## tests, with more examples and branch coverage
	$(DEV)/$(BIN)/coverage erase
	$(DEV)/$(BIN)/coverage run $(PYTEST) $(USUAL) --hypothesis-profile thorough
	$(DEV)/$(BIN)/coverage combine -q
	# Workers are killed when a run ends, so what runs there counts as not covered.
	$(DEV)/$(BIN)/coverage report --fail-under=90

matrix: $(DEV)/installed ## all combinations of which tests try a sample
	$(DEV)/$(BIN)/python $(PYTEST) -m matrix

bench-test: $(DEV)/installed ## tests of the benchmarks
	$(DEV)/$(BIN)/python $(PYTEST) -m bench

docs: $(DEV)/installed ## write docs/cli.md, the reference of the command line, from its help
	$(DEV)/$(BIN)/python tests/reference.py

examples: $(DEV)/installed ## examples in docstrings
	$(DEV)/$(BIN)/python -m pytest -q --doctest-modules normstat

faults: $(DEV)/installed ## the table of faults: whose each one is, and what it gave
	$(DEV)/$(BIN)/python $(PYTEST) -q -m fault --fault-table

torture: $(DEV)/installed ## kill commands and their workers at hundreds of random moments
	$(DEV)/$(BIN)/python tests/torture.py

parity: $(DEV)/installed $(PARITY:%=.venv-parity-%/installed) ## exported constants in the real frameworks: a table of differences
	$(DEV)/$(BIN)/python tests/parity/run.py

package: $(DEV)/installed ## the wheel works in an empty environment
	$(DEV)/$(BIN)/python tests/package.py

bench: $(BENCH)/installed $(BENCH)-plain/installed $(if $(TORCH),$(BENCH)-torch/installed) ## against others: [QUICK=1] [TORCH=1] [BENCH_DATA=folder]
	$(BENCH)/$(BIN)/python benchmarks/bench.py $(if $(QUICK),--quick) $(if $(BENCH_DATA),--data "$(BENCH_DATA)")

bench-sources: $(DEV)/installed ## archives, tables and stacks against the same images in a folder: [QUICK=1]
	$(DEV)/$(BIN)/python benchmarks/sources.py $(if $(QUICK),--quick)

bench-engines: $(DEV)/installed ## 64 slots that are simulated, and ten million names: how busy, how much memory
	$(DEV)/$(BIN)/python benchmarks/engines.py

clean: ## remove what the targets made
	rm -rf $(VENV) $(DEV) $(BENCH) $(BENCH)-plain $(BENCH)-torch $(PARITY:%=.venv-parity-%) benchmarks/data benchmarks/results/bench.* demo dist .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

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

$(BENCH)/installed: pyproject.toml $(SOURCES)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/$(BIN)/python -m pip install --quiet --upgrade pip
	$(BENCH)/$(BIN)/python -m pip install --quiet ".[fast]"
	# One that cannot be installed here stands in the table as that.
	for peer in $(PEERS); do $(BENCH)/$(BIN)/python -m pip install --quiet $$peer || true; done
	touch $@

$(BENCH)-plain/installed: pyproject.toml $(SOURCES)
	$(PYTHON) -m venv $(BENCH)-plain
	$(BENCH)-plain/$(BIN)/python -m pip install --quiet --upgrade pip
	$(BENCH)-plain/$(BIN)/python -m pip install --quiet .
	touch $@

$(BENCH)-torch/installed:
	$(PYTHON) -m venv $(BENCH)-torch
	$(BENCH)-torch/$(BIN)/python -m pip install --quiet --upgrade pip
	$(BENCH)-torch/$(BIN)/python -m pip install --quiet pillow numpy torch==2.13.0
	touch $@

.venv-parity-%/installed:
	$(PYTHON) -m venv .venv-parity-$*
	.venv-parity-$*/$(BIN)/python -m pip install --quiet --upgrade pip
	# One that cannot be installed here stands in the table as that.
	for package in $(PARITY_$*); do .venv-parity-$*/$(BIN)/python -m pip install --quiet $$package || true; done
	touch $@
