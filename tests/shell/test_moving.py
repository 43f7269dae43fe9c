"""The shell goes where the command says: contract section 16, in real interactive shells."""

import os

import pytest

from tests.support import gitrepo, tool


@pytest.fixture
def shell(any_shell):
    return any_shell


def test_a_session(pool, start):
    sh = start(pool)
    assert sh.begun.strip() == ""
    assert "x in slot-0 (new" in sh.says("wt new x")
    slot = f"{pool.at}/x"
    assert sh.pwd == slot
    sh.says("wt cd --source")
    assert sh.pwd == pool.source
    assert sh.says("wt cd x") == ""
    assert sh.pwd == slot
    assert sh.says("wt path x") == slot
    sh.says("wt cd -")
    assert sh.pwd == pool.source
    sh.says("wt cd x; mkdir -p sub; cd sub; echo b >b")
    assert "x landed on main: 1 commit" in sh.says('wt land --add "add b"')
    assert sh.pwd == f"{pool.source}/sub"
    assert os.path.exists(f"{pool.source}/sub/b")
    assert "y in slot-0 (warm)" in sh.says("wt new y")
    assert "y is released" in sh.says("wt release")
    assert sh.pwd == pool.source


def test_landing_in_a_subdirectory_that_the_source_lacks(pool, start):
    sh = start(pool)
    sh.says("wt new x")
    sh.says("mkdir -p build/deep; cd build/deep")
    sh.says("wt land --keep >/dev/null 2>&1 || true; wt release --force")
    assert sh.pwd == pool.source


def test_land_next_keeps_the_shell_in_the_slot(stable, start):
    sh = start(stable)
    sh.says("wt new x")
    sh.says("echo b >b")
    sh.says("wt land --add --next y first")
    assert sh.pwd == f"{stable.at}/slot-0"
    assert sh.says("wt path y") == f"{stable.at}/slot-0"
    assert "was given back" not in sh.says("wt ls")


def test_landing_another_slot_leaves_the_shell_where_it_is(pool, start):
    """Its own slot is still held; only a name that is begun takes it along."""
    sh = start(pool)
    sh.says("wt new x; echo b >b; git add b; git commit -qm b; wt new y; mkdir -p sub; cd sub")
    assert "stays with x" not in sh.says("wt land --name x --keep")
    assert sh.pwd == f"{pool.at}/y/sub"
    assert "slot-0 is idle and warm" in sh.says("wt land --name x")
    assert sh.pwd == f"{pool.at}/y/sub"
    sh.says("wt acquire x 2>/dev/null; wt land --name x --next z")
    assert sh.pwd == f"{pool.at}/z"


def test_a_stable_slot_is_entered_physically(stable, start):
    sh = start(stable)
    sh.says("wt new x")
    assert sh.pwd == f"{stable.at}/slot-0"
    sh.says("cd /; wt --pool app cd x")
    assert sh.pwd == f"{stable.at}/slot-0"
    assert sh.says("wt path --pool=app x") == f"{stable.at}/slot-0"


def test_capturing_the_path(pool, start):
    sh = start(pool)
    sh.says('cd "$(wt new x 2>/dev/null)"')
    assert sh.pwd == f"{pool.at}/x"
    sh.says('cd /; cd "$(wt --pool app cd x)"')
    assert sh.pwd == f"{pool.at}/x"
    if sh.shell != "fish":  # which has no subshells
        assert sh.says("(cd /; wt --pool app cd x); pwd") == f"{pool.at}/x"


def test_capturing_the_path_without_the_function(pool, start, shell):
    words = " ".join(tool.argv("wt"))
    sh = start(pool, rc="")
    sh.says(f'cd "$({words} new x 2>/dev/null)"')
    assert sh.pwd == f"{pool.at}/x"


def test_statuses_are_the_programs(pool, start):
    sh = start(pool)
    assert sh.run("wt new x -- sh -c 'exit 42'")[1] == 42
    assert sh.pwd == f"{pool.at}/x"
    assert sh.run("wt cd nope")[1] == 1
    assert sh.run("wt path nope") == ("", 1)
    assert sh.run("wt new -- --bad")[1] == 2
    assert sh.run("wt new x")[1] == 6
    assert sh.pwd == f"{pool.at}/x"


HOSTILE = "(touch${IFS}pwned);$HOME%F{red}\u202e"


