# shellcheck shell=bash
# Node: what the lock file asks for. node_modules/ stays in the slot, so only a change of the lock file costs anything.
# Copy it to .wt-hooks.sh. node_modules/ must be in .gitignore.

wt_post_acquire() {
    if [ -f pnpm-lock.yaml ]; then
        install_if_changed pnpm-lock.yaml pnpm install --frozen-lockfile --prefer-offline
    elif [ -f yarn.lock ]; then
        install_if_changed yarn.lock yarn install --frozen-lockfile
    else
        install_if_changed package-lock.json npm ci --prefer-offline --no-audit --no-fund
    fi
}

wt_pre_land() {
    npm test
}

# `npm ci` begins by removing all of node_modules/: it is run only if the lock file is not the one that was installed.
install_if_changed() {
    local lock=$1
    shift
    if ! cmp -s "$lock" "node_modules/.wt-$lock"; then
        "$@"
        mkdir -p node_modules
        cp "$lock" "node_modules/.wt-$lock"
    fi
}
