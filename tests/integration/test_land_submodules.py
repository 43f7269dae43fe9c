"""Submodules in a land (contract section 12, steps 5, 6, 10, 11 and 12)."""

import glob
import os
import subprocess

import pytest

from tests.integration.test_submodules import admin_of, held_well, kept_of, pool_over
from tests.integration.test_submodules_given_back import INNER, merge_there
from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import FILE_OK


@pytest.fixture
def landing(nest):
    pool = pool_over(nest)
    return pool, pool.acquire("x")


def bump_inner(path, text="mine"):
    """A commit in the nested submodule, recorded in the outer one; the slot has the outer one as changed."""
    gitrepo.commit(f"{path}/{INNER}", {"file": f"{text}\n"}, text)
    git(f"{path}/plain", "commit", "-q", "-am", f"bump for {text}")
    return git(f"{path}/plain", "rev-parse", "HEAD")


def heads(top):
    return {path: git(f"{top}/{path}", "rev-parse", "HEAD") for path in ("plain", INNER, f"{INNER}/le af")}


def recorded(top):
    """What a checkout records at each level, followed down."""
    found, at, commit = {}, top, "HEAD"
    for path in ("plain", "sub/inner", "le af"):
        commit = git(at, "ls-tree", commit, "--", path).split()[2]
        at = f"{at}/{path}"
        found[os.path.relpath(at, top)] = commit
    return found


def assert_settled(nest):
    assert git(nest.source, "status", "--porcelain") == ""
    assert heads(nest.source) == recorded(nest.source)


def test_submodules_whose_pin_moved_are_forwarded_in_the_bases_checkout(nest, landing):
    pool, path = landing
    pin = bump_inner(path)
    done = pool.wt("land", "--name", "x", "bump")
    assert done.code == 0, done
    assert git(nest.source, "log", "-1", "--format=%s") == "bump"
    assert heads(nest.source)["plain"] == pin
    assert_settled(nest)
    assert pool.states() == [("slot-0", "idle", None)]
    held_well(pool.acquire("y"), nest_with(nest), "y", "main")


def nest_with(nest):
    """The pins of main are in the source's own checkout by now: look for them there."""
    for kind, inside in (("outer", "plain"), ("inner", INNER), ("leaf", f"{INNER}/le af")):
        git(nest.url(kind, 0), "fetch", "-q", "--no-recurse-submodules", f"{nest.source}/{inside}", "HEAD")
    return nest


def test_a_branch_in_the_bases_submodule_goes_forward_with_it(nest, landing):
    pool, path = landing
    git(f"{nest.source}/plain", "switch", "-q", "-c", "work")
    pin = bump_inner(path)
    assert pool.wt("land", "--name", "x", "bump").code == 0
    assert git(f"{nest.source}/plain", "symbolic-ref", "--short", "HEAD") == "work"
    assert git(f"{nest.source}/plain", "rev-parse", "work") == pin


def test_a_failure_in_a_submodule_leaves_the_base_unmoved_and_the_others_as_they_were(nest, landing):
    pool, path = landing
    bump_inner(path)
    before = git(nest.source, "rev-parse", "main")
    top = f"{nest.source}/plain"
    gitrepo.write(top, {"untracked in the way": "mine\n"})
    gitrepo.commit(f"{path}/plain", {"untracked in the way": "theirs\n"}, "in the way")
    was = heads(nest.source)
    done = pool.wt("land", "--name", "x", "bump")
    assert done.code == 1
    assert "`plain` cannot be brought" in done.err
    assert git(nest.source, "rev-parse", "main") == before
    assert heads(nest.source) == was
    os.unlink(f"{top}/untracked in the way")
    assert pool.wt("land", "--name", "x").code == 0
    assert_settled(nest)


def test_a_base_that_is_refused_takes_its_submodules_back(nest, landing):
    pool, path = landing
    bump_inner(path)
    gitrepo.write(path, {"new": "theirs\n"})
    was = heads(nest.source)
    gitrepo.write(nest.source, {"new": "in the way\n"})
    done = pool.wt("land", "--name", "x", "--add", "bump")
    assert done.code == 1
    assert heads(nest.source) == was
    assert git(nest.source, "status", "--porcelain") == "?? new"


