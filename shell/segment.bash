# shellcheck shell=bash disable=SC2154,SC2034 # core.bash assigns and a prompt reads what is not assigned or read here
# Sets __wt_segment to `key:name` where this directory is in a slot.
function __wt_find_segment {
    \builtin local __wt_line='' __wt_value='' __wt_admin='' __wt_name='' __wt_pool_id='' above="${PWD-}" key=''
    while [[ -n $above ]]; do
        if [[ -f $above/.git ]] && __wt_read_link "$above" && __wt_field "$__wt_admin/worktree-pool/created" key; then
            key=$__wt_value
            if __wt_is_held "$__wt_admin"; then
                __wt_segment=$key:$__wt_name
            elif [[ -e $__wt_admin/worktree-pool/lock || -L $__wt_admin/worktree-pool/lock ]]; then
                __wt_segment="$key:?"
            elif __wt_field "$__wt_admin/worktree-pool/created" slot; then
                __wt_segment="$key:($__wt_value)"
            fi
            __wt_segment=${__wt_segment//[![:print:]]/?}
            \builtin return 0
        fi
        above=${above%/*}
    done
}
