# shellcheck shell=bash disable=SC2154,SC2034 # core.bash assigns and a prompt reads what is not assigned or read here
# Sets __wt_segment to `key:name` where this directory is in a slot. What directories are is looked up when the shell
# has gone to another; who holds the slot, each time.
__wt_seen='' __wt_seen_admin='' __wt_seen_key='' __wt_seen_slot=''

function __wt_find_segment {
    \builtin local __wt_name='' __wt_pool_id=''
    if [[ ${PWD-} != "$__wt_seen" ]]; then __wt_look_around; fi
    [[ -n $__wt_seen_admin ]] || \builtin return 0
    if __wt_is_held "$__wt_seen_admin"; then
        __wt_segment=$__wt_seen_key:$__wt_name
    elif [[ -e $__wt_seen_admin/worktree-pool/lock || -L $__wt_seen_admin/worktree-pool/lock ]]; then
        __wt_segment="$__wt_seen_key:?"
    elif [[ -d $__wt_seen_admin ]]; then
        __wt_segment="$__wt_seen_key:($__wt_seen_slot)"
    fi
    case $__wt_segment in *[![:print:]]*) __wt_segment=${__wt_segment//[![:print:]]/?} ;; esac
}

function __wt_look_around {
    \builtin local __wt_line='' __wt_value='' __wt_admin='' __wt_text='' above="${PWD-}"
    __wt_seen=${PWD-} __wt_seen_admin='' __wt_seen_key='' __wt_seen_slot=''
    while [[ -n $above ]]; do
        if [[ -f $above/.git ]] && __wt_read_link "$above" && __wt_slurp "$__wt_admin/worktree-pool/created"; then
            if __wt_pick key; then __wt_seen_key=$__wt_value; fi
            if __wt_pick slot; then __wt_seen_slot=$__wt_value; fi
            __wt_seen_admin=$__wt_admin
            \builtin return 0
        fi
        above=${above%/*}
    done
}
