"""land, contract section 12, the plain case: every refusal touches nothing, what lands is whole."""

import os
import subprocess

import git as gitpython
import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def land(pool, *args, **more):
    return pool.wt("land", *args, **more)


def landed(pool, *args, **more):
    done = land(pool, *args, **more)
    assert done.code == 0, done
    return done


def assert_refused(pool, result, before, *words, code=1):
    assert result.code == code, result
    assert result.out == ""
    assert len([line for line in result.err.splitlines() if line.startswith("error: ")]) == 1
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, result
    assert everything(pool.root, pool.source) == before


def parents(repo, ref="HEAD"):
    repository = gitpython.Repo(repo)
    try:
        return [parent.hexsha for parent in repository.commit(tip(repo, ref)).parents]
    finally:
        repository.close()


def tip(repo, ref="HEAD"):
    return git(repo, "rev-parse", ref)


def work(pool, name="x", files=None):
    path = pool.acquire(name)
    return path, gitrepo.commit(path, files or {"new": "1\n"}, "work")


def conflict(pool, name="x"):
    """A slot and a base that change the same lines."""
    path, mine = work(pool, name, {"README": "mine\n"})
    theirs = gitrepo.commit(pool.source, {"README": "theirs\n"}, "theirs")
    return path, mine, theirs


