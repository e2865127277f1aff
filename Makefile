# Everything that a fresh machine needs is a Python (3.11 or newer, with venv) and this file.
#
#   make run     a working chat: environment, servers, demo data, web and worker
#   make test    all tests, the browser's too
#   make check   format, lint, types, import rules, house rules
#   make bench   the measurements, as ratios

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Errors only: what warns is this machine's own configuration of pip.
QUIETLY := -qq --disable-pip-version-check

# Compiled modules make the second start fast, whatever this shell's habit is; the checkout's own modules
# are found whatever this shell's PYTHONPATH is.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONHOME
export PYTHONPATH := $(CURDIR)

.PHONY: help run test check bench doctor format lock clean setup setup-dev browser

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

run: setup
	@exec $(BIN)/python -m chat run $(ARGS)

test: setup-dev browser
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: setup-dev
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_house_rules.py

bench: setup-dev
	$(BIN)/python -m bench $(ARGS)

doctor: setup
	@$(BIN)/python -m chat doctor

format: setup-dev
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

browser: setup-dev
	@$(BIN)/python -m tests.chromium

# The lock names no index: it works with whichever one this machine uses.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11 --extra embedded
lock:
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) --extra dev --constraints requirements.lock pyproject.toml --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.development

# An environment whose Python has gone, by an upgrade or a move, is made anew.
$(shell test ! -d $(VENV) || $(BIN)/python -c 'import pip' 2>/dev/null || rm -rf $(VENV))

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "make: no $(PYTHON) here. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1); 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: this Python can't make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock $(VENV)/.created
	@echo "Installing the pinned packages"
	@$(BIN)/python -m pip install $(QUIETLY) --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the pinned packages for development"
	@$(BIN)/python -m pip install $(QUIETLY) --require-hashes --requirement requirements-dev.lock
	@touch $@