def test_commits_of_the_users_own_in_the_bases_submodule_are_not_passed_over(nest, landing):
    pool, path = landing
    bump_inner(path)
    mine = gitrepo.commit(f"{nest.source}/plain", {"mine": "1\n"}, "the user's own")
    git(nest.source, "commit", "-q", "-am", "its pin")
    done = pool.wt("land", "--name", "x", "bump")
    assert done.code != 0
    assert git(f"{nest.source}/plain", "rev-parse", "HEAD") == mine


def test_submodules_new_to_the_base_are_cloned_into_its_checkout_from_the_slot(nest, landing):
    pool, path = landing
    git(path, *FILE_OK, "submodule", "--quiet", "add", nest.url("inner", 0), "brought")
    git(f"{path}/brought", *FILE_OK, "submodule", "--quiet", "update", "--init", "--recursive")
    lonely = gitrepo.commit(f"{path}/brought", {"only": "here\n"}, "never pushed")
    done = pool.wt("land", "--name", "x", "--add", "a new one")
    assert done.code == 0, done
    assert git(f"{nest.source}/brought", "rev-parse", "HEAD") == lonely
    assert os.path.exists(f"{nest.source}/brought/le af/file")
    assert git(f"{nest.source}/brought", "remote", "get-url", "origin") == nest.url("inner", 0)
    assert git(nest.source, "status", "--porcelain") == ""


def test_pins_that_the_base_brought_in_are_checked_out_in_the_slot(nest, landing):
    pool, path = landing
    pin = bump_inner(nest.source, "by hand")
    git(nest.source, "commit", "-q", "-am", "on main")
    gitrepo.commit(path, {"one": "1\n"}, "mine")
    done = pool.wt("land", "--name", "x", "--keep")
    assert done.code == 0, done
    assert heads(path)["plain"] == pin
    assert heads(path) == recorded(path)
    assert submodules.findings(path, admin_of(path), "x") == []
    assert_settled(nest)


def test_a_submodule_directory_that_lags_is_brought_up_and_never_reverts_a_bump(nest, landing):
    pool, path = landing
    pin = bump_inner(nest.source, "by hand")
    git(nest.source, "commit", "-q", "-am", "on main")
    git(path, "merge", "-q", "main")  # leaves the directories behind
    gitrepo.write(path, {"README": "changed\n"})
    done = pool.wt("land", "--name", "x", "mine")
    assert done.code == 0, done
    assert recorded(nest.source)["plain"] == pin
    assert_settled(nest)


def test_a_base_whose_submodule_directories_lag_is_brought_up_too(nest, landing):
    pool, path = landing
    bump_inner(path)
    git(f"{nest.source}/plain", "checkout", "-q", "--detach", "HEAD~1")
    assert pool.wt("land", "--name", "x", "bump").code == 0
    assert heads(nest.source)["plain"] == recorded(nest.source)["plain"]


def test_diverged_submodule_directories_are_refused(nest, landing):
    pool, path = landing
    bump_inner(nest.source, "by hand")
    git(nest.source, "commit", "-q", "-am", "on main")
    gitrepo.commit(f"{path}/plain", {"other": "way\n"}, "another way")
    git(path, "merge", "-q", "main")
    before = git(nest.source, "rev-parse", "main")
    done = pool.wt("land", "--name", "x", "mine")
    assert done.code == 1
    assert "have diverged" in done.err
    assert git(nest.source, "rev-parse", "main") == before


def test_changes_inside_a_submodule_are_refused_for_no_commit_of_the_slots_can_have_them(nest, landing):
    pool, path = landing
    gitrepo.write(f"{path}/{INNER}", {"file": "changed\n"})
    done = pool.wt("land", "--name", "x", "message")
    assert done.code == 1
    assert f"1 changed or untracked in {INNER}" in done.err
    assert git(path, "log", "-1", "--format=%s") == "two"


def test_an_operation_in_progress_in_the_bases_submodule_is_refused(nest, landing):
    pool, path = landing
    gitrepo.commit(path, {"one": "1\n"}, "mine")
    merge_there(f"{nest.source}/{INNER}")
    before = git(nest.source, "rev-parse", "main")
    done = pool.wt("land", "--name", "x")
    assert done.code == 1
    hint = "merge --abort"
    assert hint in done.err
    assert git(nest.source, "rev-parse", "main") == before
    (line,) = [line for line in done.err.splitlines() if hint in line]
    assert subprocess.run(["sh", "-c", line.split(": ", 2)[2]], check=False).returncode == 0


