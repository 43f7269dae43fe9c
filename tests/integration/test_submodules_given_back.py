"""Submodules of slots that people give back, or that go for good: verdict, force, retire, slots that are lost
(contract sections 8, 9, 11 and 13)."""

import os
import shutil
import subprocess

import pytest

from tests.integration.test_submodules import admin_of, held_well, kept_of, pool_over
from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import Nest


@pytest.fixture
def nest(tmp_path):
    """One chain of three, checked out in the source."""
    made = Nest(tmp_path)
    made.check_out()
    return made


def held(nest, **init):
    pool = pool_over(nest, **init)
    return pool, pool.acquire("x")


def judged(pool):
    (row,) = pool.wt("ls", "--json", "--pool", "app").json
    return row


def test_clean_submodules_are_no_reason(nest):
    pool, _path = held(nest)
    row = judged(pool)
    assert (row["mark"], row["reason"], row["evidence"]["submodules"]) == ("green", "clean", [])
    assert pool.wt("release", "x").code == 0


INNER = "plain/sub/inner"


def merge_there(top):
    ours = gitrepo.commit(top, {"file": "ours\n"}, "ours")
    git(top, "switch", "-q", "--detach", "HEAD~1")
    gitrepo.commit(top, {"file": "theirs\n"}, "theirs")
    assert subprocess.run(["git", "-C", top, "merge", "-q", ours], capture_output=True).returncode == 1


def untracked_hidden(top):
    git(top, "config", "status.showUntrackedFiles", "no")
    gitrepo.write(top, {"mine": "1\n"})


def hidden_edit(top):
    git(top, "update-index", "--skip-worktree", "file")
    gitrepo.write(top, {"file": "changed\n"})


@pytest.mark.parametrize(
    ("change", "reason", "inside"),
    [
        (lambda top: gitrepo.write(top, {"file": "changed\n"}), "dirty", "dirty"),
        (lambda top: gitrepo.write(top, {"new": "1\n"}), "dirty", "dirty"),
        (untracked_hidden, "dirty", "dirty"),
        (hidden_edit, "dirty", "dirty"),
        (lambda top: gitrepo.commit(top, {"new": "1\n"}, "mine"), "dirty", "unlanded"),
        (merge_there, "busy", "busy"),
    ],
)
def test_what_stands_in_a_nested_submodule_keeps_the_slot(nest, change, reason, inside):
    pool, path = held(nest)
    change(f"{path}/{INNER}")
    row = judged(pool)
    assert (row["mark"], row["reason"]) == ("yellow", reason)
    assert {"path": INNER, "reason": inside} in row["evidence"]["submodules"]
    refused = pool.wt("release", "x")
    assert refused.code == 1
    assert INNER in refused.err


def test_a_commit_on_a_submodules_branch_that_head_has_left_counts(nest):
    pool, path = held(nest)
    gitrepo.commit(f"{path}/{INNER}", {"new": "1\n"}, "mine")
    git(f"{path}/{INNER}", "switch", "-q", "--detach", "HEAD~1")
    assert judged(pool)["evidence"]["submodules"] == [{"path": INNER, "reason": "unlanded"}]


def test_a_submodule_commit_that_a_landed_pin_holds_is_no_reason(nest):
    pool, path = held(nest)
    gitrepo.commit(f"{path}/plain", {"new": "1\n"}, "mine")
    git(path, "commit", "-q", "-am", "bump")
    assert judged(pool)["reason"] == "unmerged"
    git(nest.source, "merge", "-q", "--ff-only", "x")
    row = judged(pool)
    assert (row["mark"], row["evidence"]["submodules"]) == ("green", [])


