# The segment: `key:name` and the last known mark, from files alone. It stands before whatever prompt there is when the
# first one is shown, so that it does not matter who defines fish_prompt, and when.
function __wt_segment
    set -l admin (__wt_around); or return
    set -l made (__wt_read $admin/worktree-pool/created)
    set -l key (__wt_value key $made)
    set -l text
    if set -l name (__wt_holder $admin)
        set text $key:$name (__wt_mark $admin)
    else if test -e $admin/worktree-pool/lock; or test -L $admin/worktree-pool/lock
        set text "$key:?"
    else
        set text "$key:($(__wt_value slot $made))"
    end
    set text[1] (string replace -ra '[^[:print:]]' '?' -- $text[1])
    printf '%s ' $text
end

# The admin dir of the slot that this directory is in: of the nearest one, whatever other repositories are between.
function __wt_around
    set -l above $PWD
    while test -n "$above"
        if test -f $above/.git; and set -l admin (__wt_admin_of $above); and test -f $admin/worktree-pool/created
            printf '%s\n' $admin
            return
        end
        set above (string replace -r '/[^/]*$' '' -- $above)
    end
    return 1
end

# The mark, if it is of this very holder.
function __wt_mark
    set -l file $argv[1]/worktree-pool/mark
    set -l line (__wt_read $file)[1]; or return
    set -l words (string split ' ' -- $line)
    test (count $words) -eq 2; and contains -- "nonce: $words[2]" (__wt_read $argv[1]/worktree-pool/lock); or return
    set -l marks 🟢 🟡 🔴
    set -l number (contains -i -- $words[1] green yellow red); or return
    set -l locale $LC_ALL $LC_CTYPE $LANG
    string match -qir 'utf-?8' -- "$locale[1]"; and printf '%s\n' $marks[$number]; or printf '[%s]\n' $words[1]
end

# A shell whose slot was given back by somebody else is taken home before the prompt, by what any other command does first.
function __wt_come_home --on-event fish_prompt
    test "$__wt_missed" = "$PWD"; and return
    test -n "$__wt_here"; or string match -q -- "$WORKTREE_ROOT/*" $PWD; or return
    __wt_is_lost; or return
    set -g __wt_missed $PWD
    __WT_CMD__ whoami >/dev/null
end

function __wt_return
    return $argv[1]
end

function __wt_take_prompt --on-event fish_prompt
    functions -q fish_prompt; or return
    string match -q '*__wt_segment*' -- (functions fish_prompt); and return
    functions -q __wt_others_prompt; and functions -e __wt_others_prompt
    functions -c fish_prompt __wt_others_prompt
    function fish_prompt
        set -l status_ $status
        __wt_segment
        __wt_return $status_
        __wt_others_prompt
    end
end
