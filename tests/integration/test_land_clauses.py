"""Clauses of contract section 12 that no other test of land would miss, in their order."""

import fcntl
import os
import shutil

import pytest

from tests.support import gitrepo
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def tip(repo, ref="HEAD"):
    return git(repo, "rev-parse", ref)


def parents(repo, ref="HEAD"):
    return git(repo, "log", "-1", "--format=%P", ref).split()


def landed(pool, *args, **more):
    done = pool.wt("land", "--name", "x", *args, **more)
    assert done.code == 0, done
    return done


def diverged(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"one": "1\n"}, "One")
    gitrepo.commit(pool.source, {"two": "2\n"}, "Two")
    return path


def gate(home, text):
    """The user's own hooks need no approval."""
    gitrepo.write(home, {".config/wt/hooks.sh": f"wt_pre_land() {{ {text}; }}\n"})


def test_0_nothing_is_fetched_and_nothing_is_pushed(both, tmp_path):
    """Neither where the base has an upstream, nor by what the user set for pushes and pulls."""
    git(both.source, "clone", "-q", "--bare", both.source, tmp_path / "origin.git")
    git(both.source, "remote", "add", "origin", tmp_path / "origin.git")
    git(both.source, "fetch", "-q")
    git(both.source, "branch", "-q", "-u", "origin/main")
    for key, value in {"push.default": "current", "push.autoSetupRemote": "true", "pull.rebase": "true", "fetch.prune": "true",
                       "remote.origin.tagOpt": "--tags"}.items():  # fmt: skip
        git(both.source, "config", key, value)
    diverged(both)
    os.rename(tmp_path / "origin.git", tmp_path / "away.git")  # whoever talks to it fails
    trace = tmp_path / "trace"
    landed(both, env={"GIT_TRACE": str(trace)})
    verbs = {
        word
        for line in trace.read_text().splitlines()
        if "built-in: git" in line
        for word in line.split("built-in: git ")[1].split()
    }
    assert "merge" in verbs
    assert not verbs & {"fetch", "push", "pull", "ls-remote", "fetch-pack", "send-pack", "remote"}
    assert tip(tmp_path / "away.git", "main") == tip(both.source, "main~1^{/first}")


def test_2_what_has_landed_does_not_wait_for_the_land_lock(both):
    both.acquire("x")
    os.makedirs(f"{both.source}/.git/worktree-pool", exist_ok=True)
    with open(f"{both.source}/.git/worktree-pool/land.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = landed(both)
    assert "nothing to land: main has all of x already." in done.err
    assert both.states() == [("slot-0", "idle", None)]


def test_2_a_message_asks_for_a_land_even_where_nothing_is_changed(both):
    both.acquire("x")
    before = tip(both.source)
    landed(both, "words")
    assert tip(both.source) == before
    assert both.states() == [("slot-0", "idle", None)]


def test_5_untracked_files_at_the_base_stay_as_they_are(both):
    diverged(both)
    gitrepo.write(both.source, {"loose": "mine\n", "build/cache": "warm\n"})
    landed(both)
    assert file_bytes(f"{both.source}/loose") == b"mine\n"
    assert git(both.source, "status", "--porcelain") == "?? loose"


@pytest.mark.parametrize("subject", ["Merge branch 'main' into x", "Merge commit 'abc'", "Bring main in"])
def test_8_a_merge_however_it_came_about_gets_the_base_for_its_first_parent(both, subject):
    path = diverged(both)
    mine = tip(path)
    git(path, "merge", "-q", "--no-ff", "-m", f"{subject}\n\nBecause.", "main")
    before = git(path, "log", "-1", "--format=%T|%an|%ae|%ad|%cn|%ce|%cd")
    theirs = tip(both.source)
    landed(both)
    assert parents(both.source) == [theirs, mine]
    wanted = "Merge x into main" if subject.startswith("Merge") else subject
    assert git(both.source, "log", "-1", "--format=%B").strip() == f"{wanted}\n\nBecause."
    assert git(both.source, "log", "-1", "--format=%T|%an|%ae|%ad|%cn|%ce|%cd") == before


def octopus(path):
    git(path, "branch", "other", "main~1")
    git(path, "switch", "-q", "other")
    gitrepo.commit(path, {"three": "3\n"}, "Three")
    git(path, "switch", "-q", "x")
    git(path, "merge", "-q", "main", "other")


def base_first(path):
    mine = tip(path)
    git(path, "reset", "-q", "--hard", "main")
    git(path, "merge", "-q", "--no-ff", "-m", "As it is", mine)


def of_something_else(path):
    git(path, "merge", "-q", "main")
    git(path, "branch", "other", "main~1")
    git(path, "switch", "-q", "other")
    gitrepo.commit(path, {"three": "3\n"}, "Three")
    git(path, "switch", "-q", "x")
    git(path, "merge", "-q", "other")


@pytest.mark.parametrize("made", [octopus, base_first, of_something_else])
def test_8_any_other_merge_is_fast_forwarded_to_as_it_is(both, made):
    path = diverged(both)
    made(path)
    head = tip(path)
    landed(both)
    assert tip(both.source) == head
    assert git(both.source, "for-each-ref", "refs/wt/kept") == ""


def test_9_a_base_that_keeps_moving_is_looked_at_three_times_more(both, home, tmp_path):
    diverged(both)
    log = tmp_path / "log"
    moving = f"echo once >>{log}; git -C {both.source} commit -q --allow-empty -m moved"
    gate(home, moving)
    done = both.wt("land", "--name", "x")
    assert done.code == 1, done
    assert "`main` kept moving; it was not landed on." in done.err
    assert "to try again: wt land --name x\n" in done.err
    assert log.read_text() == "once\n" * 4
    names = git(both.source, "ls-tree", "--name-only", "main").split()
    assert "one" not in names
    assert both.states() == [("slot-0", "held", "x")]
    gate(home, ":")
    landed(both)
    assert git(both.source, "log", "--first-parent", "--format=%s").splitlines()[:2] == [
        "Merge x into main",
        "moved",
    ]
    assert both.states() == [("slot-0", "idle", None)]


def test_13_a_slot_that_is_not_green_is_kept_with_exit_0(both):
    path = diverged(both)
    gitrepo.write(path, {"README": "changed\n"})
    git(path, "update-index", "--skip-worktree", "README")
    done = landed(both)
    assert "landed on main: 2 commits" in done.err
    assert "slot-0 stays with x: " in done.err
    assert file_bytes(f"{path}/README") == b"changed\n"


def test_a_slot_whose_directory_is_gone_is_refused(both):
    path = diverged(both)
    shutil.rmtree(path)
    before = everything(both.root, both.source)
    done = both.wt("land", "--name", "x")
    assert done.code == 1
    assert "cannot be landed" in done.err
    assert everything(both.root, both.source) == before
