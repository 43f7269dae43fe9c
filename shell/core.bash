# shellcheck shell=bash disable=SC2154 # the head of the rendered text and pool.bash assign what is not assigned here
# The shell function, as far as bash and zsh have it in common. It starts no process but the program itself, and nothing
# that the program says is ever evaluated.
#
# Two variables belong to the shell: where the function took it last, and which name held that slot.
__wt_here='' __wt_held=''

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

# Answers `cd NAME`, `cd -` and `path NAME`; any other call, and whatever files do not answer, gives status 1. Sets
# __wt_go, and __wt_known to the name that holds it.
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
    if [[ $verb != path ]]; then
        __wt_go=$__wt_path
        if [[ $name != - ]]; then __wt_known=$name; fi
    fi
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
    \builtin local __wt_file='' __wt_path='' __wt_known='' lost='' status_=0 number="$1"
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
        if WT_DIRECTIVE=$__wt_file WT_FUNCTION=$__wt_shell/$__wt_version WT_LOST=$lost WT_HELD=$__wt_held \
            "${__wt_program[@]}" "$@"; then
            status_=0
        else
            status_=$?
        fi
        __wt_read_directive
    fi
    if [[ -n $__wt_known ]]; then
        __wt_here=$__wt_go __wt_held=$__wt_known
    elif [[ -n $__wt_go ]]; then
        __wt_note "$__wt_go"
    fi
    \builtin return "$status_"
}
