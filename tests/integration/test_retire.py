"""retire and unstick: contract sections 3 and 8."""

import os
import subprocess
import sys

import pytest

from tests.integration.test_primitive import HeldMutex
from tests.support import gitrepo
from tests.support.submodules import Nest
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything

git = gitrepo.git


def kept(source):
    return git(source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()


def idle(pool, *names):
    paths = [pool.acquire(name) for name in names]
    for name in names:
        assert pool.pool("release", "--name", name).code == 0
    return paths


def entries(source):
    place = f"{source}/.git/worktrees"
    return os.listdir(place) if os.path.isdir(place) else []


def slot_path(pool, slot="slot-0"):
    return f"{pool.at}/{slot}"


def test_retire_removes_an_idle_slot_for_good_and_says_what_disk_it_freed(both):
    idle(both, "a")
    gitrepo.write(slot_path(both), {"build/cache": "x" * 100_000})
    done = both.pool("retire", "--slot", "slot-0")
    assert (done.code, done.out) == (0, ""), done
    assert "slot-0 is gone; " in done.err
    assert "kB are free again" in done.err
    assert not os.path.lexists(slot_path(both))
    assert entries(both.source) == []
    assert os.listdir(both.at) == [".meta"]
    assert git(both.source, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert both.states() == []
    assert kept(both.source) == []
    both.acquire("b")
    assert both.states() == [("slot-0", "held", "b")]


def test_retire_of_a_held_slot_is_1_and_touches_nothing(both):
    both.acquire("a")
    before = everything(both.root, both.source)
    assert_refused(both.pool("retire", "--slot", "slot-0"), 1, "slot-0", "`a`", "wt release")
    assert everything(both.root, both.source) == before


def test_retire_of_a_busy_slot_is_3(pool):
    idle(pool, "a")
    with HeldMutex(pool, "slot-0"):
        before = everything(pool.root, pool.source)
        assert_refused(pool.pool("retire", "--slot", "slot-0"), 3, "slot-0", "busy")
        assert_refused(pool.pool("retire", "--all"), 3, "slot-0", "busy")
        assert everything(pool.root, pool.source) == before


def test_retire_of_a_slot_in_which_a_process_stands_is_3(pool):
    idle(pool, "a")
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(
        command, cwd=slot_path(pool), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as standing:
        standing.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        done = pool.pool("retire", "--slot", "slot-0")
        standing.communicate(b"\n")
    assert_refused(done, 3, str(standing.pid))
    assert os.path.isdir(slot_path(pool))
    assert pool.pool("retire", "--slot", "slot-0").code == 0


def test_retire_sets_aside_what_lies_in_an_idle_slot(both):
    idle(both, "a")
    path = slot_path(both)
    tip = gitrepo.commit(path, {"c": "committed\n"})
    gitrepo.write(path, {"README": "changed\n", "new": "new\n", "build/x": "ignored\n"})
    git(path, "add", "README")
    gitrepo.write(path, {"README": "changed again\n"})
    done = both.pool("retire", "--slot", "slot-0")
    assert done.code == 0, done
    assert not os.path.lexists(path)
    refs = kept(both.source)
    assert all(ref.startswith("refs/wt/kept/slot-0/") and ref in done.err for ref in refs)
    (snapshot,) = refs
    assert tip in git(both.source, "rev-list", "--all").split()
    git(both.source, "switch", "-q", "--detach", tip)
    git(both.source, "stash", "apply", "-q", "--index", snapshot)
    with open(f"{both.source}/README", encoding="utf-8") as file:
        assert file.read() == "changed again\n"
    assert git(both.source, "show", ":README") == "changed"
    assert os.path.exists(f"{both.source}/new")
    assert not os.path.exists(f"{both.source}/build")


def test_retire_all_takes_the_idle_ones_and_ends_1_if_any_was_held(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    idle(pool, "a", "b")
    pool.acquire("c")
    assert_refused(pool.pool("retire", "--all"), 1, "`c`")
    assert pool.states() == [("slot-0", "held", "c")]
    assert pool.pool("release", "--name", "c").code == 0
    done = pool.pool("retire", "--all")
    assert (done.code, done.out) == (0, "")
    assert pool.states() == []


def test_retire_of_what_is_not_there_is_success_and_of_no_slot_id_is_not(pool):
    done = pool.pool("retire", "--slot", "slot-1")
    assert (done.code, done.out) == (0, "")
    assert "slot-1 is not there" in done.err
    assert_refused(pool.pool("retire", "--slot", "ios-0"), 1, "ios-0")
    assert_refused(pool.pool("retire"), 2)
    assert_refused(pool.pool("retire", "--slot", "slot-0", "--all"), 2)


def test_retire_drops_a_broken_slot_after_setting_aside_what_its_entry_knows(pool):
    idle(pool, "a")
    path = slot_path(pool)
    tip = gitrepo.commit(path, {"c": "committed\n"})
    gitrepo.write(path, {"README": "staged\n"})
    git(path, "add", "README")
    subprocess.run(["rm", "-rf", path], check=True)
    assert pool.states() == [("slot-0", "broken", None)]
    done = pool.pool("retire", "--slot", "slot-0")
    assert done.code == 0, done
    assert pool.states() == []
    assert tip in git(pool.source, "rev-list", "--all").split()
    assert "staged" in [git(pool.source, "show", f"{ref}:README") for ref in kept(pool.source)]


def test_a_nested_repository_is_moved_to_the_pools_kept_directory(pool):
    idle(pool, "a")
    gitrepo.make_repo(f"{slot_path(pool)}/deep/nested")
    assert pool.pool("retire", "--slot", "slot-0").code == 0
    (ref,) = kept(pool.source)
    place = git(pool.source, "show", f"{ref}^4:nested").split("\0")[0]
    assert place.startswith(f"{pool.at}/.meta/kept/slot-0/")
    assert git(place, "log", "--format=%s") == "first"


def test_a_slot_that_cannot_be_set_aside_is_as_it_was(pool, tmp_path):
    idle(pool, "a")
    other = gitrepo.make_repo(tmp_path / "other")
    git(other, "worktree", "add", "-q", f"{slot_path(pool)}/nested")
    assert_refused(pool.pool("retire", "--slot", "slot-0"), 1, "nested")
    assert pool.states() == [("slot-0", "idle", None)]
    assert os.path.exists(f"{slot_path(pool)}/nested/README")
    assert pool.acquire("b") == f"{pool.at}/b"


def test_wt_retire(both):
    idle(both, "a", "b")
    done = both.wt("retire", "slot-0", "slot-1")
    assert (done.code, done.out) == (0, ""), done
    assert done.err.count("are free again") == 2
    assert both.states() == []
    assert_refused(both.wt("retire"), 2)
    both.acquire("c")
    assert_refused(both.wt("retire", "--all"), 1, "`c`")
    assert_refused(both.wt("retire", "slot-0", "slot-1"), 1, "`c`")


def test_wt_retire_pool_too_leaves_nothing_but_what_was_set_aside(both):
    path = both.acquire("a")
    assert_refused(both.wt("retire", "--pool-too"), 1, "`a`")
    assert os.path.exists(f"{both.at}/.meta/config.yaml")
    gitrepo.commit(path, {"c": "1"})
    both.pool("release", "--name", "a")
    done = both.wt("retire", "--pool-too")
    assert (done.code, done.out) == (0, ""), done
    assert os.listdir(both.root) == []
    assert entries(both.source) == []
    assert len(kept(both.source)) == 1
    assert_refused(both.wt("ls", "--pool", "app"), 1, "init")
    Pool(both.root, both.source)


def test_wt_retire_pool_too_leaves_what_is_not_the_pools_and_a_link_goes(tmp_path, repo):
    (tmp_path / "root").mkdir()
    (tmp_path / "volume").mkdir()
    os.symlink(tmp_path / "volume", tmp_path / "root/app")
    pool = Pool(tmp_path / "root", repo)
    (tmp_path / "volume/mine").mkdir()
    done = pool.wt("retire", "--pool-too")
    assert done.code == 0, done
    assert os.listdir(tmp_path / "volume") == ["mine"]
    os.rmdir(tmp_path / "volume/mine")
    again = Pool(tmp_path / "root", repo)
    assert again.wt("retire", "--pool-too").code == 0
    assert os.listdir(tmp_path / "root") == []


def test_wt_retire_from_inside_sends_the_shell_to_the_source(pool, tmp_path):
    idle(pool, "a")
    directive = tmp_path / "private" / "directive"
    done = pool.wt("retire", "slot-0", cwd=slot_path(pool), env={"WT_DIRECTIVE": str(directive)})
    assert done.code == 0, done
    assert directive.read_text() == pool.source


def test_unstick_says_who_holds_which_mutex_and_holds_none_itself(pool):
    idle(pool, "a")
    before = everything(pool.root, pool.source)
    at = f"{pool.at}/.meta"
    free = pool.pool("unstick")
    assert free.json == {
        "pool_mutex": {"path": f"{at}/pool.lock", "held": False},
        "slots": [{"slot": "slot-0", "path": f"{at}/init/slot-0.lock", "held": False, "holder_pid": None}],
    }
    assert free.out.count("\n") == 1
    assert ", " not in free.out
    with HeldMutex(pool, "slot-0"):
        with open(f"{at}/init/slot-0.lock", "w", encoding="utf-8") as file:
            file.write("pid: 4711\nverb: acquire\n")
        (row,) = pool.pool("unstick", "--slot", "slot-0").json["slots"]
        assert row == {"slot": "slot-0", "path": f"{at}/init/slot-0.lock", "held": True, "holder_pid": 4711}
    assert pool.pool("unstick").json["slots"][0]["holder_pid"] is None
    with open(f"{at}/init/slot-0.lock", "w", encoding="utf-8") as file:
        file.write("")
    assert_refused(pool.pool("unstick", "--slot", "ios-0"), 2)
    assert everything(pool.root, pool.source).keys() == before.keys()


@pytest.fixture
def remote(tmp_path, repo):
    path = str(tmp_path / "remote.git")
    git(repo, "init", "-q", "--bare", "-b", "main", path)
    git(repo, "remote", "add", "origin", path)
    git(repo, "push", "-q", "-u", "origin", "main")
    return path


def branches(remote):
    return git(remote, "for-each-ref", "--format=%(refname:short)", "refs/heads/").split()


def pushed(pool, name="a"):
    path = pool.acquire(name)
    tip = gitrepo.commit(path, {"x": "1"})
    git(path, "push", "-q", "-u", "origin", name)
    return tip


@pytest.mark.parametrize("command", ["worktree-pool", "wt"])
def test_a_branch_on_a_remote_is_deleted_only_with_delete_remote(remote, both, command):
    tips = [pushed(both, name) for name in ("a", "b")]

    def release(name, *options):
        if command == "wt":
            return both.wt("release", name, "--force", *options)
        return both.pool("release", "--name", name, *options)

    assert release("a").code == 0
    assert branches(remote) == ["a", "b", "main"]
    done = release("b", "--delete-remote")
    assert (done.code, done.out) == (0, ""), done
    assert "`b` is deleted on origin" in done.err
    assert branches(remote) == ["a", "main"]
    reachable = git(both.source, "rev-list", "--all").split()
    assert set(tips) <= set(reachable)
    assert both.states() == [("slot-0", "idle", None), ("slot-1", "idle", None)]


def test_a_remote_branch_that_has_more_than_was_fetched_stays(remote, pool, tmp_path):
    pushed(pool)
    git(tmp_path, "clone", "-q", "-b", "a", remote, "other")
    theirs = gitrepo.commit(tmp_path / "other", {"theirs": "1"})
    git(tmp_path / "other", "push", "-q")
    assert_refused(pool.pool("release", "--name", "a", "--delete-remote"), 1, "not deleted", "fetch")
    assert git(remote, "rev-parse", "a") == theirs
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_remote_that_cannot_be_reached_is_1_after_the_slot_is_idle(remote, pool, tmp_path):
    pushed(pool)
    os.rename(remote, tmp_path / "away")
    assert_refused(
        pool.pool("release", "--name", "a", "--delete-remote"), 1, "released", "push origin --delete a"
    )
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_remote_that_does_not_answer_is_left_after_ten_seconds_and_nobody_is_asked(pool, tmp_path):
    silent = tmp_path / "ssh"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    git(pool.source, "remote", "add", "origin", "ssh://nobody@example.invalid/x")
    pool.acquire("a")
    env = {"GIT_SSH_COMMAND": str(silent)}
    done = pool.pool("release", "--name", "a", "--delete-remote", env=env, timeout=40)
    assert_refused(done, 1, "did not answer within 10 s")
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_branch_that_no_remote_has_is_said(remote, pool):
    pool.acquire("a")
    done = pool.pool("release", "--name", "a", "--delete-remote")
    assert done.code == 0, done
    assert "not on origin any more" in done.err
    assert branches(remote) == ["main"]


def test_the_base_that_a_topic_follows_is_never_deleted(remote, pool):
    pool.acquire("a")
    git(pool.source, "branch", "-q", "--set-upstream-to=origin/main", "a")
    assert pool.pool("release", "--name", "a", "--delete-remote").code == 0
    assert branches(remote) == ["main"]


def test_retire_keeps_what_only_a_submodule_has(tmp_path, layout):
    nest = Nest(tmp_path / "nest")
    nest.check_out()
    pool = Pool(tmp_path / "root", nest.source, layout=layout, submodule_mirror_mode="git-modules",
                submodule_mirror_base=nest.source)  # fmt: skip
    path = f"{pool.acquire('a')}/{nest.paths[0]}"
    pool.pool("release", "--name", "a")
    path = f"{slot_path(pool)}/{nest.paths[0]}"
    tips = [gitrepo.commit(path, {"on head": "1\n"})]
    git(path, "switch", "-q", "-c", "mine")
    tips += [gitrepo.commit(path, {"on a branch of its own": "1\n"})]
    git(path, "switch", "-q", "--detach", "HEAD~1")
    gitrepo.write(path, {"stashed": "1\n"})
    git(path, "add", "stashed")
    git(path, "stash", "push", "-q")
    tips += [git(path, "rev-parse", "refs/stash")]
    gitrepo.write(path, {"changed": "uncommitted\n"})
    done = pool.pool("retire", "--slot", "slot-0")
    assert done.code == 0, done
    assert entries(nest.source) == []
    where = f"{nest.source}/.git/worktree-pool/kept.git"
    git(where, "gc", "-q", "--prune=now")
    reachable = git(where, "rev-list", "--all").split()
    assert set(tips) <= set(reachable)
    assert "uncommitted" in [
        line for sha in reachable for line in git(where, "ls-tree", "-r", "--name-only", sha).splitlines()
        if line == "changed" for line in [git(where, "show", f"{sha}:changed")]
    ]  # fmt: skip
