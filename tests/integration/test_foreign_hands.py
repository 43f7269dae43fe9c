"""Users and their git at work on slots behind our back: nothing is lost, and every slot is accounted for."""

import os
import shutil
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes
from wt.pool import location, survey

git = gitrepo.git


def held_and_idle(pool):
    """slot-0 held as `x` with a commit and a change, slot-1 idle; returns x's path and commit."""
    path = pool.acquire("x")
    pool.acquire("y")
    pool.pool("release", "--name", "y")
    commit = gitrepo.commit(path, {"new": "1\n"})
    gitrepo.write(path, {"README": "changed\n", "untracked": "1"})
    return path, commit


def is_reachable(source, commit):
    return bool(git(source, "for-each-ref", "--contains", commit))


@pytest.mark.parametrize(
    "command",
    [
        ("worktree", "prune", "--expire=now"),
        ("gc", "-q", "--prune=now"),
        ("worktree", "repair"),
        ("pack-refs", "--all", "--prune"),
        ("reflog", "expire", "--expire=now", "--all"),
        ("maintenance", "run", "--task=gc"),
    ],
    ids=" ".join,
)
def test_housekeeping_costs_nothing(both, command):
    path, commit = held_and_idle(both)
    git(both.source, *command)
    git(both.source, "gc", "-q", "--prune=now")
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "idle", None)]
    assert git(path, "rev-parse", "HEAD") == commit
    assert file_bytes(f"{path}/README") == b"changed\n"
    assert both.acquire("z")
    assert both.pool("release", "--name", "x").code == 0
    assert is_reachable(both.source, commit)


def test_prune_while_the_volume_is_away_costs_nothing(both, tmp_path):
    path, commit = held_and_idle(both)
    os.rename(both.root, tmp_path / "unmounted")
    git(both.source, "worktree", "prune", "--expire=now")
    os.rename(tmp_path / "unmounted", both.root)
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "idle", None)]
    assert git(path, "rev-parse", "HEAD") == commit


def test_worktree_remove_is_refused_by_git_and_when_forced_twice_the_commits_stay(both):
    path, commit = held_and_idle(both)
    assert subprocess.run(
        ["git", "-C", both.source, "worktree", "remove", "--force", path], capture_output=True
    ).returncode
    assert both.states()[0] == ("slot-0", "held", "x")
    git(both.source, "worktree", "remove", "--force", "--force", path)
    assert git(both.source, "rev-parse", "x") == commit
    assert both.states() == [("slot-1", "idle", None)]
    assert both.acquire("a")
    assert both.acquire("b")
    assert both.pool("acquire", "--name", "c").code == 4


def test_a_branch_deleted_under_its_holder(both):
    _path, commit = held_and_idle(both)
    assert subprocess.run(["git", "-C", both.source, "branch", "-D", "x"], capture_output=True).returncode
    git(both.source, "update-ref", "-d", "refs/heads/x")
    assert both.states()[0] == ("slot-0", "held", "x")
    assert both.wt("ls").code == 0
    assert both.pool("release", "--name", "x").code == 0
    assert is_reachable(both.source, commit)
    assert file_bytes(f"{both.at}/slot-0/README") == b"changed\n"


@pytest.mark.parametrize(
    "how",
    [("switch", "-q", "other"), ("switch", "-q", "-c", "mine"), ("checkout", "-q", "--detach")],
    ids=" ".join,
)
def test_another_branch_in_a_held_slot(both, how):
    git(both.source, "branch", "other")
    path, commit = held_and_idle(both)
    git(path, *how)
    tip = gitrepo.commit(path, {"more": "1"})
    assert both.states()[0] == ("slot-0", "held", "x")
    assert both.pool("release", "--name", "x").code == 0
    for one in (commit, tip):
        assert is_reachable(both.source, one)
    assert git(both.source, "rev-parse", "other")
    assert "x" not in git(both.source, "branch", "--format=%(refname:short)").splitlines()


def test_a_branch_in_an_idle_slot(both):
    held_and_idle(both)
    idle = f"{both.at}/slot-1"
    git(idle, "switch", "-q", "-c", "mine")
    tip = gitrepo.commit(idle, {"more": "1"})
    path = both.acquire("z")
    assert git(path, "rev-parse", "--abbrev-ref", "HEAD") == "z"
    assert git(both.source, "rev-parse", "mine") == tip


