# shellcheck shell=bash
# Python: a virtual environment in the slot, installed again only if the requirements changed.
# Copy it to .wt-hooks.sh. .venv/ must be in .gitignore; a pool of layout `stable` keeps its path, and so the environment.

wt_post_acquire() {
    if [ -f uv.lock ]; then
        uv sync --frozen
        return
    fi
    # its scripts hold its path: one that was made elsewhere is made anew
    if [ ! -f .venv/.wt-path ] || [ "$(cat .venv/.wt-path)" != "$PWD" ]; then
        python3 -m venv --clear .venv
        printf '%s\n' "$PWD" >.venv/.wt-path
    fi
    if [ -f requirements.txt ] && ! cmp -s requirements.txt .venv/.wt-requirements; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
        cp requirements.txt .venv/.wt-requirements
    fi
}

wt_pre_land() {
    if [ -x .venv/bin/pytest ]; then
        .venv/bin/pytest -q
    else
        .venv/bin/python -m unittest discover --quiet
    fi
}
