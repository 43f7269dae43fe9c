# Opt-in: a look at the slot in the background, whose answer the next prompt shows. Not more often than every 5 seconds
# where no mark is known for the index as it is, and every 30 where one is, for files change without git.
\builtin typeset -gi __wt_refreshed=-30
function __wt_refresh {
    \builtin emulate -L zsh
    if [[ -n $__wt_seen_admin && -f $__wt_seen_admin/worktree-pool/lock ]] &&
        ((SECONDS >= __wt_refreshed + 5)) &&
        { ((SECONDS >= __wt_refreshed + 30)) || [[ ! $__wt_seen_admin/worktree-pool/mark -nt $__wt_seen_admin/index ]]; }; then
        __wt_refreshed=$SECONDS
        "${__wt_program[@]}" info --json </dev/null &>/dev/null &!
    fi
}
precmd_functions=(${precmd_functions:#__wt_refresh} __wt_refresh)
