"""Completion by a real TAB, and the registry that it is made from."""

import os
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.terminal import RC, init_line, plain, script
from wt.cli import completion
from wt.cli.registry import ALIASES, VERBS


@pytest.fixture
def shell(any_shell):
    return any_shell


RC_COMPINIT = "autoload -Uz compinit; compinit -u -D\n"
HOSTILE = '$(touch${IFS}pwned);`id`"%F{red}'
# The function in whose place it stands has shown what its arguments are.
ECHO = {
    "bash": "%s() { printf 'ARG<%%s>\\n' \"$@\"; }",
    "zsh": "%s() { printf 'ARG<%%s>\\n' \"$@\"; }",
    "fish": "function %s; printf 'ARG<%%s>\\n' $argv; end",
}


def rc(shell, *, when="before"):
    """Start-up lines; zsh needs compinit, before or after ours."""
    if shell != "zsh":
        return init_line(shell)
    return RC_COMPINIT + init_line(shell) if when == "before" else init_line(shell) + RC_COMPINIT


def complete(sh, typed):
    """Type, press TAB, and run what the line has become as arguments of `args`: returns them, one a line."""
    sh.tty.send(f"{typed}\t")
    sh.tty.send("\r")
    return plain(sh.prompt()[0])


def words(sh, typed):
    """What a line that begins with `wt` has become: the function is replaced by one that shows its arguments."""
    sh.says(ECHO[sh.shell] % "wt")
    text = complete(sh, typed)
    return [line[4:-1] for line in text.replace("\r\n", "\n").split("\n") if line.startswith("ARG<")]


@pytest.fixture
def busy(pool):
    for name in ("alpha", "feature/one", "feature/two", "a=b@c"):
        pool.acquire(name)
    return pool


TYPED = {
    "wt lan": ["land"],
    "wt who": ["whoami"],
    "wt cd al": ["cd", "alpha"],
    "wt cd feature/o": ["cd", "feature/one"],
    "wt rm al": ["rm", "alpha"],
    "wt cd a=b@": ["cd", "a=b@c"],
    "wt cd a=": ["cd", "a=b@c"],
    "wt cd 'al": ["cd", "alpha"],
    'wt cd "feature/o': ["cd", "feature/one"],
    "wt new al": ["new", "al"],  # what only a person knows is not guessed
    "wt new sub": ["new", "sub"],
    "wt new x --fr": ["new", "x", "--from"],
    "wt --pool ap": ["--pool", "app"],
    "wt ls --pool=ap": ["ls", "--pool=app"],
    "wt --pool app cd al": ["--pool", "app", "cd", "alpha"],
    "wt init --layout sta": ["init", "--layout", "stable"],
    "wt land --name al": ["land", "--name", "alpha"],
    "wt shell ins": ["shell", "install"],
    "wt shell install zs": ["shell", "install", "zsh"],
    "wt ls --color nev": ["ls", "--color", "never"],
}


def test_tab(shell, busy, start):
    sh = start(busy, rc=rc(shell))
    assert {typed: words(sh, typed) for typed in TYPED} == TYPED


@pytest.mark.parametrize("when", ["before", "after"])
def test_tab_with_compinit_before_and_after(busy, start, shell, when):
    sh = start(busy, rc=rc(shell, when=when), cwd=f"{busy.at}/alpha")
    assert words(sh, "wt cd feature/t") == ["cd", "feature/two"]


ODD = {
    "bash": "set -o posix; shopt -s failglob nocasematch extglob; alias local=q builtin=q read=q\n",
    "zsh": "setopt ksharrays cshjunkiequotes rcquotes shglob ignorebraces shwordsplit globsubst; alias local=q read=q\n",
    "fish": "set -gx CDPATH / /tmp .\n",
}


def test_tab_where_options_are_odd(busy, start, shell):
    """They were so when the text was read, which is long before completion is."""
    sh = start(busy, rc=rc(shell).replace(init_line(shell), ODD[shell] + init_line(shell)))
    assert sh.begun.strip() == ""
    some = {
        typed: becomes for typed, becomes in TYPED.items() if typed in ("wt lan", "wt cd a=", "wt shell ins")
    }
    assert {typed: words(sh, typed) for typed in some} == some


def test_tab_from_the_source_asks_the_pool_over_it(busy, start, shell):
    sh = start(busy, rc=rc(shell), cwd=f"{busy.source}/sub")
    assert words(sh, "wt cd alp") == ["cd", "alpha"]


def test_zsh_shows_what_verbs_do(busy, start, shell):
    if shell != "zsh":
        return
    sh = start(busy, rc=rc(shell) + "setopt autolist nomenucomplete\nzstyle ':completion:*' verbose yes\n")
    sh.tty.send("wt l\t")
    sh.tty.expect_exact("bring the work onto the local base")


def test_groups(tmp_path, repo, start, shell):
    pool = tool.Pool(tmp_path / "w", repo, groups="ios,android")
    sh = start(pool, rc=rc(shell))
    assert words(sh, "wt new x --group an") == ["new", "x", "--group", "android"]


def test_hostile_branches_are_inert(busy, start, shell):
    gitrepo.git(busy.source, "branch", HOSTILE)
    sh = start(busy, rc=rc(shell))
    assert words(sh, "wt new x --adopt --from \\$") == ["new", "x", "--adopt", "--from", HOSTILE]
    assert not os.path.exists(f"{busy.source}/pwned")


def test_hostile_names_are_inert(busy, start, shell):
    gitrepo.git(busy.source, "branch", HOSTILE)
    busy.pool("acquire", "--name", HOSTILE, "--adopt")
    sh = start(busy, rc=rc(shell))
    sh.tty.send(
        "wt cd \t\t\r" + ("\r" if shell == "fish" else "")
    )  # whose first Enter takes what is selected
    sh.prompt()
    assert not os.path.exists(f"{busy.source}/pwned")


