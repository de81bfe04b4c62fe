# make demo            the whole thing on your own machine, in minutes (SEED=1 takes another seed)
# make install         cyclesr and what it needs, into .venv; the others do it by themselves
# make test            the tests
# make floors          the tests with the oldest supported dependencies
# make lint            ruff and mypy
# make docs            the documentation site, in site/; a warning is an error
# make wheel           the wheel, in dist/, and the demo with it in an empty environment and an empty folder
PYTHON ?= python3
SEED ?= 0
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: demo install test test-slow floors lint docs wheel clean

demo: $(INSTALLED)
	$(BIN)/python tools/demo.py --seed $(SEED)

install: $(INSTALLED)

test: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --dist worksteal -m slow

floors:
	$(PYTHON) -m venv .venv-floors
	.venv-floors/bin/python -m pip install --quiet -r tests/floors.txt
	.venv-floors/bin/python -m pip install --quiet --no-deps -e .
	.venv-floors/bin/python -m pytest -n auto --dist worksteal -m "not slow"

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs site
	@echo "The first page is site/index.html"

wheel:
	rm -rf build dist .venv-wheel
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	.venv-wheel/bin/python -m pip install --quiet "$$(ls dist/*.whl)[demo]"
	cd "$$(mktemp -d)" && $(CURDIR)/.venv-wheel/bin/cyclesr demo --iterations 12

$(VENV)/docs: $(INSTALLED)
	$(BIN)/python -m pip install --quiet -e ".[docs]"
	touch $(VENV)/docs

$(INSTALLED): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[demo,test]"
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) .venv-floors .venv-wheel build dist site docs/api work_dirs data/demo_seed*
