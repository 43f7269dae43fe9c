"""restore with submodules (contract section 13): restore(release --force(state)) is the state, in this slot or another."""

import fcntl
import glob
import os
import subprocess

import pytest

from tests.integration.test_submodules import admin_of, kept_of, pool_over
from tests.integration.test_submodules_given_back import INNER, merge_there
from tests.support import gitrepo, submodules, tool
from tests.support.gitrepo import git
from tests.support.submodules import FILE_OK

LEAF = f"{INNER}/le af"
LEVELS = (".", "plain", INNER, LEAF)


@pytest.fixture
def held(nest):
    pool = pool_over(nest)
    return pool, pool.acquire("x")


def content(path):
    if os.path.islink(path):
        return f"-> {os.readlink(path)}"
    with open(path, "rb") as file:
        return (os.stat(path).st_mode & 0o111 != 0, file.read())


def state(path):
    """{path: all that git and the disk say} of a slot and of each submodule in it."""
    found = {}
    for directory, names, plain in os.walk(path):
        if ".git" in plain:
            head = subprocess.run(["git", "-C", directory, "symbolic-ref", "-q", "HEAD"], capture_output=True)
            found[os.path.relpath(directory, path)] = [
                git(directory, "rev-parse", "HEAD"),
                head.stdout,
                git(directory, "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none"),
                git(directory, "ls-files", "-s"),
                git(directory, "ls-files", "-v"),
                git(directory, "for-each-ref", "refs/heads/x") if directory != path else "",
            ]
        for name in (*plain, *(one for one in names if os.path.islink(f"{directory}/{one}"))):
            if name != ".git":
                found[os.path.relpath(f"{directory}/{name}", path)] = content(f"{directory}/{name}")
    return found


def mess(top):
    """Staged, staged and changed again, changed, gone, untracked, intended, behind a bit, a link, executable."""
    gitrepo.write(top, {"file": "staged\n", "new": "new\n"})
    git(top, "add", "file", "new")
    gitrepo.write(
        top, {"file": "and changed again\n", "deep/un tracked": "u\n", "ita": "i\n", "build/o": "warm\n"}
    )
    git(top, "add", "-N", "ita")
    os.chmod(f"{top}/new", 0o755)
    os.symlink("nowhere", f"{top}/link")


def hidden(top):
    git(top, "update-index", "--assume-unchanged", "file")
    gitrepo.write(top, {"file": "hidden\n"})
    os.unlink(f"{top}/.gitignore")


def dirty_leaf(path, _nest):
    mess(f"{path}/{LEAF}")


def behind_a_bit(path, _nest):
    hidden(f"{path}/{INNER}")


def everywhere(path, _nest):
    for level in LEVELS:
        gitrepo.commit(f"{path}/{level}", {"commit": f"{level}\n"}, f"mine in {level}")
    for level in LEVELS:
        mess(f"{path}/{level}")


def a_commit_alone(path, _nest):
    gitrepo.commit(f"{path}/{INNER}", {"commit": "1\n"}, "mine")


def recorded(path, _nest):
    gitrepo.commit(f"{path}/{INNER}", {"commit": "1\n"}, "mine")
    for level in ("plain", "."):
        git(f"{path}/{level}", "commit", "-q", "-am", "bump")


def recorded_but_staged(path, nest):
    a_commit_alone(path, nest)
    git(f"{path}/plain", "commit", "-q", "-am", "bump")
    git(path, "add", "plain")


def detached(path, nest):
    a_commit_alone(path, nest)
    top = f"{path}/{INNER}"
    git(top, "switch", "-q", "--detach", "HEAD~1")
    gitrepo.commit(top, {"other": "1\n"}, "detached")
    gitrepo.write(top, {"file": "changed\n"})


def detached_at_the_pin(path, nest):
    a_commit_alone(path, nest)
    git(f"{path}/{INNER}", "switch", "-q", "--detach", "HEAD~1")


def dropped(path, nest):
    a_commit_alone(path, nest)
    git(f"{path}/{INNER}", "reset", "-q", "--hard", "HEAD~1")


def at_an_older_commit(path, _nest):
    git(f"{path}/plain", "reset", "-q", "--hard", "HEAD~1")
    git(f"{path}/plain", *FILE_OK, "submodule", "--quiet", "update", "--recursive")
    git(f"{path}/{INNER}", "switch", "-q", "-C", "x")


def added(path, nest):
    git(path, *FILE_OK, "submodule", "--quiet", "add", nest.url("leaf", 0), "brought")
    git(f"{path}/brought", "switch", "-q", "-c", "x")
    gitrepo.commit(f"{path}/brought", {"commit": "1\n"}, "mine")
    mess(f"{path}/brought")


def taken_out(path, _nest):
    git(path, "rm", "-q", "-f", "plain")


