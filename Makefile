# Two commands do everything on a machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.set-up
GOLDEN_TESTS := tests/golden tests/parity

# The project's own tools first; a Node or CDK CLI of the machine is never used.
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench check lint format synth deploy destroy golden pictures lock clean

help: ## Say what each command does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Fill .venv and node_modules from the lock files, once
	@if $(MAKE) --no-print-directory --question $(STAMP) 2>/dev/null; then \
		echo "set-up: done before, nothing to install"; \
	else \
		$(MAKE) --no-print-directory $(STAMP); \
	fi

$(STAMP): requirements.txt pyproject.toml package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("set-up: Python 3.11 or newer is needed, found %d.%d; pass PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	@echo "set-up 1 of 3: virtual environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "set-up 2 of 3: pinned Python packages, with Node (about two minutes)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "set-up 3 of 3: pinned CDK CLI"
	@npm ci --silent --no-fund --no-audit
	@touch $@

demo: setup ## Deploy the example to the embedded AWS, drive it with real input, show what happened
	@duet demo $(ARGS)

test: setup ## Run the whole suite
	@pytest $(ARGS)

bench: setup ## Measure the embedded AWS beside plain MiniStack and moto server
	@python -m benchmarks $(ARGS)

check: lint test ## Format, lint, types and tests: what CI runs

lint: setup ## Check format, lint and types
	@ruff format --check --quiet . && echo "format: ok"
	@ruff check --quiet . && echo "lint: ok"
	@mypy

format: setup ## Format the code and mend what lint can mend
	@ruff format --quiet .
	@ruff check --quiet --fix .

synth: setup ## Write the example's cloud assembly to cdk.out
	@cdk synth --quiet

deploy: setup ## Deploy the example to the AWS account of your credentials
	@cdk deploy --all $(ARGS)

destroy: setup ## Remove the example from that account
	@cdk destroy --all $(ARGS)

golden: setup ## Write the golden templates and workflow definitions anew
	@DUET_WRITE_GOLDEN=1 pytest $(GOLDEN_TESTS) --quiet

pictures: setup ## Write the README's picture anew, of the newest run (run the demo first)
	@python -m tests.insight.screenshots

lock: ## Compile the lock files anew from pyproject.toml and package.json
	@test -x $(VENV)/bin/uv || $(MAKE) --no-print-directory setup # not with a stale lock file
	@uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-package cdk-duet --no-annotate --no-emit-index-url \
		--custom-compile-command "make lock" --output-file requirements.txt pyproject.toml
	@uv pip compile --quiet --universal --python-version 3.11 --group emulator --generate-hashes \
		--no-annotate --no-emit-index-url --custom-compile-command "make lock" \
		--output-file constructs_lib/local/ministack-requirements.txt
	@npm install --package-lock-only --silent

clean: ## Remove what the commands above made
	rm -rf $(VENV) node_modules cdk.out .duet .mypy_cache .pytest_cache .ruff_cache dist
