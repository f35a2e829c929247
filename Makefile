# Everything a newcomer needs is installed on the first run and kept in .venv; later runs start at once.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
WORKERS ?= 2
# a worker that crashes, or is ended at the hang limit, ends the run, which names its test: a new one may wait for ever
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --max-worker-restart 0
# tests start many interpreters, which without bytecode would compile everything each time
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test unit check check-mypy check-pyright check-imports format fuzz bench docs lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tealjet needs Python 3.11 or newer; say which with: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/demo-ready: .venv/created pyproject.toml requirements/lab.txt
	@echo "Installing Tealjet and the lab (once) ..."
	@$(PIP) install --require-hashes -r requirements/lab.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev-ready: .venv/demo-ready requirements/dev.txt
	@echo "Installing the development tools (once) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: .venv/demo-ready ## Two real clusters, one client, kill -9: see it go on (DEMO_ARGS="--json")
	@$(BIN)/tealjet demo $(DEMO_ARGS)

test: .venv/dev-ready ## Run the whole test suite, on real members too (TEST_ARGS="-k switch")
	@$(PYTEST) $(TEST_ARGS)

# a good part of their time is waiting, and there are no members that take processors too
unit: WORKERS = 4
unit: .venv/dev-ready ## Run the tests that need no Java and no network, on embedded members: about a minute
	@$(PYTEST) -m "not member and not java" $(TEST_ARGS)

check: .venv/dev-ready ## Lint, format, types, import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 check-mypy check-pyright check-imports

check-mypy:
	@$(BIN)/mypy
check-pyright:
	@$(BIN)/pyright
check-imports:
	@$(BIN)/lint-imports

format: .venv/dev-ready ## Format and fix what can be fixed by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.venv/fuzz-ready: .venv/dev-ready requirements/fuzz.txt
	@echo "Installing the fuzzer (once) ..."
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	@touch $@

fuzz: .venv/fuzz-ready ## Fuzz an embedded member and the client's readers with 100,000 streams each (FUZZ_ARGS=1000000)
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz member $(FUZZ_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz client $(FUZZ_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz jobs $(FUZZ_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz yaml $(FUZZ_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m support.fuzz xml $(FUZZ_ARGS)

bench: .venv/dev-ready ## Measure on real members, side by side with the official client; writes benchmarks/README.md
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH_ARGS)

docs: .venv/dev-ready ## Renew the pages that are made from the code
	@$(BIN)/python -m tealjet.config.reference docs/configuration.md
	@PYTHONPATH=tests $(BIN)/python -m support.structures_table docs/structures.md
	@PYTHONPATH=tests $(BIN)/python -m support.differences docs/configuration-differences.md
	@PYTHONPATH=tests $(BIN)/python -m support.conformance docs/conformance.md

lock: .venv/dev-ready ## Renew the lock files from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --extra lab --group pyproject.toml:build pyproject.toml -o requirements/lab.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --extra lab --extra tls --group pyproject.toml:build --group pyproject.toml:dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --group pyproject.toml:fuzz -o requirements/fuzz.txt

clean: ## Remove what was installed and built here (downloaded members stay in their cache)
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
