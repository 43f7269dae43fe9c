# shellcheck shell=bash disable=SC2154,SC2034 # segment.bash assigns what is not assigned here, and reads what is not read
function __wt_prompt {
    \builtin local status_="$?" lock='' text='' mark=''
    if [[ ${PWD-} != "$__wt_seen" ]]; then __wt_look_around; fi
    if [[ -n $__wt_seen_admin ]]; then
        lock=$__wt_seen_admin/worktree-pool/lock
        if [[ -f $lock && ! -L $lock && -r $lock ]]; then
            mark=$__wt_seen_admin/worktree-pool/mark
            if [[ $mark -nt $lock && -f $mark && -r $mark ]]; then
                IFS= \builtin read -r mark <"$mark" || \builtin :
                if [[ $mark = "$__wt_seen_line" && -d ${PWD-} ]]; then \builtin return "$status_"; fi
            else
                mark=
            fi
            IFS= \builtin read -r -d '' text <"$lock" || \builtin :
        fi
        if [[ -n $text && $text = "$__wt_seen_text" && $mark = "$__wt_seen_line" && -d ${PWD-} ]]; then
            \builtin return "$status_"
        fi
    elif [[ -z $__wt_segment ]]; then
        \builtin return "$status_"
    fi
    __wt_find_segment "$text" "$mark"
    if __wt_misses_it; then
        \__WT_CMD__ whoami >/dev/null # as any other command, it takes this shell home first
        if [[ ${PWD-} != "$__wt_missed" ]]; then __wt_prompt; fi
    fi
    \builtin return "$status_"
}
__wt_segment=
# First of all hooks, and with the status that it found: those behind it see what they would have seen. Of an array this
# is the first element, which every bash runs.
# shellcheck disable=SC2128,SC2178 # as just said
case ${PROMPT_COMMAND[*]-} in
    *__wt_prompt*) ;;
    *) PROMPT_COMMAND=__wt_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND} ;;
esac
# Expanded when the prompt is shown; what is in the value is not expanded again.
# shellcheck disable=SC2016 # that is what it is for
case ${PS1-} in
    *__wt_segment*) ;;
    *) PS1='${__wt_segment}'${PS1-} ;;
esac