def test_an_idle_slot_that_was_deleted_is_made_anew(both):
    held_and_idle(both)
    shutil.rmtree(f"{both.at}/slot-1")
    assert both.acquire("z")
    assert [row["id"] for row in both.rows()] == ["slot-0", "slot-1"]
    assert both.pool("acquire", "--name", "c").code == 4
    assert git(both.source, "worktree", "list").count("\n") == 2


def test_an_idle_slot_that_was_deleted_with_something_only_its_index_knows_stays_broken(both):
    held_and_idle(both)
    idle = f"{both.at}/slot-1"
    gitrepo.write(idle, {"staged": "precious\n"})
    git(idle, "add", "staged")
    shutil.rmtree(idle)
    assert both.pool("acquire", "--name", "z").code == 4
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "broken", None)]
    git(both.source, "gc", "-q", "--prune=now")
    git(both.source, "cat-file", "-e", git(both.source, "hash-object", "--stdin", stdin="precious\n"))


def test_a_held_slot_that_was_deleted_stays_held_against_capacity_and_keeps_its_branch(both):
    path, commit = held_and_idle(both)
    shutil.rmtree(path)
    assert ("slot-0", "broken", "x") in both.states()
    assert both.acquire("z")
    assert both.pool("acquire", "--name", "c").code == 4
    assert git(both.source, "rev-parse", "x") == commit
    done = both.wt("release", "x")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert git(both.source, "rev-parse", "x") == commit


def test_a_held_slot_that_was_moved_by_hand_is_found_again_when_it_is_back(both, tmp_path):
    path, _commit = held_and_idle(both)
    os.rename(path, tmp_path / "moved")
    assert ("slot-0", "broken", "x") in both.states()
    os.rename(tmp_path / "moved", path)
    assert both.pool("release", "--name", "x").code == 0
    assert ("slot-0", "idle", None) in both.states()


def test_a_slot_renamed_inside_the_pool_is_found_and_mended(pool):
    path, commit = held_and_idle(pool)
    os.rename(path, f"{pool.at}/renamed")
    assert pool.states()[0] == ("slot-0", "held", "x")
    assert pool.acquire("z")
    assert git(f"{pool.at}/renamed", "rev-parse", "HEAD") == commit
    assert f"worktree {pool.at}/renamed\n" in git(pool.source, "worktree", "list", "--porcelain")
    assert pool.pool("release", "--name", "x").code == 0
    assert pool.states()[1][:2] == ("slot-0", "idle")


def test_a_slot_renamed_inside_the_pool_has_its_name_again_as_a_link(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout="stable")
    path = pool.acquire("x")
    os.rename(path, f"{pool.at}/renamed")
    assert pool.pool("release", "--name", "nobody").err == "nothing is held as `nobody`.\n"
    assert os.readlink(f"{pool.at}/x") == "renamed"
    assert pool.pool("path", "--name", "x").path == f"{pool.at}/renamed"
    assert pool.pool("release", "--name", "x").code == 0
    assert sorted(name for name in os.listdir(pool.at) if name != ".meta") == ["slot-0"]


def test_what_somebody_put_in_the_place_of_a_link_stays_and_is_no_news(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout="stable")
    pool.acquire("x")
    os.unlink(f"{pool.at}/x")
    os.symlink("/somewhere", f"{pool.at}/x")
    for _time in range(2):
        assert pool.pool("release", "--name", "nobody").err == "nothing is held as `nobody`.\n"
    assert os.readlink(f"{pool.at}/x") == "/somewhere"


def moved_out(pool, path, tmp_path, how):
    """Take a slot out of the pool by hand; returns where it is."""
    place = str(tmp_path / "elsewhere")
    if how == "worktree move":
        git(pool.source, "worktree", "move", "--force", "--force", path, place)
    else:
        os.rename(path, place)
    if how == "mv, repair":
        git(pool.source, "worktree", "repair", place)
    return place