def test_a_name_with_a_blank_is_refused_and_a_hostile_branch_shown_literally(pool, start):
    gitrepo.git(pool.source, "branch", HOSTILE)
    sh = start(pool, LC_ALL="C.UTF-8")
    text, status = sh.run("wt new 'a b'")
    assert status == 2
    assert "The name `a b` holds a blank." in text
    assert sh.run(f"wt new '{HOSTILE}' --adopt")[1] == 0
    assert sh.pwd == f"{pool.at}/{HOSTILE}"
    assert HOSTILE.replace("\u202e", "\\u202e") in sh.says("wt ls")
    sh.says(f"wt cd --source; wt cd '{HOSTILE}'")
    assert sh.pwd == f"{pool.at}/{HOSTILE}"
    assert not os.path.exists(f"{pool.source}/pwned")


ODD = {
    "bash": "set -o noclobber; shopt -s nocasematch failglob dotglob expand_aliases; CDPATH=/:/tmp:.; IFS=/wx",
    "zsh": "setopt ksharrays shwordsplit globsubst noclobber chaselinks autopushd cdablevars pushdsilent; CDPATH=/:/tmp:.",
    "fish": "set -gx CDPATH / /tmp .; abbr -g x HIJACKED",
}
HIJACKED = "cd rm command builtin local return printf read shift eval test"
BYE = {"fish": "function bye --on-event fish_exit; echo good''bye; end"}


def test_odd_options_aliases_and_an_exit_trap_at_a_prompt(pool, start, shell):
    """Those that people have at once; each by itself: test_odd_shells.py and test_fish.py."""
    pool.acquire("x")
    sh = start(pool)
    sh.says(BYE.get(shell, "trap 'echo good\"\"bye' EXIT"))
    pwd = "builtin pwd -P" if shell == "fish" else "\\builtin pwd -P"
    if shell == "fish":
        sh.says("function cd; echo HIJACKED; end; function rm; echo HIJACKED; end")
    else:
        sh.says(f"for a in {HIJACKED}; do alias $a='echo HIJACKED'; done")
    sh.says(ODD[shell])
    assert sh.says("wt cd x") == ""
    assert sh.says(pwd) == f"{pool.at}/x"
    assert "y in slot-1" in sh.says("wt new y")
    assert sh.says(pwd) == f"{pool.at}/y"
    assert "HIJACKED" not in sh.says("wt release 2>&1")
    assert sh.says(pwd) == pool.source
    assert sh.run("wt path nope")[1] == 1
    sh.tty.sendline("exit")
    sh.tty.expect_exact("goodbye")


def test_what_follows_a_failed_command_does_not_run(pool, start):
    sh = start(pool)
    text, status = sh.run("wt cd nope && echo went on")
    assert "went on" not in text
    assert status == 1


def test_a_slot_given_back_elsewhere(pool, start):
    sh = start(pool)
    sh.says("wt new x; cd sub")
    assert pool.pool("release", "--name", "x").code == 0
    text = sh.says("wt ls")
    assert f"{pool.at}/x/sub was given back; this shell goes to {pool.source}/sub." in text
    assert sh.pwd == f"{pool.source}/sub"


def test_a_slot_given_back_elsewhere_and_taken_by_another(pool, start):
    """What stands in the idle slot must not act on the work of the one who took it next."""
    sh = start(pool)
    sh.says("wt new x")
    assert pool.pool("release", "--name", "x").code == 0
    pool.acquire("y")
    assert sh.run("wt release --force")[1] == 2
    assert [row["name"] for row in pool.rows() if row["state"] == "held"] == ["y"]
    assert sh.pwd == pool.source


def test_a_stable_slot_given_back_elsewhere(stable, start):
    sh = start(stable)
    sh.says("wt new x; cd sub")
    assert stable.pool("release", "--name", "x").code == 0
    stable.acquire("y")
    assert sh.run("wt release --force")[1] == 2
    assert sh.pwd == f"{stable.source}/sub"
    assert [row["name"] for row in stable.rows() if row["state"] == "held"] == ["y"]


