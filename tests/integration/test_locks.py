"""Contract section 9, the locks themselves: their order, and what keeps a slot's mutex."""

import fcntl
import os
import signal
import subprocess
import time

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool, assert_refused

git = gitrepo.git


def started(pool, *words):
    return subprocess.Popen(
        tool.argv("worktree-pool", "--pool", pool.key, *words), env=tool.environment(WORKTREE_ROOT=pool.root),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def unstick(pool):
    report = pool.pool("unstick").json
    return report["pool_mutex"]["held"], {
        row["slot"]: row["holder_pid"] for row in report["slots"] if row["held"]
    }


@pytest.mark.parametrize("verb", ["acquire", "release"])
def test_nobody_waits_for_the_source_while_the_pool_mutex_is_held(both, verb):
    """Whoever waits for the lock that comes last keeps its own slot, and nothing that others need."""
    both.acquire("a")
    os.makedirs(f"{both.source}/.git/worktree-pool", exist_ok=True)
    with open(f"{both.source}/.git/worktree-pool/source.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = started(both, verb, "--name", "b" if verb == "acquire" else "a")
        assert waiting.stderr.readline().startswith("waiting for the source's refs: ")
        slot = "slot-1" if verb == "acquire" else "slot-0"
        assert unstick(both) == (False, {slot: waiting.pid})
        assert both.pool("release", "--name", "nobody").code == 0
        assert_refused(both.pool("release", "--slot", slot), 3, slot)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, (out, err)


def test_a_branch_that_somebody_makes_after_it_was_looked_for_is_refused_and_left(both):
    os.makedirs(f"{both.source}/.git/worktree-pool", exist_ok=True)
    with open(f"{both.source}/.git/worktree-pool/source.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = started(both, "acquire", "--name", "a")
        assert waiting.stderr.readline().startswith("waiting for the source's refs: ")
        git(both.source, "branch", "a")
    out, err = waiting.communicate(timeout=60)
    assert_refused(tool.Result(waiting.returncode, out, err), 1, "The branch `a` exists already", "--adopt")
    assert both.states() == [("slot-0", "idle", None)]
    assert git(both.source, "rev-parse", "a") == git(both.source, "rev-parse", "main")
    assert both.acquire("a", "--adopt")


def test_a_slots_mutex_outlives_its_killed_holder_while_a_git_of_its_still_writes(tmp_path, repo, layout):
    pool = Pool(tmp_path / "root", repo, max_slots=1, layout=layout)
    fifo, go_on = str(tmp_path / "fifo"), tmp_path / "go on"
    os.mkfifo(fifo)
    gitrepo.commit(repo, {".gitattributes": "*.slow filter=slow\n", "x.slow": "x\n"})
    git(
        repo,
        "config",
        "filter.slow.smudge",
        f"echo there > '{fifo}'; until test -e '{go_on}'; do sleep 0.02; done; cat",
    )
    dying = started(pool, "acquire", "--name", "a")
    with open(fifo, encoding="utf-8") as file:
        assert file.read() == "there\n"
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    assert unstick(pool) == (False, {"slot-0": dying.pid})
    assert pool.states() == [("slot-0", "acquiring", "a")]
    assert pool.pool("release", "--name", "nobody").code == 0  # recovery leaves it
    assert_refused(pool.pool("acquire", "--name", "b", "--no-hooks"), 3)
    assert_refused(pool.pool("release", "--name", "a"), 3)
    go_on.write_text("")
    git(repo, "config", "--unset", "filter.slow.smudge")
    dying.communicate()
    deadline = time.monotonic() + 60
    while unstick(pool)[1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    path = pool.acquire("b")
    assert git(path, "status", "--porcelain") == ""
    assert git(repo, "branch", "--format=%(refname:short)").split() == ["b", "main"]


def test_mutex_files_are_never_unlinked(both):
    def inodes():
        meta = f"{both.at}/.meta"
        paths = [f"{meta}/pool.lock", *(f"{meta}/init/{name}" for name in os.listdir(f"{meta}/init"))]
        return {path: os.stat(path).st_ino for path in paths}

    both.acquire("a")
    before = inodes()
    assert set(before) >= {f"{both.at}/.meta/pool.lock", f"{both.at}/.meta/init/slot-0.lock"}
    both.pool("release", "--name", "a")
    both.pool("retire", "--slot", "slot-0")
    both.wt("doctor", "--fix")
    both.acquire("b")
    assert inodes() == before