@pytest.mark.parametrize("how", ["mv", "mv, repair", "worktree move"])
def test_an_idle_slot_that_was_moved_out_of_the_pool_is_broken_and_neither_used_nor_fetched_back(
    both, tmp_path, how
):
    held_and_idle(both)
    place = moved_out(both, f"{both.at}/slot-1", tmp_path, how)
    content = everything(place)
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "broken", None)]
    done = both.pool("acquire", "--name", "z")
    if (
        how == "mv"
    ):  # nobody but its own `.git` file knows where it is; nothing was in it that a branch does not have
        assert done.code == 0
    else:
        assert done.code == 4
        assert f"it was moved to {place}" in done.err
        hint = next(one["hint"] for one in doctor(both) if one["id"] == "pool:app:slot-1")
        command = hint.removeprefix("to bring it back: ")
        retired = both.pool("retire", "--slot", "slot-1")
        assert retired.code == 1
        assert hint in retired.err
        assert everything(place) == content
        assert subprocess.run(["sh", "-c", command]).returncode == 0
        assert both.states() == [("slot-0", "held", "x"), ("slot-1", "idle", None)]
        assert both.acquire("z")


@pytest.mark.parametrize("how", ["mv", "mv, repair", "worktree move"])
def test_a_held_slot_that_was_moved_out_of_the_pool_is_broken_and_not_released(both, tmp_path, how):
    path, commit = held_and_idle(both)
    place = moved_out(both, path, tmp_path, how)
    assert ("slot-0", "broken", "x") in both.states()
    for words in (("release", "--name", "x"), ("acquire", "--name", "x")):
        assert both.pool(*words).code in (1, 6)
    if how != "mv":
        done = both.wt("release", "x", "--force")
        assert done.code == 1
        assert f"it was moved to {place}" in done.err
        assert subprocess.run(["sh", "-c", done.err.split("hint: to bring it back: ")[1]]).returncode == 0
    else:
        os.rename(place, path)
    assert ("slot-0", "held", "x") in both.states()
    assert both.pool("path", "--name", "x").path == path
    assert file_bytes(f"{path}/README") == b"changed\n"
    assert git(path, "rev-parse", "HEAD") == commit


def doctor(pool):
    return tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": pool.root}).json["checks"]


def test_a_slot_that_lost_its_link_while_it_changed_hands_is_said_to_stay(both):
    path = both.acquire("x")
    lock = both.pool("inspect", "--name", "x").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace("state: held", "state: releasing"))
    os.unlink(f"{path}/.git")
    done = both.pool("release", "--name", "nobody")
    assert done.code == 0
    assert (
        f"slot-0 could not be recovered and is left as it is: slot-0 stays releasing: {path} has lost its .git link"
        in done.err
    )
    assert both.states() == [("slot-0", "releasing", "x")]


@pytest.mark.parametrize("what", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "refs/worktree/mine", "refs/bisect/bad"])
def test_an_idle_slot_that_was_deleted_with_a_commit_only_its_entry_knows_stays_broken(both, what):
    held_and_idle(both)
    idle = f"{both.at}/slot-1"
    lonely = git(idle, "commit-tree", "-m", "lonely", "HEAD^{tree}")
    admin = git(idle, "rev-parse", "--absolute-git-dir")
    if what == "MERGE_HEAD":  # a file everywhere, which newer gits write to in a merge alone
        gitrepo.write(admin, {what: f"{lonely}\n"})
    else:
        git(idle, "update-ref", what, lonely)
    shutil.rmtree(idle)
    assert both.pool("release", "--name", "nobody").code == 0
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "broken", None)]
    assert both.pool("retire", "--slot", "slot-1").code == 0
    assert not os.path.exists(admin)
    assert is_reachable(both.source, lonely)