def test_nothing_that_was_landed_is_set_aside(nest, landing):
    pool, path = landing
    bump_inner(path)
    done = pool.wt("land", "--name", "x", "bump")
    assert "set aside" not in done.err
    assert kept_of(nest) == {}
    assert pool.pool("retire", "--all").code == 0
    assert kept_of(nest) == {}


WAYS = [(), ("--squash",), ("--rebase",)]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_two_pins_of_which_the_bases_contains_the_slots_are_merged(nest, landing, way):
    """Git could not, for the slot's clone does not have the base's."""
    pool, path = landing
    mine = gitrepo.commit(f"{path}/plain", {"slot": "1\n"}, "the slot's")
    git(path, "commit", "-q", "-am", "the slot's pin")
    gitrepo.commit(path, {"own": "1\n"}, "besides")
    git(f"{nest.source}/plain", "fetch", "-q", "--no-recurse-submodules", f"{path}/plain", mine)
    git(f"{nest.source}/plain", "merge", "-q", "--ff-only", mine)
    newer = gitrepo.commit(f"{nest.source}/plain", {"more": "1\n"}, "more")
    git(nest.source, "commit", "-q", "-am", "the base's pin")
    foreseen = pool.wt("land", "--name", "x", *way, "--dry-run")
    assert (foreseen.code, "conflict" in foreseen.out, "submodule" in foreseen.out) == (0, False, False)
    done = pool.wt("land", "--name", "x", *way)
    assert done.code == 0, done
    assert recorded(nest.source)["plain"] == newer
    assert git(nest.source, "show", "main:own") == "1"
    assert_settled(nest)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_pin_that_both_sides_moved_apart_is_joined_in_the_submodule_and_landed(nest, landing, way):
    pool, path = landing
    mine = gitrepo.commit(f"{path}/plain", {"slot": "1\n"}, "the slot's")
    git(path, "commit", "-q", "-am", "the slot's pin")
    theirs = gitrepo.commit(f"{nest.source}/plain", {"base": "1\n"}, "the base's")
    git(nest.source, "commit", "-q", "-am", "the base's pin")
    before = git(nest.source, "rev-parse", "main")
    foreseen = pool.wt("land", "--name", "x", *way, "--dry-run")
    assert "conflict in plain" in foreseen.out
    stopped = pool.wt("land", "--name", "x", *way)
    assert (stopped.code, git(nest.source, "rev-parse", "main")) == (1, before)
    (hint,) = [line for line in stopped.err.splitlines() if "to join both in the submodule first" in line]
    (go_on,) = [line for line in stopped.err.splitlines() if "to go on, resolve them, then" in line]
    env = {**os.environ, "GIT_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no"}
    assert subprocess.run(["sh", "-c", hint.split(": ", 2)[2]], env=env, capture_output=True).returncode == 0
    steps = go_on.split(": ", 2)[2].removesuffix(" && wt land")
    assert subprocess.run(["sh", "-c", steps], env=env, capture_output=True).returncode == 0
    done = pool.wt("land", "--name", "x")
    assert done.code == 0, done
    joined = recorded(nest.source)["plain"]
    for one in (mine, theirs):
        assert git(f"{nest.source}/plain", "merge-base", "--is-ancestor", one, joined) == ""
    assert_settled(nest)


@pytest.mark.parametrize("way", [("--squash",), ("--rebase",)], ids=str)
def test_pins_of_several_commits_arrive_whatever_the_way(nest, landing, way):
    pool, path = landing
    for text in ("one", "two"):
        bump_inner(path, text)
        git(path, "commit", "-q", "-am", text)
    pin = recorded(path)["plain"]
    git(nest.source, "commit", "-q", "--allow-empty", "-m", "main moves")
    done = pool.wt("land", "--name", "x", *way)
    assert done.code == 0, done
    assert recorded(nest.source)["plain"] == pin
    assert_settled(nest)


