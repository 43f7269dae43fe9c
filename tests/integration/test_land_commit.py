"""Step 7 of land: the user's own commit, which may be refused, interrupted, or have nothing to do."""

import os
import shutil
import signal
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def hook(pool, name, text):
    path = f"{pool.source}/.git/hooks/{name}"
    gitrepo.write(pool.source, {f".git/hooks/{name}": f"#!/bin/sh\n{text}\n"})
    os.chmod(path, 0o755)
    return path


def landed(pool, *args):
    done = pool.wt("land", "--name", "x", *args)
    assert done.code == 0, done
    return done


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("add", [(), ("--add",)], ids=["", "add"])
def test_a_land_that_is_interrupted_behind_its_commit_goes_on_from_there(both, add, told):
    """The commit is made, its hook runs, and Ctrl-C ends both git and land: the index is that of the commit."""
    path = both.acquire("x")
    gitrepo.write(path, {"README": "changed\n", **({"new": "n\n"} if add else {})})
    both_of_them = (  # not in the slot: it ends a moment after git does, and whoever stands there keeps it
        f"cd /; wt=$(ps -o ppid= -p $PPID); kill -{told:d} $PPID $wt; while kill -0 $PPID; do sleep 0.1; done"
    )
    path_of_hook = hook(both, "post-commit", f"exec >/dev/null 2>&1; {both_of_them}")
    done = both.wt("land", "--name", "x", *add, "words")
    assert done.code == 128 + told, done
    os.unlink(path_of_hook)
    assert git(path, "log", "-1", "--format=%s") == "words"
    assert git(path, "status", "--porcelain") == ""
    landed(both, *add, "words")
    assert git(both.source, "log", "--format=%s") == "words\nfirst"
    assert both.states() == [("slot-0", "idle", None)]


def behind(path):
    """A git that died after HEAD went forward, and before the index did."""
    gitrepo.write(path, {"README": "changed\n"})
    index = git(path, "rev-parse", "--path-format=absolute", "--git-path", "index")
    shutil.copy(index, f"{index}.before")
    git(path, "commit", "-q", "-a", "-m", "words")
    os.rename(f"{index}.before", index)


def test_an_index_that_a_dead_commit_left_behind_does_not_stop_a_land(both):
    path = both.acquire("x")
    behind(path)
    assert git(path, "status", "--porcelain") == "MM README"
    assert both.wt("land", "--name", "x").code == 1
    done = landed(both, "words")
    assert "nothing is changed but the index, which is set aside: refs/wt/kept/x/" in done.err
    assert git(both.source, "log", "--format=%s") == "words\nfirst"
    assert both.states() == [("slot-0", "idle", None)]


def test_what_was_staged_and_taken_back_is_set_aside(both):
    path = both.acquire("x")
    gitrepo.commit(path, {"one": "1\n"}, "One")
    gitrepo.write(path, {"README": "staged alone\n"})
    git(path, "add", "README")
    gitrepo.write(path, {"README": "hello\n"})
    landed(both, "words")
    assert git(both.source, "log", "--format=%s") == "One\nfirst"
    (kept,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/x/").splitlines()
    assert git(both.source, "show", f"{kept}^2:README") == "staged alone"


def test_a_hook_that_changes_files_and_lets_them_pass_leaves_the_rest_to_the_user(both):
    path = both.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    hook(both, "pre-commit", "echo formatted >>README")
    done = landed(both, "words")
    assert "slot-0 stays with x: 1 changed file." in done.err
    assert file_bytes(f"{both.source}/README") == b"changed\n"
    assert file_bytes(f"{path}/README") == b"changed\nformatted\n"


def test_a_hook_that_changes_files_and_stops_is_followed_by_the_same_command(both):
    path = both.acquire("x")
    gitrepo.write(path, {"README": "changed\n", "new": "n\n"})
    hook(
        both,
        "pre-commit",
        "grep -q formatted README || { echo formatted >>README; echo look again >&2; exit 1; }",
    )
    before = everything(both.source)
    done = both.wt("land", "--name", "x", "--add", "words")
    assert done.code == 1
    assert "look again" in done.err
    assert "hint: when that is put right: wt land --name x --add words\n" in done.err
    changed = {path for path, what in everything(both.source).items() if before.get(path) != what}
    assert {os.path.basename(path) for path in changed} <= {"COMMIT_EDITMSG"}
    landed(both, "--add", "words")
    assert file_bytes(f"{both.source}/README") == b"changed\nformatted\n"


def test_the_users_settings_for_commits_apply_and_ask_nobody(both, tmp_path):
    path = both.acquire("x")
    (tmp_path / "template").write_text("Subject\n\nWhy:\n")
    for key, value in {"commit.template": f"{tmp_path}/template", "commit.verbose": "true", "core.editor": "false",
                       "user.name": "Some Body"}.items():  # fmt: skip
        git(both.source, "config", key, value)
    hook(both, "prepare-commit-msg", 'echo "Ticket: 7" >>"$1"')
    gitrepo.write(path, {"README": "changed\n"})
    landed(both, "#12 words")
    assert git(both.source, "log", "-1", "--format=%an|%B").strip() == "Some Body|#12 words\nTicket: 7"


def test_a_land_that_is_told_to_end_ends_the_users_commit_first(pool, tmp_path):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    os.mkfifo(tmp_path / "begun")
    gitrepo.write(
        pool.source, {".git/hooks/pre-commit": f"#!/bin/sh\necho $PPID >{tmp_path}/begun\nexec sleep 100\n"}
    )
    os.chmod(f"{pool.source}/.git/hooks/pre-commit", 0o755)
    process = subprocess.Popen(
        tool.argv("wt", "land", "never"), cwd=path, env=tool.environment(WORKTREE_ROOT=pool.root),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    commit = int((tmp_path / "begun").read_text())
    process.terminate()
    assert process.wait(timeout=60) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(commit, 0)


def test_a_land_that_is_told_to_end_at_the_birth_of_the_users_commit_ends_it(pool, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("needs strace, which Linux has")
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    hook = (
        f"#!/bin/sh\necho $PPID >{tmp_path}/commit\nread -r _ _ _ wt _ </proc/$PPID/stat\nkill $wt\n"
        "while kill -0 $PPID 2>/dev/null; do sleep 0.1; done\n"
    )
    gitrepo.write(pool.source, {".git/hooks/pre-commit": hook})
    os.chmod(f"{pool.source}/.git/hooks/pre-commit", 0o755)
    # what starts a process comes back late: git has begun, and nobody knows of it yet
    slowly = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=vfork,clone,clone3",
              "-e", "inject=vfork,clone,clone3:delay_exit=300000")  # fmt: skip
    done = pool.wt("land", "never", cwd=path, before=slowly)
    assert done.code == 143, done
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "commit").read_text()), 0)
