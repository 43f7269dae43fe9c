"""WorktreePool, contract section 17: its state file, its `with`, and what becomes of a process that dies."""

import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from tests.support import gitrepo, tool
from tests.support.library import in_another_process, kept, killed, names
from wt import NameHeld, PoolExhausted, WorktreePool

git = gitrepo.git


@pytest.fixture
def pool(repo):
    with WorktreePool(repo, max_size=2) as made:
        yield made


# State.


def test_persist_state_writes_the_given_form(pool, repo):
    pool.expand_pool(2)
    pool.acquire("hyp 1")
    pool.persist_state()
    assert json.loads((pool.pool_dir / ".worktree_pool.json").read_text()) == {
        "pool_dir": f"{repo}.worktrees",
        "base_repo": repo,
        "max_size": 2,
        "available_worktrees": ["slot-1"],
        "allocated_worktrees": {"hyp 1": "slot-0"},
        "total_worktrees": 2,
    }


STATES = {
    "damaged": ("{", "is damaged"),
    "no object": ("[]", "is not a pool's state"),
    "wrong types": ('{"available_worktrees": [1], "allocated_worktrees": {}}', "is not a pool's state"),
    "foreign-named": (
        json.dumps({"available_worktrees": ["pool-wt-000"], "allocated_worktrees": {"hyp_1": "pool-wt-001"}}),
        "names pool-wt-000, pool-wt-001, which this pool's slots are not called",
    ),
    "stale": ('{"available_worktrees": ["slot-7"], "allocated_worktrees": {}}', "is stale"),
}


@pytest.mark.parametrize("case", STATES)
def test_load_state_reconciles_with_the_disk_and_says_so(pool, case, caplog):
    caplog.set_level(logging.INFO, "wt")
    text, sentence = STATES[case]
    pool.expand_pool(1)
    path = pool.pool_dir / ".worktree_pool.json"
    path.write_text(text)
    [said] = pool.load_state()
    assert sentence in said
    assert "the pool has slot-0 idle and none held" in said
    [level] = [one.levelno for one in caplog.records if one.getMessage() == said]
    assert level == (logging.INFO if case == "stale" else logging.WARNING), "others at work are no fault"
    assert json.loads(path.read_text())["available_worktrees"] == ["slot-0"]
    assert pool.load_state() == []


def test_load_state_leaves_another_tools_worktrees_alone(pool, repo):
    git(repo, "worktree", "add", "-q", "--detach", str(pool.pool_dir / "pool-wt-000"))
    (pool.pool_dir / ".worktree_pool.json").write_text(STATES["foreign-named"][0])
    pool.load_state()
    assert pool.get_stats()["total"] == 0
    assert names(pool.pool_dir / "pool-wt-000") == [".gitignore", "README"]


def test_auto_load_false_leaves_the_file_as_it_is(pool):
    path = pool.pool_dir / ".worktree_pool.json"
    path.write_text("{")
    WorktreePool(pool.base_repo, auto_load=False)
    assert path.read_text() == "{"
    WorktreePool(pool.base_repo)
    assert path.read_text() != "{"


def test_the_slots_of_a_killed_process_are_back_at_the_next_start(repo, caplog):
    caplog.set_level(logging.WARNING)
    process = in_another_process(
        repo,
        "a = pool.acquire('a')",
        "pool.acquire('b')",
        "pool.persist_state()",
        "(a / 'junk').write_text('1')",
    )
    process.stdout.readline()
    killed(process)
    with WorktreePool(repo, max_size=2) as pool:
        assert pool.get_stats()["available"] == 2
        assert f"slot-0 was held for `a` by process {process.pid}, which is gone" in caplog.text
        said = json.loads((pool.pool_dir / ".worktree_pool.json").read_text())
        assert said["allocated_worktrees"] == {}
        assert names(pool.acquire("a")) == [".gitignore", "README"]
    assert kept(repo) == []


def test_an_id_of_a_killed_process_gets_the_same_path(repo):
    process = in_another_process(repo, "pool.acquire('a')", "print(pool.acquire('b'), end='')")
    path = process.stdout.readline().strip()
    killed(process)
    with WorktreePool(repo, max_size=2) as pool:
        assert str(pool.acquire("b")) == path
        assert str(pool.acquire("a")) != path


def test_without_a_start_an_acquire_takes_a_killed_processes_slots(repo):
    pool = WorktreePool(repo, max_size=2, auto_load=False)
    process = in_another_process(repo, "pool.acquire('a')", "pool.acquire('b')")
    process.stdout.readline()
    with pytest.raises(PoolExhausted):
        pool.acquire("c")
    killed(process)
    with pool:
        assert pool.acquire("c").exists()


def test_what_a_person_holds_is_not_taken_back(repo, tmp_path):
    with WorktreePool(repo, tmp_path / "root" / "app", max_size=1) as pool:
        env = {"WORKTREE_ROOT": str(tmp_path / "root")}
        tool.run("worktree-pool", "--pool", "app", "acquire", "--name", "person", env=env)
        pool.load_state()
        with pytest.raises(PoolExhausted):
            pool.acquire("a")


# With.


def test_leaving_the_with_releases_and_persists_on_an_exception_too(repo):
    pool = WorktreePool(repo)

    def fails():
        with pool:
            pool.acquire("a")
            pool.acquire("b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert pool.get_stats()["allocated"] == 0
    said = json.loads((pool.pool_dir / ".worktree_pool.json").read_text())
    assert said["available_worktrees"] == ["slot-0", "slot-1"]
    assert os.listdir(pool.pool_dir / ".meta" / "holders") == []


def test_leaving_the_with_leaves_what_others_hold(pool, repo):
    path = pool.acquire("a")
    with WorktreePool(repo, max_size=2) as other:
        other.acquire("b")
    assert pool.get_stats()["allocated"] == 1
    assert pool.acquire("a") == path


# Processes.


def _in_child(pool, said):
    try:
        pool.acquire("a")
        said.put("had it")
    except NameHeld:
        said.put("held")
    with pool:
        said.put(pool.acquire("b").name)


def test_a_forked_child_is_another_process(pool):
    fork = multiprocessing.get_context("fork")
    pool.acquire("a")
    said = fork.Queue()
    child = fork.Process(target=_in_child, args=(pool, said))
    child.start()
    assert [said.get(timeout=60), said.get(timeout=60)] == ["held", "slot-1"]
    child.join()
    assert pool.get_stats()["allocated"] == 1
    assert pool.acquire("a").name == "slot-0"


def test_a_child_that_outlives_its_killed_parent_does_not_keep_the_slots(repo):
    process = in_another_process(
        repo,
        "pool.acquire('a')",
        "child = os.fork()",
        "child or (print(os.getpid(), flush=True), time.sleep(600))",
    )
    child = next(int(line) for line in process.stdout if line.strip())
    killed(process)
    try:
        with WorktreePool(repo, max_size=2) as pool:
            assert pool.get_stats()["allocated"] == 0
    finally:
        os.kill(child, signal.SIGKILL)


def test_sigchld_ignored_is_refused(repo):
    code = f"import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfrom wt import *\nWorktreePool({repo!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], env=tool.environment(), capture_output=True, text=True
    )
    assert "SIGCHLD is ignored" in done.stderr
    assert not os.path.exists(f"{repo}.worktrees")
