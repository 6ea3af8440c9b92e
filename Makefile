# Everything runs in .venv; nothing else is touched. PYTHON chooses the interpreter that makes it (3.11 or later).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: study test lab lock bench clean bench-decp

study: $(STAMP)  ## the Normandie report, edition 2021 (the presentation rebuilt) and the newest edition
	$(BIN)/cpsr-study run REG-28 --edition 2021
	$(BIN)/cpsr-study run REG-28

test: $(STAMP)  ## style, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

SIZES ?= 0.25 1 4
bench-decp: $(STAMP) .venv-bench/.installed  ## contracts at 0.25, 1 and 4 million rows, against DuckDB, pandas and ijson (SIZES=0.25)
	.venv-bench/bin/python benchmarks/decp.py measure $(SIZES)
	.venv-bench/bin/python benchmarks/decp.py table

lab: $(STAMP)  ## JupyterLab, on the chapters
	$(BIN)/jupyter lab --notebook-dir=notebooks

lock: $(STAMP)  ## refresh requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --upgrade -o requirements.lock

bench: $(STAMP) .venv-bench/.installed  ## measure, and write docs/performances.md (about forty minutes, on a quiet machine)
	$(BIN)/python benchmarks/bench.py again
	$(BIN)/python benchmarks/bench.py report --minutes 15
	$(BIN)/python benchmarks/bench.py batch --minutes 12
	$(BIN)/python benchmarks/bench.py workers --minutes 10
	$(BIN)/python benchmarks/bench.py table

.venv-bench/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch .venv-bench/.installed

clean:
	rm -rf .venv data/processed/*.csv data/processed/*.sha256 .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed.")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)
