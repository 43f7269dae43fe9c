"""WorktreePool, contract section 17: each sentence, in process, with real git and real processes beside it."""

import json
import os
import subprocess
import sys
import threading

import pytest

from tests.support import gitrepo, tool
from tests.support.library import in_another_process, kept, killed, names
from wt import NameHeld, PoolExhausted, WorktreePool
from wt.errors import UsageError, WtError

git = gitrepo.git


@pytest.fixture
def pool(repo):
    with WorktreePool(repo, max_size=2) as made:
        yield made


# Where it is, and what it is made of.


def test_it_needs_no_worktree_root(repo, monkeypatch):
    monkeypatch.delenv("WORKTREE_ROOT", raising=False)
    with WorktreePool(repo) as pool:
        assert pool.acquire("a").parent == pool.pool_dir


def test_pool_dir_is_by_default_the_repositorys_worktrees_beside_it(repo, pool):
    assert str(pool.pool_dir) == f"{repo}.worktrees"
    path = pool.acquire("a")
    assert str(WorktreePool(path).pool_dir) == f"{repo}.worktrees", "from a worktree of it, too"


def test_pool_dir_may_be_any_directory(repo, tmp_path):
    with WorktreePool(repo, tmp_path / "deep er" / "-odd 'name$", max_size=1) as pool:
        assert names(pool.acquire("a")) == [".gitignore", "README"]


@pytest.mark.parametrize("directory", ["inside", "a/b", "."])
def test_pool_dir_in_a_working_tree_is_refused_where_git_does_not_ignore_it(repo, directory):
    """A `git clean` there would take the pool's config away."""
    with pytest.raises(WtError, match="working tree") as caught:
        WorktreePool(repo, os.path.join(repo, directory))
    assert git(repo, "status", "--porcelain") == ""
    if directory != ".":
        command = caught.value.hints[0].partition(": ")[2]
        subprocess.run(command, shell=True, check=True)
        with WorktreePool(repo, os.path.join(repo, directory)) as pool:
            pool.acquire("a")
        git(repo, "clean", "-fdq")
        pool.acquire("b")
        assert git(repo, "status", "--porcelain") == ""


def test_pool_dir_that_is_no_directory_is_refused(repo, tmp_path):
    (tmp_path / "file").write_text("")
    for directory in ("file", "file/x"):
        with pytest.raises(WtError, match="could not be made"):
            WorktreePool(repo, tmp_path / directory)


def test_one_id_in_many_pools_over_one_repository(repo, tmp_path):
    pools = [WorktreePool(repo, tmp_path / str(number)) for number in range(4)]
    assert len({git(pool.acquire("a"), "branch", "--show-current") for pool in pools}) == 4
    for pool in pools:
        pool.release("a")
    assert git(repo, "branch", "--format=%(refname:short)") == "main"


def test_the_slots_are_the_very_same_as_the_commands(repo, tmp_path):
    root = tmp_path / "root"
    with WorktreePool(repo, root / "app", max_size=3) as pool:
        path = pool.acquire("hyp_1")
        env = {"WORKTREE_ROOT": str(root)}
        [row, *_] = tool.run("worktree-pool", "--pool", "app", "ls", env=env).json
        assert (row["name"], row["path"], row["state"], row["layout"]) == (
            "hyp_1",
            str(path),
            "held",
            "stable",
        )
        mine = tool.run("worktree-pool", "--pool", "app", "acquire", "--name", "person", env=env).path
        assert pool.get_stats()["allocated"] == 2
        assert str(pool.acquire("hyp_2")) not in (mine, str(path))
        with pytest.raises(PoolExhausted):
            pool.acquire("hyp_3")


def test_layout_stable_and_recycle_clean(pool):
    path = pool.acquire("a")
    text = (pool.pool_dir / ".meta" / "config.yaml").read_text()
    assert "layout: stable\n" in text
    assert "recycle: clean\n" in text
    assert path.name == "slot-0"