def test_what_is_ahead_is_fast_forwarded_not_rewritten(both):
    path, mine = work(both)
    git(both.source, "config", "merge.ff", "false")
    done = landed(both, cwd=path)
    assert tip(both.source) == mine == tip(both.source, "main")
    assert file_bytes(f"{both.source}/new") == b"1\n"
    assert git(both.source, "status", "--porcelain") == ""
    assert both.states() == [("slot-0", "idle", None)]
    assert "1 commit" in done.err
    assert git(both.source, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_diverged_work_is_merged_in_mainline_order(both):
    _path, mine = work(both)
    theirs = gitrepo.commit(both.source, {"other": "1\n"})
    landed(both, "--name", "x")
    assert parents(both.source) == [theirs, mine]
    assert git(both.source, "log", "-1", "--format=%s") == "Merge x into main"
    assert git(both.source, "log", "--first-parent", "--format=%H").splitlines()[1] == theirs
    assert file_bytes(f"{both.source}/new") == file_bytes(f"{both.source}/other") == b"1\n"
    assert git(both.source, "status", "--porcelain") == ""


def test_a_message_commits_tracked_changes_first(both):
    path = both.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    landed(both, "Change it", cwd=path)
    assert (
        git(both.source, "log", "-1", "--format=%s%n%an <%ae>") == "Change it\nTest Person <test@example.org>"
    )
    assert file_bytes(f"{both.source}/README") == b"changed\n"


def test_wip_is_called_so(pool):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    landed(pool, "wip", cwd=path)
    assert git(pool.source, "log", "-1", "--format=%s") == "WIP via land"


def test_changes_without_a_message_are_refused(both):
    path, _ = work(both)
    gitrepo.write(path, {"README": "changed\n"})
    before = everything(both.root, both.source)
    assert_refused(both, land(both, cwd=path), before, "README", 'wt land --name x "message"')


def test_untracked_files_are_refused_and_add_takes_them_along(both):
    path, _ = work(both)
    gitrepo.write(path, {"a file": "1\n", "build/cache": "warm"})
    before = everything(both.root, both.source)
    assert_refused(both, land(both, cwd=path), before, "a file", 'wt land --name x --add "message"\n')
    hint = "wt land --name x --add 'With it'\n"
    assert_refused(both, land(both, "With it", cwd=path), before, "a file", hint)
    assert_refused(both, land(both, "--add", cwd=path), before, "a file")
    landed(both, "--add", "With it", cwd=path)
    assert file_bytes(f"{both.source}/a file") == b"1\n"
    assert not os.path.exists(f"{both.source}/build")


@pytest.mark.parametrize("how", ["base", "detached", "merge", "rebase", "cherry-pick", "revert", "bisect"])
def test_a_slot_that_is_not_on_its_way_is_refused(pool, how):
    path, _mine, theirs = conflict(pool)
    run = ["git", "-C", path]
    if how == "base":
        git(pool.source, "switch", "-q", "--detach")
        git(path, "switch", "-q", "main")
    elif how == "detached":
        git(path, "switch", "-q", "--detach")
    elif how == "bisect":
        git(path, "bisect", "start")
    elif how == "revert":
        gitrepo.commit(path, {"README": "later\n"})
        assert subprocess.run([*run, "revert", "HEAD~1"], capture_output=True).returncode
    else:
        assert subprocess.run([*run, how, theirs], capture_output=True).returncode
    before = everything(pool.root, pool.source)
    words = {"base": "base", "detached": "detached"}.get(how, how)
    assert_refused(pool, land(pool, "--name", "x"), before, words, "hint: ")
    assert_refused(pool, land(pool, "--name", "x", "--dry-run"), before, words)


@pytest.mark.parametrize("tip", ["behind", "elsewhere", "gone"])
def test_the_way_back_from_a_detached_head_leaves_no_commit_behind(pool, tip):
    path = pool.acquire("x")
    git(path, "switch", "-q", "--detach")
    mine = gitrepo.commit(path, {"mine": "1\n"})
    if tip == "gone":
        git(path, "branch", "-q", "-D", "x")
    elif tip == "elsewhere":
        git(path, "branch", "-q", "-f", "x", gitrepo.commit(pool.source, {"other": "1\n"}))
    done = land(pool, "--name", "x")
    assert done.code == 1
    assert f"switch {'' if tip == 'elsewhere' else '-C '}x\n" in done.err
    if tip != "elsewhere":
        subprocess.run(done.err.strip().rpartition(": ")[2], shell=True, check=True)
        assert git(path, "rev-parse", "x") == mine


def test_what_has_landed_is_recycled(both):
    both.acquire("x")
    base = tip(both.source)
    done = landed(both, "--name", "x")
    assert "already" in done.err
    assert tip(both.source) == base
    assert both.states() == [("slot-0", "idle", None)]


def test_keep_keeps(both):
    path, mine = work(both)
    landed(both, "--keep", cwd=path)
    assert tip(both.source) == mine
    assert both.states() == [("slot-0", "held", "x")]
    assert tip(path) == mine
    done = landed(both, "--keep", cwd=path)
    assert "already" in done.err
    assert both.states() == [("slot-0", "held", "x")]


def test_next_hands_the_warm_slot_on(both):
    path, mine = work(both)
    gitrepo.write(path, {"build/cache": "warm"})
    done = landed(both, "--next", "feature/y", cwd=path)
    assert "slot-0 is warm, and held by feature/y now.\n" in done.err
    assert "idle" not in done.err
    assert both.states() == [("slot-0", "held", "feature/y")]
    path = both.pool("path", "--name", "feature/y").path
    assert tip(path) == mine
    assert git(path, "rev-parse", "--abbrev-ref", "HEAD") == "feature/y"
    assert file_bytes(f"{path}/build/cache") == b"warm"
    assert git(both.source, "branch", "--format=%(refname:short)").split() == ["feature/y", "main"]


@pytest.mark.parametrize("wanted", ["main", "slot-3", "-x", "there", "x", "held"])
def test_a_next_name_that_cannot_be_had_is_refused_first(pool, wanted):
    work(pool)
    pool.acquire("held")
    git(pool.source, "branch", "there")
    before = everything(pool.root, pool.source)
    done = land(pool, "--name", "x", f"--next={wanted}")
    assert_refused(pool, done, before, wanted, code=done.code)
    assert done.code in (1, 2, 6)


def test_a_slot_that_is_not_green_stays_and_says_why(both):
    path, mine = work(both)
    with subprocess.Popen(["sleep", "600"], cwd=path) as process:
        done = landed(both, "--name", "x")
        process.kill()
    assert tip(both.source) == mine
    assert f"pid {process.pid}" in done.err
    assert both.states() == [("slot-0", "held", "x")]


def test_dry_run_touches_nothing_and_forecasts_conflicts(both):
    path, _mine, _theirs = conflict(both)
    gitrepo.write(path, {"other": "x"})
    git(path, "add", "other")
    before = everything(both.root, both.source)
    done = land(both, "A message", "--dry-run", cwd=path)
    assert done.code == 0, done
    assert "conflict in README\nstop there" in done.out
    assert everything(both.root, both.source) == before


def test_a_conflict_stops_and_is_resumed_in_mainline_order(both):
    path, mine, theirs = conflict(both)
    base_files = everything(both.source)
    done = land(both, "--name", "x")
    assert done.code == 1
    assert "README" in done.err
    assert "wt land --abort" in done.err
    assert tip(both.source) == theirs
    assert {k: v for k, v in everything(both.source).items() if "/worktrees" not in k} == {
        k: v for k, v in base_files.items() if "/worktrees" not in k
    }
    assert b"<<<<<<<" in file_bytes(f"{path}/README")
    again = everything(both.root, both.source)
    assert_refused(both, land(both, "--name", "x"), again, "README", "merge")
    gitrepo.write(path, {"README": "both\n"})
    git(path, "add", "README")
    git(path, "commit", "-q", "--no-edit")
    author = git(path, "log", "-1", "--format=%an %ae %ad %cn %ce %cd")
    landed(both, "--name", "x")
    assert parents(both.source) == [theirs, mine]
    assert git(both.source, "log", "-1", "--format=%s") == "Merge x into main"
    assert git(both.source, "log", "-1", "--format=%an %ae %ad %cn %ce %cd") == author
    assert file_bytes(f"{both.source}/README") == b"both\n"
    assert both.states() == [("slot-0", "idle", None)]


def test_an_operators_own_message_is_untouched(pool):
    path, mine, theirs = conflict(pool)
    assert land(pool, "--name", "x").code == 1
    gitrepo.write(path, {"README": "both\n"})
    git(path, "add", "README")
    git(path, "commit", "-q", "-m", "My own words\n\nand a body")
    replaced = tip(path)
    landed(pool, "--name", "x")
    assert git(pool.source, "log", "-1", "--format=%B").strip() == "My own words\n\nand a body"
    assert parents(pool.source) == [theirs, mine]
    kept = git(pool.source, "for-each-ref", "--format=%(objectname)", "refs/wt/kept/x/")
    assert kept == replaced


def test_the_first_options_are_remembered_over_a_conflict(both):
    path, _mine, _theirs = conflict(both)
    assert land(both, "--name", "x", "--next", "y").code == 1
    gitrepo.write(path, {"README": "both\n"})
    git(path, "add", "README")
    git(path, "commit", "-q", "--no-edit")
    landed(both, "--name", "x")
    assert both.states() == [("slot-0", "held", "y")]


def test_the_options_of_a_land_that_was_given_up_by_hand_are_forgotten(both):
    path, _mine, _theirs = conflict(both)
    assert land(both, "--name", "x", "--keep").code == 1
    git(path, "merge", "--abort")
    git(path, "reset", "-q", "--hard", "main")
    gitrepo.commit(path, {"new": "1"})
    landed(both, "--name", "x")
    assert both.states() == [("slot-0", "idle", None)]


def test_the_options_of_a_stopped_land_die_with_its_holder(both):
    conflict(both)
    assert land(both, "--name", "x", "--keep").code == 1
    assert both.wt("release", "x", "--force").code == 0
    work(both, "z", {"unrelated": "1"})
    landed(both, "--name", "z")
    assert both.states() == [("slot-0", "idle", None)]


def test_abort_gives_the_slot_back_as_it_was(both):
    path, mine, theirs = conflict(both)
    gitrepo.write(path, {"build/cache": "warm"})
    assert land(both, "--name", "x").code == 1
    assert land(both, "--abort", "--name", "x").code == 0
    assert tip(path) == mine
    assert file_bytes(f"{path}/README") == b"mine\n"
    assert git(path, "status", "--porcelain") == ""
    assert tip(both.source) == theirs
    assert both.states() == [("slot-0", "held", "x")]


@pytest.mark.parametrize("merging", [False, True])
def test_abort_where_no_land_has_stopped_is_refused(pool, merging):
    path, _mine, theirs = conflict(pool)
    if merging:  # the user's own, half resolved
        assert subprocess.run(["git", "-C", path, "merge", theirs], capture_output=True).returncode == 1
        gitrepo.write(path, {"README": "half resolved\n"})
    before = everything(pool.root, pool.source)
    done = land(pool, "--abort", "--name", "x")
    assert_refused(pool, done, before, "x", code=done.code)
    assert done.code in (1, 2)


def test_tracked_changes_in_the_bases_checkout_are_refused(both):
    work(both)
    gitrepo.write(both.source, {"README": "changed\n"})
    before = everything(both.root, both.source)
    assert_refused(both, land(both, "--name", "x"), before, "README", both.source, "stash")


def test_untracked_files_in_the_bases_checkout_are_fine(both):
    _path, mine = work(both)
    gitrepo.write(both.source, {"mine": "1"})
    landed(both, "--name", "x")
    assert tip(both.source) == mine
    assert file_bytes(f"{both.source}/mine") == b"1"


@pytest.mark.parametrize("name", ["new", "build/new"], ids=["untracked", "ignored"])
def test_a_file_in_the_way_in_the_bases_checkout_is_refused_and_both_stay(both, name):
    path = both.acquire("x")
    gitrepo.write(path, {name: "tracked\n"})
    git(path, "add", "-f", name)
    git(path, "commit", "-q", "-m", "x")
    gitrepo.write(both.source, {name: "precious"})
    before = everything(both.root, both.source)
    assert_refused(both, land(both, "--name", "x"), before, name, both.source)
    os.unlink(f"{both.source}/{name}")
    landed(both, "--name", "x")
    assert file_bytes(f"{both.source}/{name}") == b"tracked\n"


@pytest.mark.parametrize("diverged", [False, True])
def test_an_ignored_file_in_the_slot_is_never_overwritten_by_the_merge(both, diverged):
    path = both.acquire("x")
    if diverged:
        gitrepo.commit(path, {"new": "1\n"})
    gitrepo.write(path, {"build/cache": "precious"})
    gitrepo.write(both.source, {"build/cache": "tracked now\n"})
    git(both.source, "add", "-f", "build/cache")
    git(both.source, "commit", "-q", "-m", "tracked")
    if not diverged:
        gitrepo.write(path, {"README": "changed\n"})
    before = everything(both.root, both.source)
    done = land(both, *(() if diverged else ("a message",)), "--name", "x")
    assert done.code == 1, done
    assert "build/cache" in done.err
    assert file_bytes(f"{path}/build/cache") == b"precious"
    if diverged:
        assert everything(both.root, both.source) == before


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick", "bisect"])
def test_an_operation_in_progress_in_the_bases_checkout_is_refused(pool, how):
    gitrepo.commit(pool.source, {"f": "1\n"})
    git(pool.source, "switch", "-q", "-c", "side")
    gitrepo.commit(pool.source, {"f": "side\n"})
    git(pool.source, "switch", "-q", "main")
    gitrepo.commit(pool.source, {"f": "main\n"})
    work(pool)
    run = ["git", "-C", pool.source]
    if how == "bisect":
        git(pool.source, "bisect", "start")
    else:
        assert subprocess.run([*run, how, "side"], capture_output=True).returncode
    before = everything(pool.root, pool.source)
    assert_refused(pool, land(pool, "--name", "x"), before, how, "hint: ")


def test_the_base_checked_out_in_a_linked_worktree(both, tmp_path):
    git(both.source, "switch", "-q", "--detach")
    where = str(tmp_path / "a linked one")
    git(both.source, "worktree", "add", "-q", where, "main")
    _path, mine = work(both)
    landed(both, "--name", "x")
    assert tip(where) == mine
    assert file_bytes(f"{where}/new") == b"1\n"
    assert git(where, "status", "--porcelain") == ""
    assert not os.path.exists(f"{both.source}/new")


def test_the_base_checked_out_nowhere(both):
    git(both.source, "switch", "-q", "-c", "elsewhere")
    _path, mine = work(both)
    theirs = tip(both.source)
    landed(both, "--name", "x")
    assert tip(both.source, "main") == mine
    assert tip(both.source) == theirs
    assert git(both.source, "status", "--porcelain") == ""
    assert git(both.source, "reflog", "show", "main", "--format=%gs").splitlines()[0].startswith("wt: land")


def test_two_checkouts_of_the_base_are_refused(pool, tmp_path):
    git(pool.source, "worktree", "add", "-q", "--force", str(tmp_path / "two"), "main")
    work(pool)
    before = everything(pool.root, pool.source)
    assert_refused(pool, land(pool, "--name", "x"), before, "twice", str(tmp_path / "two"))


def test_a_bare_source(tmp_path, repo, layout):
    bare = str(tmp_path / "bare.git")
    git(tmp_path, "clone", "-q", "--bare", repo, bare)
    pool = Pool(tmp_path / "root", bare, max_slots=1, layout=layout)
    _path, mine = work(pool)
    landed(pool, "--name", "x")
    assert tip(bare, "main") == mine
    assert pool.states() == [("slot-0", "idle", None)]
    path, mine = work(pool, "y", {"more": "1"})
    landed(pool, cwd=path)
    assert tip(bare, "main") == mine


@pytest.mark.parametrize("status", [0, 1])
def test_the_users_own_commit_hooks_run(pool, tmp_path, status):
    hook = f"{pool.source}/.git/hooks/pre-commit"
    gitrepo.write(
        f"{pool.source}/.git/hooks",
        {"pre-commit": f"#!/bin/sh\npwd > '{tmp_path}/ran'\necho said\nexit {status}\n"},
    )
    os.chmod(hook, 0o755)
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    base = tip(pool.source)
    done = land(pool, "A message", cwd=path)
    assert (tmp_path / "ran").read_text() == f"{path}\n"
    assert done.out == ""
    assert done.code == status
    assert (tip(pool.source) == base) == bool(status)
    if status:
        assert "said" in done.err
        assert file_bytes(f"{path}/README") == b"changed\n"
        assert pool.states() == [("slot-0", "held", "x")]


def test_two_lands_at_once_both_arrive(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=4)
    names = ["a", "b", "c", "d"]
    for name in names:
        work(pool, name, {f"file-{name}": "1\n"})
    processes = [
        subprocess.Popen(
            tool.argv("wt", "land", "--name", name), env=tool.environment(WORKTREE_ROOT=pool.root), cwd=repo,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    said = [process.communicate(timeout=110) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert {name for name in os.listdir(repo) if name.startswith("file-")} == {
        f"file-{name}" for name in names
    }
    assert git(repo, "status", "--porcelain") == ""
    assert {row["state"] for row in pool.rows()} == {"idle"}


def test_the_shell_ends_up_where_the_contract_says(pool, tmp_path):
    gitrepo.commit(pool.source, {"deep/er/x": "1"})
    directive = tmp_path / "directive"

    def go(*args, cwd):
        directive.write_text("")
        landed(pool, *args, cwd=cwd, env={"WT_DIRECTIVE": str(directive)})
        return directive.read_text()

    path, _ = work(pool, "a", {"only-here/x": "1"})
    assert go(cwd=f"{path}/deep/er") == f"{pool.source}/deep/er"
    path, _ = work(pool, "b", {"two/x": "1"})
    assert go("--keep", cwd=path) == path
    assert go("--keep", cwd=f"{path}/deep/er") == f"{path}/deep/er"
    assert go("--name", "b", "--keep", cwd=f"{pool.source}/deep") == path
    gitrepo.commit(path, {"three/x": "1"})
    gitrepo.write(path, {"build/cache": "warm"})
    assert go("--next", "c", cwd=f"{path}/two") == f"{pool.at}/c/two"
    assert go("--next", "d", cwd=f"{pool.at}/c/build") == f"{pool.at}/d/build"
    assert go("--next", "c", cwd=f"{pool.at}/d") == f"{pool.at}/c"
    sleeper = subprocess.Popen(["sleep", "1000"], cwd=f"{pool.at}/c/deep/er")
    try:
        assert go(cwd=f"{pool.at}/c/deep") == f"{pool.at}/c/deep"  # kept: somebody is in it
    finally:
        sleeper.kill()
        sleeper.wait()
    git(pool.source, "switch", "-q", "-c", "elsewhere")
    gitrepo.commit(f"{pool.at}/c", {"four": "1"})
    assert go(cwd=f"{pool.at}/c/deep") == f"{pool.source}/deep"


def test_land_of_what_is_not_held_names_the_nearest(pool):
    pool.acquire("feature")
    before = everything(pool.root, pool.source)
    assert_refused(pool, land(pool, "--name", "featrue"), before, "did you mean: wt land --name feature")


def test_a_conflict_of_directory_names_alone_stops(both):
    """git-merge-tree(1): an empty list of conflicted files is not a clean merge."""
    gitrepo.commit(both.source, {f"d/f{n}": f"{n}\n" * 50 for n in range(4)})
    path = both.acquire("x")
    os.makedirs(f"{path}/left")
    os.makedirs(f"{path}/right")
    git(path, "mv", "d/f0", "d/f1", "left")
    git(path, "mv", "d/f2", "d/f3", "right")
    git(path, "commit", "-q", "-m", "split")
    before = gitrepo.commit(both.source, {"d/new": "where to?\n"})
    assert "conflict in the names of directories" in land(both, "--dry-run", cwd=path).out
    done = land(both, cwd=path)
    assert done.code == 1, done
    assert tip(both.source, "main") == before
    assert "wt land --abort" in done.err
    git(path, "commit", "-q", "--no-edit")
    landed(both, cwd=path)
    assert os.path.exists(f"{both.source}/d/new")


def test_a_merge_that_a_land_left_half_done_dies_with_its_holder(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1, layout="stable")
    path, mine = work(pool)
    admin = git(path, "rev-parse", "--absolute-git-dir")
    gitrepo.write(admin, {"worktree-pool/merging": f"base: x\nfrom: {mine}\nto: {mine}0\ncheckout: {path}\n"})
    assert pool.pool("release", "--name", "x").code == 0
    path, _ = work(pool, "y")
    landed(pool, cwd=path)


def test_the_mutex_is_not_handed_to_what_the_users_hooks_leave_running(pool, tmp_path):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    hook = f"{pool.source}/.git/hooks/pre-commit"
    gitrepo.write(
        pool.source,
        {
            ".git/hooks/pre-commit": f"#!/bin/sh\ncd /\nsleep 100 >/dev/null 2>&1 &\necho $! >{tmp_path}/daemon\n"
        },
    )
    os.chmod(hook, 0o755)
    try:
        landed(pool, "with a daemon", "--keep", cwd=path)
        assert pool.pool("release", "--name", "x").code == 0
    finally:
        os.kill(int(file_bytes(f"{tmp_path}/daemon")), 9)


@pytest.mark.parametrize("wanted", ["a-b", "held"])
def test_a_next_name_whose_directory_or_slot_is_taken_is_refused_before_anything_lands(
    tmp_path, repo, wanted
):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    pool.acquire("a/b")
    pool.acquire("held")
    path, _ = work(pool, "x")
    before = tip(repo, "main")
    done = land(pool, "--next", wanted, cwd=path)
    assert done.code == (6 if wanted == "held" else 1), done
    assert tip(repo, "main") == before
    assert pool.wt("path", "x").code == 0


def test_doctor_finishes_a_land_that_died_while_it_moved_the_base(both):
    old = tip(both.source)
    _path, new = work(both)
    git(both.source, "read-tree", "-m", "-u", old, new)
    journal = f"base: main\nfrom: {old}\nto: {new}\ncheckout: {both.source}\n"
    gitrepo.write(f"{both.source}/.git", {"worktree-pool/land": journal})
    done = both.wt("doctor", "--fix")
    assert "a land that died is finished" in done.err, done
    assert (tip(both.source, "main"), git(both.source, "status", "--porcelain")) == (new, "")
    assert not os.path.exists(f"{both.source}/.git/worktree-pool/land")


def test_a_next_name_that_is_taken_while_the_land_runs_is_said_and_the_land_stands(both):
    path = both.acquire("x")
    hook = f"{both.source}/.git/hooks/pre-commit"
    os.makedirs(os.path.dirname(hook), exist_ok=True)
    with open(hook, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\ngit branch y main\n")
    os.chmod(hook, 0o755)
    gitrepo.write(path, {"README": "changed\n"})
    done = both.wt("land", "--next", "y", "message", cwd=path)
    assert done.code == 0, done
    assert "x landed on main: 1 commit" in done.err
    assert "`y` could not be begun: The branch `y` exists already" in done.err
    assert both.states() == [("slot-0", "idle", None)]
