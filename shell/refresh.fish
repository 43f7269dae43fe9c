# Opt-in: after a command in a held slot, a look at the slot in the background; a later prompt shows what it found. Not more
# often than every 5 seconds where no mark is known for the index as it is, and every 30 where one is, for files change
# without git. How old a mark is, fish says since 3.5; an older one looks each time.
function __wt_refresh --on-event fish_postexec
    set -l admin (__wt_around); and test -f $admin/worktree-pool/lock; or return
    set -l mark $admin/worktree-pool/mark
    if contains path (builtin -n); and set -l age (path mtime -R -- $mark)
        test "$age" -lt 5; and return
        test "$age" -lt 30; and test $mark -nt $admin/index; and return
    end
    command $__wt_program info --json </dev/null >/dev/null 2>&1 &
    disown $last_pid 2>/dev/null
end