def test_a_pool_over_another_repository_is_refused(pool, tmp_path):
    other = gitrepo.make_repo(tmp_path / "other")
    with pytest.raises(WtError, match="is a pool over"):
        WorktreePool(other, pool.pool_dir)


def test_what_is_no_repository_is_refused_and_nothing_is_made(tmp_path):
    (tmp_path / "plain").mkdir()
    with pytest.raises(WtError, match="no git repository"):
        WorktreePool(tmp_path / "plain")
    assert names(tmp_path / "plain") == []
    assert not (tmp_path / "plain.worktrees").exists()


def test_a_detached_head_without_any_branch_serves(repo):
    git(repo, "switch", "-q", "--detach")
    git(repo, "branch", "-D", "main")
    with WorktreePool(repo) as pool:
        assert git(pool.acquire("a"), "rev-parse", "HEAD") == git(repo, "rev-parse", "HEAD")


# acquire: the state diagram.


def test_empty_then_create(pool):
    assert pool.get_stats() == {
        "total": 0,
        "available": 0,
        "allocated": 0,
        "max_size": 2,
        "created": 0,
        "reused": 0,
    }
    path = pool.acquire("hyp_1")
    assert names(path) == [".gitignore", "README"]
    assert pool.get_stats() == {
        "total": 1,
        "available": 0,
        "allocated": 1,
        "max_size": 2,
        "created": 1,
        "reused": 0,
    }


def test_a_free_slot_before_a_new_one(pool):
    first = pool.acquire("a")
    pool.release("a")
    assert pool.acquire("b") == first
    assert pool.get_stats() == {
        "total": 1,
        "available": 0,
        "allocated": 1,
        "max_size": 2,
        "created": 1,
        "reused": 1,
    }


def test_exhausted_is_a_runtime_error_and_names_who_holds(pool):
    pool.acquire("a")
    pool.acquire("a b")
    with pytest.raises(RuntimeError) as caught:
        pool.acquire("c")
    assert isinstance(caught.value, PoolExhausted)
    assert f"slot-1  held  for `a b`, by process {os.getpid()}" in caught.value.details
    assert pool.get_stats()["total"] == 2


def test_it_shows_what_it_is(pool):
    assert (
        repr(pool)
        == f"WorktreePool({str(pool.base_repo)!r}, {str(pool.pool_dir)!r}, max_size={pool.max_size})"
    )


def test_wait_waits_for_a_release(repo):
    with WorktreePool(repo, max_size=1) as pool:
        pool.acquire("a")
        waiting = threading.Thread(target=lambda: pool.acquire("b", wait=60))
        waiting.start()
        pool.release("a")
        waiting.join(60)
        assert not waiting.is_alive()
        assert pool.get_stats()["allocated"] == 1


def test_the_slot_is_reset_first_and_a_tests_debris_is_discarded(pool, repo):
    path = pool.acquire("a")
    gitrepo.write(path, {"README": "changed\n", "junk": "1\n", "deep/junk": "2\n", "build/cache": "warm\n"})
    git(path, "add", "junk")
    os.unlink(path / ".gitignore")
    gitrepo.make_repo(path / "nested")
    git(path, "update-index", "--skip-worktree", "README")
    pool.release("a")
    again = pool.acquire("b")
    assert again == path
    assert names(path) == [".gitignore", "README", "build"]
    assert (path / "README").read_text() == "hello\n"
    assert (path / "build" / "cache").read_text() == "warm\n"
    assert git(path, "status", "--porcelain") == ""
    assert kept(repo) == []


def test_an_operation_that_a_test_left_is_over(pool, repo):
    path = pool.acquire("a")
    git(path, "switch", "-q", "-c", "side")
    gitrepo.commit(path, {"README": "side\n"})
    git(path, "switch", "-q", "a")
    gitrepo.commit(path, {"README": "mine\n"})
    assert subprocess.run(["git", "-C", path, "merge", "-q", "side"], capture_output=True).returncode == 1
    pool.release("a")
    path = pool.acquire("b")
    assert git(path, "status", "--porcelain=v2", "--branch").splitlines()[1] == "# branch.head b"
    assert not os.path.exists(git(path, "rev-parse", "--git-path", "MERGE_HEAD"))
    assert "side" in git(repo, "branch", "--format=%(refname:short)").split()


