"""release, contract section 8: nothing is lost, nothing is left over."""

import os
import shutil
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def kept(source):
    lines = git(source, "for-each-ref", "--format=%(refname) %(objectname)", "refs/wt/kept/").splitlines()
    return dict(line.split(" ") for line in lines)


def is_reachable(source, commit):
    return bool(git(source, "for-each-ref", "--contains", commit))


def has_file(source, commit, name):
    return bool(git(source, "ls-tree", commit, name))


def release(pool, name="a"):
    done = pool.pool("release", "--name", name)
    assert (done.code, done.out) == (0, ""), done
    return done


def test_commits_of_the_branch_are_kept_and_the_branch_is_gone(both):
    path = both.acquire("feature/a")
    tip = gitrepo.commit(path, {"x": "1"})
    done = release(both, "feature/a")
    (ref,) = kept(both.source)
    assert ref.startswith("refs/wt/kept/feature/a/")
    assert kept(both.source)[ref] == tip
    assert ref in done.err
    assert git(both.source, "for-each-ref", "--format=%(refname)", "refs/heads/") == "refs/heads/main"


def test_the_ref_bears_the_locks_moment_and_eight_digits(pool):
    path = pool.acquire("a")
    started = pool.rows()[0]["started_at"]
    tip = gitrepo.commit(path, {"x": "1"})
    release(pool)
    assert list(kept(pool.source)) == [
        f"refs/wt/kept/a/{started.replace('-', '').replace(':', '')}-{tip[:8]}"
    ]


def test_what_another_ref_reaches_is_not_kept(pool):
    path = pool.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    git(pool.source, "merge", "-q", "--ff-only", "a")
    release(pool)
    assert kept(pool.source) == {}


def test_every_tip_that_the_slot_alone_reaches_is_kept(both):
    path = both.acquire("a")
    reset_away = gitrepo.commit(path, {"x": "1"})
    git(path, "reset", "-q", "--hard", "HEAD~1")
    on_branch = gitrepo.commit(path, {"y": "1"})
    git(path, "switch", "-q", "--detach", "main")
    detached = gitrepo.commit(path, {"z": "1"})
    git(path, "update-ref", "ORIG_HEAD", reset_away)
    release(both)
    for commit in (reset_away, on_branch, detached):
        assert is_reachable(both.source, commit)
    git(both.source, "gc", "-q", "--prune=now")
    git(both.source, "cat-file", "-e", reset_away)


