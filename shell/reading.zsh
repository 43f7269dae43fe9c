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
