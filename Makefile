.DEFAULT_GOAL := help
VENV   := .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
ARGS   ?=
BESIDE ?= -n 3 --dist loadfile

.PHONY: help run test lint format bench bench-board chaos screenshots evaluate train reference clean

help: ## show these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(VENV)/installed ## install into .venv and start everything (the demo, until a helpdesk is configured)
	@$(BIN)/minutehand up

test: $(VENV)/installed-dev ## run all tests (a part: make test ARGS="-k edge")
	@echo "running the tests: real Redis, real processes, real HTTP on this machine only"
	@$(BIN)/python -m pytest $(BESIDE) $(ARGS)

lint: $(VENV)/installed-dev ## format check, ruff, mypy, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/installed-dev ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/installed-dev ## measure webhook -> helpdesk update over 200 tickets, and print the figures
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.latency

bench-board: $(VENV)/installed-dev ## measure the board with 5,000 open timers and 50 viewers (needs chromium)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.board $(ARGS)

screenshots: $(VENV)/installed-dev ## make docs/pictures from the demo (needs chromium; about three minutes)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.screenshots

chaos: $(VENV)/installed-dev ## storms, kills, faults and an emptied Redis; check every ticket and alert (35 minutes)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.chaos $(ARGS)

evaluate: $(VENV)/installed-dev ## measure severity decisions: accuracy, P1, review, robustness, cost
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.severity

train: $(VENV)/installed-train ## train the severity model from corpus/ (about 12 minutes on 2 cores)
	@$(BIN)/python -m training $(ARGS)

reference: $(VENV)/installed ## write docs/reference/commands.md from the commands themselves
	@PYTHONPATH=. $(BIN)/python tests/documents/reference.py > docs/reference/commands.md

clean: ## remove .venv and everything the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else "Minutehand needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % v)'
	@echo "installing into $(VENV) (once, about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	@echo "installing what the tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/installed-train: $(VENV)/installed-dev requirements-train.txt
	@echo "installing what training needs (about 1 GB)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-train.txt
	@touch $@