def test_commits_of_a_test_are_kept(pool, repo):
    path = pool.acquire("a")
    made = gitrepo.commit(path, {"x": "1\n"})
    pool.release("a")
    assert [git(repo, "rev-parse", ref) for ref in kept(repo)] == [made]


def test_what_somebody_changed_in_an_idle_slot_is_set_aside_not_discarded(pool, repo):
    path = pool.acquire("a")
    pool.release("a")
    gitrepo.write(path, {"README": "somebody's\n", "notes": "somebody's\n"})
    assert names(pool.acquire("b")) == [".gitignore", "README"]
    [ref] = kept(repo)
    assert git(repo, "show", f"{ref}:README") == "somebody's"
    assert git(repo, "show", f"{ref}^3:notes") == "somebody's"


@pytest.mark.parametrize("damage", ["index", "undeletable"])
def test_reset_fails_then_recreate(pool, repo, damage):
    path = pool.acquire("a")
    admin = git(path, "rev-parse", "--git-dir")
    if damage == "index":
        with open(f"{admin}/index", "wb") as file:
            file.write(b"garbage")
    else:
        gitrepo.write(path, {"README": "x\n"})
        os.mkdir(f"{admin}/index.lock")
    pool.release("a")
    again = pool.acquire("b")
    assert names(again) == [".gitignore", "README"]
    assert git(again, "status", "--porcelain") == ""
    assert pool.get_stats() == {
        "total": 1,
        "available": 0,
        "allocated": 1,
        "max_size": 2,
        "created": 2,
        "reused": 0,
    }


def test_an_idle_slot_that_cannot_be_reset_is_moved_away_whole_and_made_anew(pool, caplog):
    path = pool.acquire("a")
    admin = git(path, "rev-parse", "--git-dir")
    pool.release("a")
    gitrepo.write(path, {"notes": "somebody's\n"})
    with open(f"{admin}/index", "wb") as file:
        file.write(b"garbage")
    assert names(pool.acquire("b")) == [".gitignore", "README"]
    [aside] = (pool.pool_dir / ".meta" / "kept").iterdir()
    assert (aside / "files" / "notes").read_text() == "somebody's\n"
    assert "could not be brought up" in caplog.text
    assert pool.get_stats()["created"] == 2


def test_a_test_that_removes_its_worktree_costs_no_slot(pool):
    for number in range(3):
        path = pool.acquire(f"n{number}")
        subprocess.run(["rm", "-rf", path], check=True)
        pool.release(f"n{number}")
    assert pool.get_stats()["total"] == 0
    assert names(pool.acquire("x")) == [".gitignore", "README"]


# What a user can do to a worktree, as a user: root may do everything, whatever the modes say.
TAKES_ACCESS_AWAY = """
import os, sys
from wt import WorktreePool
with WorktreePool(sys.argv[1], max_size=1) as pool:
    for take in (lambda path: os.chmod(path / "d", 0o555), lambda path: (os.chmod(path / "d", 0), os.chmod(path, 0))):
        path = pool.acquire("a")
        (path / "build").mkdir(exist_ok=True)
        (path / "d").mkdir()
        (path / "d" / "f").write_text("debris")
        take(path)
        pool.release("a")
        print(sorted(os.listdir(pool.acquire("b"))), pool.get_stats()["total"])
        pool.release("b")
"""