@pytest.mark.parametrize("way", [("--keep",), ("--next", "y")], ids=str)
def test_a_slot_that_is_kept_or_handed_on_has_its_submodules_on_its_branch_and_is_green(nest, landing, way):
    pool, path = landing
    pin = bump_inner(path)
    done = pool.wt("land", "--name", "x", *way, "bump")
    assert done.code == 0, done
    (row,) = pool.wt("ls", "--json", "--pool", "app").json
    assert (row["mark"], row["evidence"]["submodules"]) == ("green", [])
    name = "y" if "y" in way else "x"
    path = pool.rows()[0]["path"]
    assert submodules.findings(path, admin_of(path), name) == []
    assert git(f"{path}/plain", "rev-parse", "HEAD") == pin
    assert kept_of(nest) == {}


def test_what_a_base_that_is_checked_out_nowhere_records_stays_to_be_had(nest, landing):
    """Its commits are in the slot's clones alone: neither the slot's retirement nor the end of what is kept may cost them."""
    pool, path = landing
    git(nest.source, "switch", "-q", "-c", "other")
    pin = bump_inner(path)
    inner = git(f"{path}/{INNER}", "rev-parse", "HEAD")
    foreseen = pool.wt("land", "--name", "x", "--dry-run", "bump")
    assert f"record {pin[:12]} for the submodule plain" in foreseen.out
    assert pool.wt("land", "--name", "x", "bump").code == 0
    assert pool.pool("retire", "--all").code == 0
    pool.wt("restore", "--prune", "0d")
    git(f"{nest.source}/.git/worktree-pool/kept.git", "gc", "-q", "--prune=now")
    path = pool.acquire("y")
    assert git(f"{path}/plain", "rev-parse", "HEAD") == pin
    assert git(f"{path}/{INNER}", "rev-parse", "HEAD") == inner


def test_dry_run_speaks_of_pins_and_new_submodules_and_refuses_what_a_land_would(nest, landing):
    pool, path = landing
    git(path, *FILE_OK, "submodule", "--quiet", "add", nest.url("leaf", 0), "brought")
    git(path, "commit", "-q", "-m", "adds")
    pin = bump_inner(path)
    foreseen = pool.wt("land", "--name", "x", "--dry-run", "bump")
    assert foreseen.out.splitlines() == [
        f"commit 1 changed file in {path} as `bump`",
        f"clone the new submodule brought into {nest.source}/brought",
        f"bring the submodule plain to {pin[:12]} in {nest.source}/plain",
        f"move main forward in {nest.source}",
        "recycle slot-0 if nothing is left in it",
    ]
    gitrepo.write(f"{path}/{INNER}", {"file": "changed\n"})
    refused = pool.wt("land", "--name", "x", "--dry-run", "bump")
    assert refused.code == 1
    assert f"1 changed or untracked in {INNER}" in refused.err


def test_a_submodule_whose_repository_is_its_own_directory_is_refused_with_the_way_on(nest, landing):
    pool, path = landing
    gitrepo.make_repo(f"{path}/own")
    git(path, "submodule", "--quiet", "add", "./own", "own")
    git(path, "commit", "-q", "-m", "adds")
    tip = git(f"{path}/own", "rev-parse", "HEAD")
    refused = pool.wt("land", "--name", "x")
    assert refused.code == 1
    (hint,) = [line for line in refused.err.splitlines() if "absorbgitdirs" in line]
    assert subprocess.run(["sh", "-c", hint.split(": ", 2)[2]], capture_output=True).returncode == 0
    done = pool.wt("land", "--name", "x")
    assert done.code == 0, done
    assert git(f"{nest.source}/own", "rev-parse", "HEAD") == tip


def test_force_moves_a_changed_submodule_whose_repository_is_its_own_directory_aside_whole(nest, landing):
    pool, path = landing
    gitrepo.make_repo(f"{path}/own")
    git(path, "submodule", "--quiet", "add", "./own", "own")
    git(path, "commit", "-q", "-m", "adds")
    gitrepo.write(f"{path}/own", {"README": "changed\n"})
    assert pool.wt("release", "x", "--force").code == 0
    (row,) = [row for row in pool.rows() if row["path"]]
    assert git(row["path"], "status", "--porcelain") == ""
    (place,) = glob.glob(f"{pool.at}/.meta/kept/x/*/own")
    assert git(place, "status", "--porcelain") == " M README"
