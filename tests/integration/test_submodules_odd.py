"""Submodules that somebody made life hard with: names that lie in each other, tags, the user's own settings
(contract sections 10 and 13)."""

import glob
import os
import subprocess
import sys

import pytest

from tests.integration.test_submodules import admin_of, held_well, kept_of, pool_over
from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import Nest
from tests.support.tool import assert_refused, environment


@pytest.fixture
def allowed(home):
    """The user's global config, in which `file` is allowed."""
    path = home / ".gitconfig"
    with open(path, "a", encoding="utf-8") as file:
        file.write('[protocol "file"]\n\tallow = always\n')
    return path


def declared(nest, name, path="here"):
    """A commit with one submodule of that name."""
    pin = git(nest.url("leaf", 0), "rev-parse", "HEAD")
    submodules.declare(nest.source, {path: (name, nest.url("leaf", 0), pin, {})})
    return submodules.commit_index(nest.source, f"with {name}")


@pytest.mark.parametrize(("first", "second"), [("libs/a", "libs"), ("libs", "libs/a"), ("libs/a/b", "libs")])
def test_a_name_that_lies_in_the_name_of_another_commits_submodule_costs_no_work(
    nest, allowed, first, second
):
    one, two = declared(nest, first), declared(nest, second)
    pool = pool_over(nest, mirror="none")
    path = pool.acquire("x", "--commit", one)
    top = f"{path}/here"
    mine = gitrepo.commit(top, {"new": "1\n"}, "on a branch of its own")
    git(top, "branch", "own")
    git(top, "reset", "-q", "--hard", "HEAD~1")
    gitrepo.write(top, {"file": "stashed\n"})
    git(top, "stash", "-q")
    stash = git(top, "rev-parse", "stash")
    gitrepo.write(top, {"file": "changed\n"})
    pool.pool("release", "--name", "x")
    for name, commit in (("y", two), ("z", one)):
        path = pool.acquire(name, "--commit", commit)
        assert submodules.findings(path, admin_of(path), name) == []
        assert len(submodules.stores(admin_of(path))) == 1
        pool.pool("release", "--name", name)
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    git(kept, "gc", "-q", "--prune=now")
    for commit in (mine, stash):
        assert git(kept, "cat-file", "-t", commit) == "commit"
    assert "changed" in [git(kept, "show", f"{ref}:file") for ref in kept_of(nest)]


def test_a_tag_of_the_holders_own_is_neither_pruned_nor_moved_by_a_fetch(nest, allowed):
    with open(allowed, "a", encoding="utf-8") as file:
        file.write("[fetch]\n\tprune = true\n\tpruneTags = true\n")
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "one")
    top = f"{path}/plain"
    mine = gitrepo.commit(top, {"new": "1\n"}, "tagged")
    for tag in ("mine", "v1"):
        git(top, "tag", tag)
    git(top, "reset", "-q", "--hard", "HEAD~1")
    pool.pool("release", "--name", "x")
    gitrepo.commit(f"{nest.source}/plain", {}, "a new pin")
    git(f"{nest.source}/plain", "tag", "v1")
    git(f"{nest.source}/plain", "tag", "v2")
    gitrepo.commit(nest.source, {}, "bump")
    top = f"{pool.acquire('y')}/plain"
    assert git(top, "rev-parse", "mine", "v1").split() == [mine, mine]
    assert git(top, "rev-parse", "v2") == git(top, "rev-parse", "HEAD")


def test_retire_keeps_what_only_a_tag_of_the_holders_own_has(nest):
    pool = pool_over(nest)
    path = pool.acquire("x")
    top = f"{path}/plain/sub/inner"
    mine = gitrepo.commit(top, {"new": "1\n"}, "tagged")
    git(top, "tag", "-a", "-m", "mine", "mine")
    git(top, "reset", "-q", "--hard", "HEAD~1")
    pool.pool("release", "--name", "x")
    assert pool.pool("retire", "--all").code == 0
    assert git(f"{nest.source}/.git/worktree-pool/kept.git", "cat-file", "-t", mine) == "commit"


