# Everything one does with this repository. `make` alone lists it.
# All paths are relative, so the checkout may live in a directory with spaces in its name.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
STAGE ?= dev
ARGS ?=
N ?= 10
SLOTS ?= 1
WORKERS ?= 2

# Only handed on when given: an empty PORT would not mean "the default" to the stack.
ifneq ($(PORT),)
export PORT
endif
ifneq ($(FRESH),)
export FRESH
endif
export PYTHONPATH := .:layers/shared
export SAM_CLI_TELEMETRY := 0

.PHONY: help
help:  # Lists the targets by group, from the comments beside them
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@printf '\nThe first target that needs Python sets .venv up by itself (Python 3.13 or uv, and a package registry).\n'

##@ Try it
.PHONY: run call race
run: bootstrap ## the whole product on this machine: PORT=8787, FRESH=1 starts empty, Ctrl-C ends it
	@exec $(PYTHON) -m local.stack $(ARGS)

call: bootstrap ## a patient's call played against the running stack, with what the agent says (ARGS=--help)
	@exec $(PYTHON) -m local.call $(ARGS)

race: bootstrap ## N=10 callers at once for SLOTS=1 slots against the running stack: one wins each
	@exec $(PYTHON) -m local.race --callers $(N) --slots $(SLOTS) $(ARGS)

##@ Prove it
.PHONY: test check storm bench
test: bootstrap ## every test, on a real Postgres, with no Docker (ARGS="tests/sql -k race", WORKERS=2)
	@exec $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --session-timeout=1200 $(ARGS)

check: bootstrap ## format, lint, types, import directions, template, leaks; changes nothing
	@scripts/check

storm: bootstrap ## texts through lost answers, crashes, poison, an hour without Twilio, at full size (ARGS="-k dies")
	@STORM=full POWERTOOLS_LOG_LEVEL=CRITICAL POWERTOOLS_METRICS_DISABLED=true \
	  exec $(PYTHON) -m pytest tests/storm -s -q --session-timeout=3600 $(ARGS)

bench: bootstrap ## speed and size against their floors, as ratios, into benchmarks/latest.json
	@exec $(PYTHON) -m benchmarks.bench $(ARGS)

##@ Ship it
.PHONY: build deploy
build: bootstrap ## what Lambda gets, in .aws-sam/build, with its sizes (ARGS="--parameter-overrides Architecture=arm64")
	@$(PYTHON) -m scripts.build --config-env $(STAGE) $(ARGS)

deploy: build ## build, then `sam deploy` to STAGE=dev, staging or prod (docs/deploy.md)
	@exec $(PYTHON) -m samcli deploy --config-env $(STAGE)

##@ Keep house
.PHONY: format lock screenshots clean bootstrap
format: bootstrap ## ruff's fixes and format
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

lock: bootstrap ## after a change of dependencies: uv.lock, .venv and the layer's requirements
	@scripts/uv lock
	@scripts/requirements
	@scripts/bootstrap

screenshots: bootstrap ## the README's pictures of the board, from a stack of its own with a day of calls
	@exec $(PYTHON) -m scripts.board_pictures $(ARGS)

clean: ## removes what was built and cached; keeps .venv and the data in .local
	@rm -rf .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage
	@find cli functions layers local migrations tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap: ## only sets up .venv (every other target does it when needed)
	@scripts/bootstrap
