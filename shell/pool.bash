# shellcheck shell=bash disable=SC2154 # the caller, or the shell's own reading file, assigns what is not assigned here
# What bash and zsh know of pools, from files alone; bash 3.2 and `emulate zsh` read it alike. Nothing here starts a
# process, and nothing that a file says is ever evaluated.
#
# Each shell has its own way to read: `__wt_slurp FILE` sets __wt_text to a newline, the text of a regular file and a
# newline, `__wt_first_line FILE` sets __wt_line to its first line without a CR (status 1 where there is none), and
# `__wt_extract KEY` sets __wt_value to what __wt_text says of a key that it has. Variables that begin with __wt_ and are
# not local here belong to the caller, which made them local.

# Sets __wt_value to what a file of `key: value` lines says of a key; status 1 where it cannot be said exactly.
function __wt_field {
    \builtin local __wt_text=''
    __wt_value=
    __wt_slurp "$1" && __wt_pick "$2"
}

# The same of a text that was read.
function __wt_pick {
    __wt_value=
    case $__wt_text in *$'\n'"$1: "*) ;; *) \builtin return 1 ;; esac
    __wt_extract "$1"
    __wt_value=${__wt_value%$'\r'}
    case $__wt_value in # a branch that was taken up may be called what YAML has to quote
        \"?*\")
            \builtin local quote='"'
            __wt_value=${__wt_value#"$quote"}
            __wt_value=${__wt_value%"$quote"}
            __wt_value=${__wt_value//\\$quote/$quote}
            ;;
    esac
    case $__wt_value in '' | \ * | *\  | *\\*) \builtin return 1 ;; esac
}

# Whether an absolute path is physical: no component of it a link, none of them `.` or `..`.
function __wt_is_physical {
    \builtin local at="$1"
    case $at/ in *//* | */./* | */../*) \builtin return 1 ;; /*) ;; *) \builtin return 1 ;; esac
    while [[ -n $at ]]; do
        [[ ! -L $at ]] || \builtin return 1
        at=${at%/*}
    done
}

# Sets __wt_admin to the admin dir that a directory's .git file names; status 1 without one.
function __wt_read_link {
    \builtin local __wt_line=''
    __wt_admin=
    __wt_first_line "$1/.git" || \builtin return 1
    case $__wt_line in
        'gitdir: /'*) __wt_admin=${__wt_line#gitdir: } ;;
        'gitdir: '?*) __wt_admin=$1/${__wt_line#gitdir: } ;;
        *) \builtin return 1 ;;
    esac
}

# Sets __wt_root to the root of the pool of a key, else of the pool that this directory belongs to; status 1 where files
# and $PWD alone cannot tell.
function __wt_find_pool {
    __wt_root=
    case ${WORKTREE_ROOT-} in /*) ;; *) \builtin return 1 ;; esac
    if [[ -n $1 ]]; then
        case $1 in */* | .*) \builtin return 1 ;; esac
        __wt_root=${WORKTREE_ROOT%/}/$1
        [[ -f $__wt_root/.meta/config.yaml ]]
        \builtin return
    fi
    __wt_is_physical "$PWD" || \builtin return 1
    __wt_pool_around || __wt_pool_over
}

# The pool whose root is above this directory.
function __wt_pool_around {
    \builtin local above="$PWD"
    while [[ -n $above ]]; do
        if [[ -f $above/.meta/config.yaml && $above -ef ${WORKTREE_ROOT%/}/${above##*/} ]]; then
            __wt_root=$above
            \builtin return 0
        fi
        above=${above%/*}
    done
    \builtin return 1
}

# The only pool that serves the repository that this directory is in.
function __wt_pool_over {
    \builtin local __wt_line='' __wt_value='' __wt_admin='' above="$PWD" common='' config='' only=''
    while [[ -n $above && ! -e $above/.git ]]; do above=${above%/*}; done
    [[ -n $above ]] || \builtin return 1
    common=$above/.git
    if [[ ! -d $common ]]; then
        __wt_read_link "$above" && __wt_first_line "$__wt_admin/commondir" || \builtin return 1
        case $__wt_line in /*) common=$__wt_line ;; *) common=$__wt_admin/$__wt_line ;; esac
    fi
    for config in "${WORKTREE_ROOT%/}"/*/.meta/config.yaml; do
        [[ -e $config ]] || \builtin continue
        __wt_field "$config" source || \builtin return 1
        [[ $__wt_value/.git -ef $common || $__wt_value -ef $common ]] || \builtin continue
        [[ -z $only ]] || \builtin return 1
        only=${config%/.meta/config.yaml}
    done
    __wt_root=$only
    [[ -n $only ]]
}

# Whether an admin dir is a held slot's, of the pool __wt_pool_id if that is set; sets __wt_name.
function __wt_is_held {
    \builtin local __wt_value='' __wt_text=''
    __wt_name=
    __wt_slurp "$1/worktree-pool/lock" || \builtin return 1
    case $__wt_text in
        *$'\n'state:\ held[$'\r\n']*) ;;
        *$'\n'state:*) \builtin return 1 ;;
    esac
    case $__wt_text in *$'\n'full_sha:\ [0-9a-f]*) ;; *) \builtin return 1 ;; esac
    case $__wt_text in *$'\n'started_at:\ [0-9]*) ;; *) \builtin return 1 ;; esac
    __wt_pick name || \builtin return 1
    __wt_name=$__wt_value
    if [[ -n $__wt_pool_id ]]; then
        __wt_field "$1/worktree-pool/created" pool_id && [ "$__wt_value" = "$__wt_pool_id" ]
    fi
}