def test_work_in_a_submodule_with_a_long_name_of_another_script_is_set_aside(nest, allowed):
    name = "großes Ding/" + "ünïcödé" * 12
    pool = pool_over(nest, mirror="none")
    path = pool.acquire("x", "--commit", declared(nest, name))
    mine = gitrepo.commit(f"{path}/here", {"new": "1\n"}, "mine")
    done = pool.pool("release", "--name", "x")
    assert f"submodule `{name}`: work that no branch has is set aside: " in done.err
    assert git(f"{nest.source}/.git/worktree-pool/kept.git", "cat-file", "-t", mine) == "commit"


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        ({"submodule.name-0.update": "none"}, ["with blank"]),
        ({"submodule.name-1.active": "false"}, ["plain"]),
        ({"submodule.active": "with*", "submodule.name-0.active": None, "submodule.name-1.active": None}, ["with blank"]),
        ({"submodule.active": ".", "submodule.name-0.active": "0"}, ["with blank"]),
        ({"submodule.active": "nothing", "submodule.name-1.active": None}, ["plain"]),
        ({"submodule.name-0.update": "merge", "submodule.name-1.update": "rebase"}, ["plain", "with blank"]),
        ({"submodule.recurse": "true", "fetch.recurseSubmodules": "true", "diff.ignoreSubmodules": "all",
          "extensions.worktreeConfig": "true", "protocol.file.allow": "never"}, ["plain", "with blank"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_users_settings_say_which_submodules_a_slot_has(tmp_path, settings, there):
    """As git would have it (gitsubmodules(7), Active submodules); and the slot is clean whatever they say."""
    nest = Nest(tmp_path, chains=2)
    nest.check_out()
    pool = pool_over(nest)
    path = pool.acquire("w", "--commit", "one")
    gitrepo.write(f"{path}/plain", {"build/o": "warm\n"})
    pool.pool("release", "--name", "w")
    for name in ("name-0", "name-1"):
        git(nest.source, "config", f"submodule.{name}.active", "true")
    for key, value in settings.items():
        git(nest.source, "config", *(["--unset", key] if value is None else [key, value]))
    path = pool.acquire("x", "--commit", "two")
    assert [one for one in submodules.checked_out(path) if one in nest.paths] == there
    assert submodules.findings(path, admin_of(path), "x") == []
    pool.pool("release", "--name", "x")
    for key, value in settings.items():
        git(nest.source, "config", *([key, "true"] if value is None else ["--unset", key]))
    for name in ("name-0", "name-1"):
        git(nest.source, "config", f"submodule.{name}.active", "true")
    held_well(pool.acquire("y", "--commit", "two"), nest, "y", "two")


def copied(path):
    subprocess.run(["cp", "-a", f"{path}/plain", f"{path}/foreign"], check=True)


def separate(path):
    git(path, "init", "-q", "--separate-git-dir", f"{path}/../../separate", "foreign")


@pytest.mark.parametrize("made", [copied, separate])
@pytest.mark.parametrize("verb", ["force", "retire"])
def test_a_directory_whose_git_file_names_no_worktree_of_its_own_is_moved_aside_whole(nest, made, verb):
    pool = pool_over(nest)
    path = pool.acquire("x")
    made(path)
    gitrepo.write(f"{path}/foreign", {"mine": "1\n"})
    if verb == "force":
        assert pool.wt("release", "x", "--force").code == 0
        (row,) = [row for row in pool.rows() if row["path"]]
        assert git(row["path"], "status", "--porcelain") == ""
    else:
        pool.pool("release", "--name", "x")
        assert pool.pool("retire", "--all").code == 0
    (place,) = glob.glob(f"{pool.at}/.meta/kept/*/*/foreign")
    assert os.path.exists(f"{place}/mine")
    assert os.path.exists(f"{place}/.git")


def test_the_worktree_of_a_git_dir_that_knows_it_by_its_place_is_not_moved(nest):
    pool = pool_over(nest)
    path = pool.acquire("x")
    separate(path)
    git(f"{path}/foreign", "config", "core.worktree", f"{path}/foreign")
    gitrepo.write(f"{path}/foreign", {"mine": "1\n"})
    refused = pool.wt("release", "x", "--force")
    assert_refused(refused, 1, "knows it by this place")
    assert os.path.exists(f"{path}/foreign/mine")


# what is opened while the pool mutex is held, by a look at every slot for what dead ones left
_UNDER_THE_MUTEX = """
import sys
from wt.pool import location, reclaim, survey
pool = location.open_pool(*sys.argv[1:3], print)
astray = reclaim.astray_inside(pool)
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "os.scandir", "os.listdir") else None)
assert reclaim.claim(pool, survey.take(pool), besides=set(), astray=astray) == []
print(len(opened), len([path for path in opened if "/modules" in path]))
"""


def test_the_clones_are_not_read_while_the_pool_mutex_is_held(nest):
    """With 16 slots of 20 submodules that took 25 ms of a processor, for everybody."""
    pool = pool_over(nest)
    pool.acquire("x")
    pool.acquire("y")
    argv = [sys.executable, "-c", _UNDER_THE_MUTEX, pool.root, "app"]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(WORKTREE_ROOT=pool.root))
    assert done.returncode == 0, done
    opened, inside = map(int, done.stdout.split())
    assert opened > 2
    assert inside == 0
