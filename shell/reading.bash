# shellcheck shell=bash disable=SC2034 # pool.bash reads what is not read here
function __wt_slurp {
    __wt_text=
    [[ -f $1 && ! -L $1 && -r $1 ]] || \builtin return 1
    IFS= \builtin read -r -d '' __wt_text <"$1" || \builtin :
    __wt_text=$'\n'$__wt_text$'\n'
}

function __wt_first_line {
    __wt_line=
    [[ -f $1 && ! -L $1 && -r $1 ]] || \builtin return 1
    IFS= \builtin read -r __wt_line <"$1" || \builtin :
    __wt_line=${__wt_line%$'\r'}
    [[ -n $__wt_line ]]
}

function __wt_extract {
    __wt_value=${__wt_text#*$'\n'"$1: "} __wt_value=${__wt_value%%$'\n'*}
}
