# The shell function, as core.bash has it.
function __WT_CMD__ --description 'dev sessions in warm git worktrees'
    set -l lost
    __wt_is_lost; and set lost $PWD
    set -l go
    set -l result 0
    if test -z "$lost"; and __wt_quick $argv
        set go $__wt_go
    else if not test -x $__wt_python; or not test -f $__wt_main
        echo "error: $__wt_main is gone: this shell function belongs to an installation that was moved or removed." >&2
        echo 'hint: to renew it: command wt shell init fish | source' >&2
        return 127
    else
        set -l file (__wt_directive_file)
        OLDPWD="$__wt_previous" WT_DIRECTIVE=$file WT_FUNCTION=fish/$__wt_version WT_LOST="$lost" WT_HELD="$__wt_held" command $__wt_program $argv
        set result $status
        set go (__wt_read_directive $file)
    end
    test -n "$go"; or return $result
    if test "$go" = "$PWD"; or builtin cd -- $go
        __wt_note $go
    else if test $result -eq 0
        return 1 # not moved is not done
    end
    return $result
end

# The directory before this one, whoever changed it: OLDPWD, which fish does not have.
set -q __wt_now; or set -g __wt_now $PWD
function __wt_moved --on-variable PWD
    test "$__wt_now" = "$PWD"; or set -g __wt_previous $__wt_now
    set -g __wt_now $PWD
end

# Answers `cd NAME`, `cd -` and `path NAME`, as __wt_quick of core.bash does; sets __wt_go.
function __wt_quick
    set -g __wt_go
    set -l verb
    set -l key
    set -l names
    while set -q argv[1]
        switch $argv[1]
            case --pool
                set -q argv[2]; or return 1
                set key $argv[2]
                set -e argv[1]
            case '--pool=*'
                set key (string sub -s 8 -- $argv[1])
            case -
                set -a names -
            case '-*'
                return 1
            case '*'
                test -z "$verb"; and set verb $argv[1]; or set -a names $argv[1]
        end
        set -e argv[1]
    end
    contains -- "$verb" cd switch path; and test (count $names) = 1; or return 1
    set -l path
    if test "$names" = -
        test $verb != path; and test -d "$__wt_previous"; or return 1
        set path $__wt_previous
    else
        set path (__wt_find_slot $names $key); or return 1
    end
    if test $verb = path; or not isatty stdout
        printf '%s\n' $path
    end
    test $verb = path; or set -g __wt_go $path
    return 0
end

function __wt_directive_file
    set -l place
    if string match -q '/*' -- "$XDG_RUNTIME_DIR"; and test -O "$XDG_RUNTIME_DIR"; and test -w "$XDG_RUNTIME_DIR"
        set place $XDG_RUNTIME_DIR/wt
    else if string match -q '/*' -- "$XDG_STATE_HOME"
        set place $XDG_STATE_HOME/wt/shell
    else if string match -q '/*' -- "$HOME"
        set place $HOME/.local/state/wt/shell
    else
        return
    end
    set -l file $place/$fish_pid
    if test -e $file; or test -L $file # of an earlier shell with this number
        command rm -f -- $file 2>/dev/null
    end
    test -e $file; or test -L $file; or printf '%s\n' $file
end

# Where the directive says that the shell is to go: one line, an existing directory; anything else is refused.
function __wt_read_directive
    test -n "$argv[1]"; and test -e $argv[1]; or return 0
    set -l lines
    if test -f $argv[1]; and not test -L $argv[1]; and test -O $argv[1]
        while read -l line
            set -a lines $line
        end <$argv[1]
    end
    command rm -f -- $argv[1] 2>/dev/null
    if test (count $lines) -eq 1; and string match -q '/*' -- $lines[1]; and test -d $lines[1]
        printf '%s\n' $lines[1]
    else
        echo 'error: this shell was not moved: the program left no directory to go to.' >&2
    end
end

# Notes which held slot the function takes the shell to: only such a one can be missed.
function __wt_note
    set -g __wt_here
    set -g __wt_held
    set -l admin (__wt_admin_of $argv[1]); or return
    set -l name (__wt_holder $admin); or return
    set -g __wt_here $argv[1]
    set -g __wt_held $name
end

# Whether the directory that this shell stands in was given back: it is gone, or its slot is idle or somebody else's.
function __wt_is_lost
    __wt_same . $PWD; or return 0
    test -n "$__wt_here"; or return 1
    string match -qr -- '^'(string escape --style=regex -- $__wt_here)'/' $PWD/; or return 1
    set -l admin (__wt_admin_of $__wt_here); and test -d $admin; or return 1
    if set -l name (__wt_holder $admin)
        test "$name" != "$__wt_held"
    else
        not test -e $admin/worktree-pool/lock; and not test -L $admin/worktree-pool/lock
    end
end