def test_a_test_that_takes_access_away_from_its_worktree_costs_no_slot(repo):
    argv = [*tool.MODES_BIND, sys.executable, "-c", TAKES_ACCESS_AWAY, repo]
    done = subprocess.run(argv, env=tool.environment(), capture_output=True, text=True, timeout=100)
    clean = "['.git', '.gitignore', 'README'{}] 1\n"
    warm = clean.format(", 'build'")
    assert (done.stdout, done.stderr) == (warm + clean.format(""), ""), (
        "warm where git can be helped, else anew"
    )


def test_a_test_that_removes_its_git_link_harms_nobody(repo):
    """Git, asked there, would find the repository around the pool."""
    gitrepo.write(repo, {"mine": "untracked\n", "README": "changed\n", ".git/info/exclude": "inside/\n"})
    with WorktreePool(repo, os.path.join(repo, "inside"), max_size=1) as pool:
        path = pool.acquire("a")
        os.unlink(path / ".git")
        gitrepo.write(path, {"junk": "1\n"})
        pool.release("a")
        assert names(pool.acquire("b")) == [".gitignore", "README"]
    with open(f"{repo}/mine", encoding="utf-8") as mine, open(f"{repo}/README", encoding="utf-8") as readme:
        assert (mine.read(), readme.read()) == ("untracked\n", "changed\n")


def test_an_idle_slot_that_lost_its_link_gets_it_back(pool, repo):
    path = pool.acquire("a")
    pool.release("a")
    os.unlink(path / ".git")
    gitrepo.write(path, {"notes": "somebody's\n"})
    assert [pool.acquire("b"), pool.acquire("c")][0].exists()
    assert pool.get_stats()["total"] == 2
    assert len(kept(repo)) == 1


def test_ref_is_what_the_files_are_at(pool, repo):
    first = git(repo, "rev-parse", "HEAD")
    gitrepo.commit(repo, {"new": "1\n"})
    assert names(pool.acquire("a")) == [".gitignore", "README", "new"], "the HEAD of base_repo"
    assert names(pool.acquire("b", first)) == [".gitignore", "README"]
    with pytest.raises(UsageError, match="names no commit"):
        pool.acquire("c", "nonsense")


# Ids.


def test_the_same_id_from_the_same_object_is_the_same_path_untouched(pool):
    path = pool.acquire("a")
    gitrepo.write(path, {"work": "1\n"})
    assert pool.acquire("a") == path
    assert (path / "work").exists()
    assert pool.get_stats()["allocated"] == 1


def test_the_same_id_from_many_threads_at_once_is_one_slot(pool):
    found = []
    barrier = threading.Barrier(8)

    def one():
        barrier.wait()
        found.append(pool.acquire("a"))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_id_of_another_live_process_is_name_held(pool, repo):
    process = in_another_process(repo, "print(pool.acquire('a'))")
    path = process.stdout.readline().strip()
    with pytest.raises(NameHeld, match=f"process {process.pid}"):
        pool.acquire("a")
    with pytest.raises(NameHeld):
        pool.release("a")
    killed(process)
    assert str(pool.acquire("a")) == path, "after its holder's process is gone, the same path"


def test_an_id_of_another_object_of_this_process_is_name_held(pool, repo):
    pool.acquire("a")
    with pytest.raises(NameHeld, match="another pool object"):
        WorktreePool(repo).acquire("a")


@pytest.mark.parametrize("wanted", ["hyp_1", "a", "fix-7.b"])
def test_a_plain_id_is_the_name_of_directory_and_branch(pool, wanted):
    path = pool.acquire(wanted)
    assert os.path.realpath(pool.pool_dir / wanted) == str(path)
    assert git(path, "branch", "--show-current") == wanted


ODD = ["", " ", "a b", "A", "a/b", "a-b", "\u00e9", "e\u0301", "🦄", "x" * 500, "../up", "-x", "main", "HEAD", "slot-0", "42",
       "line\nbreak", "nul\0", "\udcff", "$(touch p)", "a.lock", "refs/heads/x", ".worktree_pool.json", "%"]  # fmt: skip


