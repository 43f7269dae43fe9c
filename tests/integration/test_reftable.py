"""Pools over a source whose refs are a reftable: what files would say is in no file there.

`pytest --ref-format reftable` runs any other test over such sources, too.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tests.integration.test_recovery_table import admin_of, put, recorded, recover
from tests.integration.test_restore import force, kept, restore
from tests.integration.test_submodules import pool_over
from tests.support import gitrepo, tool
from tests.support.gitrepo import git
from tests.support.tool import assert_refused
from wt.git import layout, refs, reftable

pytestmark = pytest.mark.reftable


def own_refs(path):
    """What a worktree alone has, as git says."""
    listed = git(path, "for-each-ref", "--include-root-refs", "--format=%(refname)").splitlines()
    shared = ("refs/heads/", "refs/remotes/", "refs/tags/", "refs/wt/")
    return {ref for ref in listed if not ref.startswith(shared)}


def is_sound(source):
    assert "reftable" in git(source, "config", "extensions.refstorage")
    git(source, "fsck", "--strict")
    git(source, "worktree", "list")
    git(source, "pack-refs")
    return True


def conflict(path, how):
    """Leave `path` in the middle of an operation, with a commit that nothing else reaches; returns that."""
    base = gitrepo.commit(path, {"README": "ours\n"})
    git(path, "switch", "-q", "--detach", "HEAD~")
    lonely = gitrepo.commit(path, {"README": "theirs\n"})
    git(path, "switch", "-q", "-")
    argv = ["git", "-C", path, how, lonely]
    if how == "revert":
        gitrepo.commit(path, {"README": "later\n"})
        argv[-1] = base
    assert subprocess.run(argv, capture_output=True).returncode == 1
    return lonely


def test_a_slot_is_one_like_gits_own_and_never_half_made(both):
    path = both.acquire("x")
    admin = admin_of(path)
    git(both.source, "worktree", "add", "-q", "--detach", f"{both.root}/../plain")
    plain = admin_of(f"{both.root}/../plain")
    for name in ("HEAD", "refs/heads"):
        with (
            open(f"{admin}/{name}", encoding="utf-8") as ours,
            open(f"{plain}/{name}", encoding="utf-8") as theirs,
        ):
            assert ours.read() == theirs.read()
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/x"
    assert own_refs(path) == {"HEAD"}
    assert is_sound(both.source)


def test_work_is_landed_kept_and_restored(both):
    tip = gitrepo.commit(both.acquire("x"), {"a": "1\n"})
    assert both.wt("land", "--name", "x").code == 0
    assert git(both.source, "merge-base", "--is-ancestor", tip, "main") == ""
    other = gitrepo.commit(both.acquire("y"), {"b": "1\n"})
    back = force(both, "y")
    assert [git(both.source, "rev-parse", ref) for ref in kept(both)] == [other]
    assert git(both.source, "branch", "--format=%(refname:short)") == "main"
    path = restore(both, *back)
    assert git(path, "rev-parse", "HEAD") == other
    assert is_sound(both.source)


@pytest.mark.parametrize("how", ["cherry-pick", "revert"])
def test_an_operation_that_no_file_tells_of_is_seen_kept_and_not_the_next_holders(both, how):
    path = both.acquire("x")
    lonely = conflict(path, how)
    row = both.wt("info", "x", "--json").json
    assert how in str(row), row
    done = both.wt("release", "x")
    assert done.code == 1
    assert how in done.err
    assert both.wt("release", "x", "--force").code == 0
    if how == "cherry-pick":
        assert git(both.source, "for-each-ref", "--contains", lonely, "refs/wt/kept")
    (ref,) = kept(both)
    name = how.replace("-", "_").upper()
    assert f"operation/{name}_HEAD" in git(both.source, "ls-tree", "-r", "--name-only", f"{ref}^4")
    assert own_refs(both.acquire("y")) == {"HEAD"}


def test_what_an_idle_slot_was_left_in_is_kept_and_not_the_next_holders(both):
    path = both.acquire("x")
    assert both.pool("release", "--name", "x").code == 0
    idle = f"{both.at}/slot-0"
    git(idle, "switch", "-q", "-c", "mine")
    lonely = conflict(idle, "cherry-pick")
    assert admin_of(both.acquire("y")) == admin_of(idle if os.path.isdir(idle) else path.replace("/x", "/y"))
    assert git(both.source, "for-each-ref", "--contains", lonely, "refs/wt/kept")
    assert own_refs(path if os.path.isdir(path) else f"{both.at}/y") == {"HEAD"}


def test_refs_of_a_bisection_and_a_worktrees_own_are_kept_and_cleared(both):
    path = both.acquire("x")
    first = gitrepo.commit(path, {"a": "1\n"})
    gitrepo.commit(path, {"a": "2\n"})
    git(path, "bisect", "start", "HEAD", "main")
    git(
        path,
        "update-ref",
        "refs/worktree/mine",
        gitrepo.git(path, "commit-tree", "-m", "lonely", "HEAD^{tree}"),
    )
    lonely = git(path, "rev-parse", "refs/worktree/mine")
    git(path, "bisect", "bad", first)
    assert both.wt("release", "x", "--force").code == 0
    assert git(both.source, "for-each-ref", "--contains", lonely, "refs/wt/kept")
    assert git(both.source, "for-each-ref", "--contains", first, "refs/wt/kept")
    assert own_refs(both.acquire("y")) == {"HEAD"}


def test_a_ref_whose_object_is_gone_does_not_block_the_release(both):
    path = both.acquire("x")
    gone = git(path, "commit-tree", "-m", "gone", "HEAD^{tree}")
    for name in ("ORIG_HEAD", "REVERT_HEAD", "refs/worktree/mine"):
        git(path, "update-ref", name, gone)
    os.unlink(f"{both.source}/.git/objects/{gone[:2]}/{gone[2:]}")
    assert both.wt("release", "x", "--force").code == 0
    assert [row[1] for row in both.states()] == ["idle"]
    assert own_refs(both.acquire("y")) == {"HEAD"}


def test_refs_that_lie_elsewhere_are_refused(tmp_path):
    """What git 2.54 can do, an older one does not know: it says so."""
    repo = str(tmp_path / "source")
    (tmp_path / "refs").mkdir()
    where = {**os.environ, "GIT_REFERENCE_BACKEND": f"reftable://{tmp_path}/refs"}
    subprocess.run(["git", "init", "-q", repo], env=where, check=True)
    gitrepo.write(
        "/",
        {
            f"{repo}/.git/config": f"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable://{tmp_path}/refs\n"
        },
    )
    (tmp_path / "root").mkdir()
    words = ("--pool", "app", "init", "--source", repo, "--max-slots", "2")
    done = tool.run("worktree-pool", *words, env={"WORKTREE_ROOT": str(tmp_path / "root")})
    assert_refused(done, 1, "reftable://")
    assert os.listdir(tmp_path / "root") == []


def test_the_last_commit_of_a_branch_that_was_deleted_under_its_slot_is_kept(both):
    """Git itself does not tell the log of a HEAD that leads nowhere."""
    path = both.acquire("x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    git(both.source, "update-ref", "-d", "refs/heads/x")
    assert both.pool("release", "--name", "x").code == 0
    assert git(both.source, "for-each-ref", "--contains", tip, "refs/wt/kept")


def test_a_branch_that_somebody_made_anew_is_theirs(both):
    path = both.acquire("x")
    git(path, "switch", "-q", "--detach")
    git(both.source, "branch", "-D", "x")
    git(both.source, "branch", "x", "main")
    assert both.pool("release", "--name", "x").code == 0
    assert git(both.source, "rev-parse", "x") == git(both.source, "rev-parse", "main")


def test_a_branch_that_is_out_elsewhere_is_seen(both):
    git(both.source, "worktree", "add", "-q", "-b", "theirs", f"{both.root}/../elsewhere")
    assert_refused(both.pool("acquire", "--name", "theirs", "--adopt"), 1, "theirs", "elsewhere")


def test_locks_of_a_git_that_died_are_removed_and_those_of_others_are_not(both):
    path = both.acquire("x")
    admin = admin_of(path)
    tables = f"{both.source}/.git/reftable"
    (table, *_) = [name for name in os.listdir(tables) if name.endswith(".ref")]
    locks = [f"{tables}/tables.list.lock", f"{tables}/{table}.lock"]
    for path in locks:
        put(path)
    recover(both)
    assert all(os.path.exists(path) for path in locks), "nobody had recorded them"
    recorded(both, locks[:1])
    recover(both)
    assert not any(os.path.exists(path) for path in locks)
    put(f"{admin}/reftable/tables.list.lock")
    assert both.wt("info", "x").code == 0
    assert both.pool("release", "--name", "x").code == 0
    assert not os.path.exists(f"{admin}/reftable/tables.list.lock")
    assert is_sound(both.source)


def test_a_slot_whose_refs_cannot_be_read_is_left_and_hides_no_other(both):
    path = both.acquire("x")
    both.acquire("y")
    tip = gitrepo.commit(path, {"a": "1\n"})
    directory = f"{admin_of(path)}/reftable"
    shutil.copytree(directory, f"{both.root}/../saved")
    for name in os.listdir(directory):
        if name.endswith(".ref"):
            put(f"{directory}/{name}", "junk")
    rows = {row["name"]: row for row in both.rows() if row["name"]}
    assert (rows["x"]["sha"], rows["y"]["branch"]) == (None, "y")
    for verb in (("release", "x", "--force"), ("land", "--name", "x"), ("release", "x")):
        assert both.wt(*verb).code == 1
    assert both.wt("ls").out.count("\n") == 2
    shutil.rmtree(directory)
    shutil.copytree(f"{both.root}/../saved", directory)
    assert git(path, "rev-parse", "x") == tip


def test_a_submodules_store_is_in_tables_too(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    inner = f"{path}/plain/sub"
    assert gitrepo.has_tables(inner)
    assert git(inner, "symbolic-ref", "--short", "HEAD") == "x"
    tip = gitrepo.commit(inner, {"new": "1\n"})
    assert pool.wt("release", "x", "--force").code == 0
    store = f"{pool.source}/.git/worktree-pool/kept.git"
    assert gitrepo.has_tables(store)
    assert git(store, "for-each-ref", "--contains", tip)
    assert "fatal" not in pool.pool("acquire", "--name", "y", "--commit", "two").err


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_what_is_read_is_what_git_says(tmp_path, form):
    """Many blocks, an index of them, links, deletions, several tables and one."""
    repo = str(tmp_path / "many")
    git(tmp_path, "init", "-q", "-b", "main", f"--object-format={form}", repo)
    tip = gitrepo.commit(repo, {"a": "1\n"})
    new = "".join(f"create refs/heads/some/where/branch-{n} {tip}\n" for n in range(3000))
    git(repo, "update-ref", "--create-reflog", "-m", "made", "--stdin", stdin=new)
    assert_same(repo)
    git(repo, "tag", "-a", "-m", "one", "v1")
    git(repo, "symbolic-ref", "refs/heads/link", "refs/heads/main")
    gone = "".join(f"delete refs/heads/some/where/branch-{n}\n" for n in range(0, 3000, 7))
    git(repo, "update-ref", "--stdin", stdin=gone)
    for n in range(12):
        gitrepo.commit(repo, {"a": f"{n}\n"})
    assert_same(repo)
    git(repo, "pack-refs")
    assert_same(repo)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    assert_same(repo)


def assert_same(repo):
    lines = git(repo, "for-each-ref", "--include-root-refs", "--format=%(refname) %(objectname) %(symref)")
    rows = [line.split(" ") for line in lines.splitlines()]
    said = {name: f"ref: {to}" if to else sha for name, sha, to in rows}
    git_dir = f"{repo}/.git"
    assert reftable.below(git_dir, "") == said
    some = [*list(said)[::97], "HEAD", "refs/heads/main"]
    for name in some:
        assert reftable.text(git_dir, name) == said[name]
        assert reftable.text(git_dir, f"{name}-0") is None
        log = [line.split(" ")[1] for line in reftable.log(git_dir, name).splitlines()]
        assert log[::-1] == git(repo, "log", "-g", "--format=%H", name, "--").splitlines()


def test_what_is_read_while_git_writes_is_whole(repo):
    """Tables are replaced by others all the time: a ref that is there is never missed."""
    git(repo, "branch", "there")
    tip = git(repo, "rev-parse", "HEAD")
    code = "import subprocess, sys\nfor n in range(150): subprocess.run(['git', '-C', sys.argv[1], 'branch', '-f', 'x', 'HEAD'], check=True)"
    writer = subprocess.Popen([sys.executable, "-c", code, repo])
    looks = 0
    while writer.poll() is None:
        assert refs.read_file(f"{repo}/.git", "refs/heads/there") == tip
        assert layout.head(f"{repo}/.git") == ("refs/heads/main", None)
        looks += 1
    assert writer.returncode == 0
    assert looks > 150
