# shellcheck shell=bash disable=SC2154 # the head of the rendered text assigns what is not assigned here
# What bash and zsh have in common; bash 3.2 and `emulate zsh` read it alike. Nothing here starts a process but the
# program itself, and nothing that a file or the program says is ever evaluated.
#
# Each shell has its own way to read: `__wt_slurp FILE` sets __wt_text to a newline, the text of a regular file and a
# newline, `__wt_first_line FILE` sets __wt_line to its first line without a CR (status 1 where there is none), and
# `__wt_extract KEY` sets __wt_value to what __wt_text says of a key that it has. Variables that begin with __wt_ and are not local here belong to the caller, which made them local. Two belong to the
# shell: where the function took it last, and which name held that slot.
__wt_here='' __wt_held=''

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

# Sets __wt_path to the physical directory of the held slot of a name, from files; status 1 leaves it to the program.
function __wt_find_slot {
    \builtin local __wt_line='' __wt_value='' __wt_root='' __wt_admin='' __wt_name='' __wt_pool_id='' place=''
    __wt_path=
    case $1 in '' | -* | .* | /* | */.* | *//*) \builtin return 1 ;; esac
    __wt_find_pool "$2" || \builtin return 1
    __wt_field "$__wt_root/.meta/config.yaml" pool_id || \builtin return 1
    __wt_pool_id=$__wt_value
    place=$__wt_root/${1//\//-}
    __wt_read_link "$place" && __wt_is_held "$__wt_admin" && [ "$__wt_name" = "$1" ] || \builtin return 1
    __wt_first_line "$__wt_admin/gitdir" || \builtin return 1
    case $__wt_line in /*/.git) __wt_line=${__wt_line%/.git} ;; *) \builtin return 1 ;; esac
    [[ -d $place && $__wt_line -ef $place && -x $place ]] && __wt_is_physical "$__wt_line" || \builtin return 1
    __wt_path=$__wt_line
}

# Answers `cd NAME`, `cd -` and `path NAME`; any other call, and whatever files do not answer, gives status 1.
function __wt_quick {
    \builtin local verb='' key='' name='' given=0
    while (($#)); do
        case $1 in
            --pool) (($# > 1)) || \builtin return 1; key=$2; \builtin shift ;;
            --pool=*) key=${1#--pool=} ;;
            -) name=$1 given=$((given + 1)) ;;
            -*) \builtin return 1 ;;
            *) if [[ -z $verb ]]; then verb=$1; else name=$1 given=$((given + 1)); fi ;;
        esac
        \builtin shift
    done
    [[ $given = 1 ]] || \builtin return 1
    case $verb in cd | switch | path) ;; *) \builtin return 1 ;; esac
    if [[ $name = - ]]; then
        [[ $verb != path && -n ${OLDPWD-} && -d ${OLDPWD-} ]] || \builtin return 1
        __wt_path=$OLDPWD
    else
        __wt_find_slot "$name" "$key" || \builtin return 1
    fi
    if [[ $verb = path || ! -t 1 ]]; then \builtin printf '%s\n' "$__wt_path" || \builtin return 0; fi
    [[ $verb = path ]] || __wt_go=$__wt_path
}

# Sets __wt_file to the directive file of this shell, empty where there is no place for one that is this user's.
function __wt_name_file {
    \builtin local place=''
    __wt_file=
    if [[ -n ${XDG_RUNTIME_DIR-} && $XDG_RUNTIME_DIR = /* && -O $XDG_RUNTIME_DIR && -w $XDG_RUNTIME_DIR ]]; then
        place=$XDG_RUNTIME_DIR/wt
    elif [[ -n ${XDG_STATE_HOME-} && $XDG_STATE_HOME = /* ]]; then
        place=$XDG_STATE_HOME/wt/shell
    elif [[ -n ${HOME-} && $HOME = /* ]]; then
        place=$HOME/.local/state/wt/shell
    else
        \builtin return 0
    fi
    __wt_file=$place/$1
    if [[ -e $__wt_file || -L $__wt_file ]]; then # of an earlier shell with this number
        __wt_remove
        if [[ -e $__wt_file || -L $__wt_file ]]; then __wt_file=; fi
    fi
}

function __wt_remove {
    PATH=/bin:/usr/bin:${PATH-} \builtin command rm -f -- "$__wt_file" </dev/null >/dev/null 2>&1 || \builtin :
}

# Sets __wt_go to what the directive says: one line, an existing directory; anything else is refused.
function __wt_read_directive {
    \builtin local more='' directory="${__wt_file%/*}"
    [[ -n $__wt_file && -e $__wt_file ]] || \builtin return 0
    if [[ -f $__wt_file && ! -L $__wt_file && -O $__wt_file && -O $directory && ! -L $directory ]]; then
        {
            IFS= \builtin read -r __wt_go || \builtin :
            IFS= \builtin read -r more || \builtin :
        } 2>/dev/null <"$__wt_file"
    fi
    __wt_remove
    if [[ -z $more && $__wt_go = /* && -d $__wt_go ]]; then \builtin return 0; fi
    \builtin printf 'error: this shell was not moved: the program left no directory to go to.\n' >&2
    __wt_go=
}

# Notes which held slot the function takes the shell to: only such a one can be missed.
function __wt_note {
    \builtin local __wt_line='' __wt_admin='' __wt_name='' __wt_pool_id=''
    __wt_here='' __wt_held=''
    if __wt_read_link "$1" && __wt_is_held "$__wt_admin"; then __wt_here=$1 __wt_held=$__wt_name; fi
}

# Whether the directory that this shell stands in was given back: it is gone, or its slot is idle or somebody else's.
function __wt_is_lost {
    \builtin local __wt_line='' __wt_admin='' __wt_name='' __wt_pool_id=''
    [[ . -ef ${PWD-} ]] || \builtin return 0
    [[ -n $__wt_here && $PWD/ = "$__wt_here"/* ]] || \builtin return 1
    __wt_read_link "$__wt_here" && [[ -d $__wt_admin ]] || \builtin return 1
    if __wt_is_held "$__wt_admin"; then
        [ "$__wt_name" != "$__wt_held" ]
    else
        [[ ! -e $__wt_admin/worktree-pool/lock && ! -L $__wt_admin/worktree-pool/lock ]]
    fi
}

# Runs one command: sets __wt_go to where the shell is to go, and returns the program's status. $1 names this shell.
function __wt_call {
    \builtin local __wt_file='' __wt_path='' lost='' status_=0 number="$1"
    \builtin shift
    if __wt_is_lost; then lost=${PWD-}; fi
    if [[ -z $lost ]] && __wt_quick "$@"; then
        \builtin :
    elif [[ ! -x $__wt_python || ! -f $__wt_main ]]; then
        \builtin printf 'error: %s is gone: this shell function belongs to an installation that was moved or removed.\n' "$__wt_main" >&2
        # shellcheck disable=SC2016 # a line to paste
        \builtin printf 'hint: to renew it: eval "$(command wt shell init %s)"\n' "$__wt_shell" >&2
        \builtin return 127
    else
        __wt_name_file "$number"
        # `if`, not `||`: zsh forgets the status of a function that is stopped by Ctrl-Z behind the latter.
        if WT_DIRECTIVE=$__wt_file WT_FUNCTION=$__wt_shell/$__wt_version WT_LOST=$lost "${__wt_program[@]}" "$@"; then
            status_=0
        else
            status_=$?
        fi
        __wt_read_directive
    fi
    if [[ -n $__wt_go ]]; then __wt_note "$__wt_go"; fi
    \builtin return "$status_"
}