@pytest.mark.parametrize("ref", ["refs/worktree/mine", "refs/bisect/bad", "refs/rewritten/onto"])
def test_what_refs_of_the_worktree_alone_reach_is_kept(pool, ref):
    path = pool.acquire("a")
    lonely = git(path, "commit-tree", "-m", "lonely", "HEAD^{tree}")
    git(path, "update-ref", ref, lonely)
    release(pool)
    assert is_reachable(pool.source, lonely)
    again = pool.acquire("b")
    assert git(again, "for-each-ref", "refs/worktree", "refs/bisect", "refs/rewritten") == ""


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick", "revert", "am", "bisect", "autostash"])
def test_an_operation_in_progress_is_cleared_and_its_commits_are_kept(both, how):
    gitrepo.commit(both.source, {"f": "1\n"})
    path = both.acquire("a")
    git(path, "switch", "-q", "-c", "side")
    side = gitrepo.commit(path, {"f": "side\n"})
    git(path, "switch", "-q", "a")
    mine = gitrepo.commit(path, {"f": "mine\n"})
    run = ["git", "-C", path]
    if how in ("rebase", "autostash"):
        if how == "autostash":
            gitrepo.write(path, {"README": "stashed\n"})
        subprocess.run([*run, "rebase", "--autostash", "side"], capture_output=True)
    elif how == "am":
        patch = git(path, "format-patch", "--stdout", "-1", "side") + "\n"
        subprocess.run([*run, "am", "-3"], input=patch, text=True, capture_output=True)
    elif how == "bisect":
        git(path, "bisect", "start", "a", "main~1")
    elif how == "revert":
        gitrepo.commit(path, {"f": "later\n"})
        mine = git(path, "rev-parse", "HEAD")
        subprocess.run([*run, "revert", "--no-edit", "HEAD~1"], capture_output=True)
    else:
        subprocess.run([*run, how, "side"], capture_output=True)
    git(both.source, "update-ref", "-d", "refs/heads/side")
    release(both)
    assert is_reachable(both.source, mine)
    if how == "merge":
        assert is_reachable(both.source, side)
    if how == "autostash":
        commits = git(both.source, "rev-list", "--glob=refs/wt/kept", "--not", "main").splitlines()
        readmes = [
            git(both.source, "show", f"{one}:README")
            for one in commits
            if has_file(both.source, one, "README")
        ]
        assert "stashed" in readmes
    again = both.acquire("b")
    assert git(again, "status", "--porcelain=v2", "--branch").splitlines()[1] == "# branch.head b"
    admin = git(again, "rev-parse", "--absolute-git-dir")
    left = set(os.listdir(admin))
    if gitrepo.has_tables(again):
        listed = git(again, "for-each-ref", "--include-root-refs", "--format=%(refname)").splitlines()
        left |= {ref for ref in listed if not ref.startswith(("refs/heads/", "refs/wt/", "refs/stash"))}
    assert left <= {
        "HEAD",
        "ORIG_HEAD",
        "commondir",
        "gitdir",
        "index",
        "locked",
        "logs",
        "refs",
        "reftable",
        "worktree-pool",
    }, left
    assert git(again, "status", "--porcelain") == ""


def test_files_stay_as_they_are(both):
    path = both.acquire("a")
    gitrepo.write(path, {"README": "changed\n", "new": "1", "build/cache": "warm"})
    release(both)
    idle = f"{both.at}/slot-0"
    assert file_bytes(f"{idle}/README") == b"changed\n"
    assert file_bytes(f"{idle}/new") == b"1"
    assert kept(both.source) == {}


def test_the_branch_section_of_the_config_goes_with_the_branch(pool):
    pool.acquire("feature/a")
    git(pool.source, "config", "branch.feature/a.remote", "origin")
    git(pool.source, "config", "branch.feature/a.description", "two\nlines")
    git(pool.source, "config", "branch.other.remote", "origin")
    release(pool, "feature/a")
    assert "feature/a" not in git(pool.source, "config", "--list")
    assert git(pool.source, "config", "branch.other.remote") == "origin"


def test_a_branch_that_is_checked_out_elsewhere_stays(pool, tmp_path):
    path = pool.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    git(path, "switch", "-q", "--detach")
    other = str(tmp_path / "other")
    git(pool.source, "worktree", "add", "-q", other, "a")
    git(pool.source, "config", "branch.a.remote", "origin")
    done = release(pool)
    assert other in done.err
    assert git(other, "rev-parse", "--abbrev-ref", "HEAD") == "a"
    assert git(other, "status", "--porcelain") == ""
    assert git(pool.source, "config", "branch.a.remote") == "origin"


def test_an_adopted_branch_stays_with_its_config(both):
    git(both.source, "branch", "old")
    git(both.source, "config", "branch.old.remote", "origin")
    path = both.acquire("old", "--adopt")
    tip = gitrepo.commit(path, {"x": "1"})
    release(both, "old")
    assert git(both.source, "rev-parse", "old") == tip
    assert git(both.source, "config", "branch.old.remote") == "origin"
    assert kept(both.source) == {}


def test_a_branch_of_the_users_own_in_the_slot_stays(both):
    path = both.acquire("a")
    git(path, "switch", "-q", "-c", "mine")
    tip = gitrepo.commit(path, {"x": "1"})
    release(both)
    assert git(both.source, "rev-parse", "mine") == tip
    assert "a" not in git(both.source, "branch", "--format=%(refname:short)").splitlines()


