# shellcheck shell=bash
# Docker compose: services of its own for each slot; images and volumes stay with the slot as its caches do.
# Copy it to .wt-hooks.sh. Publish ports without a number in front ("5432"), so that two slots do not quarrel over one.

wt_post_acquire() {
    compose up --detach --quiet-pull
}

wt_pre_release() {
    compose stop
}

compose() {
    local project="wt-$WT_KEY-$WT_SLOT"
    docker compose --project-name "$(printf '%s' "$project" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9_-' -)" "$@"
}
