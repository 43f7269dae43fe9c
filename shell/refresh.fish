# Opt-in: after a command in a held slot, a look at the slot in the background; a later prompt shows what it found.
function __wt_refresh --on-event fish_postexec
    set -l admin (__wt_around); and test -f $admin/worktree-pool/lock; or return
    command $__wt_program info --json </dev/null >/dev/null 2>&1 &
    disown $last_pid 2>/dev/null
end