@pytest.mark.parametrize("how", ["branch", "rename"])
def test_a_branch_of_that_name_that_somebody_made_anew_stays(both, how):
    """The one that we created was deleted under its holder: this is another's."""
    path = both.acquire("a")
    mine = gitrepo.commit(path, {"x": "1"})
    git(path, "switch", "-q", "--detach")
    git(both.source, "branch", "-q", "-D", "a")
    git(both.source, "branch", "a" if how == "branch" else "b", "main")
    if how == "rename":
        git(both.source, "branch", "-m", "b", "a")
    git(both.source, "config", "branch.a.description", "theirs")
    release(both)
    assert git(both.source, "rev-parse", "a") == git(both.source, "rev-parse", "main")
    assert git(both.source, "config", "branch.a.description") == "theirs"
    assert is_reachable(both.source, mine)


def test_a_branch_whose_reflog_has_expired_is_still_ours(both):
    path = both.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    git(both.source, "reflog", "expire", "--expire=now", "--all")
    release(both)
    assert git(both.source, "for-each-ref", "--format=%(refname)", "refs/heads/") == "refs/heads/main"


def test_it_may_be_repeated(both):
    both.acquire("a")
    release(both)
    before = everything(both.root, both.source)
    done = release(both)
    assert "a" in done.err
    assert everything(both.root, both.source) == before


def test_settings_of_the_last_holder_do_not_outlive_it(pool):
    git(pool.source, "config", "extensions.worktreeConfig", "true")
    gitrepo.commit(pool.source, {"in/x": "1", "out/x": "1"})
    path = pool.acquire("a")
    git(path, "config", "--worktree", "user.name", "Somebody Else")
    git(path, "sparse-checkout", "set", "in")
    assert not os.path.exists(f"{path}/out")
    release(pool)
    again = pool.acquire("b")
    assert git(again, "config", "user.name") == "Test Person"
    assert file_bytes(f"{again}/out/x") == b"1"
    assert git(again, "status", "--porcelain") == ""


def test_slot_comes_home_to_the_smallest_free_number_where_its_own_is_taken(pool):
    pool.acquire("a")
    os.mkdir(f"{pool.at}/slot-0")
    gitrepo.write(f"{pool.at}/slot-0", {"mine": "1"})
    release(pool)
    assert file_bytes(f"{pool.at}/slot-0/mine") == b"1"
    assert pool.states() == [("slot-1", "idle", None)]
    assert pool.acquire("b")


def test_a_file_where_the_link_was_is_left_alone(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout="stable")
    pool.acquire("a")
    os.unlink(f"{pool.at}/a")
    gitrepo.write(pool.at, {"a": "mine"})
    release(pool)
    assert file_bytes(f"{pool.at}/a") == b"mine"