def moved(path, _nest):
    git(f"{path}/{INNER}", "mv", "le af", "deeper")
    mess(f"{path}/{INNER}/deeper")


STATES = [dirty_leaf, behind_a_bit, everywhere, a_commit_alone, recorded, recorded_but_staged, detached, detached_at_the_pin,
          dropped, at_an_older_commit, added, taken_out, moved]  # fmt: skip


@pytest.mark.parametrize("where", ["the same slot", "a new one"])
@pytest.mark.parametrize("build", STATES)
def test_what_was_forced_away_is_as_it_was(nest, held, build, where):
    pool, path = held
    build(path, nest)
    before = state(path)
    assert pool.wt("release", "x", "--force").code == 0
    (row,) = [row for row in pool.rows() if row["path"]]
    assert submodules.findings(row["path"], admin_of(row["path"]), None) == []
    if where == "a new one":
        retired = pool.pool("retire", "--all")
        assert retired.code == 0, retired
        before = {name: value for name, value in before.items() if "build/" not in name}
    kept = kept_of(nest)
    done = pool.wt("restore", "x", "--pool", "app")
    assert done.code == 0, done
    after = state(pool.rows()[0]["path"])
    if build is added:  # its branch was made by hand: it stays in the clone
        after["brought"][1:2] = before["brought"][1:2] = []
    assert after == before
    assert kept_of(nest) == kept, "what is kept stays kept, and nothing else is set aside for it"


def test_what_was_restored_is_set_aside_anew_by_the_next_force(nest, held):
    """That it was had from kept.git does not make it something that an acquire brought."""
    pool, path = held
    recorded(path, nest)
    mess(f"{path}/{LEAF}")
    before = state(path)
    for _time in range(2):
        assert pool.wt("release", "x", "--force").code == 0
        assert pool.wt("restore", "x", "--pool", "app").code == 0
    row = pool.wt("ls", "--json", "--pool", "app").json[0]
    assert {one["path"] for one in row["evidence"]["submodules"]} == {"plain", INNER, LEAF}
    assert pool.wt("release", "x", "--force").code == 0
    moments = {ref.split("/")[4] for ref in kept_of(nest)}
    newest = max(moments).partition("-")[0]
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    for ref in kept_of(nest):
        if newest not in ref:
            git(kept, "update-ref", "-d", ref)
    git(kept, "gc", "-q", "--prune=now")
    assert pool.pool("retire", "--all").code == 0
    assert pool.wt("restore", "x", "--pool", "app").code == 0
    after = state(pool.rows()[0]["path"])
    assert after == {name: value for name, value in before.items() if "build/" not in name}


def test_commits_that_the_primitive_set_aside_in_submodules_alone_come_back(nest, held):
    pool, path = held
    a_commit_alone(path, nest)
    mine = git(f"{path}/{INNER}", "rev-parse", "HEAD")
    pool.pool("release", "--name", "x")
    pool.acquire("other")
    done = pool.wt("restore", "x", "--pool", "app")
    assert done.code == 0, done
    (row,) = [row for row in pool.rows() if row["name"] == "x"]
    assert git(f"{row['path']}/{INNER}", "rev-parse", "HEAD", "x").split() == [mine, mine]
    assert pool.wt("restore", "other", "--pool", "app").code == 1


def test_conflicts_operations_and_repositories_in_submodules_are_listed_with_how_to_get_them(nest, held):
    pool, path = held
    merge_there(f"{path}/{INNER}")
    tip = git(gitrepo.make_repo(f"{path}/plain/own/repository", {"f": "1\n"}), "rev-parse", "HEAD")
    assert pool.wt("release", "x", "--force").code == 0
    done = pool.wt("restore", "x", "--pool", "app")
    assert done.code == 0, done
    assert "submodule name-0/the inner: a conflict was open in file; its sides: git -C " in done.err
    assert "submodule name-0/the inner: a merge was in progress; its files: git -C " in done.err
    (line,) = [line for line in done.err.splitlines() if "a repository was in own/repository" in line]
    top = f"{pool.rows()[0]['path']}/plain"
    assert subprocess.run(["sh", "-c", line.rpartition(": ")[2]], cwd=top).returncode == 0
    assert git(f"{top}/repository", "rev-parse", "HEAD") == tip


def test_a_restore_that_fails_leaves_the_submodules_as_they_were(nest, held):
    pool, path = held
    mess(f"{path}/{LEAF}")
    pool.wt("release", "x", "--force")
    hook = ("--no-hooks",)
    gitrepo.commit(nest.source, {"on": "main\n"})
    (idle,) = [row["path"] for row in pool.rows() if row["path"]]
    before = state(idle)
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    os.rename(f"{kept}/objects", f"{kept}/away")
    refused = pool.wt("restore", "x", "--pool", "app", *hook)
    os.rename(f"{kept}/away", f"{kept}/objects")
    assert refused.code == 1, refused
    (row,) = [row for row in pool.rows() if row["path"]]
    assert (row["state"], state(row["path"])) == ("idle", before)
    assert pool.wt("restore", "x", "--pool", "app").code == 0


