# shellcheck shell=bash disable=SC2154 # segment.bash assigns what is not assigned here
# Opt-in: a look at the slot in the background, whose answer the next prompt shows. Not more often than every 5 seconds
# where no mark is known for the index as it is, and every 30 where one is, for files change without git.
function __wt_refresh {
    \builtin local status_="$?"
    if [[ -n $__wt_seen_admin && -f $__wt_seen_admin/worktree-pool/lock ]] &&
        ((SECONDS >= __wt_refreshed + 5)) &&
        { ((SECONDS >= __wt_refreshed + 30)) || [[ ! $__wt_seen_admin/worktree-pool/mark -nt $__wt_seen_admin/index ]]; }; then
        __wt_refreshed=$SECONDS
        # A child of this shell, which is how it knows who stands in the slot on its behalf.
        { "${__wt_program[@]}" info --json </dev/null >/dev/null 2>&1 & } 2>/dev/null
        \builtin disown "$!"
    fi
    \builtin return "$status_"
}
__wt_refreshed=-30
# shellcheck disable=SC2128,SC2178 # the first element, as in prompt.bash
case ${PROMPT_COMMAND[*]-} in
    *__wt_refresh*) ;;
    *) PROMPT_COMMAND=${PROMPT_COMMAND/__wt_prompt/__wt_prompt;__wt_refresh} ;;
esac