def test_branches_of_many_released_at_once_are_all_gone_with_their_config(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=8)
    names = [f"n{number}" for number in range(8)]
    for name in names:
        pool.acquire(name)
        git(repo, "config", f"branch.{name}.remote", "origin")
    processes = [
        subprocess.Popen(
            tool.argv("worktree-pool", "--pool", pool.key, "release", "--name", name),
            env=tool.environment(WORKTREE_ROOT=pool.root), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    said = [process.communicate(timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, said
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    assert "branch.n" not in git(repo, "config", "--list")
    assert {row["state"] for row in pool.rows()} == {"idle"}


def test_processes_that_stand_in_the_slot_are_named_but_not_waited_for(both):
    slot = both.acquire("x")
    child = subprocess.Popen(["sleep", "600"], cwd=slot)
    try:
        done = both.pool("release", "--name", "x")
    finally:
        child.kill()
        child.wait()
    assert (done.code, done.out) == (0, "")
    assert f"pid {child.pid} (sleep) stands in slot-0, which is released.\n" in done.err
    assert both.pool("ls").json[0]["state"] == "idle"


def test_a_forced_release_names_the_processes_that_stand_in_the_slot(both):
    slot = both.acquire("x")
    gitrepo.commit(slot, {"mine": "1\n"})
    with subprocess.Popen(["sleep", "600"], cwd=slot) as child:
        done = both.wt("release", "x", "--force")
        child.kill()
    assert done.code == 0, done
    assert f"pid {child.pid} (sleep) stands in slot-0, which is released.\n" in done.err


def meddler(tmp_path, pattern, command):
    """A `git` on PATH that runs a command once, behind the first call whose words match a shell pattern."""
    real = shutil.which("git")
    os.makedirs(tmp_path / "meddler")
    path = tmp_path / "meddler" / "git"
    path.write_text(
        f'#!/bin/sh\n{real} "$@"\nstatus=$?\ncase $* in {pattern})\n'
        f"    mkdir {tmp_path}/once 2>/dev/null && GIT_CONFIG_COUNT=0 {real} {command} >&2 ;;\nesac\nexit $status\n"
    )
    path.chmod(0o755)
    return {"PATH": f"{tmp_path}/meddler:{os.environ['PATH']}"}


def test_a_branch_that_moves_while_it_is_released_stays_with_what_was_added(pool, tmp_path):
    path = pool.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    later = git(path, "commit-tree", "-p", "HEAD", "-m", "later", "HEAD^{tree}")
    env = meddler(tmp_path, "*refs/wt/kept/*", f"-C {pool.source} update-ref refs/heads/a {later}")
    done = pool.pool("release", "--name", "a", env=env)
    assert done.code == 0, done
    assert os.path.exists(tmp_path / "once")
    assert is_reachable(pool.source, later)


def test_a_commit_that_two_released_branches_share_is_kept_by_the_last(pool, tmp_path):
    path = pool.acquire("a")
    tip = gitrepo.commit(path, {"x": "1"})
    git(pool.source, "branch", "twin", "a")
    # the twin reaches the commit when it is looked at, and is deleted before ours is
    env = meddler(
        tmp_path, "*rev-list*--exclude=refs/heads/a*", f"-C {pool.source} update-ref -d refs/heads/twin"
    )
    done = pool.pool("release", "--name", "a", env=env)
    assert done.code == 0, done
    assert git(pool.source, "for-each-ref", "--format=%(refname)", "refs/heads/") == "refs/heads/main"
    assert kept(pool.source)
    assert is_reachable(pool.source, tip)


@pytest.mark.parametrize("operation", ["rebase", "bisect"])
def test_a_branch_under_the_slots_own_operation_goes_with_it(both, operation):
    path = both.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    if operation == "rebase":
        subprocess.run(["git", "-C", path, "rebase", "-q", "--exec", "false", "HEAD~1"], capture_output=True)
    else:
        git(path, "bisect", "start", "HEAD", "HEAD~1")
    assert git(path, "rev-parse", "--abbrev-ref", "HEAD") in ("HEAD", "a")
    done = release(both)
    assert "stays" not in done.err
    assert git(both.source, "for-each-ref", "--format=%(refname)", "refs/heads/") == "refs/heads/main"
    both.acquire("a")


def test_the_config_of_a_branch_that_cannot_be_removed_is_said_and_the_slot_is_released(both):
    both.acquire("x")
    git(both.source, "config", "branch.x.description", "ours")
    gitrepo.write(both.source, {".git/config.lock": ""})
    done = both.pool("release", "--name", "x")
    assert done.code == 0, done
    assert "the config of branch `x` stays: " in done.err
    assert both.states() == [("slot-0", "idle", None)]
    os.unlink(f"{both.source}/.git/config.lock")
    both.acquire("x")
    done = both.pool("release", "--name", "x")
    assert (done.code, done.err) == (0, "")
    assert "branch.x." not in git(both.source, "config", "--local", "--list")
