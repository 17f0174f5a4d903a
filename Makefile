# make demo [PORT=8000] [OPENSEARCH=1] [TELEPHONY=1] · make test · make lint · make fmt · make messages · make demo-reset · make clean · make vendor · make lock
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
# Of the tests: a third of their time is waiting, so two cores have work for three.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
STAMPS := .venv/.stamps
BIN := .venv/bin
LOCALES := $(wildcard platform/config/locale/*/LC_MESSAGES/*.po)
# Django's settings want an installation; tools that only read the code get one that leads nowhere.
NOWHERE := RUFVERBUND_TESTING=1 RUFVERBUND_SECRET_KEY=none RUFVERBUND_DATABASE_SECRET=none DATABASE_URL=postgresql:///none

# Tests start hundreds of Pythons: each would compile all of our code, and pytest rewrite all tests, were nothing kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-reset test lint fmt messages clean vendor lock
help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | column -t -s $$'\t'

# The environment. Its stamps are keyed on the requirements, so a second start installs nothing. The lists are complete (`make lock`),
# so pip need not resolve anything: older ones refuse a pinned package that another names with an extra once a newer one is published.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
$(BIN)/python:
	@python=$${PYTHON:-}; \
	for candidate in python3 python3.13 python3.12 python3.11; do \
	  [ -n "$$python" ] && break; \
	  "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$candidate; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Rufverbund needs Python 3.11 or newer with its venv module (Debian: apt-get install python3 python3-venv)." >&2; exit 1; \
	fi; \
	rm -rf .venv && "$$python" -m venv .venv

$(STAMPS)/base: requirements/base.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the product needs (once) ..."
	@$(INSTALL) --require-hashes -r requirements/base.txt
	@$(INSTALL) --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/base
	@echo "Installing what tests and checks need (once) ..."
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

$(STAMPS)/locales: $(LOCALES) | $(STAMPS)/base
	@[ -z "$(LOCALES)" ] || $(BIN)/pybabel --quiet compile --directory platform/config/locale --domain django
	@touch $@

demo: $(STAMPS)/base $(if $(OPENSEARCH),$(STAMPS)/dev) $(STAMPS)/locales ## everything with example data on http://localhost:8000, until Ctrl-C (OPENSEARCH=1, TELEPHONY=1)
	@exec $(if $(OPENSEARCH),$(BIN)/python -m tests.opensearch.cluster) $(BIN)/rufverbund demo --port $(PORT)$(if $(TELEPHONY), --telephony)

demo-reset: $(STAMPS)/base ## forget the demo's data; the next `make demo` begins anew
	@exec $(BIN)/rufverbund demo reset

# Coverage half as long again: measured under CI=1, and where COVERAGE=1 asks for it.
test: $(STAMPS)/dev $(STAMPS)/locales ## the whole suite, shuffled, with a real PostgreSQL and a real Chromium (COVERAGE=1, SHOTS=1)
	@export SHOTS=$(SHOTS); exec $(BIN)/pytest --numprocesses $(WORKERS) $(if $(CI)$(COVERAGE),--cov --cov-report=term) $(TESTS)

lint: $(STAMPS)/dev ## ruff, mypy, templates, the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NOWHERE) $(BIN)/mypy
	$(BIN)/djlint --quiet --lint platform tenants knowledge telephony_bridge onboarding
	$(BIN)/python scripts/vendor.py --check
	$(BIN)/python -m pip --disable-pip-version-check check
	$(BIN)/pytest --quiet tests/test_house.py

fmt: $(STAMPS)/dev ## put the code in shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

messages: $(STAMPS)/dev ## bring the English catalogue up to date; says what has no English text yet
	$(BIN)/python scripts/messages.py

vendor: $(STAMPS)/dev ## fetch the vendored browser files again and compare them
	$(BIN)/python scripts/vendor.py

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' pyproject.toml
lock: $(STAMPS)/dev ## pin the requirements anew from the ranges in pyproject.toml (UPGRADE=--upgrade for newer ones)
	$(LOCK) $(UPGRADE) --group build --output-file requirements/base.txt
	$(LOCK) $(UPGRADE) --group build --group dev --constraint requirements/base.txt --output-file requirements/dev.txt

clean: ## everything that can be made again, except the demo's data
	rm -rf .venv build dist htmlcov test-results .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
	find . -name '*.mo' -not -path './.git/*' -delete
