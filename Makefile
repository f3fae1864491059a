# The commands of the project; `make help` lists them. People, the README and CI use the same ones.
#
#   make run PORT=9000      make test PYTEST_ARGS="-k bundle"      make run PYTHON=python3.13

PORT ?= 8080
PYTEST_ARGS ?=
WORKERS ?= 2# tests that run at once
DAY ?= $(shell date -u +%F)
LITELLM ?= 1.110.2# the release whose price list `make catalog` compares with

VENV := .venv# the light install: what a user of the service has
DEV := .venv-dev# everything: tests, training, notebooks
LOCK := .venv-lock# the resolver that writes requirements/

BENCH ?= $(DEV)/bin/python -m tests.bench
TRAIN ?= $(DEV)/bin/python -m training.shipping.ship
EVALUATE ?= $(DEV)/bin/python -m training.shipping.benchmark

.DEFAULT_GOAL := help
.PHONY: help run test install clients fix check docs bench train evaluate notebooks catalog lock build clean distclean FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.installed ## start the service on 127.0.0.1:8080 (PORT=..., ECHO=1); the first call installs it into .venv
	@exec $(VENV)/bin/tierwise serve --port $(PORT) $(if $(ECHO),--echo)

test: check ## all checks and all tests, two at once (WORKERS=...); the first call installs .venv-dev
	$(DEV)/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(PYTEST_ARGS)

install: $(DEV)/.installed ## the development environment, .venv-dev

clients: $(DEV)/.installed ## the environments of the real clients that the tests run (once, half a minute)
	$(DEV)/bin/python tests/clients/environments.py

check: $(DEV)/.installed ## format, lint, types, unused code and architecture, without the other tests
	$(DEV)/bin/python -m ruff format --check .
	$(DEV)/bin/python -m ruff check .
	$(DEV)/bin/python -m mypy
	$(DEV)/bin/python -m vulture
	$(DEV)/bin/python -m pytest --quiet tests/test_architecture.py tests/test_house_rules.py

fix: $(DEV)/.installed ## format the code and repair what lint can
	$(DEV)/bin/python -m ruff check --fix .
	$(DEV)/bin/python -m ruff format .

docs: $(DEV)/.installed ## the documentation site, in build/site
	NO_MKDOCS_2_WARNING=1 $(DEV)/bin/python -m mkdocs build --strict --quiet

bench: $(DEV)/.installed ## how fast and how large, printed
	$(BENCH)

train: $(DEV)/.installed ## rebuild the shipped bundles, with their reports and cards
	$(TRAIN)

evaluate: $(DEV)/.installed ## measure the shipped recipes and bundles: models/benchmark_*.json, the README table (up to 3 hours; goes on)
	$(EVALUATE) fast --out models/benchmark_fast.json
	$(EVALUATE) default --out models/benchmark_default.json
	$(DEV)/bin/python -m training.shipping.readme

notebooks: $(DEV)/.installed ## run the notebooks and keep their outputs; after `make train`
	$(DEV)/bin/python -m training.shipping.notebooks

catalog: $(DEV)/.installed ## update the prices of router/catalog/models.json (DAY=...); fails where two lists disagree
	$(DEV)/bin/python -m pip download -qq --disable-pip-version-check --no-deps --only-binary :all: --dest build/litellm "litellm==$(LITELLM)"
	$(DEV)/bin/python -m training.shipping.freeze_prices $(DAY) build/litellm/litellm-$(LITELLM)-*.whl

build: $(DEV)/.installed ## the source distribution and the wheel, in dist/
	$(DEV)/bin/python -m build --no-isolation

clean: ## remove what builds and checks wrote
	rm -rf dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

distclean: clean ## also remove the environments
	rm -rf $(VENV) $(DEV) $(LOCK) .cache/clients .cache/upstreams

# --- Locked versions --------------------------------------------------------------------------------------------------
# `make lock` keeps versions that still fit; LOCK_ARGS=--upgrade takes the newest, LOCK_ARGS="--upgrade-package rich" one.

LOCK_ARGS ?=
COMPILE = $(LOCK)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --no-annotate \
	--custom-compile-command "make lock" $(LOCK_ARGS)

lock: $(LOCK)/.installed ## update requirements/ from pyproject.toml
	$(COMPILE) -c requirements/constraints.txt --override requirements/overrides.txt --generate-hashes \
		--output-file requirements/serve.txt
	$(COMPILE) --extra dev -c requirements/constraints.txt -c requirements/serve.txt --output-file requirements/dev.txt

# --- Environments -----------------------------------------------------------------------------------------------------
# Each has a stamp file that is written last and names the checkout. If the stamp is missing or names another folder, or
# the interpreter is gone, the environment is created again; if only the requirements are newer, it is updated in place.

find_python = $(or $(PYTHON),$(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	if $$name -c '$(new_enough)' 2>/dev/null; then echo $$name; break; fi; done))
new_enough = import sys; sys.exit(sys.version_info < (3, 11))

# $(call venv,DIRECTORY): creates it unless its stamp is valid; removes the stamp until the install is done.
define venv
@if [ "$$(cat $1/.installed 2>/dev/null)" != "$(CURDIR)" ] || ! $1/bin/python -m pip --version >/dev/null 2>&1; then \
	python="$(find_python)"; \
	"$${python:-false}" -c '$(new_enough)' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed$${python:+, and $$python is not}. Install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	rm -rf $1 && "$$python" -m venv $1; \
fi
@rm -f $1/.installed
endef
pip_install = -m pip install -qq --disable-pip-version-check# -qq: errors only

# An environment whose stamp is missing or wrong is rebuilt, whatever its date.
define stale
$(if $(filter $(CURDIR),$(shell test -x $1/bin/python && cat $1/.installed 2>/dev/null)),,FORCE)
endef

$(VENV)/.installed: pyproject.toml requirements/serve.txt $(call stale,$(VENV))
	@echo "Installing the service into $(VENV) (once, a few seconds) ..."
	$(call venv,$(VENV))
	@$(VENV)/bin/python $(pip_install) --no-deps --require-hashes -r requirements/serve.txt
	@$(VENV)/bin/python $(pip_install) --no-deps --editable .
	@echo "$(CURDIR)" > $@

$(DEV)/.installed: pyproject.toml requirements/dev.txt $(call stale,$(DEV))
	@echo "Installing the development environment into $(DEV) (once, a few minutes) ..."
	$(call venv,$(DEV))
	@$(DEV)/bin/python $(pip_install) -r requirements/dev.txt
	@$(DEV)/bin/python $(pip_install) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@

$(LOCK)/.installed: $(call stale,$(LOCK))
	$(call venv,$(LOCK))
	@$(LOCK)/bin/python $(pip_install) "uv>=0.9,<1"
	@echo "$(CURDIR)" > $@
