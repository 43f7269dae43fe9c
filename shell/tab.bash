# shellcheck shell=bash disable=SC2154,SC2034 # pool.bash, complete.bash and the tables assign and read the rest
function __wt_held_names {
    \builtin local at='' name='' __wt_name='' __wt_pool_id=''
    \builtin local -a lines
    for at in "$2"/*; do
        [[ -f $at/worktree-pool/lock ]] || \builtin continue
        # Behind the first two lines, as we write them without a group or with one: any other text, and a bash that has
        # no mapfile, is read with care.
        \builtin mapfile -t -s 2 -n 5 lines <"$at/worktree-pool/lock" || lines=()
        case ${lines[3]-}${lines-} in
            'state: heldname: '[!\"]*) name=${lines#name: } ;;
            *)
                case ${lines[4]-}${lines[1]-} in
                    'state: heldname: '[!\"]*) name=${lines[1]#name: } ;;
                    *) if __wt_is_held "$at"; then name=$__wt_name; else \builtin continue; fi ;;
                esac
                ;;
        esac
        if [[ -e $1/${name//\//-}/.git ]]; then __wt_found+=("$name"); fi
    done 2>/dev/null <&- # with no input to put aside and back, a file is opened in half the time
}

function __wt_complete {
    \builtin local __wt_kind='' __wt_verb='' __wt_key='' line='' word='' item='' cut='' open=''
    \builtin local -a __wt_found words
    __wt_found=() words=()
    line=${COMP_LINE:0:COMP_POINT}
    # Blanks alone part words here: COMP_WORDS is cut at = : @, which names and --option=value may hold.
    while [[ $line = *[[:blank:]]* ]]; do
        word=${line%%[[:blank:]]*}
        line=${line#*[[:blank:]]}
        [[ -z $word ]] || words+=("$word")
    done
    word=$line
    __wt_scan ${words[@]+"${words[@]:1}"}
    COMPREPLY=()
    case $word in
        --*=*)
            [[ $__wt_kind != command ]] || \builtin return 0
            __wt_kind_of "$__wt_verb" "${word%%=*}"
            cut=${word%%=*}= word=${word#*=}
            ;;
        -?*) if [[ $__wt_kind != command ]]; then __wt_kind=options; fi ;;
    esac
    case $__wt_kind in
        options) __wt_options "$__wt_verb" ;;
        branches) __wt_branches ;;
        command | any | directories)
            \builtin compopt -o default 2>/dev/null || \builtin :
            \builtin return 0
            ;;
        *) __wt_candidates "$__wt_kind" ;;
    esac
    # What readline takes for the word to replace begins behind a quote, or the last of its own break characters
    # (with @ itself). What was typed stays as it was typed.
    case $cut$word in [\'\"]*) open=1 word=${word#?} ;; esac
    cut=$cut$word word=${word//\\/}
    [[ ${COMP_WORDBREAKS-} = *=* ]] && cut=${cut##*=}
    [[ ${COMP_WORDBREAKS-} = *:* ]] && cut=${cut##*:}
    [[ ${COMP_WORDBREAKS-} = *@* && $cut = *@* ]] && cut=@${cut##*@}
    for item in ${__wt_found[@]+"${__wt_found[@]}"}; do
        [[ $item = "$word"* ]] || \builtin continue
        item=${item:${#word}}
        if [[ -n $item && -z $open ]]; then \builtin printf -v item %q "$item"; fi
        COMPREPLY+=("$cut$item")
    done
}

# The local branches: the one completion that asks git. (`< <(…)` is a syntax error to an older bash --posix.)
function __wt_branches {
    \builtin local name=''
    while IFS= \builtin read -r name; do
        if [[ -n $name ]]; then __wt_found+=("$name"); fi
    done <<END
$(\builtin command git for-each-ref --format='%(refname:lstrip=2)' refs/heads 2>/dev/null)
END
}