def test_release_force_sets_aside_everything_in_submodules_and_leaves_the_slot_clean(nest, layout):
    pool, path = held(nest, layout=layout)
    gitrepo.write(f"{path}/{INNER}", {"file": "changed\n", "u": "untracked\n", "build/o": "warm\n"})
    mine = gitrepo.commit(f"{path}/plain", {"new": "1\n"}, "mine")
    gitrepo.write(f"{path}/{INNER}/le af", {"file": "staged\n"})
    git(f"{path}/{INNER}/le af", "add", "file")
    done = pool.wt("release", "x", "--force")
    assert done.code == 0, done
    (row,) = [row for row in pool.rows() if row["path"]]
    assert submodules.findings(row["path"], admin_of(row["path"]), None) == []
    assert submodules.checked_out(row["path"]) == submodules.wanted(nest.source, "two")
    assert os.path.exists(f"{row['path']}/{INNER}/build/o")
    subjects = list(kept_of(nest).values())
    assert sum(subject.startswith("On x: ") for subject in subjects) >= 2
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    assert git(kept, "cat-file", "-t", mine) == "commit"
    held_well(pool.acquire("y", "--commit", "one"), nest, "y", "one")


def lonely_work(path):
    """Work of every kind, only in the stores; returns the commits that must not be lost."""
    inner = f"{path}/{INNER}"
    made = [gitrepo.commit(inner, {"new": "1\n"}, "on a branch of its own")]
    git(inner, "branch", "own")
    git(inner, "reset", "-q", "--hard", "HEAD~1")
    for number in (1, 2):
        gitrepo.write(inner, {"file": f"stashed {number}\n"})
        git(inner, "stash", "-q")
        made.append(git(inner, "rev-parse", "stash"))
    gitrepo.write(f"{inner}/le af", {"file": "changed\n"})
    return made


def test_retire_sets_aside_what_only_the_stores_have(nest, layout):
    pool, path = held(nest, layout=layout)
    made = lonely_work(path)
    pool.pool("release", "--name", "x")
    admin = admin_of(pool.rows()[0]["path"])
    done = pool.pool("retire", "--slot", "slot-0")
    assert done.code == 0, done
    assert not os.path.exists(admin)
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    git(kept, "gc", "-q", "--prune=now")
    for commit in made:
        assert git(kept, "cat-file", "-t", commit) == "commit"
    assert [
        git(kept, "show", f"{ref}:file")
        for ref in kept_of(nest)
        if "le%20af" in ref or "/the%20inner/the%20inner" in ref
    ] == ["changed"]
    held_well(pool.acquire("y"), nest, "y", "two")


def test_retire_removes_what_was_parked_for_the_slot(nest):
    pool, path = held(nest)
    gitrepo.write(f"{path}/plain", {"build/o": "warm\n"})
    pool.pool("release", "--name", "x")
    pool.acquire("y", "--commit", "four")
    pool.pool("release", "--name", "y")
    (parked,) = os.listdir(f"{pool.at}/.meta/parked")
    assert os.path.exists(f"{pool.at}/.meta/parked/{parked}/build/o")
    assert pool.pool("retire", "--slot", "slot-0").code == 0
    assert not os.path.exists(f"{pool.at}/.meta/parked")


def test_force_of_a_slot_whose_directory_is_gone_keeps_what_its_stores_have(nest):
    pool, path = held(nest)
    made = lonely_work(path)
    gitrepo.write(f"{path}/plain", {"file": "staged\n"})
    git(f"{path}/plain", "add", "file")
    shutil.rmtree(path)
    done = pool.wt("release", "x", "--force")
    assert done.code == 0, done
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    for commit in made:
        assert git(kept, "cat-file", "-t", commit) == "commit"
    assert "staged" in [git(kept, "show", f"{ref}:file") for ref in kept_of(nest) if ref.endswith("/name-0")]


def test_what_is_kept_of_submodules_expires_with_the_rest(nest):
    pool, path = held(nest)
    gitrepo.commit(f"{path}/{INNER}", {"file": "mine\n"}, "mine")
    pool.pool("release", "--name", "x")
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    (ref,) = kept_of(nest)
    old = ref.replace("x/20", "old/19", 1)
    git(kept, "update-ref", old, ref)
    pool.acquire("y")
    done = pool.pool("release", "--name", "y")
    assert "1 of what was set aside in submodules more than 90d ago is dropped." in done.err
    assert ref in kept_of(nest)
    assert old not in kept_of(nest)
