"""`wt run` under test: whole processes, their rows, and what is left of them."""

import os
import subprocess
import time

import psutil

from tests.support import gitrepo, tool
from tests.support.tool import Pool


def six_commits(tmp_path, repo):
    """Six commits whose file `n` counts from 0, and a pool of three slots."""
    for number in range(6):
        gitrepo.commit(repo, {"n": f"{number}\n"}, f"number {number}")
    return Pool(tmp_path / "root", repo, max_slots=3)


def run(pool, *words, **more):
    return pool.wt("run", *words, **more)


def results(pool, *words, **more):
    """The rows of --json by subject, and the exit code."""
    done = run(pool, "--json", *words, **more)
    assert done.code in (0, 1), done
    return {row["subject"]: row for row in done.json["results"]}, done.code


def outcome(rows):
    return {subject: row["result"] for subject, row in rows.items()}


def idle(pool):
    return [state for _id, state, _name in pool.states() if state != "idle"] == []


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def words(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def is_alive(pid):
    return psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE


def started(pool, *argv, **more):
    env = tool.environment(WORKTREE_ROOT=pool.root)
    return subprocess.Popen(
        tool.argv("wt", "run", *argv), cwd=pool.source, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )  # fmt: skip


def open_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