@pytest.mark.parametrize("changed", [True, False])
def test_a_submodule_whose_repository_was_its_own_directory_comes_back_from_where_it_was_moved(
    nest, held, changed
):
    pool, path = held
    tip = git(gitrepo.make_repo(f"{path}/own", {"f": "1\n"}), "rev-parse", "HEAD")
    git(path, "config", "--file", ".gitmodules", "submodule.own.path", "own")
    git(path, "config", "--file", ".gitmodules", "submodule.own.url", f"file://{path}/nobody/has/it")
    git(path, "-c", "advice.addEmbeddedRepo=false", "add", ".gitmodules", "own")
    git(path, "commit", "-q", "-m", "adds")
    if changed:
        gitrepo.write(f"{path}/own", {"f": "2\n"})
    assert pool.wt("release", "x", "--force").code == 0
    pool.acquire("other")  # has no such submodule
    done = pool.wt("restore", "x", "--pool", "app")
    assert done.code == 0, done
    (row,) = [row for row in pool.rows() if row["name"] == "x"]
    assert git(f"{row['path']}/own", "rev-parse", "HEAD") == tip
    assert git(row["path"], "status", "--porcelain") == ""
    (moved,) = glob.glob(f"{pool.at}/.meta/kept/*/*/own")
    with open(f"{moved}/f", encoding="utf-8") as file:
        assert file.read() == ("2\n" if changed else "1\n")


def test_the_list_has_submodules_and_prune_drops_their_refs_and_objects(nest, held):
    pool, path = held
    mess(f"{path}/{LEAF}")
    pool.wt("release", "x", "--force")
    a_commit_alone(pool.acquire("y"), nest)
    lonely = git(f"{pool.rows()[0]['path']}/{INNER}", "rev-parse", "HEAD")
    pool.pool("release", "--name", "y")
    listed = pool.wt("restore", "--pool", "app")
    assert [line.split("  ")[-1] for line in listed.out.splitlines()] == ["1 submodule", "1 submodule"]
    x, y = sorted(pool.wt("restore", "--pool", "app", "--json").json, key=lambda one: one["name"])
    assert (y["name"], y["ref"], y["commits"]) == ("y", None, 0)
    assert [one["path"] for one in (*x["submodules"], *y["submodules"])] == [
        "name-0/the inner/the inner",
        "name-0/the inner",
    ]
    assert {one["ref"] for one in (*x["submodules"], *y["submodules"])} == set(kept_of(nest))
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    done = pool.wt("restore", "--prune", "0d", "x", "--pool", "app")
    assert done.out.startswith("x@")
    assert [one["name"] for one in pool.wt("restore", "--pool", "app", "--json").json] == ["y"]
    assert git(kept, "cat-file", "-t", lonely) == "commit"
    for directory, _names, plain in os.walk(f"{kept}/objects"):
        for name in plain:
            os.utime(f"{directory}/{name}", (1, 1))  # older than a day: what came since may have no ref yet
    done = pool.wt("restore", "--prune", "0d", "--pool", "app")
    assert done.out.startswith("y@")
    assert kept_of(nest) == {}
    gone = subprocess.run(["git", "-C", kept, "cat-file", "-e", lonely], capture_output=True)
    assert gone.returncode == 1
    assert pool.wt("restore", "--pool", "app").err.endswith("nothing is kept in `app`.\n")


@pytest.mark.parametrize("waits", [("release", "x", "--force"), ("restore", "--prune", "0d")])
def test_what_comes_into_kept_git_and_who_prunes_it_take_turns(nest, held, waits):
    """Git fetches nothing that is there, and its age is the old one: a prune beside it would take it."""
    pool, path = held
    mess(f"{path}/{INNER}")
    common = f"{nest.source}/.git/worktree-pool"
    os.makedirs(common, exist_ok=True)
    if "--prune" in waits:
        pool.wt("release", "x", "--force")
    before = kept_of(nest)
    with open(f"{common}/kept.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        argv, env = tool.argv("wt", *waits, "--pool", "app"), tool.environment(WORKTREE_ROOT=pool.root)
        child = subprocess.Popen(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stderr is not None
        said = next(line for line in child.stderr if line.startswith("waiting for"))
        assert said.startswith("waiting for what was set aside in submodules: "), said
        assert kept_of(nest) == before
    _, err = child.communicate(timeout=100)
    assert child.returncode == 0, err
    assert kept_of(nest) != before
