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
