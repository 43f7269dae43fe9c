"""Repositories, and files behind hidden bits, in the place of what a commit has: contract sections 7 (step 6) and 13.

Putting a tracked file back, git removes a directory in its place with all that is in it.
"""

import os

import pytest

from tests.integration.test_recovery_table import killed
from tests.support import gitrepo
from tests.support.untouched import file_bytes

git = gitrepo.git


def repository(path):
    """A repository with a commit, a staged and an untracked file; returns the commit."""
    tip = git(gitrepo.make_repo(path, {"precious": "1\n"}), "rev-parse", "HEAD")
    gitrepo.write(path, {"staged": "2\n", "untracked": "3\n"})
    git(path, "add", "staged")
    return tip


def moved_to(pool, name):
    """Where the one repository of a name was moved to."""
    (place,) = [
        f"{directory}/{name}"
        for directory, names, _plain in os.walk(f"{pool.at}/.meta/kept")
        if name in names and os.path.isdir(f"{directory}/{name}/.git")
    ]
    return place


def assert_whole(place, tip):
    assert git(place, "rev-parse", "HEAD") == tip
    assert git(place, "status", "--porcelain") == "A  staged\n?? untracked"


def idle(pool):
    pool.acquire("first")
    assert pool.pool("release", "--name", "first").code == 0
    return f"{pool.at}/slot-0"


@pytest.mark.parametrize(
    ("place", "file"), [("lib", "lib"), ("lib/inner", "lib"), ("build/inner", "build")], ids=str
)
def test_an_untracked_repository_in_the_way_of_the_new_commit_is_moved_to_the_pools_kept_directory(
    both, place, file
):
    tip = repository(f"{idle(both)}/{place}")
    gitrepo.write(both.source, {file: "tracked now\n"})
    git(both.source, "add", "-f", file)
    git(both.source, "commit", "-q", "-m", "in the way")
    done = both.pool("acquire", "--name", "second")
    assert file_bytes(f"{done.path}/{file}") == b"tracked now\n"
    assert git(done.path, "status", "--porcelain") == ""
    assert_whole(moved_to(both, os.path.basename(place)), tip)
    assert "they are set aside: wt restore slot-0@" in done.err
    assert "1 nested" in both.wt("restore").out


@pytest.mark.parametrize("below", ["", "/inner"])
@pytest.mark.parametrize("bit", ["", "--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("verb", ["acquire", "release", "retire"])
def test_a_repository_in_the_place_of_a_tracked_file_is_moved_to_the_pools_kept_directory(
    pool, verb, bit, below
):
    """Of an idle slot by acquire and retire, of a held one by a release by force."""
    top = pool.acquire("first")
    if verb != "release":
        pool.pool("release", "--name", "first")
        top = f"{pool.at}/slot-0"
    if bit:
        git(top, "update-index", bit, "README")
    os.unlink(f"{top}/README")
    tip = repository(f"{top}/README{below}")
    done = {
        "acquire": lambda: pool.pool("acquire", "--name", "second"),
        "release": lambda: pool.wt("release", "first", "--force"),
        "retire": lambda: pool.pool("retire", "--slot", "slot-0"),
    }[verb]()
    assert done.code == 0, done
    assert_whole(moved_to(pool, os.path.basename(f"README{below}")), tip)
    if verb == "acquire":
        assert git(done.path, "status", "--porcelain") == ""
        assert file_bytes(f"{done.path}/README") == b"hello\n"


@pytest.mark.parametrize(
    "door", ["refs/wt/kept", "rename {at}/slot-0/lib", "renamed {at}/slot-0/lib", "checkout -q"]
)
def test_a_kill_around_the_move_leaves_the_repository_at_one_of_the_two_places(both, door):
    tip = repository(f"{idle(both)}/lib")
    gitrepo.commit(both.source, {"lib": "tracked now\n"})
    killed(both, "acquire", "--name", "second", door=door.format(at=both.at))
    assert both.acquire("third")
    assert_whole(moved_to(both, "lib"), tip)


def test_a_worktree_of_another_repository_in_the_way_stops_the_acquire_and_stays(pool, tmp_path):
    other = gitrepo.make_repo(tmp_path / "other")
    git(other, "worktree", "add", "-q", "--detach", f"{idle(pool)}/lib")
    gitrepo.commit(pool.source, {"lib": "tracked now\n"})
    done = pool.pool("acquire", "--name", "second")
    assert done.code == 1
    assert "is a worktree of another repository" in done.err
    assert pool.states() == [("slot-0", "idle", None)]
    assert git(f"{pool.at}/slot-0/lib", "rev-parse", "HEAD") == git(other, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["README/precious", "README/build/x"])
@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("verb", ["acquire", "release"])
def test_files_in_the_place_of_one_behind_a_hidden_bit_are_set_aside(pool, verb, bit, name):
    top = pool.acquire("first")
    if verb == "acquire":
        pool.pool("release", "--name", "first")
        top = f"{pool.at}/slot-0"
    git(top, "update-index", bit, "README")
    os.unlink(f"{top}/README")
    gitrepo.write(top, {name: "precious\n"})
    if verb == "acquire":
        pool.acquire("second")
    else:
        assert pool.wt("release", "first", "--force").code == 0
    (ref,) = git(pool.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()
    assert git(pool.source, "show", f"{ref}^3:{name}") == "precious"


def test_a_file_in_the_place_of_a_directory_that_a_sparse_checkout_left_out_is_set_aside(both):
    gitrepo.commit(both.source, {"in/x": "1\n", "out/x": "1\n"})
    top = both.acquire("first")
    git(top, "sparse-checkout", "set", "in")
    gitrepo.write(top, {"out": "precious\n"})
    both.pool("release", "--name", "first")
    path = both.acquire("second")
    assert file_bytes(f"{path}/out/x") == b"1\n"
    (ref,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()
    assert git(both.source, "show", f"{ref}^3:out") == "precious"
