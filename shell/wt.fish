function __WT_CMD__ --description 'dev sessions in warm git worktrees'
    set -l place
    if string match -q '/*' -- "$XDG_RUNTIME_DIR"; and test -O "$XDG_RUNTIME_DIR" -a -w "$XDG_RUNTIME_DIR"
        set place $XDG_RUNTIME_DIR/wt
    else if string match -q '/*' -- "$XDG_STATE_HOME"
        set place $XDG_STATE_HOME/wt/shell
    else
        set place $HOME/.local/state/wt/shell
    end
    set -l file $place/$fish_pid
    test -e $file; and command rm -f -- $file
    set -l lost
    test -d "$PWD"; or set lost $PWD
    if not test -x $__wt_python -a -f $__wt_main
        echo "error: $__wt_main is gone: this shell function belongs to an installation that was moved or removed." >&2
        echo 'hint: to renew it: command wt shell init fish | source' >&2
        return 127
    end
    OLDPWD="$__wt_previous" WT_DIRECTIVE=$file WT_FUNCTION=fish/$__wt_version WT_LOST="$lost" command $__wt_program $argv
    set -l result $status
    test -f $file -a ! -L $file -a -O $file; or return $result
    set -l lines
    while read -l line
        set -a lines $line
    end <$file
    command rm -f -- $file
    if test (count $lines) -ne 1; or not string match -q '/*' -- $lines[1]; or not test -d $lines[1]
        echo 'error: this shell was not moved: the program left no directory to go to.' >&2
        return $result
    end
    set -l before $PWD
    if test $lines[1] = $PWD; or builtin cd -- $lines[1]
        set -g __wt_previous $before
    else if test $result -eq 0
        return 1
    end
    return $result
end

# The roots of the pools that this directory belongs to: the one around it, else those over its repository.
function __wt_pools
    set -l above $PWD
    while test -n "$above"
        if test -f $above/.meta/config.yaml
            echo $above
            return
        end
        set above (string replace -r '/[^/]*$' '' -- $above)
    end
    for config in $WORKTREE_ROOT/*/.meta/config.yaml
        set -l source (string match -r '^source: "?([^"]*)"?$' <$config)[2]
        string match -q -- "$source/*" $PWD/; and string replace /.meta/config.yaml '' -- $config
    end
end

function __wt_held
    for root in (__wt_pools)
        for link in $root/*/.git
            set -l admin (string replace -r '^gitdir: ' '' <$link)
            test -f $admin/worktree-pool/lock; or continue
            string replace -rf '^name: ' '' <$admin/worktree-pool/lock
        end
    end
end

function __wt_keys
    for config in $WORKTREE_ROOT/*/.meta/config.yaml
        string match -r '[^/]+(?=/.meta/config.yaml$)' -- $config
    end
end

# The verb on the command line, empty where there is none yet.
function __wt_verb
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case --pool --color
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
                return
        end
        set -e words[1]
    end
end

function __wt_is
    set -l verb (__wt_verb)
    contains -- "$verb" $argv
end