def test_a_directory_deleted_under_the_shell(pool, start, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    sh = start(pool)
    sh.says(f"cd {gone}")
    gone.rmdir()
    sh.says("wt --pool app new x")
    assert sh.pwd == f"{pool.at}/x"


def test_a_directory_deleted_in_a_slot_that_is_still_held(stable, start):
    """The shell stays in its slot; where that is another's by now, it does not."""
    sh = start(stable)
    sh.says("wt new x; mkdir -p sub/d/b; cd sub/d/b; rm -r ../../d")
    slot = f"{stable.at}/slot-0"
    assert f"{slot}/sub/d/b is gone; this shell goes to {slot}/sub." in sh.says("wt ls")
    assert sh.pwd == f"{slot}/sub"
    sh.says("mkdir d; cd d; rm -r ../d")
    stable.pool("release", "--name", "x")
    stable.acquire("y")
    assert "was given back; this shell goes to" in sh.says("wt ls")
    assert sh.pwd == stable.source


def test_a_directory_deleted_in_a_slot_that_the_shell_went_to_by_itself(pool, start):
    """Its name alone says whose it is."""
    sh = start(pool, cwd=pool.acquire("fix/x"))
    sh.says("mkdir -p a/b; cd a/b; rm -r ../../a; wt ls")
    assert sh.pwd == f"{pool.at}/fix-x"


def test_the_previous_directory_is_gone(pool, start, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    sh = start(pool, cwd=str(gone))
    sh.says(f"cd {pool.source}")
    gone.rmdir()
    text, status = sh.run("wt cd -")
    assert f"The previous directory is gone: {gone}." in text
    assert status == 1


def test_interrupting_a_command_in_a_new_slot(pool, start):
    sh = start(pool)
    sh.tty.sendline("wt new x -- sh -c 'echo be''gun; exec sleep 1000'")
    sh.tty.expect_exact("begun\r\n")
    sh.tty.sendintr()
    assert sh.prompt()[1] == 130
    assert sh.run("wt path --pool app x") == (f"{pool.at}/x\n", 0)


ASKS = 'sh -c \'trap "echo aga""in" CONT; echo be\'\'gun; until read line; do :; done; echo "got $line"; exit 7\''


def stopped_and_continued(sh, line):
    """The statuses that the shell tells: of what Ctrl-Z stopped, and of `fg`."""
    sh.tty.sendline(line)
    sh.tty.expect_exact("begun\r\n")
    sh.tty.sendcontrol("z")
    stopped = sh.prompt()[1]
    sh.tty.sendline("fg")
    sh.tty.expect_exact("again\r\n")  # the terminal is the command's again
    sh.tty.sendline("a word")
    sh.tty.expect_exact("got a word\r\n")
    return stopped, sh.prompt()[1]


def test_stopping_and_going_on(pool, start, shell):
    """As any function of that shell: zsh and fish know no status of one that was stopped, and it moves nothing more."""
    sh = start(pool)
    sh.says(f"function any; {ASKS}; end" if shell == "fish" else f"any() {{ {ASKS}; }}")
    found = stopped_and_continued(sh, f"wt new x -- {ASKS}")
    assert found == (0 if shell == "fish" else 148, 7 if shell == "bash" else 0)
    assert stopped_and_continued(sh, "any") == found
    sh.says("wt cd x")
    assert sh.pwd == f"{pool.at}/x"


def test_a_nested_shell_cannot_move_this_one(pool, start):
    pool.acquire("y")
    sh = start(pool)
    sh.says(f"wt new x -- {' '.join(tool.argv('wt'))} --pool app cd y")
    assert sh.pwd == f"{pool.at}/x"
    assert sh.says("wt cd --source; env | grep ^WT_ | grep -v ^WT_TESTS_ || true") == ""


def test_renamed_command(pool, start, shell):
    from tests.support.terminal import init_line

    sh = start(pool, rc=init_line(shell, "--cmd", "tree2"))
    sh.says("tree2 new x")
    assert sh.pwd == f"{pool.at}/x"
    assert sh.run({"fish": "functions -q wt"}.get(shell, "typeset -f wt"))[1] == 1


def test_nothing_is_left_where_directives_are_written(pool, start, home):
    sh = start(pool)
    sh.says("wt new x")
    sh.says("wt cd --source")
    place = home / ".local/state/wt/shell"
    assert place.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


def test_the_runtime_directory_is_preferred(pool, start, home, tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    sh = start(pool, XDG_RUNTIME_DIR=str(runtime))
    sh.says("wt new x")
    assert sh.pwd == f"{pool.at}/x"
    assert [path.name for path in runtime.iterdir() if not path.name.startswith("fish_")] == ["wt"]
    assert not (home / ".local/state/wt").exists()


def test_hooks_of_cd_run(pool, start, shell):
    if shell == "bash":
        return
    sh = start(pool)
    hook = {
        "zsh": "chpwd() { print moved to ${PWD:t} }",
        "fish": "function f --on-variable PWD; echo moved to (basename $PWD); end",
    }
    sh.says(hook[shell])
    assert "moved to x" in sh.says("wt new x")


def test_a_repository_that_is_deep_and_odd(tmp_path, start):
    source = gitrepo.make_repo(tmp_path / "a b $x" / "it's")
    pool = tool.Pool(tmp_path / "w w" / "$y", source)
    sh = start(pool)
    sh.says("wt new x")
    assert sh.pwd == f"{pool.at}/x"
    sh.says("wt cd --source && wt cd x && cd / && wt cd x --pool app")
    assert sh.pwd == f"{pool.at}/x"
