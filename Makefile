# Digitsmith: `make serve` and `make test` are all a newcomer needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PRESET ?= digitsmith
DATA ?= mnist
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help serve test train screenshots benchmark-training benchmark-serving docker-test scale-test debian clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 20

serve: .venv/serving ## Serve on 127.0.0.1:8000; PORT, HOST, WORKERS and THREADS change that
	@exec $(BIN)/gunicorn

test: .venv/development debian ## Format, lint, types and every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy app training
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

train: .venv/training ## Train PRESET (mlp, dcgan, digitsmith) on DATA into runs/PRESET
	$(BIN)/python -m training train --preset $(PRESET) --data $(DATA)

screenshots: .venv/development debian ## Make README's pictures anew
	PYTHONPATH=. $(BIN)/python tests/screenshots.py

benchmark-training: .venv/benchmarks ## Images a second of training, beside PyTorch and a tutorial's loop
	$(BIN)/python -m benchmarks.training

benchmark-serving: .venv/benchmarks ## Digits a second of serving, beside other servers; needs wrk and hey
	$(BIN)/python -m benchmarks.serving

docker-test: ## Build the container, run it read-only and fetch a digit from it
	tests/docker-test.sh

scale-test: ## Run three servers behind nginx with Redis, replace and kill them under load; needs Compose and hey
	tests/scale-test.sh

# Debian's Chromium, curl and Fashion-MNIST, where we may install them; else the tests that need them say so.
debian:
	@if [ "$$(id -u)" != 0 ]; then as_root="sudo -n"; fi; \
	if ! { command -v chromium && command -v curl && test -d /usr/share/datasets/fashion-mnist; } >/dev/null \
	  && command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
	  $$as_root apt-get update -qq; \
	  for package in chromium curl dataset-fashion-mnist; do \
	    $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package \
	      >/dev/null || echo "could not install $$package"; \
	  done; \
	fi

clean: ## Remove what was installed and cached, but no training run
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit("$(PYTHON) is too old: install Python 3.11, or name it, as in make PYTHON=/usr/bin/python3.11 serve." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/serving: .venv/python requirements.txt
	$(PIP) -r requirements.txt
	@touch $@

.venv/training: .venv/python requirements.txt requirements-training.txt
	$(PIP) -r requirements-training.txt
	@touch $@

.venv/benchmarks: .venv/python requirements.txt requirements-training.txt requirements-benchmarks.txt
	$(PIP) -r requirements-benchmarks.txt
	@touch $@

.venv/development: .venv/python requirements.txt requirements-training.txt requirements-ray.txt requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@
