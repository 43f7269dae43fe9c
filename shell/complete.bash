# shellcheck shell=bash disable=SC2154 # core.bash and the text made from the registry assign what is not assigned here
# Read by bash and zsh alike, as core.bash.
#
# Each shell has its own `__wt_held_names POOL-ROOT WORKTREES`: it adds to __wt_found what the lock files below the source's
# admin dirs name, if the pool has a directory for it. A candidate too many does no harm: the program decides.
#
# Completion. The caller has local arrays __wt_found and __wt_list; __wt_found gets words, in zsh `word:description` of
# verbs and options.

# Sets __wt_kind to what may stand behind the words given (those after the command's name), and __wt_verb, __wt_key.
function __wt_scan {
    \builtin local pending='' count=0
    __wt_verb='' __wt_key='' __wt_kind=''
    while (($#)); do
        if [[ -n $pending ]]; then
            [[ $pending != --pool ]] || __wt_key=$1
            pending=
        else
            case $1 in
                --) __wt_kind='command'; \builtin return 0 ;;
                --pool=*) __wt_key=${1#--pool=} ;;
                --*=*) ;;
                -?*) __wt_kind_of "$__wt_verb" "$1"; if [[ -n $__wt_kind ]]; then pending=$1; fi ;;
                *) if [[ -z $__wt_verb ]]; then __wt_verb=$1; __wt_canonical; else count=$((count + 1)); fi ;;
            esac
        fi
        \builtin shift
    done
    if [[ -n $pending ]]; then
        __wt_kind_of "$__wt_verb" "$pending"
    elif [[ -z $__wt_verb ]]; then
        __wt_kind=verbs
    else
        __wt_kind_of "$__wt_verb" "$count"
    fi
}

# Fills __wt_found for a kind.
function __wt_candidates {
    \builtin local __wt_root='' __wt_admin='' __wt_name='' __wt_pool_id='' __wt_value='' at=''
    case $1 in
        verbs) __wt_verbs ;;
        words:*)
            at=${1#words:},
            while [[ -n $at ]]; do
                __wt_found+=("${at%%,*}")
                at=${at#*,}
            done
            ;;
        keys)
            case ${WORKTREE_ROOT-} in /*) ;; *) \builtin return 0 ;; esac
            for at in "${WORKTREE_ROOT%/}"/*/.meta/config.yaml; do
                [[ -e $at ]] || \builtin continue
                at=${at%/.meta/config.yaml}
                __wt_found+=("${at##*/}")
            done
            ;;
        groups)
            __wt_find_pool "$__wt_key" && __wt_groups "$__wt_root/.meta/config.yaml"
            ;;
        slots)
            __wt_find_pool "$__wt_key" || \builtin return 0
            for at in "$__wt_root"/*/.git; do
                at=${at%/.git}
                if __wt_read_link "$at" && [[ -f $__wt_admin/worktree-pool/created && ! -e $__wt_admin/worktree-pool/lock ]]; then
                    __wt_found+=("${at##*/}")
                fi
            done
            ;;
        kept)
            __wt_find_pool "$__wt_key" && __wt_field "$__wt_root/.meta/config.yaml" source || \builtin return 0
            while IFS= \builtin read -r at; do
                at=${at%/*}
                case " ${__wt_found[*]-} " in *" $at "*) ;; *) if [[ -n $at ]]; then __wt_found+=("$at"); fi ;; esac
            done <<END
$(\builtin command git -C "$__wt_value" for-each-ref --format='%(refname:lstrip=3)' refs/wt/kept 2>/dev/null)
END
            ;;
        held)
            __wt_find_pool "$__wt_key" || \builtin return 0
            for at in "$__wt_root"/*; do
                if __wt_read_link "$at" && [[ -f $__wt_admin/worktree-pool/created ]]; then
                    __wt_held_names "$__wt_root" "${__wt_admin%/*}"
                    \builtin break
                fi
            done
            ;;
    esac
}

# The groups of a config: one line, comma-joined, quoted or in brackets.
function __wt_groups {
    \builtin local line='' word=''
    while IFS= \builtin read -r line || [[ -n $line ]]; do
        case $line in 'groups: '*) ;; *) \builtin continue ;; esac
        line=${line#groups: } line=${line#[\[\"]} line=${line%$'\r'} line=${line%[]\"]},
        while [[ -n $line ]]; do
            word=${line%%,*} line=${line#*,} word=${word# }
            if [[ -n $word ]]; then __wt_found+=("$word"); fi
        done
    done <"$1"
}
