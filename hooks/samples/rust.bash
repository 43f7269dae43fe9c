# shellcheck shell=bash
# Rust: target/ stays warm in the slot; dependencies are fetched ahead, and nothing lands that does not pass.
# Copy it to .wt-hooks.sh. target/ must be in .gitignore; a pool of layout `stable` keeps cargo's fingerprints valid.

wt_post_acquire() {
    cargo fetch --locked --quiet
}

wt_pre_land() {
    cargo test --locked --quiet
    if cargo clippy --version >/dev/null 2>&1; then
        cargo clippy --locked --quiet --all-targets -- --deny warnings
    fi
}
