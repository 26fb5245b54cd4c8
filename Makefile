# 同行 Tongxing. Two commands are all a newcomer needs: `make demo` and `make test`.
# Everything is installed into .venv from lock files with hashes; nothing is compiled.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
WORKERS ?= 2

export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help install video demo demo-reset test races drill lint bench openapi lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# Each stamp is younger than what it was made from, so a repeated make does nothing.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "→ creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) \
	    || { echo "the venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.lock pyproject.toml
	@echo "→ installing the libraries (a minute the first time)"
	@$(PIP) install -qq --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install -qq --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "→ installing the tools for tests and lint"
	@$(PIP) install -qq --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed ## create .venv and install

video: $(VENV)/.installed ## add the optional encoder: every video format, and versions for weak networks
	@awk '/^imageio-ffmpeg==/ {mine=1; print; next} /^[^ ]/ {mine=0} mine' requirements-dev.lock \
	    > $(VENV)/video.lock
	@$(PIP) install -qq --require-hashes --only-binary :all: -r $(VENV)/video.lock

demo: $(VENV)/.installed ## database, sample district, API and worker in the foreground
	@exec $(VENV)/bin/tongxing demo

demo-reset: $(VENV)/.installed ## the same, starting over with fresh data
	@exec $(VENV)/bin/tongxing demo --reset

test: $(VENV)/.installed-dev ## all tests, on the embedded PostgreSQL
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

races: $(VENV)/.installed-dev ## two hundred rounds of races for places, processes killed (minutes)
	@RACE_ROUNDS=200 $(PY) -m pytest -q -n 0 tests/bookings/test_races.py

drill: $(VENV)/.installed-dev ## hurt it on purpose, the long lane (an hour or two)
	@$(PY) -m tests.drills $(ARGS)

lint: $(VENV)/.installed-dev ## style, types, import contracts, our own lints
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) tests/lints/run.py

bench: $(VENV)/.installed-dev ## measure the hot paths against their yardsticks
	@$(PY) -m tests.bench $(ARGS)

openapi: $(VENV)/.installed ## write openapi/openapi.yaml
	@$(VENV)/bin/tongxing openapi export

# Keeps what is pinned unless pyproject.toml forbids it; add UPGRADE=--upgrade to renew all.
# The build back end is pinned with the libraries, so installing ourselves needs no network.
LOCK := $(VENV)/uv/bin/uv pip compile pyproject.toml - --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet $(UPGRADE)
lock: ## renew the lock files from pyproject.toml
	@$(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip install -qq uv
	@printf 'hatchling==1.27.0\neditables\n' | $(LOCK) -o requirements.lock
	@printf 'hatchling==1.27.0\neditables\n' | $(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock
	@rm -rf $(VENV)/uv

clean: ## remove .venv; the data in .tongxing stay
	@rm -rf $(VENV)