def test_a_renamed_command_completes(busy, start, shell):
    sh = start(busy, rc=RC[shell] + rc(shell).replace(init_line(shell), init_line(shell, "--cmd", "tree2")))
    sh.says(ECHO[shell] % "tree2")
    assert "ARG<alpha>" in complete(sh, "tree2 cd alp")


def test_every_verb_and_option_is_offered(shell, rendered):
    """The text is made from the registry, so that no copy of it can go stale."""
    text = f"""
        . {rendered(shell)}; __wt_load_completion
        __wt_found=(); __wt_verbs; printf '%s\\n' "${{__wt_found[@]%%:*}}"
        for verb in {" ".join(VERBS)}; do
            __wt_found=(); __wt_options $verb; printf "$verb %s\\n" "${{__wt_found[@]%%:*}}"
        done
        for alias in {" ".join(ALIASES)}; do __wt_verb=$alias; __wt_canonical; printf '%s=%s\\n' $alias $__wt_verb; done
    """
    if shell == "fish":
        text = f"""
            source {rendered(shell)}; __wt_load_completion
            __wt_verbs | string replace -r '\\t.*' ''
            for verb in {" ".join(VERBS)}; __wt_options $verb | string replace -r '\\t.*' '' | string replace -r '^' "$verb "; end
            for alias in {" ".join(ALIASES)}; printf '%s=%s\\n' $alias (__wt_canonical $alias); end
        """
    argv = {
        "bash": ["bash", "--norc", "-c", text], "zsh": ["zsh", "-f", "-c", text], "fish": ["fish", "--no-config", "-c", text],
    }[shell]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    wanted = list(VERBS)
    for name, verb in completion.verbs().items():
        wanted += [f"{name} {option.name}" for option in (*verb.options, completion.HELP)]
    wanted += [f"{alias}={name}" for alias, name in ALIASES.items()]
    assert done.stdout.splitlines() == wanted


def test_what_the_first_tab_reads_is_completion_as_it_is_printed(shell, rendered, tmp_path):
    """A word of the text, whose quoting and shortening may change nothing."""
    alone = tmp_path / "alone"
    alone.write_text(tool.run("wt", "shell", "completion", shell).out.replace('\n__wt_complete "$@"\n', "\n"))
    found = []
    for begin in (f". {rendered(shell)}; __wt_load_completion", f". {alone}"):
        names = "__wt_complete __wt_scan __wt_candidates __wt_verbs __wt_options __wt_kind_of __wt_canonical __wt_held_names"
        show = f"for name in {names}; do typeset -f $name; done"
        if shell == "fish":
            show = f"for name in {names}; functions --no-details $name; end"
        code, out, err = script(shell, f"{begin}; {show}", cwd=tmp_path)
        assert (code, err) == (0, "")
        found.append([line.strip() for line in out.splitlines() if line.strip() and line.strip()[0] != "#"])
    assert len(found[0]) > 100
    assert found[0] == found[1]


def test_slots_that_are_idle(busy, start, shell):
    busy.acquire("last")
    busy.pool("release", "--name", "last")
    sh = start(busy, rc=rc(shell))
    assert words(sh, "wt retire slo") == ["retire", "slot-4"]


def test_names_of_what_was_set_aside(busy, start, shell):
    gitrepo.write(f"{busy.at}/alpha", {"new": "1\n"})
    assert busy.wt("release", "alpha", "--force").code == 0
    sh = start(busy, rc=rc(shell))
    assert words(sh, "wt restore al") == ["restore", "alpha"]


ALTERED = {
    "as it is": ("x", "x"),
    "CRLF": ("\n", "\r\n"),
    "a comment first": ("started_at", "# by hand\n\nstarted_at"),
    "no state": ("state: held\n", ""),
    "keys to come": ("slot: ", "purpose: none\nslot: "),
    "quoted": ("name: x\n", 'name: "x"\n'),
}
ASK = {
    "bash": ". {}; __wt_load_completion; __wt_found=() __wt_key=app; __wt_candidates held; printf '%s\\n' ${{__wt_found[@]+\"${{__wt_found[@]}}\"}}",
    "fish": "source {}; __wt_load_completion; __wt_candidates held app; true",
}


def offered(shell, pool, rendered):
    """The names that TAB offers, by files alone."""
    text = ASK.get(shell, ASK["bash"]).format(rendered(shell))
    code, out, err = script(shell, text, cwd=pool.source, WORKTREE_ROOT=pool.root)
    assert (code, err) == (0, "")
    return sorted(out.split())


@pytest.mark.parametrize("groups", [None, "ios,android"])
def test_names_however_their_lock_is_written(groups, tmp_path, repo, shell, rendered):
    pool = tool.Pool(tmp_path / "w", repo, **({"groups": groups} if groups else {}))
    for name in ("x", "two/words"):
        pool.pool("acquire", "--name", name, *(("--group", "ios") if groups else ()))
    lock = f"{gitrepo.git(f'{pool.at}/x', 'rev-parse', '--absolute-git-dir')}/worktree-pool/lock"
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    for old, new in ALTERED.values():
        with open(lock, "w", encoding="utf-8", newline="") as file:
            file.write(text.replace(old, new))
        assert offered(shell, pool, rendered) == ["two/words", "x"], (old, new)
    for old, new in (("state: held", "state: releasing"), (text, "")):
        with open(lock, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        assert offered(shell, pool, rendered) == ["two/words"], (old, new)
    os.unlink(lock)
    os.mkfifo(lock)
    assert offered(shell, pool, rendered) == ["two/words"]
