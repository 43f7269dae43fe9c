"""The library's pool, shared by threads and processes at once."""

import json
import os
import sys
import threading

import pytest

from tests.support import gitrepo, tool
from tests.support.race import Race
from wt import WorktreePool

WORKER = os.path.join(os.path.dirname(__file__), "library_worker.py")
SIZE, THREADS, PROCESSES = 4, 32, 8


class Reader(threading.Thread):
    """Reads the state file without a pause; whatever it says must be a whole state."""

    def __init__(self, pool_dir):
        super().__init__(daemon=True)
        self.path, self.stop, self.findings, self.reads = (
            f"{pool_dir}/.worktree_pool.json",
            threading.Event(),
            [],
            0,
        )

    def run(self):
        while not self.stop.wait(0.002):
            try:
                with open(self.path, encoding="utf-8") as file:
                    text = file.read()
            except FileNotFoundError:
                continue
            self.reads += 1
            self.look(text)

    def look(self, text):
        try:
            state = json.loads(text)
        except ValueError:
            self.findings.append(f"not JSON: {text!r}")
            return
        slots = [*state["available_worktrees"], *state["allocated_worktrees"].values()]
        if len(slots) > SIZE or state["total_worktrees"] > SIZE or len(set(slots)) != len(slots):
            self.findings.append(text)


@pytest.mark.timeout(6000)
def test_32_threads_and_8_processes_share_a_pool_of_4(repo, rounds):
    """`just stress-library` runs 2,000 rounds; the ordinary run some of them."""
    each = max(1, rounds)
    argvs = [[sys.executable, WORKER, repo, str(SIZE), str(THREADS), str(each)]]
    argvs += [[sys.executable, WORKER, repo, str(SIZE), "1", str(each)] for _ in range(PROCESSES)]
    reader = Reader(f"{repo}.worktrees")
    reader.start()
    results = Race(argvs, tool.environment()).go().results(timeout=5900)
    reader.stop.set()
    reader.join()
    print(f"{each * (THREADS + PROCESSES)} rounds, {reader.reads} reads of the state file")
    assert [(result.code, result.out, result.err) for result in results] == [(0, "", "")] * len(results)
    assert reader.findings == []
    assert reader.reads > 0
    with WorktreePool(repo, max_size=SIZE) as pool:
        stats = pool.get_stats()
        assert (stats["allocated"], stats["available"]) == (0, stats["total"])
        assert stats["total"] == len(gitrepo.git(repo, "worktree", "list").splitlines()) - 1 <= SIZE
    assert gitrepo.git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert gitrepo.git(repo, "fsck", "--no-dangling", "--no-progress") == ""
