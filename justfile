# What a developer runs; `just` lists it. The scripts work without just as well.

set shell := ["bash", "-euo", "pipefail", "-c"]

export PATH := justfile_directory() + "/.venv/bin:" + env("PATH")

default:
    @just --list --unsorted

# Make .venv with wt (editable) and every test tool
venv:
    test -x .venv/bin/python || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet -e '.[dev]'

# Format, and fix what can be fixed
fmt:
    ruff format .
    ruff check --fix .

# Every linter; changes nothing
lint:
    ruff check .
    ruff format --check .
    shellcheck scripts/install scripts/test .ci/run shell/*.bash hooks/*.bash hooks/samples/*.bash

# mypy, strict for wt and bench
types:
    mypy

# pytest alone, quick; arguments go to it (just test -k names)
test *args:
    pytest -n 2 {{ args }}

# The tests that drive real shells (just test-shell zsh: one of them)
test-shell shell="":
    pytest -m shell {{ if shell == "" { "" } else { "-k " + shell } }}

# pytest with what the ordinary run has only a sample of
thorough *args:
    pytest -n 2 --thorough {{ args }}

# Kill the tool at every failpoint, or fill its disk there, and kill git before every call that changes something (--doors: no kill in git)
crash *args:
    pytest -n 2 -m crash {{ args }}

# The races and the random kills, longer (just stress 50)
stress rounds="30":
    pytest tests/concurrency --rounds {{ rounds }} --timeout 3600

# The library's pool, shared by 32 threads and 8 processes: 2,000 rounds
stress-library rounds="50":
    pytest tests/concurrency/test_library.py --rounds {{ rounds }} -s

# The rules of the house: imports, effects, lengths
house:
    pytest tests/unit/test_house.py tests/unit/test_hot_imports.py

# The ratios of docs/performance.md (just bench 1 2 6 --size 5k)
bench *args:
    python -m bench {{ args }}

# Lines and branches, subprocesses and killed children included
cov *args:
    coverage erase
    coverage run -m pytest -n 2 {{ args }}
    coverage combine --quiet
    coverage report

# The pictures of docs/pictures, from real runs (look at each)
pictures:
    .venv/bin/python -m pip install --quiet -e '.[pictures]'
    python scripts/pictures.py

# Every command and link in the docs and README is run or checked
docs:
    pytest -k "docs or readme"

# Write the library's reference from its docstrings
reference:
    .venv/bin/python -m tests.support.reference > docs/reference/library.md

# All of it, as CI does, from a clean clone
ci:
    .ci/run
