# The day's work. `make` builds the environment and runs the workflow; `make help` lists the rest.
# Nothing here needs root, and after the first `make` nothing here needs a network.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# Processes of the tests: make WORKERS=4. Set before its use, and not by the environment.
WORKERS := 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup
# Extra options for Snakemake, for instance: make ARGS="--cores 1"
ARGS ?=

# Containers often set it; every process would then compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := all
.PHONY: all env test test-all lint format coverage code-coverage lock clean distclean help

all: env ## environment, workflow, and where to look (the default)
	@SPINEMETS_BRIEF=1 $(BIN)/python tools/run_snakemake.py --workflow-profile profiles/brief $(ARGS)
	@sh tools/where_to_look.sh

env: ## .venv from the hash-checked lock files; does nothing when they have not changed
	@sh tools/environment.sh $(VENV)

test: env ## tests that need nothing but .venv; what is left out is printed with the reason
	SPINEMETS_SKIP_SLOW=1 $(PYTEST)

test-all: env ## every test; a missing requirement (Chromium, R, SLURM, shared data) is a failure
	SPINEMETS_REQUIRE_ALL=1 $(PYTEST)

lint: env ## snakemake --lint, snakefmt, ruff, mypy
	$(BIN)/snakemake --lint
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: env ## rewrite the files as `make lint` wants them
	$(BIN)/snakefmt Snakefile workflow
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: env ## simulated coverage of intervals and tests, 2,000 cohorts a cell (about an hour)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/coverage.py --workers $(WORKERS) \
		--out benchmarks/results/coverage.md

code-coverage: env ## branch coverage of src, as text and as htmlcov/index.html
	SPINEMETS_SKIP_SLOW=1 $(PYTEST) --cov=spinemets --cov-branch \
		--cov-report=term-missing:skip-covered --cov-report=html

lock: ## resolve pyproject.toml again into both lock files (needs uv and a network)
	sh tools/lock.sh

clean: ## remove results, caches and Snakemake's records; keeps .venv
	find results -mindepth 1 ! -name README.md -delete 2>/dev/null || true
	rm -rf .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov build dist
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## clean, and remove .venv too
	rm -rf $(VENV)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
