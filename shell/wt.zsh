# A function called `builtin` would stand in the way of everything below.
if [[ -n ${functions[builtin]-} ]]; then
    \unset 'functions[builtin]'
fi
\builtin unalias __WT_CMD__ 2>/dev/null || \builtin :

function __WT_CMD__ {
    if [[ -n ${functions[builtin]-} ]]; then
        \unset 'functions[builtin]'
    fi
    \builtin local __wt_go='' __wt_status=0
    if __wt_sane "$@"; then __wt_status=0; else __wt_status=$?; fi
    # With the user's own options: cd is to push, print and link as it does everywhere.
    if [[ -n $__wt_go && $__wt_go != "${PWD-}" || -n $__wt_go && ! . -ef $__wt_go ]]; then
        # Not moved is not done: what follows in `wt new x && make` must not run here.
        \builtin cd -- "$__wt_go" || [[ $__wt_status != 0 ]] || __wt_status=1
    fi
    \builtin return "$__wt_status"
}

function __wt_sane {
    \builtin emulate -L zsh
    \builtin setopt null_glob
    \builtin zmodload zsh/system 2>/dev/null || \builtin :
    __wt_call "${sysparams[pid]:-$$.$ZSH_SUBSHELL.$RANDOM}" "$@"
}

function __wt_slurp {
    __wt_text=
    [[ -f $1 && ! -L $1 && -r $1 ]] || \builtin return 1
    __wt_text=$'\n'"$(<"$1")"$'\n' # which zsh does without a process, and `read` byte by byte
}

function __wt_first_line {
    __wt_line=
    [[ -f $1 && ! -L $1 && -r $1 ]] || \builtin return 1
    __wt_line=$(<"$1")
    case $__wt_line in *[$'\r\n']*) __wt_line=${__wt_line%%[$'\r\n']*} ;; esac
    [[ -n $__wt_line ]]
}

function __wt_extract {
    __wt_value=${${(M)${(f)__wt_text}:#$1: *}[1]#$1: }
}

function __wt_held_names {
    \builtin local at='' name='' state=''
    \builtin local -a lines
    for at in $2/*/worktree-pool/lock; do
        [[ -f $at && -r $at ]] || \builtin continue
        lines=("${(@f)$(<$at)}")
        name=${${lines[(r)name: *]#name: }%$'\r'} state=${lines[(r)state: *]}
        [[ -z $state || $state = 'state: held'* ]] || \builtin continue
        if [[ -z $name || $name = \"* ]]; then
            if __wt_field $at name; then name=$__wt_value; else \builtin continue; fi
        fi
        if [[ -e $1/${name//\//-}/.git ]]; then __wt_found+=("$name"); fi
    done
}

function __wt_complete {
    \builtin local -a __wt_found
    __wt_found=()
    \builtin local __wt_kind='' __wt_verb='' __wt_key='' cut=''
    __wt_scan "${(@Q)words[2,CURRENT-1]}"
    case $PREFIX in
        --*=*)
            [[ $__wt_kind != command ]] || { _normal; \builtin return; }
            __wt_kind_of "$__wt_verb" "${PREFIX%%=*}"
            compset -P 1 '*='
            ;;
        -?*) [[ $__wt_kind = command ]] || __wt_kind=options ;;
    esac
    case $__wt_kind in
        verbs) __wt_verbs; _describe -t commands '__WT_CMD__ command' __wt_found ;;
        options) __wt_options "$__wt_verb"; _describe -o -t options option __wt_found ;;
        branches)
            __wt_found=(${(f)"$(\builtin command git for-each-ref --format='%(refname:lstrip=2)' refs/heads 2>/dev/null)"})
            compadd -a __wt_found
            ;;
        command) _files ;;
        directories) _files -/ ;;
        any) _files ;;
        *) __wt_candidates "$__wt_kind"; (( $#__wt_found )) && compadd -a __wt_found ;;
    esac
}

# Before compinit there is no compdef: a hook waits for it, and takes itself out.
function __wt_register {
    if [[ -n ${functions[compdef]-} ]]; then
        compdef __wt_complete __WT_CMD__
        precmd_functions=(${precmd_functions:#__wt_register})
    fi
}
if [[ -o interactive ]]; then
    \builtin typeset -ga precmd_functions
    precmd_functions=(${precmd_functions:#__wt_register} __wt_register)
    __wt_register
fi
