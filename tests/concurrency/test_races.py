"""Real processes, started together, on one pool."""

import glob
import os
import sys
import threading
from pathlib import Path

import pytest

from tests.support import gitrepo, tool
from tests.support.race import Race, race

WORKER = os.path.join(os.path.dirname(__file__), "worker.py")
FILES = {"README": "hello\n", ".gitignore": "build/\n"}


@pytest.fixture
def make_pool(tmp_path):
    def make(source, slots, layout="rename"):
        return tool.Pool(tmp_path / "pools", source, max_slots=slots, layout=layout)

    return make


def names(results):
    return [os.path.basename(result.path) for result in results]


def wide_repo(path, files):
    text = {f"d{number // 50}/f{number}": f"{number}\n" * 20 for number in range(files)}
    return gitrepo.make_repo(path, {**FILES, **text})


@pytest.mark.parametrize("layout", ["rename", "stable"])
def test_16_acquire_at_once_from_a_pool_of_16(make_pool, repo, layout):
    pool = make_pool(repo, 16, layout)
    for _warmth in ("fresh", "warm"):
        results = race(pool, [("worktree-pool", "acquire", "--name", f"n{n}") for n in range(16)])
        assert len(set(names(results))) == 16
        said = [line for result in results for line in result.err.splitlines()]
        # on a busy machine a turn may take the half second after which one is told whose it is
        assert all(line.startswith("waiting for the ") for line in said), results
        rows = pool.rows()
        assert sorted(row["name"] for row in rows) == sorted(f"n{n}" for n in range(16))
        assert len({row["id"] for row in rows}) == 16
        assert all(
            done.code == 0
            for done in race(pool, [("worktree-pool", "release", "--name", f"n{n}") for n in range(16)])
        )


class Materialising:
    """Counts, again and again, how many slots are being filled: with one lock around that, never more than one."""

    def __init__(self, source):
        self._locks, self._over, self.most = (
            f"{source}/.git/worktrees/*/worktree-pool/lock",
            threading.Event(),
            0,
        )
        self._thread = threading.Thread(target=self._look)

    def _look(self):
        while not self._over.wait(0.002):
            now = [_text(path) for path in glob.glob(self._locks)]
            self.most = max(self.most, sum("state: acquiring" in text for text in now))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def _text(path):
    try:
        return Path(path).read_text()
    except FileNotFoundError:
        return ""


def test_16_acquires_of_5000_files_are_not_serialised(make_pool, tmp_path):
    source = wide_repo(tmp_path / "wide", 5000)
    pool = make_pool(source, 16)
    with Materialising(source) as seen:
        results = race(pool, [("worktree-pool", "acquire", "--name", f"n{n}") for n in range(16)])
    assert len(set(names(results))) == 16
    assert {row["state"] for row in pool.rows()} == {"held"}
    print(f"{seen.most} at once")
    assert seen.most > 3


@pytest.mark.parametrize("slots", [1, 3])
def test_16_workers_take_turns_and_none_shares_a_slot(make_pool, repo, slots, rounds):
    pool = make_pool(repo, slots)
    main = tool.argv("worktree-pool")[1]
    argvs = [[sys.executable, WORKER, main, pool.key, f"w{n}", str(rounds)] for n in range(16)]
    results = Race(argvs, tool.environment(WORKTREE_ROOT=pool.root)).go().results(timeout=110)
    assert [(result.code, result.out) for result in results] == [(0, "")] * 16
    assert {row["state"] for row in pool.rows()} <= {"idle", "fresh"}
    assert gitrepo.git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_name_raced_by_8_is_had_by_one(make_pool, repo):
    pool = make_pool(repo, 8)
    for turn in range(3):
        results = race(pool, [("worktree-pool", "acquire", "--name", f"same{turn}")] * 8)
        codes = sorted(result.code for result in results)
        assert codes.count(0) == 1, results
        assert set(codes) <= {0, 3, 6}, results
    assert len([row for row in pool.rows() if row["state"] == "held"]) == 3


