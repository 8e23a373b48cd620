# Needs python3 (3.11 or later), make, git and a shell. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Other people's clients, which the tests in tests/acceptance/clients let loose on the emulator,
# and the node that the newest of them need.
CLIENTS := .clients
NODE := node@22
JSFORCE := jsforce@3.10.26
SF_CLI := @salesforce/cli@2.150.6
SINGER_TAP := tap-salesforce==2.8.1
AIRBYTE_SOURCE := airbyte-source-salesforce==2.10.3

.DEFAULT_GOAL := help
.PHONY: help setup demo test clients check bench clean

help: ## Show what there is to make
	@while IFS= read -r line; do case "$$line" in \
	  [a-z]*:*'## '*) printf '  %-8s%s\n' "$${line%%:*}" "$${line##*'## '}" ;; \
	esac; done < $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Make .venv with everything that development needs

demo: setup ## Sync a made-up org with a Postgres of its own; nothing to install or sign up for
	@$(BIN)/connectsql demo $(ARGS)

test: setup ## Run the tests; ARGS="tests/unit -k name" picks some
	@$(BIN)/python -m pytest $(ARGS)

clients: ## Install other people's clients (npm and Python) into .clients, for their tests
	@echo "Installing into $(CLIENTS) ..."
	@mkdir -p $(CLIENTS)/npm
	@npm install --prefix $(CLIENTS)/npm --no-audit --no-fund --loglevel=error \
	  $(NODE) $(JSFORCE) $(SF_CLI)
	@$(PYTHON) -m venv $(CLIENTS)/tap
	@$(CLIENTS)/tap/bin/python -m pip install --quiet --disable-pip-version-check $(SINGER_TAP)
	@$(PYTHON) -m venv $(CLIENTS)/airbyte
	@$(CLIENTS)/airbyte/bin/python -m pip install --quiet --disable-pip-version-check \
	  $(AIRBYTE_SOURCE)

check: setup ## Check format, types and the floors of the code
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: setup ## Measure; ONLY=name measures one thing, ONLY=capture all that applications feel
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(ARGS)

clean: ## Remove .venv, .clients, caches and what was built
	@rm -rf $(VENV) $(CLIENTS) build dist .cache .*_cache .hypothesis
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
