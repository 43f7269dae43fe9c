# shellcheck shell=bash disable=SC2154 # the head of the rendered text and core.bash assign what is not assigned here
# A function called `builtin` would stand in the way of everything below.
\unset -f builtin
\builtin unalias __WT_CMD__ 2>/dev/null || \builtin :

function __WT_CMD__ {
    \unset -f builtin
    \builtin local __wt_go='' __wt_status=0
    if __wt_call "${BASHPID:-$$.$BASH_SUBSHELL.$RANDOM}" "$@"; then __wt_status=0; else __wt_status=$?; fi
    if [[ -n $__wt_go && $__wt_go != "${PWD-}" || -n $__wt_go && ! . -ef $__wt_go ]]; then
        # Not moved is not done: what follows in `wt new x && make` must not run here.
        \builtin cd -- "$__wt_go" || [[ $__wt_status != 0 ]] || __wt_status=1
    fi
    \builtin return "$__wt_status"
}