def test_files_dirtied_in_an_idle_slot_are_set_aside_before_the_next_holder_gets_it(both):
    held_and_idle(both)
    gitrepo.write(f"{both.at}/slot-1", {"README": "somebody's\n", "notes": "mine"})
    path = both.acquire("z")
    assert file_bytes(f"{path}/README") == b"hello\n"
    assert file_bytes(f"{path}/notes") == b"mine"
    (ref,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept").splitlines()
    assert git(both.source, "show", f"{ref}:README") == "somebody's"


@pytest.mark.parametrize("name", ["copy", "slot-1", "slot-7"])
@pytest.mark.parametrize("held", [False, True])
def test_a_copy_of_a_slot_is_not_ours(both, name, held):
    path = both.acquire("x")
    if not held:
        both.pool("release", "--name", "x")
        path = f"{both.at}/slot-0"
    copy = f"{both.at}/{name}"
    shutil.copytree(path, copy, symlinks=True)
    gitrepo.write(copy, {"README": "of the copy\n"})
    content = everything(copy)
    assert both.states() == [("slot-0", "held" if held else "idle", "x" if held else None)]
    for wanted in ("a", "b"):
        both.pool("acquire", "--name", wanted)
    assert everything(copy) == content
    if not held:
        assert file_bytes(f"{both.pool('path', '--name', 'a').path}/README") == b"hello\n"
    assert len([one for one in both.states() if one[1] == "held"]) == 2
    for row in both.rows():
        assert row["path"] != copy


@pytest.mark.parametrize("kind", ["plain", "repository", "foreign link", "file", "dangling"])
def test_a_planted_slot_is_left_alone_and_never_counts(both, tmp_path, kind):
    planted = f"{both.at}/slot-0"
    if kind == "repository":
        gitrepo.make_repo(planted)
    elif kind == "foreign link":
        other = gitrepo.make_repo(tmp_path / "other")
        git(other, "worktree", "add", "-q", "--detach", planted)
    elif kind == "file":
        gitrepo.write(both.at, {"slot-0": "mine"})
    elif kind == "dangling":
        os.symlink("/nonexistent", planted)
    else:
        gitrepo.write(planted, {"mine": "1"})
    before = os.readlink(planted) if kind == "dangling" else everything(planted) or file_bytes(planted)
    paths = {both.acquire("a"), both.acquire("b")}
    assert planted not in paths
    assert both.pool("acquire", "--name", "c").code == 4
    for name in ("a", "b"):
        assert both.pool("release", "--name", name).code == 0
    assert both.acquire("d") in {f"{both.at}/d", f"{both.at}/slot-1", f"{both.at}/slot-2"}
    after = os.readlink(planted) if kind == "dangling" else everything(planted) or file_bytes(planted)
    assert after == before


def test_an_admin_dir_that_was_deleted_leaves_a_broken_slot_whose_files_stay(both):
    _path, _commit = held_and_idle(both)
    idle = f"{both.at}/slot-1"
    gitrepo.write(idle, {"precious": "1"})
    shutil.rmtree(both.pool("inspect", "--slot", "slot-1").json["admin_dir"])
    assert both.states() == [("slot-0", "held", "x"), ("slot-1", "broken", None)]
    assert both.pool("acquire", "--name", "z").code == 4
    assert file_bytes(f"{idle}/precious") == b"1"
    assert both.pool("release", "--name", "x").code == 0


@pytest.mark.parametrize("damage", ["", "garbage\n", "name: ../../x\n", "link", "directory"])
def test_a_damaged_lock_counts_as_held_and_is_never_written_through(both, tmp_path, damage):
    path, commit = held_and_idle(both)
    lock = both.pool("inspect", "--name", "x").json["lock_path"]
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    os.unlink(lock)
    if damage == "link":
        os.symlink(victim, lock)
    elif damage == "directory":
        os.mkdir(lock)
    else:
        with open(lock, "w", encoding="utf-8") as file:
            file.write(damage)
    assert ("slot-0", "held", None) in both.states()
    assert both.acquire("z")
    assert both.pool("acquire", "--name", "c").code == 4
    for done in (
        both.pool("release", "--name", "x"),
        both.pool("release", "--slot", "slot-0"),
        both.wt("ls"),
        both.wt("ls", "--json"),
    ):
        assert "Traceback" not in done.err
        assert done.code in (0, 1)
    assert ("slot-0", "held", None) in both.states()
    assert [one["hint"] for one in doctor(both) if one["id"] == "pool:app:slot-0"] == [
        f"to look at it: cat '{lock}'"
    ]
    assert victim.read_text() == "untouched"
    assert git(path, "rev-parse", "HEAD") == commit


def test_unlock_and_lock_by_hand_are_healed(both):
    path, _commit = held_and_idle(both)
    git(both.source, "worktree", "unlock", path)
    git(both.source, "worktree", "unlock", f"{both.at}/slot-1")
    both.acquire("z")
    assert git(both.source, "worktree", "list", "--porcelain").count("locked") == 2
    git(both.source, "worktree", "prune", "--expire=now")
    assert [state for _id, state, _name in both.states()] == ["held", "held"]


def test_worktree_move_by_hand(both, tmp_path):
    path, commit = held_and_idle(both)
    git(both.source, "worktree", "move", "--force", "--force", path, str(tmp_path / "moved"))
    assert ("slot-0", "broken", "x") in both.states()
    assert both.acquire("z")
    assert is_reachable(both.source, commit)
    assert file_bytes(tmp_path / "moved" / "README") == b"changed\n"


def test_force_drops_a_held_slot_whose_directory_is_gone_after_setting_aside_what_is_known(both):
    path, _commit = held_and_idle(both)
    mine = gitrepo.commit(path, {"a": "mine\n"})
    gitrepo.write(path, {"staged": "precious\n"})
    git(path, "add", "staged")
    shutil.rmtree(path)
    refused = both.wt("release", "x")
    assert refused.code == 1
    doctor = both.wt("doctor")
    assert doctor.code == 1
    words = doctor.out.split("(what its entry knows is set aside first): wt ")[1].splitlines()[0].split()
    assert words == ["release", "x", "--pool", both.key, "--force"]
    done = both.wt(*words, cwd="/")
    assert done.code == 0
    assert "slot-0 is dropped" in done.err
    assert both.states() == [("slot-1", "idle", None)]
    assert git(both.source, "branch", "--list", "x") == ""
    assert "slot-0" not in os.listdir(both.at)
    assert "x" not in os.listdir(both.at)
    kept = git(both.source, "for-each-ref", "--format=%(objectname)", "refs/wt/kept/x/").split()
    assert any(
        git(both.source, "rev-parse", f"{sha}~0") == mine or git(both.source, "merge-base", sha, mine) == mine
        for sha in kept
    )
    assert any("staged" in git(both.source, "ls-tree", "--name-only", sha).split() for sha in kept)
    assert both.acquire("x")


def test_force_does_not_drop_a_slot_whose_directory_has_lost_its_link(both):
    path, _commit = held_and_idle(both)
    gitrepo.write(path, {"mine": "precious\n"})
    os.unlink(f"{path}/.git")
    done = both.wt("release", "x", "--force")
    assert done.code == 1
    assert "has lost its .git link" in done.err
    command = done.err.split("hint: to give it back its link: ")[1].splitlines()[0]
    assert subprocess.run(["sh", "-c", command]).returncode == 0
    assert ("slot-0", "held", "x") in both.states()
    assert os.path.exists(f"{path}/mine")


def test_an_idle_slot_that_lost_its_link_is_left_with_all_that_is_in_it(both):
    """An admin dir without a directory may be dropped; one whose directory is there may not."""
    path = both.acquire("x")
    admin = git(path, "rev-parse", "--absolute-git-dir")
    both.pool("release", "--name", "x")
    [home] = {row["path"] for row in both.rows() if row["state"] == "idle"}
    gitrepo.write(home, {"mine": "precious\n"})
    os.unlink(f"{home}/.git")
    assert both.pool("release", "--name", "nobody").code == 0
    assert both.pool("retire", "--slot", "slot-0").code == 1
    assert os.path.isdir(admin)
    assert os.path.exists(f"{home}/mine")
    assert [(row["id"], row["state"]) for row in both.rows() if row["state"] == "broken"] == [
        ("slot-0", "broken")
    ]


def test_a_pool_that_vanishes_while_it_is_looked_at_has_no_slots(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo)
    pool.acquire("x")
    moved = f"{pool.root}/moved"
    os.rename(pool.at, moved)
    shutil.copytree(moved, pool.at, symlinks=True)
    seen = location.open_pool(pool.root, "moved", print)
    shutil.rmtree(moved)
    assert survey.take(seen).slots == ()
