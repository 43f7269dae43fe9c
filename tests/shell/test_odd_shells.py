"""Options, aliases and functions that people have, or once had: the shell is moved all the same, and nothing is said."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support import tool
from tests.support.terminal import script

BOTH = {
    "plain": "",
    "strict": "set -euo pipefail",
    "noclobber": "set -o noclobber",
    "noglob": "set -f",
    "allexport": "set -a",
    "CDPATH": "CDPATH=/:/tmp:.; export CDPATH",
    "IFS": "IFS=/wx; export IFS",
    "alias": "for a in cd rm command builtin local return printf read shift unalias eval test; do alias $a='echo HIJACKED'; done",
    "alias wt": "alias wt='echo HIJACKED'",
    "cd": "cd() { echo HIJACKED; }",
    "rm": "rm() { echo HIJACKED; }",
    "command": "command() { echo HIJACKED; }",
    "wt": "wt() { echo HIJACKED; }",
    "builtin": "builtin() { echo HIJACKED; }",
    "readonly OLDPWD": "OLDPWD=/",
    "no HOME": "unset HOME XDG_STATE_HOME; XDG_RUNTIME_DIR=$PWD/.git; export XDG_RUNTIME_DIR",
    "no PATH": "PATH=/nowhere:$PATH",
    "umask": "umask 000",
}
ONLY = {
    "bash": {
        "posix": "set -o posix",
        "aliases": "shopt -s expand_aliases; alias cd='echo HIJACKED' rm='echo HIJACKED' builtin='echo HIJACKED' wt='echo HIJACKED'",
        "nocasematch": "shopt -s nocasematch",
        "failglob": "shopt -s failglob",
        "nullglob": "shopt -s nullglob dotglob extglob",
        "physical": "set -P",
        "errtrace": "set -eET; trap 'echo ERR >&2' ERR",
    },
    "zsh": {
        "ksharrays": "setopt ksharrays",
        "shwordsplit": "setopt shwordsplit",
        "globsubst": "setopt globsubst",
        "shglob": "setopt shglob",
        "ignorebraces": "setopt ignorebraces",
        "nomatch": "setopt nomatch nullglob extendedglob globdots",
        "posix": "setopt posixbuiltins posixidentifiers posixcd",
        "chaselinks": "setopt chaselinks autopushd cdablevars pushdsilent",
        "warn": "setopt warncreateglobal warnnestedvar",
        "nounset": "setopt nounset errexit errreturn",
        "cshjunkie": "setopt cshjunkieloops cshjunkiequotes cshnullglob rcquotes",
        "emulate sh": "emulate sh",
        "emulate ksh": "emulate ksh",
        "galias": "alias -g x='HIJACKED'",
    },
}
USE = """
\\builtin cd "$SOURCE"
wt --pool app cd held-x
[ "$PWD" = "$POOL/held-x" ] || echo "quick: $PWD"
wt cd --source >/dev/null
[ "$PWD" = "$SOURCE" ] || echo "source: $PWD"
wt new other >/dev/null 2>&1
[ "$PWD" = "$POOL/other" ] || echo "new: $PWD"
wt path held-x
if wt path nope; then echo yes; else echo "status $?"; fi
"""


@pytest.fixture
def held(pool):
    pool.acquire("held-x")
    return pool


@pytest.mark.parametrize("of", ["both", "its own"])
def test_the_shell_moves(shell, of, held, home, rendered):
    env = {"WORKTREE_ROOT": held.root, "SOURCE": held.source, "POOL": held.at}
    quick = f"{held.at}/held-x\n"  # no terminal: the path is the answer as well
    found = {}
    for case, before in (BOTH if of == "both" else ONLY[shell]).items():
        use = USE.replace("\\builtin cd", "cd", 1) if case == "builtin" else USE
        found[case] = script(shell, f"{before}\n. {rendered(shell)}\n{use}", cwd=held.source, **env)
        held.pool("release", "--name", "other")
        shutil.rmtree(home / ".local", ignore_errors=True)  # where directives are: each makes it for itself
    assert found == dict.fromkeys(found, (0, f"{quick}{quick}status 1\n", ""))


@pytest.mark.parametrize("case", ["posix", "plain"])
def test_bash_as_sh(case, held, rendered):
    text = f". {rendered('bash')}\n{USE}".replace("\\builtin cd", "cd", 1)
    options = ["--posix"] if case == "posix" else []
    done = script(
        "bash", text, *options, cwd=held.source, WORKTREE_ROOT=held.root, SOURCE=held.source, POOL=held.at
    )
    assert done == (0, f"{held.at}/held-x\n{held.at}/held-x\nstatus 1\n", "")


@pytest.mark.parametrize("options", [(), ("--prompt",)])
@pytest.mark.parametrize("interactive", [False, True])
def test_sourcing_says_nothing_and_once_is_as_good_as_thrice(shell, options, interactive, tmp_path, rendered):
    """With every unset variable an error, and every failure the end."""
    path = rendered(shell, *options)
    state = "trap; alias; typeset -f" if shell == "zsh" else "trap; alias; declare -f; complete -p"
    state += (
        '; echo "${PROMPT_COMMAND-}|${PS1-}|${precmd_functions-}|${#psvar}"'
        if shell == "zsh"
        else '; echo "${PROMPT_COMMAND-}|${PS1-}"'
    )
    flags = ["-i"] if interactive else []
    strict = "set -eu -o pipefail; "
    once = script(shell, f"{strict}. {path}; {state}", *flags, cwd=tmp_path)
    thrice = script(shell, f"{strict}. {path}; . {path}; . {path}; {state}", *flags, cwd=tmp_path)
    theirs = f"{{ trap; alias; {'setopt' if shell == 'zsh' else 'shopt || :; set -o'}; }} >"
    silent = script(shell, f"{strict}{theirs}before; . {path}; {theirs}after", *flags, cwd=tmp_path)
    noise = {"bash: cannot set terminal process group", "bash: no job control in this shell"}
    assert silent[0] == 0
    assert silent[1] == ""
    assert [line for line in silent[2].splitlines() if not any(line.startswith(one) for one in noise)] == []
    assert once[:2] == thrice[:2]
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text() != ""


def test_a_link_or_shim_that_found_the_program_once_is_not_asked_again(shell, held, tmp_path):
    """What a version manager puts on PATH costs more than the command itself."""
    (tmp_path / "link").symlink_to(tool.argv("wt")[1])
    shim = tmp_path / "shim"
    shim.write_text(f'#!/bin/sh\necho >>{tmp_path}/asked\nexec {sys.executable} {tmp_path}/link "$@"\n')
    shim.chmod(0o755)
    text = f'eval "$({shim} shell init {shell})"; wt new x >/dev/null 2>&1; pwd; echo "$__wt_main"'
    done = script(shell, text, cwd=held.source, WORKTREE_ROOT=held.root)
    assert done == (0, f"{held.at}/x\n{tool.argv('wt')[1]}\n", "")
    assert (tmp_path / "asked").read_text() == "\n"


def test_an_exit_trap_stays_and_runs(shell, held, rendered):
    text = f"trap 'echo bye' EXIT; . {rendered(shell)}; wt cd held-x >/dev/null"
    env = {"WORKTREE_ROOT": held.root}
    assert script(shell, text, cwd=held.source, **env) == (0, "bye\n", "")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_rendered_text_is_clean(name, rendered):
    for options in [(), ("--cmd", "w"), ("--prompt",), ("completion",)]:
        path = rendered(name, *options)
        assert subprocess.run([name, "-n", path], capture_output=True).stderr == b""
        if name == "bash" and options in [
            ("--prompt",),
            ("completion",),
        ]:  # the first has all of the others in it
            found = subprocess.run(["shellcheck", "-s", "bash", path], capture_output=True, text=True)
            assert found.stdout == ""


def test_fish_moves(pool, rendered):
    text = (
        f"source {rendered('fish')}; wt new x 2>/dev/null >/dev/null; echo $status $PWD; wt cd --source >/dev/null; echo $PWD;"
        "wt cd - >/dev/null; echo $PWD; wt release 2>/dev/null; echo $PWD; wt cd nope 2>/dev/null; echo $status;"
        "wt new y -- sh -c 'exit 42' 2>/dev/null >/dev/null; echo $status; complete -C 'wt lan'; complete -C 'wt cd '; complete -C 'wt ls --pool '"
    )
    code, out, err = script("fish", text, cwd=pool.source, WORKTREE_ROOT=pool.root)
    assert err == ""
    assert out.splitlines() == [
        f"0 {pool.at}/x", pool.source, f"{pool.at}/x", pool.source, "1", "42",
        "land\tbring the work onto the local base, and recycle the slot", "y",
        "app",
    ]  # fmt: skip
    assert code == 0


ATTACKS = {
    "symlink": 'ln -s "$BAIT" "$WT_DIRECTIVE"',
    "fifo": 'mkfifo "$WT_DIRECTIVE"',
    "directory": 'mkdir "$WT_DIRECTIVE"',
    "two lines": 'printf "%s\\n%s\\n" / /tmp >"$WT_DIRECTIVE"',
    "code": 'printf "%s" "/; touch p" >"$WT_DIRECTIVE"',
    "substitution": "printf '%s' '/$(touch p)' >\"$WT_DIRECTIVE\"",
    "relative": 'printf sub >"$WT_DIRECTIVE"',
    "missing": 'printf "/no/such" >"$WT_DIRECTIVE"',
    "option": 'printf "%s" -P >"$WT_DIRECTIVE"',
    "empty": ': >"$WT_DIRECTIVE"',
}


def test_a_directive_is_data(shell, pool, tmp_path, rendered):
    """A program that is not ours in the place of ours: at worst nothing happens, and the status is its own."""
    fake, bait = tmp_path / "fake", tmp_path / "bait"
    bait.write_text("/tmp")
    text = f"""
        . {rendered(shell)}; __wt_program=(/bin/sh {fake}); __wt_python=/bin/sh; __wt_main={fake}
        status_=0; wt land || status_=$?; pwd; echo $status_; ls -d p 2>/dev/null || :
    """
    found = {}
    for name, attack in ATTACKS.items():
        fake.write_text(f'mkdir -p "${{WT_DIRECTIVE%/*}}"\n{attack}\nexit 9\n')
        found[name] = script(shell, text, cwd=pool.source, WORKTREE_ROOT=pool.root, BAIT=str(bait))
    said = "error: this shell was not moved: the program left no directory to go to.\n"
    assert found == dict.fromkeys(ATTACKS, (0, f"{pool.source}\n9\n", said))
    assert bait.read_text() == "/tmp"
    assert not os.path.exists(f"{pool.source}/p")


def test_the_place_of_directives_must_be_this_users_own(shell, pool, home, rendered):
    place = home / ".local/state/wt/shell"
    place.mkdir(parents=True)
    place.chmod(0o777)
    code, out, err = script(shell, f". {rendered(shell)}; wt new x", cwd=pool.source, WORKTREE_ROOT=pool.root)
    assert f"{place} is not this user's own" in err
    assert code == 1
    assert out == ""


def test_a_program_that_is_gone(shell, pool, rendered):
    text = f". {rendered(shell)}; __wt_main=/gone/wt; wt ls"
    code, _, err = script(shell, text, cwd=pool.source)
    assert code == 127
    assert err == (
        "error: /gone/wt is gone: this shell function belongs to an installation that was moved or removed.\n"
        f'hint: to renew it: eval "$(command wt shell init {shell})"\n'
    )


def test_a_program_of_another_version(pool, start):
    sh = start(pool)
    sh.says("__wt_version=0.0.1")
    said = sh.says("wt ls")
    assert "this shell has the function of wt 0.0.1, the program is" in said
    assert f"to renew it: exec {sh.shell}" in said


def test_bad_calls():
    for argv, sentence in {
        ("shell", "init", "tcsh"): "`tcsh` is no shell that wt knows.",
        ("shell", "do", "zsh"): "`wt shell do` is nothing that can be done.",
        ("shell", "init", "zsh", "--cmd", "a;b"): "--cmd is `a;b`",
    }.items():
        done = tool.run("wt", *argv)
        assert done.code == 2
        assert sentence in done.err
        assert done.out == ""
