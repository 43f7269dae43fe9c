# The segment is an element of psvar, which prompt expansion shows as it is: nothing in a name is expanded there.
\builtin typeset -ga psvar precmd_functions
\builtin typeset -gi __wt_psvar=${__wt_psvar:-0}
\builtin typeset -g __wt_segment='' __wt_away=''
if ((__wt_psvar == 0)); then
    __wt_psvar=$((${#psvar} + 1))
    PROMPT="%(${__wt_psvar}V.%${__wt_psvar}v.)${PROMPT-}"
fi

# One function, for a call costs more than a file that is read.
function __wt_prompt {
    \builtin emulate -L zsh
    \builtin local lock='' text='' mark=''
    if [[ ${PWD-} != $__wt_seen ]]; then __wt_look_around; fi
    if [[ -n $__wt_seen_admin ]]; then
        lock=$__wt_seen_admin/worktree-pool/lock
        if [[ -f $lock && ! -L $lock && -r $lock ]]; then
            mark=$__wt_seen_admin/worktree-pool/mark
            if [[ $mark -nt $lock && -f $mark && -r $mark ]]; then
                mark=$(<$mark)
            else
                mark=
            fi
            if [[ -z $mark || $mark != $__wt_seen_line ]]; then text=$(<$lock); fi
        fi
    fi
    if [[ ( -z $mark || $mark != $__wt_seen_line ) && ( -z $text || $text$mark != $__wt_seen_text$__wt_seen_line ) || ! -d ${PWD-} ]]; then
        if [[ -n $__wt_seen_admin$__wt_segment ]]; then
            __wt_find_segment "$text" "$mark"
            if __wt_misses_it; then __wt_away=yes; fi
        fi
    fi
    psvar[__wt_psvar]=$__wt_segment
}

# With the user's own options, as cd has them elsewhere.
function __wt_come_home {
    if [[ -n $__wt_away ]]; then
        __wt_away=
        \__WT_CMD__ whoami >/dev/null # as any other command, it takes this shell home first
        __wt_prompt
    fi
}
precmd_functions=(${${precmd_functions:#__wt_prompt}:#__wt_come_home} __wt_prompt __wt_come_home)
