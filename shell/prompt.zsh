# The segment is an element of psvar, which prompt expansion shows as it is: nothing in a name is expanded there.
\builtin typeset -ga psvar precmd_functions
\builtin typeset -gi __wt_psvar=${__wt_psvar:-0}
if ((__wt_psvar == 0)); then
    __wt_psvar=$((${#psvar} + 1))
    PROMPT="%(${__wt_psvar}V.%${__wt_psvar}v .)${PROMPT-}"
fi

function __wt_prompt {
    \builtin emulate -L zsh
    \builtin local __wt_segment=''
    __wt_find_segment
    psvar[__wt_psvar]=$__wt_segment
}
precmd_functions=(${precmd_functions:#__wt_prompt} __wt_prompt)
