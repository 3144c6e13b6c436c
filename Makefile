# Everything runs in .venv, which `setup` makes and the other targets ask for themselves.
PYTHON ?= python3
EXTRAS ?= dev
WORKERS ?= 2
comma := ,
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS))
SITE_STAMP := $(VENV)/.installed-for-the-site
PIP_INSTALL := -m pip install --disable-pip-version-check --quiet -c constraints.txt
# One thread per worker: two workers that each ask for all cores are slower than one.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

SUITES := ucf101_6 ucf101_6_costs ucf101_6_16 ucf101_6_published ucf101_6_soft ucf101_6_cross ucf101_6_bytes ucf101_6_tsgf ucf101_6_sweeps ucf101_6_uses weizmann weizmann_flow segmentation

.PHONY: setup demo test test-all lint bench docs dist deps-apt clean
.DELETE_ON_ERROR:

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) -e '.[$(EXTRAS)]'
	touch $@

demo: setup
	$(BIN)/vidense demo --out demo

test: setup
	$(PYTEST)

test-all: setup
	$(PYTEST) -m "slow or not slow"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	set -e; for suite in $(SUITES); do $(BIN)/python -m benchmarks.$$suite; done

# The tables of docs/results.md, from the committed JSON, docs/methods, from the docstrings, and all of docs as site/.
docs: $(SITE_STAMP)
	set -e; for suite in $(SUITES); do $(BIN)/python -m benchmarks.$$suite --tables; done
	$(BIN)/python docs/write_methods.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

$(SITE_STAMP): $(STAMP)
	$(BIN)/python $(PIP_INSTALL) -e '.[docs]'
	touch $@

# The wheel, proven: installed alone in an empty environment, it must tell the whole story.
dist: setup
	rm -rf dist
	$(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir dist .
	set -e; clean=$$(mktemp -d); trap 'rm -rf "$$clean"' EXIT; \
	$(PYTHON) -m venv "$$clean/venv"; \
	"$$clean/venv/bin/python" $(PIP_INSTALL) dist/*.whl; \
	cd "$$clean"; venv/bin/vidense demo --quick --out demo
	ls dist/*.whl

# What browser tests need from the system; the core needs nothing.
deps-apt:
	apt-get update
	apt-get install --yes --no-install-recommends chromium ffmpeg

clean:
	rm -rf $(VENV) dist demo site .pytest_cache .mypy_cache .ruff_cache .hypothesis
