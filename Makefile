# Every command sets up what it needs, from Python 3.11 and make alone; once that is
# done it costs nothing. The work is in scripts/.
#
#   PYTHON=python3.12        another interpreter        (make setup)
#   TORCH=torch              the newest GPU build       (make setup)
#   HEADLESS=1               the demo without a window  (make demo)

READY := .venv/.ready
export PYTHON TORCH HEADLESS

.PHONY: help setup demo test lint clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with napari-uda and everything its tests need
	@echo "Ready: .venv"

$(READY): pyproject.toml constraints.txt scripts/setup-python.sh
	@scripts/setup-python.sh

demo: $(READY) ## train, adapt and compare on a built-in sample pair
	@scripts/demo.sh

test: $(READY) ## every check and every test; windows open on a virtual screen
	@scripts/setup-system.sh tests
	@scripts/lint.sh
	@.venv/bin/python -m pytest -n auto --dist loadfile

lint: $(READY) ## style, types and import rules only
	@scripts/lint.sh

clean: ## remove caches, builds and reports (not .venv)
	rm -rf build dist demo-report* .coverage .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
