"""The same outcome whatever the environment: what a hook of git's, a daemon or an odd shell may leave a process with."""

import os
import subprocess
import sys

import pytest
import yaml

from tests.support import gitrepo, tool
from tests.support.tool import Pool

git = gitrepo.git

# Runs a command as a caller with odd habits would: argv[1] is a Python statement, the rest the command.
ODD = "import os, sys, signal, resource\nexec(sys.argv[1])\nos.execv(sys.argv[2], sys.argv[2:])\n"


def oddly(statement, pool, command, *args, cwd=None, **env):
    full = [sys.executable, "-c", ODD, statement, *tool.argv(command, *args)]
    done = subprocess.run(
        full, env=tool.environment(WORKTREE_ROOT=pool.root, **env), cwd=cwd or pool.source, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def whole_round(pool, run, answered=0):
    """acquire, commit, look, land, release: `run` starts one command and returns its exit code, `answered` of one that answers."""
    assert run("worktree-pool", "--pool", "app", "acquire", "--name", "x") == answered
    path = pool.pool("path", "--name", "x").path
    assert git(path, "rev-parse", "--abbrev-ref", "HEAD") == "x"
    mine = gitrepo.commit(path, {"new": "1\n"})
    assert run("wt", "ls") == answered
    assert run("wt", "info", "x") == answered
    assert run("wt", "land", "--name", "x") == 0
    assert git(pool.source, "rev-parse", "main") == mine
    assert run("worktree-pool", "--pool", "app", "acquire", "--name", "y") == answered
    assert run("worktree-pool", "--pool", "app", "release", "--name", "y") == 0
    assert pool.states() == [("slot-0", "idle", None)]


@pytest.mark.parametrize(
    "statement",
    [
        "os.close(0)",
        "os.close(1)",
        "os.close(2)",
        "os.closerange(0, 3)",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "signal.signal(signal.SIGPIPE, signal.SIG_IGN)",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "os.umask(0)",
        "os.umask(0o077)",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
        "os.environ.pop('HOME')",
        "os.environ.update(HOME='/nonexistent', XDG_STATE_HOME='relative', XDG_CONFIG_HOME='')",
        "os.environ.update(TERM='dumb', COLUMNS='20', LANG='C'); os.environ.pop('LC_ALL')",
    ],
)
def test_a_round_under_an_odd_caller(pool, statement):
    whole_round(pool, lambda command, *args: oddly(statement, pool, command, *args).returncode)
    assert os.stat(pool.at).st_mode & 0o777 == 0o700


def test_a_round_with_a_closed_reader_of_stdout(pool):
    def run(command, *args):
        out, end = os.pipe()
        os.close(out)
        try:
            return subprocess.run(
                tool.argv(command, *args), env=tool.environment(WORKTREE_ROOT=pool.root), cwd=pool.source, stdout=end,
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ).returncode  # fmt: skip
        finally:
            os.close(end)

    whole_round(pool, run, answered=141)  # as git does, and ls


def test_a_round_with_a_branch_that_the_locale_cannot_say(pool):
    env = {"LC_ALL": "C", "LANG": "C"}
    path = pool.pool("acquire", "--name", "größe/機能", env=env).path
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/größe/機能"
    assert pool.wt("ls", "--json", env=env).json[0]["name"] == "größe/機能"
    assert pool.wt("ls", env=env).code == 0
    assert pool.wt("info", "größe/機能", env=env).code == 0
    assert pool.pool("release", "--name", "größe/機能", env=env).code == 0
    assert pool.states() == [("slot-0", "idle", None)]
    assert git(pool.source, "branch", "--format=%(refname:short)") == "main"


def foreign_git(tmp_path):
    other = gitrepo.make_repo(tmp_path / "other", {"foreign": "1"})
    return other, {
        "GIT_DIR": f"{other}/.git", "GIT_WORK_TREE": other, "GIT_INDEX_FILE": f"{other}/.git/index",
        "GIT_OBJECT_DIRECTORY": f"{other}/.git/objects", "GIT_COMMON_DIR": f"{other}/.git", "GIT_PREFIX": "x/",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": f"{other}/hooks",
        "GIT_NAMESPACE": "ns", "GIT_CEILING_DIRECTORIES": "/", "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CONFIG_PARAMETERS": "'core.bare=true'", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nonexistent",
        "GIT_QUARANTINE_PATH": f"{other}/.git/objects", "GIT_EXTERNAL_DIFF": "false", "GIT_DEFAULT_HASH": "sha256",
        "GIT_SHALLOW_FILE": "/nonexistent", "GIT_GRAFT_FILE": "/nonexistent", "GIT_REFLOG_ACTION": "evil",
    }  # fmt: skip


def test_variables_that_select_a_repository_select_none(pool, tmp_path):
    other, env = foreign_git(tmp_path)
    before = git(other, "for-each-ref"), git(other, "status", "--porcelain")
    whole_round(
        pool,
        lambda command, *args: (
            tool.run(command, *args, cwd=pool.source, env={"WORKTREE_ROOT": pool.root, **env}).code
        ),
    )
    assert (git(other, "for-each-ref"), git(other, "status", "--porcelain")) == before
    path = pool.acquire("z")
    gitrepo.commit(path, {"z": "1"}, "what info must show")
    done = pool.wt("info", "z", env=env)
    assert "what info must show" in done.out, done
    assert pool.wt("whoami", cwd=path, env=env).out == f"worktree {path}\n"
    done = pool.wt("new", "w", "--", "git", "rev-parse", "--show-toplevel", env=env)
    assert done.out.splitlines()[-1] == pool.pool("path", "--name", "w").path


def test_identity_from_the_environment_is_kept(pool):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    done = pool.wt("land", "message", cwd=path, env={"GIT_AUTHOR_NAME": "From Environment"})
    assert done.code == 0, done
    assert git(pool.source, "log", "-1", "--format=%an") == "From Environment"


def test_from_inside_a_hook_of_gits_own(pool):
    """Git sets GIT_DIR, GIT_INDEX_FILE and more for it; a pool verb in it works on the right repository."""
    call = " ".join(
        f"'{word}'" for word in tool.argv("worktree-pool", "--pool", pool.key, "acquire", "--name", "x")
    )
    gitrepo.write(f"{pool.source}/.git/hooks", {"pre-commit": f"#!/bin/sh\nexec {call}\n"})
    os.chmod(f"{pool.source}/.git/hooks/pre-commit", 0o755)
    gitrepo.write(pool.source, {"a": "1"})
    git(pool.source, "add", "a")
    done = subprocess.run(
        ["git", "-C", pool.source, "commit", "-q", "-m", "m"], env=tool.environment(WORKTREE_ROOT=pool.root), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert git(pool.source, "show", "--name-only", "--format=") == "a"
    path = pool.pool("path", "--name", "x").path
    assert git(path, "status", "--porcelain") == ""


def test_a_directory_that_was_deleted_under_us(pool, tmp_path):
    path = pool.acquire("x")
    statement = f"os.mkdir({str(tmp_path / 'gone')!r}); os.chdir({str(tmp_path / 'gone')!r}); os.rmdir({str(tmp_path / 'gone')!r})"
    done = oddly(statement, pool, "worktree-pool", "--pool", "app", "path", "--name", "x")
    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    done = oddly(statement, pool, "worktree-pool", "--pool", "app", "acquire", "--name", "y")
    assert done.returncode == 0, done
    assert oddly(statement, pool, "wt", "--pool", "app", "ls").returncode == 0
    assert oddly(statement, pool, "wt", "whoami", PWD=str(tmp_path / "gone")).stdout == "none\n"
    assert oddly(statement, pool, "wt", "land", "--pool", "app", "--name", "x").returncode == 0


@pytest.mark.parametrize("basename", ["app", "elsewhere", "slot-0"])
def test_a_pool_root_that_is_a_symlink(tmp_path, repo, layout, basename):
    real = tmp_path / "volume" / basename
    real.mkdir(parents=True)
    (tmp_path / "root").mkdir()
    os.symlink(real, tmp_path / "root" / "app")
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout=layout)
    path = pool.acquire("x")
    assert os.path.dirname(path) == str(real)
    gitrepo.commit(path, {"new": "1"})
    assert pool.wt("land", cwd=path).code == 0
    assert pool.states() == [("slot-0", "idle", None)]
    assert git(f"{real}/slot-0", "rev-parse", "--show-toplevel") == f"{real}/slot-0"


def test_an_ancestor_that_is_called_like_the_key(tmp_path, layout):
    repo = gitrepo.make_repo(tmp_path / "app" / "slot-0" / "app")
    pool = Pool(tmp_path / "app" / "x", repo, max_slots=2, layout=layout)
    whole_round(
        pool, lambda command, *args: tool.run(command, *args, cwd=repo, env={"WORKTREE_ROOT": pool.root}).code
    )


@pytest.mark.parametrize(
    "odd",
    [
        "with blank",
        "quo'te\"s",
        "dollar$HOME",
        "größe",
        "back\\slash",
        "-dash",
        "%F{red}",
        "new\nline",
        "d" * 200,
    ],
)
def test_places_with_odd_names(tmp_path, layout, odd):
    top = tmp_path / odd
    repo = gitrepo.make_repo(top / "source")
    pool = Pool(top / "root", repo, max_slots=2, layout=layout)
    whole_round(
        pool, lambda command, *args: tool.run(command, *args, cwd=repo, env={"WORKTREE_ROOT": pool.root}).code
    )
    recycled = pool.acquire("z")
    gitrepo.write(recycled, {"README": "changed\n"})
    pool.pool("release", "--name", "z")
    assert pool.acquire("zz")
    assert git(repo, "for-each-ref", "refs/wt/kept").count("\n") == 0
    admin = pool.pool("inspect", "--name", "zz").json["admin_dir"]
    for name, words in (("created", {"root": pool.at, "slot": "slot-0"}), ("lock", {"name": "zz"})):
        with open(f"{admin}/worktree-pool/{name}", encoding="utf-8") as file:
            assert words.items() <= yaml.safe_load(file).items()


def test_relative_links_of_gits_stay_relative(tmp_path, repo):
    """worktree.useRelativePaths of newer gits: what is relative stays so, and a move keeps it true."""
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    pool.acquire("x")
    admin = pool.pool("inspect", "--name", "x").json["admin_dir"]
    with open(f"{admin}/gitdir", "w", encoding="utf-8") as file:
        file.write(os.path.relpath(f"{pool.at}/x/.git", admin) + "\n")
    with open(f"{pool.at}/x/.git", "w", encoding="utf-8") as file:
        file.write("gitdir: " + os.path.relpath(admin, f"{pool.at}/x") + "\n")
    assert pool.pool("release", "--name", "x").code == 0
    assert pool.states() == [("slot-0", "idle", None)]
    path = pool.acquire("yy")
    with open(f"{admin}/gitdir", encoding="utf-8") as file:
        assert file.read() == os.path.relpath(f"{path}/.git", admin) + "\n"
    assert git(path, "rev-parse", "--show-toplevel") == path


@pytest.mark.parametrize(
    "settings",
    [
        {"core.autocrlf": "true"},
        {
            "status.showUntrackedFiles": "no",
            "submodule.recurse": "true",
            "merge.ff": "only",
            "pull.rebase": "true",
        },
        {
            "diff.external": "false",
            "core.pager": "false",
            "diff.noprefix": "true",
            "diff.mnemonicPrefix": "true",
        },
        {"core.fsmonitor": "/nonexistent", "feature.manyFiles": "true", "core.untrackedCache": "true"},
        {
            "extensions.worktreeConfig": "true",
            "core.logAllRefUpdates": "false",
            "init.defaultBranch": "trunk",
        },
        {"color.ui": "always", "log.showSignature": "true", "log.decorate": "full", "core.quotePath": "true"},
        {
            "commit.cleanup": "verbatim",
            "merge.conflictStyle": "diff3",
            "checkout.defaultRemote": "x",
            "fetch.prune": "true",
        },
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_of_the_user_change_nothing(pool, settings):
    for key, value in settings.items():
        git(pool.source, "config", key, value)
    gitrepo.write(pool.source, {"crlf": "a\n"})
    git(pool.source, "add", "-A")
    git(pool.source, "commit", "-q", "-m", "with settings")
    whole_round(
        pool,
        lambda command, *args: (
            tool.run(command, *args, cwd=pool.source, env={"WORKTREE_ROOT": pool.root}).code
        ),
    )


def test_a_sha256_repository(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", "source")
    repo = str(tmp_path / "source")
    gitrepo.commit(repo, {"README": "hello\n"})
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    whole_round(
        pool, lambda command, *args: tool.run(command, *args, cwd=repo, env={"WORKTREE_ROOT": pool.root}).code
    )
    idle = f"{pool.at}/slot-0"
    gitrepo.write(idle, {"README": "dirty\n"})
    os.unlink(f"{idle}/new")
    pool.acquire("z")
    assert git(repo, "for-each-ref", "refs/wt/kept/slot-0")