def test_ids_are_any_string(repo):
    with WorktreePool(repo, max_size=len(ODD)) as pool:
        paths = {wanted: pool.acquire(wanted) for wanted in ODD}
        assert len(set(paths.values())) == len(ODD)
        assert all(pool.acquire(wanted) == path for wanted, path in paths.items())
        pool.persist_state()
        said = json.loads((pool.pool_dir / ".worktree_pool.json").read_text())
        assert said["allocated_worktrees"] == {wanted: path.name for wanted, path in paths.items()}
        assert all(pool.release(wanted) for wanted in ODD)
    assert git(repo, "branch", "--format=%(refname:short)").split() == ["main"]


def test_an_id_like_a_branch_that_is_somebodys_gets_another_name(pool, repo):
    git(repo, "branch", "fix")
    before = git(repo, "rev-parse", "fix")
    path = pool.acquire("fix")
    assert git(path, "branch", "--show-current").startswith("fix-h")
    assert pool.acquire("fix") == path
    with pytest.raises(NameHeld):
        WorktreePool(repo).acquire("fix")
    pool.release("fix")
    assert git(repo, "rev-parse", "fix") == before


def test_what_is_no_string_is_a_type_error(pool):
    with pytest.raises(TypeError):
        pool.acquire(1)


def test_release_of_what_is_not_held_is_no_error(pool):
    assert pool.release("never") is False
    pool.acquire("a")
    assert pool.release("a") is True
    assert pool.release("a") is False


def test_a_slot_that_a_person_released_is_not_ours_any_more(repo, tmp_path):
    with WorktreePool(repo, tmp_path / "root" / "app", max_size=1) as pool:
        pool.acquire("a")
        env = {"WORKTREE_ROOT": str(tmp_path / "root")}
        assert tool.run("worktree-pool", "--pool", "app", "release", "--name", "a", env=env).code == 0
        mine = tool.run("worktree-pool", "--pool", "app", "acquire", "--name", "b", env=env).path
        gitrepo.write(mine, {"work": "a person's\n"})
        assert pool.release("a") is False
        with pytest.raises(PoolExhausted):
            pool.acquire("a")
        assert names(mine) == [".gitignore", "README", "work"]


# Size.


def test_expand_pool_makes_idle_slots_up_to_max_size(repo):
    with WorktreePool(repo, max_size=3) as pool:
        assert pool.expand_pool(2) == 2
        assert pool.get_stats() == {
            "total": 2,
            "available": 2,
            "allocated": 0,
            "max_size": 3,
            "created": 2,
            "reused": 0,
        }
        assert pool.expand_pool(5) == 1
        assert names(pool.pool_dir / "slot-2") == [".gitignore", "README"]
        pool.acquire("a")
        assert pool.get_stats()["reused"] == 1


def test_shrink_pool_removes_idle_ones_alone(repo):
    with WorktreePool(repo, max_size=4) as pool:
        pool.expand_pool(4)
        path = pool.acquire("a")
        gitrepo.write(pool.pool_dir / "slot-3", {"notes": "somebody's\n"})
        assert pool.shrink_pool(2) == 2
        assert pool.get_stats()["total"] == 2
        assert pool.shrink_pool(9) == 1
        assert path.exists()
        assert len(git(repo, "worktree", "list").splitlines()) == 2
        [ref] = kept(repo)
        assert git(repo, "show", f"{ref}^3:notes") == "somebody's"


def test_cleanup_all_leaves_what_others_hold(pool, repo):
    process = in_another_process(repo, "print(pool.acquire('theirs'))")
    theirs = process.stdout.readline().strip()
    pool.acquire("mine")
    pool.cleanup_all()
    assert pool.get_stats()["total"] == 1
    assert os.path.isfile(f"{theirs}/README")
    killed(process)
    pool.load_state()
    pool.cleanup_all()
    assert pool.get_stats()["total"] == 0
    assert git(repo, "worktree", "list").splitlines() == [git(repo, "worktree", "list")]
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
