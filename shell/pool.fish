# What fish knows of pools, from files alone: as pool.bash has it, and says why. Builtins only: no process is started.

# The lines of a regular file, without CR; status 1 where there is none.
function __wt_read
    test -f "$argv[1]"; and not test -L "$argv[1]"; and test -r "$argv[1]"; or return 1
    string replace -r '\r$' '' <$argv[1]
    return 0
end

# What the lines behind a key say of it; status 1 where it cannot be said exactly.
function __wt_value
    set -l found (string replace -rf '^'$argv[1]': ' '' -- $argv[2..])
    set -q found[1]; or return 1
    set -l value $found[1]
    if string match -qr '^".+"$' -- $value
        set value (string replace -a '\\"' '"' -- (string sub -s 2 -l (math (string length -- $value) - 2) -- $value))
    end
    string match -qr '^ | $|\\\\|^$' -- $value; and return 1
    printf '%s\n' $value
end

function __wt_is_physical
    set -l at $argv[1]
    string match -qr '^/' -- $at; or return 1
    string match -qr '//|/\./|/\.\./' -- $at/; and return 1
    while test -n "$at"
        test -L "$at"; and return 1
        set at (string replace -r '/[^/]*$' '' -- $at)
    end
    return 0
end

# The admin dir that a directory's .git file names.
function __wt_admin_of
    set -l lines (__wt_read $argv[1]/.git); or return 1
    string match -q 'gitdir: ?*' -- $lines[1]; or return 1
    set -l admin (string sub -s 9 -- $lines[1])
    string match -q '/*' -- $admin; or set admin $argv[1]/$admin
    printf '%s\n' $admin
end

# Whether an absolute path and another lead to the same directory, that being its physical name.
function __wt_same
    test -d "$argv[1]"; and test -d "$argv[2]"; and test (builtin realpath -- $argv[1]) = (builtin realpath -- $argv[2])
end

# The root of the pool of a key, else of the pool that this directory belongs to.
function __wt_find_pool
    string match -q '/*' -- "$WORKTREE_ROOT"; or return 1
    set -l top (string replace -r '/$' '' -- $WORKTREE_ROOT)
    if test -n "$argv[1]"
        string match -qr '/|^\.' -- $argv[1]; and return 1
        test -f $top/$argv[1]/.meta/config.yaml; or return 1
        printf '%s\n' $top/$argv[1]
        return
    end
    __wt_is_physical $PWD; or return 1
    set -l above $PWD
    while test -n "$above"
        if test -f $above/.meta/config.yaml; and __wt_same $above $top/(string replace -r '.*/' '' -- $above)
            printf '%s\n' $above
            return
        end
        set above (string replace -r '/[^/]*$' '' -- $above)
    end
    __wt_pool_over $top
end

# The only pool that serves the repository that this directory is in.
function __wt_pool_over
    set -l above $PWD
    while test -n "$above"; and not test -e $above/.git
        set above (string replace -r '/[^/]*$' '' -- $above)
    end
    test -n "$above"; or return 1
    set -l common $above/.git
    if not test -d $common
        set -l admin (__wt_admin_of $above); or return 1
        set common (__wt_read $admin/commondir)[1]; or return 1
        string match -q '/*' -- $common; or set common $admin/$common
    end
    set -l only
    for config in $argv[1]/*/.meta/config.yaml
        set -l source (__wt_value source (__wt_read $config)); or return 1
        __wt_same $source/.git $common; or __wt_same $source $common; or continue
        set -a only (string replace -r '/\.meta/config\.yaml$' '' -- $config)
    end
    test (count $only) = 1; and printf '%s\n' $only
end

# The name of a held slot; $argv[2], if given, is the id of the pool that it must be of.
function __wt_holder
    set -l lines (__wt_read $argv[1]/worktree-pool/lock); or return 1
    if string match -q 'state:*' -- $lines; and not string match -q 'state: held' -- $lines
        return 1
    end
    string match -qr '^full_sha: [0-9a-f]' -- $lines; and string match -qr '^started_at: [0-9]' -- $lines; or return 1
    set -l name (__wt_value name $lines); or return 1
    if set -q argv[2]
        test "$(__wt_value pool_id (__wt_read $argv[1]/worktree-pool/created))" = "$argv[2]"; or return 1
    end
    printf '%s\n' $name
end

# The physical directory of the held slot of a name; status 1 leaves it to the program.
function __wt_find_slot
    string match -qr '^$|^-|^\.|^/|/\.|//' -- $argv[1]; and return 1
    set -l root (__wt_find_pool $argv[2]); or return 1
    set -l id (__wt_value pool_id (__wt_read $root/.meta/config.yaml)); or return 1
    set -l place $root/(string replace -a / - -- $argv[1])
    set -l admin (__wt_admin_of $place); or return 1
    test "$(__wt_holder $admin $id)" = "$argv[1]"; or return 1
    set -l path (__wt_read $admin/gitdir)[1]; or return 1
    string match -qr '^/.*/\.git$' -- $path; or return 1
    set path (string replace -r '/\.git$' '' -- $path)
    __wt_same $path $place; and test -x $place; and __wt_is_physical $path; or return 1
    printf '%s\n' $path
end
