"""Contract section 6: a key that is not initialised, and a pool that is under another root or key."""

import os
import shutil

import pytest

from tests.integration.test_verbs import assert_clear
from tests.support import tool
from tests.support.tool import Pool, run

VERBS = [
    ("ls",),
    ("acquire", "--name", "x"),
    ("release", "--name", "x"),
    ("inspect", "--name", "x"),
    ("path", "--name", "x"),
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_any_verb_on_an_uninitialised_key_prints_the_init_command(tmp_path, repo, verb):
    root = str(tmp_path)
    done = run("worktree-pool", "--pool", "app", *verb, cwd=repo, env={"WORKTREE_ROOT": root})
    assert_clear(done, 1, "`app`", root)
    hint = f"worktree-pool --pool app init --source {repo} --max-slots 16"
    assert f"hint: to make one: {hint}" in done.err.splitlines()
    assert run(*hint.split(), cwd=repo, env={"WORKTREE_ROOT": root}).code == 0


def test_a_url_with_a_token_is_masked(tmp_path):
    done = run("worktree-pool", "--pool", "app", "init", "--source", "https://me:s3cret@example.org/x.git",
               cwd=tmp_path, env={"WORKTREE_ROOT": str(tmp_path)})  # fmt: skip
    assert_clear(done, 1, "https://***@example.org/x.git")
    assert "s3cret" not in done.err


def test_a_key_that_is_nearly_right_names_the_nearest(pool):
    done = run("worktree-pool", "--pool", "aap", "ls", cwd="/", env={"WORKTREE_ROOT": pool.root})
    assert_clear(done, 1, "did you mean: worktree-pool ls --pool app")


def test_slots_under_another_root_are_said_instead(pool, tmp_path):
    pool.acquire("a")
    other = tmp_path / "other root"
    other.mkdir()
    for call in (("worktree-pool", "--pool", "app", "ls"), ("wt", "--pool", "app", "ls"), ("wt", "ls")):
        done = run(*call, cwd=pool.source, env={"WORKTREE_ROOT": str(other)})
        assert_clear(done, 1, "a slot of the pool `app`", pool.at, f"export WORKTREE_ROOT={pool.root}")
        assert "init" not in done.err


def test_slots_under_another_key_are_said_instead(pool):
    pool.acquire("a")
    pool.acquire("b")
    done = run("worktree-pool", "--pool", "xyz", "ls", cwd=pool.source, env={"WORKTREE_ROOT": pool.root})
    assert_clear(done, 1, "2 slots of the pool `app`", "worktree-pool ls --pool app")
    assert "init" not in done.err


def test_a_pool_behind_a_link_of_another_name_is_led_to_by_a_link(tmp_path, repo):
    (tmp_path / "root").mkdir()
    (tmp_path / "volume").mkdir()
    os.symlink(tmp_path / "volume", tmp_path / "root/app")
    pool = Pool(tmp_path / "root", repo)
    pool.acquire("a")
    (tmp_path / "other").mkdir()
    done = run("wt", "--pool", "app", "ls", cwd=repo, env={"WORKTREE_ROOT": str(tmp_path / "other")})
    assert_clear(done, 1, f"ln -s {tmp_path}/volume {tmp_path}/other/app")


def test_slots_of_a_pool_that_is_no_more_do_not_count(pool, tmp_path):
    pool.acquire("a")
    shutil.rmtree(pool.at)
    done = run("wt", "--pool", "app", "ls", cwd=pool.source, env={"WORKTREE_ROOT": pool.root})
    assert_clear(done, 1, "init")


def test_a_pool_is_found_again_after_worktree_root_moved(both, tmp_path):
    kept = both.acquire("a/x")
    both.acquire("b")
    both.pool("release", "--name", "b")
    os.rename(both.root, tmp_path / "moved")
    moved = {"WORKTREE_ROOT": str(tmp_path / "moved")}
    assert run("wt", "ls", "--bare", cwd=both.source, env=moved).out.startswith("a/x")
    path = run("worktree-pool", "--pool", "app", "path", "--name", "a/x", env=moved).path
    assert path == kept.replace(both.root, str(tmp_path / "moved"))
    assert run("wt", "release", "nobody", cwd=both.source, env=moved).code == 1
    for name in ("c", "d"):
        done = run("worktree-pool", "--pool", "app", "acquire", "--name", name, env=moved)
        assert done.code == (0 if name == "c" else 4), done
    rows = run("worktree-pool", "--pool", "app", "ls", "--git-status", env=moved)
    assert rows.code == 0, rows
    assert {row["path"].startswith(str(tmp_path / "moved")) for row in rows.json} == {True}
    assert tool.run("worktree-pool", "--pool", "app", "release", "--name", "a/x", env=moved).code == 0
