"""The recovery table of contract section 9, a test for each of its rows, called as the row is (submodules: theirs)."""

import fcntl
import os
import shutil
import subprocess
import time

import psutil
import pytest

from tests.integration.test_primitive import HeldMutex
from tests.support import gitrepo, hooking, tool
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def lock_of(pool, name):
    return pool.pool("inspect", "--name", name).json["lock_path"]


def admin_of(path):
    return git(path, "rev-parse", "--absolute-git-dir")


def edit(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def put(path, text=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def recover(pool):
    """An ordinary command that has nothing of its own to do."""
    done = pool.pool("release", "--name", "nobody")
    assert done.code == 0, done
    return done.err


def killed(pool, *words, door):
    """Run the primitive and kill it at the first door whose label holds `door`."""
    log = f"{pool.root}/../doors"
    env = tool.environment(WORKTREE_ROOT=pool.root, WT_DOORS_LOG=log, WT_DOORS_KILL="0")
    argv = tool.argv("worktree-pool", "--pool", pool.key, *words)
    for top in (pool.root, pool.source):
        subprocess.run(["cp", "-a", top, f"{top}.saved"], check=True)
    subprocess.run(argv, env=env, capture_output=True, check=True)
    with open(log, encoding="utf-8") as file:
        number = next(line.split()[0] for line in file if door in line)
    os.unlink(log)
    for top in (pool.root, pool.source):
        shutil.rmtree(top)
        os.rename(f"{top}.saved", top)
    done = subprocess.run(argv, env={**env, "WT_DOORS_LOG": "", "WT_DOORS_KILL": number}, capture_output=True)
    assert done.returncode == -9, done


def kept(pool):
    return git(pool.source, "for-each-ref", "--format=%(objectname)", "refs/wt/kept/").split()


@pytest.mark.parametrize("door", ["mkdir", "worktree-pool/created", "rename ", "renamed "])
def test_journal_of_creation_in_a_free_slot_mutex(both, door):
    killed(both, "acquire", "--name", "a", door=door)
    recover(both)
    assert not [name for name in os.listdir(both.at) if name.startswith("wt!")]
    place = f"{both.source}/.git/worktree-pool"
    assert not os.path.isdir(place) or not [name for name in os.listdir(place) if name.startswith("wt!")]
    git(both.source, "worktree", "prune")
    git(both.source, "gc", "-q")
    assert git(both.source, "worktree", "list", "--porcelain").count("prunable") == 0
    both.acquire("a")
    both.acquire("b")
    assert both.pool("acquire", "--name", "c").code == 4


def test_what_a_creation_that_died_did_not_make_itself_stays(both):
    """The directory goes only if it holds nothing but `.git`; what the journal does not name is not looked at."""
    killed(both, "acquire", "--name", "a", door="renamed ")
    (born,) = [name for name in os.listdir(both.at) if name.startswith("wt!")]
    put(f"{both.at}/{born}/mine", "precious\n")
    os.makedirs(f"{both.source}/.git/worktrees/wt!0123456789abcdef")
    recover(both)
    assert os.listdir(f"{both.at}/{born}") == ["mine"]
    assert os.listdir(f"{both.source}/.git/worktrees") == ["wt!0123456789abcdef"]
    assert both.acquire("a")


def test_lock_acquiring_and_slot_mutex_free_is_undone_and_a_tip_that_moved_is_set_aside(both):
    path = both.acquire("a")
    tip = gitrepo.commit(path, {"x": "1"})
    lock = lock_of(both, "a")
    edit(lock, "state: held", "state: acquiring")
    edit(lock, "branch: created", "branch: none")
    assert "was left acquiring" in recover(both)
    assert both.states() == [("slot-0", "idle", None)]
    assert kept(both) == [tip]
    assert git(both.source, "branch", "--list", "a") == ""


def test_lock_acquiring_leaves_a_branch_that_is_not_ours_or_checked_out_elsewhere(both, tmp_path):
    both.acquire("a")
    lock = lock_of(both, "a")
    edit(lock, "state: held", "state: acquiring")
    git(both.source, "worktree", "add", "-q", "--force", tmp_path / "elsewhere", "a")
    assert "branch `a` stays" in recover(both)
    assert git(tmp_path / "elsewhere", "rev-parse", "--abbrev-ref", "HEAD") == "a"
    git(both.source, "branch", "old")
    both.acquire("old", "--adopt")
    edit(lock_of(both, "old"), "state: held", "state: acquiring")
    recover(both)
    assert git(both.source, "branch", "--list", "old") != ""


def test_lock_acquiring_that_had_not_caught_up_leaves_a_branch_that_another_made(both):
    path = both.acquire("a")
    lock = lock_of(both, "a")
    edit(lock, "state: held", "state: acquiring")
    edit(lock, "branch: created", "branch: none")
    git(path, "switch", "-q", "--detach")
    git(both.source, "branch", "-q", "-D", "a")
    git(both.source, "branch", "a", "main")
    recover(both)
    assert both.states() == [("slot-0", "idle", None)]
    assert git(both.source, "branch", "--list", "a") != ""


def test_recovery_runs_no_hooks(both, log):
    hooking.approved(both, hooking.says(log, "wt_post_acquire", "wt_pre_release", "wt_post_release"))
    both.acquire("a")
    both.acquire("b")
    log.write_text("")
    edit(lock_of(both, "a"), "state: held", "state: releasing")
    edit(lock_of(both, "b"), "state: held", "state: acquiring")
    recover(both)
    assert [state for _slot, state, _name in both.states()] == ["idle", "idle"]
    assert log.read_text() == ""


def test_lock_releasing_and_slot_mutex_free_is_finished(both):
    path = both.acquire("a")
    tip = gitrepo.commit(path, {"x": "1"})
    gitrepo.write(path, {"new": "mine\n"})
    edit(lock_of(both, "a"), "state: held", "state: releasing")
    recover(both)
    assert both.states() == [("slot-0", "idle", None)]
    assert kept(both) == [tip]
    assert file_bytes(f"{both.at}/slot-0/new") == b"mine\n"


@pytest.mark.parametrize("state", ["acquiring", "releasing"])
def test_lock_in_transition_and_slot_mutex_held_is_left(both, state):
    both.acquire("a")
    edit(lock_of(both, "a"), "state: held", f"state: {state}")
    with HeldMutex(both, "slot-0"):
        before = everything(both.root, both.source)
        recover(both)
        after = everything(both.root, both.source)
    changed = [one for one in before if before[one] != after.get(one)]
    assert [one for one in changed if not str(one).endswith("pool.lock")] == []


def test_lock_held_is_held_however_long(both):
    path = both.acquire("a")
    lock = lock_of(both, "a")
    with open(lock, encoding="utf-8") as file:
        started = next(line for line in file if line.startswith("started_at"))
    edit(lock, started, "started_at: 2001-01-01T00:00:00Z\n")
    edit(lock, "pid: ", "pid: 9")
    os.utime(lock, (1, 1))
    recover(both)
    assert both.states() == [("slot-0", "held", "a")]
    assert both.pool("path", "--name", "a").path == path


def test_a_slot_whose_back_pointer_disagrees_has_its_links_repaired_first(both):
    path = both.acquire("a")
    admin = admin_of(path)
    put(f"{admin}/gitdir", f"{both.at}/elsewhere/.git\n")
    edit(lock_of(both, "a"), "state: held", "state: releasing")
    recover(both)
    assert both.states() == [("slot-0", "idle", None)]
    with open(f"{admin}/gitdir", encoding="utf-8") as file:
        assert file.read() == f"{both.at}/slot-0/.git\n"


def test_provenance_and_a_directory_not_named_like_a_slot_id_and_no_lock_is_a_release_to_be_finished(pool):
    path = pool.acquire("a")
    os.unlink(lock_of(pool, "a"))
    tip = gitrepo.commit(path, {"x": "1"})
    recover(pool)
    assert pool.states() == [("slot-0", "idle", None)]
    assert os.path.isdir(f"{pool.at}/slot-0")
    assert not os.path.lexists(path)
    assert tip in git(pool.source, "rev-list", "--all").split()


@pytest.mark.parametrize("state", ["held", "idle"])
def test_a_copy_of_a_slot_is_not_ours_it_is_left_and_reported(pool, state):
    path = pool.acquire("a")
    if state == "idle":
        pool.pool("release", "--name", "a")
        path = f"{pool.at}/slot-0"
    subprocess.run(["cp", "-a", path, f"{pool.at}/copy"], check=True)
    gitrepo.write(f"{pool.at}/copy", {"mine": "1"})
    said = pool.pool("acquire", "--name", "b")
    assert f"{pool.at}/copy is no slot of this pool; it is left alone" in said.err
    assert file_bytes(f"{pool.at}/copy/mine") == b"1"
    checks = tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": pool.root}).json["checks"]
    assert "pool:app:copy" in [one["id"] for one in checks]
    assert len(pool.states()) == (2 if state == "held" else 1)


def test_any_other_directory_in_the_pool_root_is_not_ours_and_never_counts_as_capacity(pool):
    for name in ("slot-0", "mine"):
        os.mkdir(f"{pool.at}/{name}")
        put(f"{pool.at}/{name}/file", "mine\n")
    os.mkdir(f"{pool.at}/repo")
    gitrepo.make_repo(f"{pool.at}/repo")
    for name in ("a", "b"):
        pool.acquire(name)
    assert_refused(pool.pool("acquire", "--name", "c"), 4)
    assert file_bytes(f"{pool.at}/slot-0/file") == b"mine\n"
    assert sorted(row["id"] for row in pool.rows()) == ["slot-1", "slot-2"]


@pytest.mark.parametrize("damage", ["gone", "empty", "elsewhere", "a directory"])
def test_a_slot_directory_without_a_valid_git_link_is_broken_and_no_hint_proposes_to_remove_it(both, damage):
    path = both.acquire("a")
    gitrepo.write(path, {"new": "precious\n"})
    link = f"{path}/.git"
    os.unlink(link)
    if damage == "empty":
        put(link)
    elif damage == "elsewhere":
        put(link, "gitdir: /nowhere/at/all\n")
    elif damage == "a directory":
        os.mkdir(link)
    recover(both)
    (row,) = [row for row in both.rows() if row["state"] == "broken"]
    assert row["name"] == "a"
    said = "".join(
        one.err + one.out
        for one in (both.wt("release", "a", "--force"), both.wt("release", "a"), both.wt("doctor", "--fix"),
                    both.pool("release", "--name", "a"), both.pool("acquire", "--name", "a"), both.wt("doctor"))
    )  # fmt: skip
    assert "rm " not in said
    assert "retire" not in said
    assert "to give it up" not in said
    assert file_bytes(f"{path}/new") == b"precious\n"


def test_an_admin_dir_of_ours_without_a_directory_is_dropped_only_if_nothing_is_lost(both):
    for name in ("a", "b"):
        both.acquire(name)
        both.pool("release", "--name", name)
    idle = [f"{both.at}/slot-0", f"{both.at}/slot-1"]
    if not os.path.isdir(idle[1]):
        both.acquire("a"), both.acquire("b")
        both.pool("release", "--name", "a"), both.pool("release", "--name", "b")
    only_in_the_index = idle[1]
    gitrepo.write(only_in_the_index, {"staged": "precious\n"})
    git(only_in_the_index, "add", "staged")
    for path in idle:
        shutil.rmtree(path)
    said = recover(both)
    assert "the directory of slot-0 is gone" in said
    assert both.states() == [("slot-1", "broken", None)]
    assert both.pool("retire", "--slot", "slot-1").code == 0
    assert both.states() == []
    assert "precious" in [git(both.source, "show", f"{sha}:staged") for sha in kept(both)]


def test_an_admin_dir_whose_head_no_ref_reaches_stays(both):
    both.acquire("a")
    both.pool("release", "--name", "a")
    tip = gitrepo.commit(f"{both.at}/slot-0", {"x": "1"})
    shutil.rmtree(f"{both.at}/slot-0")
    recover(both)
    assert both.states() == [("slot-0", "broken", None)]
    git(both.source, "gc", "-q", "--prune=now")
    assert git(both.source, "cat-file", "-t", tip) == "commit"


def test_a_volume_that_is_away_and_comes_back_costs_nothing(tmp_path, repo, layout):
    (tmp_path / "root").mkdir()
    (tmp_path / "volume").mkdir()
    os.symlink(tmp_path / "volume", tmp_path / "root/app")
    pool = Pool(tmp_path / "root", repo, layout=layout, max_slots=2)
    other = Pool(tmp_path / "root", repo, key="other", max_slots=2)
    path = pool.acquire("a")
    gitrepo.write(path, {"new": "mine\n"})
    pool.acquire("b")
    pool.pool("release", "--name", "b")
    entries = sorted(os.listdir(f"{repo}/.git/worktrees"))
    os.rename(tmp_path / "volume", tmp_path / "away")
    recover(other)
    other.acquire("c")
    assert other.wt("doctor", "--fix").code in (0, 1)
    git(repo, "worktree", "prune", "--expire=now")
    git(repo, "gc", "-q", "--prune=now")
    assert_refused(pool.pool("acquire", "--name", "d"), 1)
    assert set(entries) < set(os.listdir(f"{repo}/.git/worktrees"))
    os.rename(tmp_path / "away", tmp_path / "volume")
    assert [state[1:] for state in pool.states()] == [("held", "a"), ("idle", None)]
    assert git(path, "status", "--porcelain") == "?? new"


def test_no_index_in_an_idle_slot_is_fresh_and_not_dirty(both):
    path = both.acquire("a")
    admin = admin_of(path)
    both.pool("release", "--name", "a")
    slot = f"{both.at}/slot-0"
    for name in os.listdir(slot):
        if name != ".git":
            os.unlink(f"{slot}/{name}")
    os.unlink(f"{admin}/index")
    done = both.pool("acquire", "--name", "b")
    assert done.code == 0
    assert kept(both) == []
    assert git(done.path, "status", "--porcelain") == ""


LOCKS = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock", "config.worktree.lock")


@pytest.mark.parametrize("state", ["idle", "acquiring", "releasing"])
def test_lock_files_of_gits_in_an_idle_or_transitional_slot_are_removed_under_its_mutex(both, state):
    path = both.acquire("a")
    admin = admin_of(path)
    if state == "idle":
        both.pool("release", "--name", "a")
    else:
        edit(lock_of(both, "a"), "state: held", f"state: {state}")
    for name in LOCKS:
        put(f"{admin}/{name}")
    if state == "idle":
        both.acquire("b")
    else:
        recover(both)
    assert [name for name in LOCKS if os.path.exists(f"{admin}/{name}")] == []


def test_lock_files_of_gits_in_a_held_slot_are_never_removed_by_recovery(both):
    admin = admin_of(both.acquire("a"))
    for name in LOCKS:
        put(f"{admin}/{name}")
        os.utime(f"{admin}/{name}", (1, 1))
    recover(both)
    both.acquire("b")
    assert [name for name in LOCKS if os.path.exists(f"{admin}/{name}")] == list(LOCKS)


def recorded(pool, locks):
    """What a step that died leaves: source.lock with the git locks that it was about to create."""
    place = f"{pool.source}/.git/worktree-pool"
    os.makedirs(place, exist_ok=True)
    put(f"{place}/source.lock", "pid: 1\nverb: refs\nlocks: " + "\t".join(locks) + "\n")


def test_source_lock_free_with_recorded_git_locks_removes_exactly_those_and_the_users_git_works(both):
    both.acquire("a")
    git(both.source, "branch", "spare")
    of_ref = gitrepo.lock_of_ref(both.source, "refs/heads/spare")
    ours = [of_ref, *(f"{both.source}/.git/{name}" for name in ("packed-refs.lock", "config.lock"))]
    theirs = (
        f"{both.source}/.git/refs/{'main.lock' if gitrepo.has_tables(both.source) else 'heads/main.lock'}"
    )
    for path in (*ours, theirs):
        put(path)
    recorded(both, ours)
    recover(both)
    assert [path for path in ours if os.path.exists(path)] == []
    assert os.path.exists(theirs)
    os.unlink(theirs)
    git(both.source, "branch", "-D", "spare")
    git(both.source, "fetch", "-q", ".")
    git(both.source, "gc", "-q", "--prune=now")
    git(both.source, "worktree", "list")
    git(both.source, "config", "user.name", "Somebody")


def test_source_lock_with_a_recorded_lock_that_a_git_has_open_is_left(both):
    both.acquire("a")
    lock = f"{both.source}/.git/packed-refs.lock"
    put(lock)
    recorded(both, [lock])
    with open(lock, "a", encoding="utf-8") as written:
        user = subprocess.Popen(
            ["git", "-C", both.source, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=written
        )
    try:
        _wait_for_git(user.pid)
        assert "in use by a git" in recover(both)
        assert os.path.exists(lock)
    finally:
        user.communicate()
    recover(both)
    assert not os.path.exists(lock)


def _wait_for_git(pid):
    """Until a child has become git: before, it is still us."""
    deadline = time.monotonic() + 30
    while not psutil.Process(pid).name().startswith("git"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_source_lock_held_is_left(both):
    both.acquire("a")
    lock = f"{both.source}/.git/packed-refs.lock"
    put(lock)
    recorded(both, [lock])
    with open(f"{both.source}/.git/worktree-pool/source.lock", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        recover(both)
    assert os.path.exists(lock)
    recover(both)
    assert not os.path.exists(lock)


def test_a_locked_file_that_is_missing_is_written(both):
    admin = admin_of(both.acquire("a"))
    os.unlink(f"{admin}/locked")
    recover(both)
    assert os.path.exists(f"{admin}/locked")


def test_the_link_of_a_name_that_is_missing_or_left_over_is_made_and_unlinked(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, layout="stable", max_slots=2)
    pool.acquire("a/b")
    os.unlink(f"{pool.at}/a-b")
    os.symlink("slot-1", f"{pool.at}/old")
    os.symlink("/somewhere", f"{pool.at}/mine")
    recover(pool)
    assert os.readlink(f"{pool.at}/a-b") == "slot-0"
    pool.acquire("c")
    assert not os.path.lexists(f"{pool.at}/old")
    assert os.readlink(f"{pool.at}/mine") == "/somewhere"


def test_temp_files_of_ours_are_unlinked(both):
    admin = admin_of(both.acquire("a"))
    put(f"{admin}/worktree-pool/.wt-tmp-1-lock")
    recover(both)
    assert not os.path.exists(f"{admin}/worktree-pool/.wt-tmp-1-lock")


def test_land_lock_free_and_a_journal_is_finished_by_land_or_doctor_and_others_only_warn(both):
    path = both.acquire("a")
    old, tip = git(both.source, "rev-parse", "main"), gitrepo.commit(path, {"x": "1"})
    os.makedirs(f"{both.source}/.git/worktree-pool", exist_ok=True)
    journal = f"{both.source}/.git/worktree-pool/land"
    put(journal, f"base: main\nfrom: {old}\nto: {tip}\ncheckout: {both.source}\n")
    said = both.pool("acquire", "--name", "b")
    assert "a land died while it moved `main`" in said.err
    assert "wt doctor --fix" in said.err
    assert os.path.exists(journal)
    assert git(both.source, "rev-parse", "main") == old
    both.wt("doctor", "--fix")
    assert not os.path.exists(journal)


NEXT = {
    "acquire": lambda pool: pool.pool("acquire", "--name", "z"),
    "release": lambda pool: pool.pool("release", "--name", "nobody"),
    "retire": lambda pool: pool.pool("retire", "--slot", "slot-9"),
    "wt new": lambda pool: pool.wt("new", "z"),
    "wt release": lambda pool: pool.wt("release", "a"),
    "wt cleanup": lambda pool: pool.wt("cleanup", "a"),
    "wt land": lambda pool: pool.wt("land", "--name", "other"),
    "wt restore": lambda pool: pool.wt("restore", "kept"),
    "wt doctor --fix": lambda pool: pool.wt("doctor", "--fix"),
}


@pytest.mark.parametrize("state", ["acquiring", "releasing"])
@pytest.mark.parametrize("verb", NEXT)
def test_the_next_command_that_changes_something_finishes_or_undoes_what_died(tmp_path, repo, verb, state):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    for name in ("a", "other", "kept"):
        gitrepo.commit(pool.acquire(name), {name: "1"})
    pool.pool("release", "--name", "kept")
    lock = lock_of(pool, "a")
    edit(lock, "state: held", f"state: {state}")
    done = NEXT[verb](pool)
    assert "Traceback" not in done.err
    assert "a" not in [row["name"] for row in pool.rows()], done


def test_what_fails_is_said_and_does_not_fail_the_caller(both):
    admin = admin_of(both.acquire("a"))
    both.acquire("b")
    edit(lock_of(both, "a"), "state: held", "state: releasing")
    os.mkdir(f"{admin}/index.lock")
    done = both.pool("release", "--name", "b")
    assert done.code == 0, done
    assert "slot-0 could not be recovered and is left as it is" in done.err
    assert both.states() == [("slot-0", "releasing", "a"), ("slot-1", "idle", None)]
    os.rmdir(f"{admin}/index.lock")
    recover(both)
    assert both.states() == [("slot-0", "idle", None), ("slot-1", "idle", None)]


def test_nothing_of_the_last_holder_is_there_for_the_next(pool):
    """Operation state, refs/worktree/*, per-worktree config and sparse patterns go back to what a new slot has."""
    git(pool.source, "config", "extensions.worktreeConfig", "true")
    gitrepo.commit(pool.source, {"in/x": "1", "out/x": "1"})
    gitrepo.commit(pool.source, {"README": "newer\n"})
    pool.acquire("new")
    like_new = _state(admin_of(f"{pool.at}/new"))
    pool.pool("release", "--name", "new")
    path = pool.acquire("a")
    admin = admin_of(path)
    git(path, "config", "--worktree", "core.sparseCheckout", "true")
    git(path, "sparse-checkout", "set", "--sparse-index", "in")
    git(path, "update-ref", "refs/worktree/mine", "HEAD")
    git(path, "update-ref", "refs/rewritten/mine", "HEAD")
    git(path, "config", "--worktree", "core.hooksPath", "/tmp")
    git(path, "bisect", "start", "HEAD", "HEAD~2")
    for name in (
        "MERGE_MSG",
        "SQUASH_MSG",
        "COMMIT_EDITMSG",
        "CHERRY_PICK_HEAD",
        "REBASE_HEAD",
        "AUTO_MERGE",
    ):
        put(f"{admin}/{name}", git(path, "rev-parse", "HEAD") + "\n")
    os.makedirs(f"{admin}/rebase-merge")
    put(f"{admin}/rebase-merge/head-name", "refs/heads/a\n")
    assert not os.path.exists(f"{path}/out")
    assert pool.pool("release", "--name", "a").code == 0
    again = pool.acquire("b")
    assert admin_of(again) == admin
    assert _state(admin) - like_new == set()
    assert os.path.exists(f"{again}/out/x")
    assert git(again, "status", "--porcelain") == ""
    assert [line for line in git(again, "ls-files", "-t").splitlines() if line.startswith("S")] == []
    assert git(again, "for-each-ref", "refs/worktree", "refs/bisect", "refs/rewritten") == ""
    assert git(again, "config", "--get", "--default", "none", "core.hooksPath") == "none"


def _state(admin):
    found = set()
    for directory, _names, plain in os.walk(admin):
        found |= {os.path.relpath(f"{directory}/{name}", admin) for name in plain}
    return {
        name
        for name in found
        if not name.startswith(("logs/", "index", "sharedindex", "worktree-pool/", "reftable/0x"))
    }
