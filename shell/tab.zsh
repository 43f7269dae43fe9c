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
