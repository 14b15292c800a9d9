# Thin on purpose: set-up and start-up live in packaging/bootstrap.py, which works without make too.
PYTHON ?= python3
BOOTSTRAP = $(PYTHON) packaging/bootstrap.py
BIN = .venv/bin
ARGS ?=

.PHONY: help run test lint bench

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run:  ## set up what is missing, then start the window (without a screen: the demo)
	@$(BOOTSTRAP) run $(ARGS)

test:  ## set up what is missing, then run the tests; ARGS="-k map" picks some
	@$(BOOTSTRAP) test $(ARGS)

lint:  ## ruff, mypy and the import contracts
	@$(BOOTSTRAP) setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench:  ## how fast the window and the engine are on this machine; ARGS="loss" picks one of the engine's
	@$(BOOTSTRAP) setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks
	$(BIN)/python -m prismh_engine.benchmarks $(ARGS)
