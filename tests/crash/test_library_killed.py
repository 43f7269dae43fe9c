"""SIGKILL at the doors of the library: the next start has every slot back, and the state file is whole."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.library import names
from wt import WorktreePool

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]

# One of everything: made anew, with debris and a commit, a slot that its test has ruined, more, fewer, and the end.
PROGRAM = """
import os, subprocess, sys
from wt import WorktreePool
with WorktreePool(sys.argv[1], max_size=2) as pool:
    path = pool.acquire("an id")
    (path / "README").write_text("changed")
    (path / "junk").write_text("junk")
    subprocess.run(["git", "-C", path, "commit", "-q", "--allow-empty", "-m", "a test's"], check=True)
    pool.release("an id")
    ruined = pool.acquire("ruined")
    subprocess.run(["rm", "-rf", ruined], check=True)
    pool.release("ruined")
    pool.expand_pool(2)
    pool.persist_state()
    pool.shrink_pool(1)
    pool.acquire("last")
"""


HOOKS = "".join(f"{name}() {{ :; }}\n" for name in ("wt_post_acquire", "wt_pre_release", "wt_post_release"))


def made(at):
    """A repository with hooks, which are approved by the environment."""
    repo = gitrepo.make_repo(at)
    hooking.commit(repo, HOOKS)
    return repo


def run(repo, **env):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, repo],
        env=tool.environment(**env),
        capture_output=True,
        text=True,
        timeout=100,
    )


def doors(repo, log):
    """The label of each door, in their order."""
    done = run(repo, WT_DOORS_LOG=str(log))
    assert done.returncode == 0, done
    return re.findall(r"^\d+ (.*)", log.read_text(), re.MULTILINE)


def findings(repo):
    """What is wrong at the next start."""
    found = []
    state = f"{repo}.worktrees/.worktree_pool.json"
    if os.path.exists(state):
        with open(state, encoding="utf-8") as file:
            json.load(file)
    with WorktreePool(repo, max_size=2) as pool:
        stats = pool.get_stats()
        if stats["allocated"] or stats["available"] != stats["total"] or stats["total"] > 2:
            found.append(f"at the start: {stats}")
        for wanted in ("an id", "b"):
            path = pool.acquire(wanted)
            if names(path) != [".gitignore", hooking.NAME, "README"] or gitrepo.git(
                path, "status", "--porcelain"
            ):
                found.append(f"{path}: {names(path)}")
        if pool.get_stats()["total"] != 2:
            found.append(f"two are held: {pool.get_stats()}")
    left = {name for name in os.listdir(f"{repo}.worktrees") if not name.startswith("slot-")}
    if left != {".meta", ".worktree_pool.json"}:
        found.append(f"left over: {left}")
    if gitrepo.git(repo, "branch", "--format=%(refname:short)") != "main":
        found.append(gitrepo.git(repo, "branch"))
    if len(gitrepo.git(repo, "worktree", "list").splitlines()) != 3:
        found.append(gitrepo.git(repo, "worktree", "list"))
    return found + ([] if gitrepo.git(repo, "fsck", "--no-dangling", "--no-progress") == "" else ["fsck"])


# HEAD.lock of a slot whose directory its test has removed
ONCE_FAILED = re.compile(r"created .*/HEAD\.lock$")


def test_killed_and_back(tmp_path, request, monkeypatch):
    monkeypatch.setenv("WT_TRUST", hooking.sha256(HOOKS))
    everything = request.config.option.markexpr == "crash"
    labels = doors(made(tmp_path / "first"), tmp_path / "doors")
    assert len(labels) > 150
    once = [number for number, label in enumerate(labels, 1) if ONCE_FAILED.search(label)]
    assert once, "no point is called so any more: choose its successor"
    points = range(1, len(labels) + 1) if everything else sorted({*range(5, len(labels) + 1, 13), *once})
    wrong = []
    for point in points:
        repo = made(tmp_path / f"r{point}")
        done = run(repo, WT_DOORS_KILL=str(point))
        assert done.returncode == -9, (point, done)
        wrong += [f"door {point}, {labels[point - 1]}: {one}" for one in findings(repo)]
    print(f"{len(points)} of {len(labels)} doors")
    assert not wrong, "\n".join(wrong)
