# shellcheck shell=bash disable=SC2154,SC2034 # core.bash assigns and a prompt reads what is not assigned or read here
# The prompt's segment, `key:name` and the last known mark. What a directory is, is looked up when the shell has gone to
# another. Of lock and mark one is read each time: a mark that is newer than the lock names the lock that it was made
# under, so that the same mark means the same lock. What has not changed is not understood again.
__wt_missed='' __wt_seen='' __wt_seen_admin='' __wt_seen_key='' __wt_seen_slot='' __wt_seen_text='' __wt_seen_line='' __wt_seen_mark=''

# Sets __wt_segment. $1 is the text of the lock, $2 the line of the mark.
function __wt_find_segment {
    \builtin local __wt_name='' __wt_pool_id=''
    __wt_segment='' __wt_seen_text=$1 __wt_seen_line=$2 __wt_seen_mark=''
    [[ -n $__wt_seen_admin ]] || \builtin return 0
    if [[ -n $1 ]] && __wt_is_held "$__wt_seen_admin"; then
        __wt_segment=$__wt_seen_key:$__wt_name
        __wt_find_mark "$1" "$2"
    elif [[ -e $__wt_seen_admin/worktree-pool/lock || -L $__wt_seen_admin/worktree-pool/lock ]]; then
        __wt_segment="$__wt_seen_key:?"
    elif [[ -d $__wt_seen_admin ]]; then
        __wt_segment="$__wt_seen_key:($__wt_seen_slot)"
    fi
    case $__wt_segment in *[![:print:]]*) __wt_segment=${__wt_segment//[![:print:]]/?} ;; esac
    if [[ -n $__wt_segment ]]; then __wt_segment="$__wt_segment${__wt_seen_mark:+ $__wt_seen_mark} "; fi
}

# The mark, if it is of this very holder: its second word is the lock's nonce.
function __wt_find_mark {
    case ${2#* } in '' | *[!0-9a-f]*) \builtin return 0 ;; esac
    case $'\n'$1 in *$'\n'"nonce: ${2#* }"*) ;; *) \builtin return 0 ;; esac
    case ${2%% *} in green | yellow | red) ;; *) \builtin return 0 ;; esac
    __wt_seen_mark="[${2%% *}]"
    case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
        *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*)
            case $__wt_seen_mark in
                *green*) __wt_seen_mark=🟢 ;;
                *yellow*) __wt_seen_mark=🟡 ;;
                *) __wt_seen_mark=🔴 ;;
            esac
            ;;
    esac
}

# Whether the slot that this shell stands in was given back by somebody else; of one directory that is said once.
function __wt_misses_it {
    [[ -n $__wt_seen_admin && $__wt_missed != "${PWD-}" ]] && __wt_is_lost || \builtin return 1
    __wt_missed=${PWD-}
}

function __wt_look_around {
    \builtin local __wt_line='' __wt_value='' __wt_admin='' __wt_text='' above="${PWD-}"
    __wt_missed='' __wt_seen=${PWD-} __wt_seen_admin='' __wt_seen_key='' __wt_seen_slot='' __wt_seen_line=new
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
