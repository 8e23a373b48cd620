# Needs python3 (3.11 or later), make, git and a shell. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench clean

help: ## Show what there is to make
	@while IFS= read -r line; do case "$$line" in \
	  [a-z]*:*'## '*) printf '  %-8s%s\n' "$${line%%:*}" "$${line##*'## '}" ;; \
	esac; done < $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Make .venv with everything that development needs

demo: setup ## Sync a made-up org with a Postgres of its own; nothing to install or sign up for
	@$(BIN)/connectsql demo $(ARGS)

test: setup ## Run the tests; ARGS="tests/unit -k name" picks some
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## Check format, types and the floors of the code
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: setup ## Measure; ONLY=name measures one thing
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(ARGS)

clean: ## Remove .venv, caches and what was built
	@rm -rf $(VENV) build dist .cache .*_cache .hypothesis
	@$(PYTHON) -c 'import pathlib, shutil; \
	  [shutil.rmtree(path) for path in pathlib.Path().rglob("__pycache__")]'

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	  "connectsql needs Python 3.11 or later, and %s is %s. Name another: make PYTHON=..." \
	  % (sys.executable, sys.version.split()[0]))'
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --editable '.[embedded,events,test,dev]'
	@touch $@
