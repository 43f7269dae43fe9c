# Completion, as complete.bash has it; the tables are made from the registry. Candidates are `word` or `word<TAB>text`.

# What may stand behind the words given (those after the command's name): kind, verb, key, one a line.
function __wt_scan
    set -l verb ''
    set -l key ''
    set -l pending ''
    set -l count 0
    for word in $argv
        if test -n "$pending"
            test "$pending" = --pool; and set key $word
            set pending ''
            continue
        end
        switch $word
            case --
                printf '%s\n' command "$verb" "$key"
                return
            case '--pool=*'
                set key (string sub -s 8 -- $word)
            case '--*=*'
            case '-?*'
                test -n "$(__wt_kind_of "$verb" $word)"; and set pending $word
            case '*'
                if test -z "$verb"
                    set verb (__wt_canonical $word)
                else
                    set count (math $count + 1)
                end
        end
    end
    set -l kind verbs
    if test -n "$pending"
        set kind (__wt_kind_of "$verb" $pending)
    else if test -n "$verb"
        set kind (__wt_kind_of $verb $count)
    end
    printf '%s\n' "$kind" "$verb" "$key"
end

# As __wt_held_names of tab.bash: a lock as we write it is understood at once, any other is read with care.
function __wt_held_names
    set -l ours '^started_at: [0-9].*\nfull_sha: [0-9a-f].*\n(?:group: .*\n)?name: ([^" \\\\\r\n][^\\\\\r\n]*)\nslot: .*\nlayout: .*\nstate: held\n[\s\S]*'
    for lock in $argv[2]/*/worktree-pool/lock
        test -f $lock; and test -r $lock; or continue
        read -l -z text <$lock
        set -l name (string replace -rf $ours '$1' -- $text)
        or set name (__wt_holder (string replace -r '/worktree-pool/lock$' '' -- $lock))
        or continue
        test -e $argv[1]/(string replace -a / - -- $name)/.git; and printf '%s\n' $name
    end
end

function __wt_candidates
    switch $argv[1]
        case verbs
            __wt_verbs
        case 'words:*'
            string split , -- (string sub -s 7 -- $argv[1])
        case keys
            string match -q '/*' -- "$WORKTREE_ROOT"; or return
            for config in $WORKTREE_ROOT/*/.meta/config.yaml
                string match -r '[^/]+(?=/\.meta/config\.yaml$)' -- $config
            end
        case groups
            set -l root (__wt_find_pool $argv[2]); or return
            set -l line (__wt_value groups (__wt_read $root/.meta/config.yaml)); or return
            string trim -- (string split , -- (string trim -c '[]' -- $line))
        case held
            set -l root (__wt_find_pool $argv[2]); or return
            for link in $root/*/.git
                set -l admin (__wt_admin_of (string replace -r '/\.git$' '' -- $link)); or continue
                test -f $admin/worktree-pool/created; or continue
                __wt_held_names $root (string replace -r '/[^/]*$' '' -- $admin)
                break
            end
        case slots
            set -l root (__wt_find_pool $argv[2]); or return
            for link in $root/*/.git
                set -l place (string replace -r '/\.git$' '' -- $link)
                set -l admin (__wt_admin_of $place); and test -f $admin/worktree-pool/created; or continue
                test -e $admin/worktree-pool/lock; or string replace -r '.*/' '' -- $place
            end
        case branches
            command git for-each-ref --format='%(refname:lstrip=2)' refs/heads 2>/dev/null
        case kept
            set -l root (__wt_find_pool $argv[2]); or return
            set -l source (__wt_value source (__wt_read $root/.meta/config.yaml)); or return
            set -l seen
            for name in (command git -C $source for-each-ref --format='%(refname:lstrip=3)' refs/wt/kept 2>/dev/null)
                set name (string replace -r '/[^/]*$' '' -- $name)
                contains -- $name $seen; or printf '%s\n' $name
                set -a seen $name
            end
        case directories
            __fish_complete_directories (commandline -ct)
        case any
            __fish_complete_path (commandline -ct)
    end
end

function __wt_complete
    set -l words (commandline -opc)
    set -l now (commandline -ct)
    set -l found (__wt_scan $words[2..])
    set -l kind "$found[1]"
    if test "$kind" = command
        set -l from (contains -i -- -- $words)
        complete -C(string join ' ' -- (string escape -- $words[(math $from + 1)..]) $now)
        return
    end
    switch $now
        case '--*=*'
            set -l option (string replace -r '=.*' '' -- $now)
            __wt_candidates "$(__wt_kind_of "$found[2]" $option)" "$found[3]" | string replace -r '^' -- $option=
        case '-?*'
            __wt_options "$found[2]"
        case '*'
            test -n "$kind"; and __wt_candidates $kind "$found[3]"
    end
end
