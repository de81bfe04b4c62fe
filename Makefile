# make demo            the whole thing on your own machine, in minutes (SEED=1 takes another seed)
# make test            the tests
# make lint            ruff and mypy
PYTHON ?= python3
SEED ?= 0
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: demo test test-slow lint clean

demo: $(INSTALLED)
	$(BIN)/python tools/demo.py --seed $(SEED)

test: $(INSTALLED)
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(INSTALLED): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[demo,test]"
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) work_dirs data/demo
