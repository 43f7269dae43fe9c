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