def test_a_commit_raced_by_8_with_unique_sha_is_had_by_one(make_pool, repo):
    pool = make_pool(repo, 8)
    for _turn in range(3):
        results = race(
            pool, [("worktree-pool", "acquire", "--name", f"n{n}", "--unique-sha") for n in range(8)]
        )
        assert sorted(result.code for result in results) == [0] + [5] * 7, results
        (held,) = [row["name"] for row in pool.rows() if row["state"] == "held"]
        assert pool.pool("release", "--name", held).code == 0


def test_a_commit_raced_by_8_with_unique_sha_is_had_by_one_across_groups(tmp_path, repo):
    """Half of them do not ask for uniqueness by the branch, but by the commit that it is at."""
    pool = tool.Pool(tmp_path / "pools", repo, max_slots=4, groups="ios,android")
    sha = gitrepo.git(repo, "rev-parse", "HEAD")
    for _turn in range(2):
        results = race(
            pool,
            [
                (
                    "worktree-pool",
                    "acquire",
                    "--name",
                    f"n{n}",
                    "--unique-sha",
                    "--group",
                    group,
                    "--commit",
                    commit,
                )
                for n, (group, commit) in enumerate([("ios", sha), ("android", "main")] * 4)
            ],
        )
        assert sorted(result.code for result in results) == [0] + [5] * 7, results
        (held,) = [row["name"] for row in pool.rows() if row["state"] == "held"]
        assert pool.pool("release", "--name", held).code == 0


@pytest.mark.parametrize("layout", ["rename", "stable"])
def test_who_looks_while_others_take_turns_sees_every_slot_once_and_none_broken(make_pool, repo, layout):
    pool = make_pool(repo, 3, layout)
    main = tool.argv("worktree-pool")[1]
    argvs = [[sys.executable, WORKER, main, pool.key, f"w{n}", "5"] for n in range(4)]
    workers = Race(argvs, tool.environment(WORKTREE_ROOT=pool.root)).go()
    looks = 0
    while any(process.poll() is None for process in workers.processes):
        rows = pool.rows()
        assert sorted(row["id"] for row in rows) == ["slot-0", "slot-1", "slot-2"], rows
        assert {row["state"] for row in rows} <= {"held", "idle", "fresh", "acquiring", "releasing"}, rows
        held = [row["name"] for row in rows if row["state"] == "held"]
        assert len(held) == len(set(held)), rows
        looks += 1
    assert looks
    assert [(result.code, result.out) for result in workers.results()] == [(0, "")] * 4


def test_two_lands_at_once_both_arrive_in_mainline_order(make_pool, repo, rounds):
    pool = make_pool(repo, 2)
    for turn in range(rounds):
        for name in ("a", "b"):
            path = pool.acquire(f"{name}{turn}")
            gitrepo.write(path, {f"{name}{turn}": f"{turn}\n"})
        results = race(
            pool,
            [("wt", "land", "--name", f"{name}{turn}", "--add", f"{name} {turn}") for name in ("a", "b")],
        )
        assert [result.code for result in results] == [0, 0], results
        subjects = gitrepo.git(repo, "log", "--first-parent", "--format=%s", "-2", "main").splitlines()
        first, second = ("a", "b") if subjects[0].startswith(f"Merge b{turn}") else ("b", "a")
        assert subjects == [f"Merge {second}{turn} into main", f"{first} {turn}"]
    assert gitrepo.git(repo, "status", "--porcelain") == ""
    assert len(os.listdir(repo)) == 2 * rounds + 3
    assert gitrepo.git(repo, "fsck", "--no-dangling", "--no-progress") == ""


def test_8_inits_of_one_key_at_once_make_one_pool(tmp_path, repo):
    root = tmp_path / "pools"
    root.mkdir()
    argv = tool.argv("worktree-pool", "--pool", "app", "init", "--source", repo, "--max-slots")
    env = tool.environment(WORKTREE_ROOT=str(root))
    results = Race([[*argv, str(n + 1)] for n in range(8)], env).go().results()
    assert sorted(result.code for result in results) == [0] + [1] * 7
    winner = next(n for n, result in enumerate(results) if result.code == 0)
    assert f"max_slots: {winner + 1}\n" in (root / "app" / ".meta" / "config.yaml").read_text()
    assert all("is initialised already" in result.err for result in results if result.code)
    assert sorted(os.listdir(root / "app" / ".meta")) == ["config.yaml", "init"]
