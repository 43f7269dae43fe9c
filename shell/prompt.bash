# shellcheck shell=bash
function __wt_prompt {
    \builtin local status_="$?"
    __wt_segment=
    __wt_find_segment
    if [[ -n $__wt_segment ]]; then __wt_segment+=' '; fi
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
