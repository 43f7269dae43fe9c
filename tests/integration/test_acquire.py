"""acquire, contract section 7, sentence by sentence; and what section 13 says of what it sets aside."""

import os
import signal
import subprocess

import git as gitpython
import pytest
import yaml

from tests.integration.test_primitive import HeldMutex
from tests.support import gitrepo, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def kept(source):
    return git(source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()


def recycled(pool, files=None):
    """An idle slot that was held once; returns its directory."""
    path = pool.acquire("first")
    gitrepo.write(path, files or {})
    assert pool.pool("release", "--name", "first").code == 0
    return os.path.join(pool.at, "slot-0")


def restored(source, ref, top):
    """A fresh clone-like worktree at the parent of what was set aside, with it applied by plain git."""
    git(source, "worktree", "add", "-q", "--detach", top, f"{ref}^1")
    git(top, "stash", "apply", "-q", "--index", ref)
    return top


def test_warm_caches_and_untracked_files_survive(both):
    recycled(both, {"build/cache": "warm", "notes.txt": "mine", "deep/er/x": "y"})
    newer = gitrepo.commit(both.source, {"README": "newer\n"})
    path = both.acquire("second")
    assert git(path, "rev-parse", "HEAD") == newer
    for name, text in {
        "build/cache": b"warm",
        "notes.txt": b"mine",
        "deep/er/x": b"y",
        "README": b"newer\n",
    }.items():
        assert file_bytes(f"{path}/{name}") == text
    assert kept(both.source) == []
    assert both.rows()[0]["id"] == "slot-0"


def test_recycle_clean_sets_untracked_files_aside_and_leaves_ignored_ones(pool):
    config = f"{pool.at}/.meta/config.yaml"
    text = file_bytes(config).decode().replace("recycle: keep", "recycle: clean")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    recycled(pool, {"build/cache": "warm", "notes.txt": "mine", "deep/er/x": "y"})
    path = pool.acquire("second")
    assert sorted(os.listdir(path)) == [".git", ".gitignore", "README", "build"]
    (ref,) = kept(pool.source)
    assert git(pool.source, "ls-tree", "-r", "--name-only", f"{ref}^3") == "deep/er/x\nnotes.txt"


def test_tracked_changes_in_an_idle_slot_are_set_aside_and_plain_git_restores_them(both, tmp_path):
    gitrepo.commit(both.source, {"a": "1\n", "b": "1\n", "gone": "1\n", "mode": "1\n", "crlf": "1\n"})
    idle = recycled(both)
    gitrepo.write(idle, {"a": "staged\n", "new file": "added\n"})
    git(idle, "add", "a", "new file")
    gitrepo.write(idle, {"a": "staged\nand more\n", "b": "only on disk\n", "crlf": "1\r\n2\r\n"})
    os.unlink(f"{idle}/gone")
    os.chmod(f"{idle}/mode", 0o755)
    os.symlink("b", f"{idle}/link")
    git(idle, "add", "link")
    staged = git(idle, "diff", "--cached", "--raw", "--abbrev=40")
    unstaged = git(idle, "diff", "--raw", "--abbrev=40")
    done = both.pool("acquire", "--name", "second")
    assert git(done.path, "status", "--porcelain") == ""
    (ref,) = kept(both.source)
    assert ref.startswith("refs/wt/kept/slot-0/")
    assert f"wt restore slot-0@{os.path.basename(ref)}" in done.err
    top = restored(both.source, ref, str(tmp_path / "again"))
    assert git(top, "diff", "--cached", "--raw", "--abbrev=40") == staged
    assert git(top, "diff", "--raw", "--abbrev=40") == unstaged
    assert file_bytes(f"{top}/crlf") == b"1\r\n2\r\n"
    assert file_bytes(f"{top}/a") == b"staged\nand more\n"
    assert os.stat(f"{top}/mode").st_mode & 0o111


def test_what_is_set_aside_is_the_bytes_on_disk_whatever_the_attributes_say(pool, tmp_path):
    gitrepo.commit(
        pool.source, {".gitattributes": "*.txt text eol=lf\n*.up filter=up\n", "a.txt": "1\n", "b.up": "x\n"}
    )
    git(pool.source, "config", "filter.up.clean", "tr a-z A-Z")
    git(pool.source, "config", "core.autocrlf", "true")
    idle = recycled(pool)
    with open(f"{idle}/a.txt", "wb") as file:
        file.write(b"1\r\nmixed\n")
    gitrepo.write(idle, {"b.up": "lower\n"})
    pool.acquire("second")
    (ref,) = kept(pool.source)
    repository = gitpython.Repo(pool.source)
    tree = repository.commit(git(pool.source, "rev-parse", ref)).tree
    assert (tree / "a.txt").data_stream.read() == b"1\r\nmixed\n"
    assert (tree / "b.up").data_stream.read() == b"lower\n"
    repository.close()


@pytest.mark.parametrize("content", ["untracked", "ignored"])
def test_files_in_the_way_of_the_new_commit_are_set_aside(both, content):
    name = "build/x" if content == "ignored" else "x"
    recycled(both, {name: "precious", "other": "stays", "build/other": "stays"})
    gitrepo.write(both.source, {name: "tracked now\n"})
    git(both.source, "add", "-f", name)
    git(both.source, "commit", "-q", "-m", "x")
    done = both.pool("acquire", "--name", "second")
    assert file_bytes(f"{done.path}/{name}") == b"tracked now\n"
    assert file_bytes(f"{done.path}/other") == b"stays"
    assert file_bytes(f"{done.path}/build/other") == b"stays"
    (ref,) = kept(both.source)
    assert git(both.source, "show", f"{ref}^3:{name}") == "precious"
    assert git(both.source, "ls-tree", "-r", "--name-only", f"{ref}^3") == name


def test_a_directory_or_a_link_in_the_way_is_set_aside_and_nothing_outside_is_written(pool, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("not yours")
    idle = recycled(pool, {"thing/precious": "1", "thing/sub/too": "2"})
    os.symlink(outside, f"{idle}/dir")
    gitrepo.commit(pool.source, {"thing": "a file now\n", "dir/file": "tracked\n"})
    path = pool.acquire("second")
    assert file_bytes(f"{path}/thing") == b"a file now\n"
    assert file_bytes(f"{path}/dir/file") == b"tracked\n"
    assert not os.path.islink(f"{path}/dir")
    assert (outside / "file").read_text() == "not yours"
    (ref,) = kept(pool.source)
    assert git(pool.source, "ls-tree", "-r", "--name-only", f"{ref}^3").split() == [
        "dir",
        "thing/precious",
        "thing/sub/too",
    ]


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("moves", [False, True], ids=["same-commit", "other-commit"])
def test_a_tracked_file_that_became_a_directory_of_files_loses_none_of_them(both, ignored, moves):
    if ignored:
        gitrepo.commit(both.source, {".gitignore": "build/\nprecious\n"})
    idle = recycled(both)
    os.unlink(f"{idle}/README")
    gitrepo.write(idle, {"README/precious": "1"})
    if moves:
        gitrepo.commit(both.source, {"more": "1"})
    path = both.acquire("second")
    assert file_bytes(f"{path}/README") == b"hello\n"
    (ref,) = kept(both.source)
    assert git(both.source, "show", f"{ref}^3:README/precious") == "1"


def test_a_tracked_directory_that_became_a_file_does_not_lose_it(both):
    gitrepo.commit(both.source, {"dir/a": "1", "dir/b": "2"})
    idle = recycled(both)
    os.unlink(f"{idle}/dir/a")
    os.unlink(f"{idle}/dir/b")
    os.rmdir(f"{idle}/dir")
    gitrepo.write(idle, {"dir": "precious"})
    path = both.acquire("second")
    assert file_bytes(f"{path}/dir/a") == b"1"
    (ref,) = kept(both.source)
    assert git(both.source, "show", f"{ref}^3:dir") == "precious"


def test_edits_behind_hidden_bits_are_set_aside(pool):
    gitrepo.commit(pool.source, {"assumed": "1\n", "skipped": "1\n"})
    idle = recycled(pool)
    git(idle, "update-index", "--assume-unchanged", "assumed")
    git(idle, "update-index", "--skip-worktree", "skipped")
    gitrepo.write(idle, {"assumed": "2\n", "skipped": "2\n"})
    path = pool.acquire("second")
    assert file_bytes(f"{path}/assumed") == file_bytes(f"{path}/skipped") == b"1\n"
    assert "h " not in git(path, "ls-files", "-v")
    assert "S " not in git(path, "ls-files", "-v")
    (ref,) = kept(pool.source)
    assert git(pool.source, "show", f"{ref}:assumed") == git(pool.source, "show", f"{ref}:skipped") == "2"


def test_edits_behind_hidden_bits_within_the_second_are_set_aside(pool):
    """As above, but git's own look would find nothing: same size, same second, in an index of a later second."""
    gitrepo.commit(pool.source, {"assumed": "1\n", "skipped": "1\n"})
    idle = recycled(pool)
    names = ("assumed", "skipped")
    for name in names:
        os.utime(f"{idle}/{name}", (1_700_000_000, 1_700_000_000))
    git(idle, "update-index", "-q", "--refresh")
    git(idle, "update-index", "--assume-unchanged", "assumed")
    git(idle, "update-index", "--skip-worktree", "skipped")
    git(idle, "config", "core.trustctime", "false")
    for name in names:
        with open(f"{idle}/{name}", "r+") as file:
            file.write("2")
        os.utime(f"{idle}/{name}", (1_700_000_000, 1_700_000_000))
    path = pool.acquire("second")
    assert [file_bytes(f"{path}/{name}") for name in names] == [b"1\n", b"1\n"]
    (ref,) = kept(pool.source)
    assert [git(pool.source, "show", f"{ref}:{name}") for name in names] == ["2", "2"]


def test_conflicted_stages_in_an_idle_slot_are_set_aside(pool):
    idle = recycled(pool)
    git(pool.source, "switch", "-q", "-c", "theirs")
    gitrepo.commit(pool.source, {"README": "theirs\n"})
    git(pool.source, "switch", "-q", "main")
    gitrepo.commit(idle, {"README": "ours\n"})
    assert subprocess.run(["git", "-C", idle, "merge", "theirs"], capture_output=True).returncode == 1
    on_disk = file_bytes(f"{idle}/README")
    path = pool.acquire("second")
    assert git(path, "status", "--porcelain") == ""
    assert file_bytes(f"{path}/README") == b"hello\n"
    contents = [git(pool.source, "show", f"{ref}:README") + "\n" for ref in kept(pool.source)]
    assert on_disk.decode() in contents
    assert (
        "ours\n"
        in [git(pool.source, "show", f"{ref}^1:README") + "\n" for ref in kept(pool.source)] + contents
    )


def test_a_commit_made_in_an_idle_slot_is_not_lost(both):
    idle = recycled(both)
    lonely = gitrepo.commit(idle, {"x": "1"})
    both.acquire("second")
    assert git(both.source, "for-each-ref", "--contains", lonely, "--format=%(refname)").startswith(
        "refs/wt/kept/slot-0/"
    )


def test_odd_file_names_are_set_aside_whole(pool):
    names = ["a b", "tab\tx", "new\nline", 'quo"te', "größe", "-x", "*", os.fsdecode(b"\xff")]
    gitrepo.commit(pool.source, {"keep": "1"})
    for name in names:
        with open(os.path.join(pool.source, name), "w", encoding="utf-8") as file:
            file.write("old\n")
    git(pool.source, "add", "-A")
    git(pool.source, "commit", "-q", "-m", "odd")
    idle = recycled(pool)
    for name in names:
        with open(os.path.join(idle, name), "w", encoding="utf-8") as file:
            file.write(f"new {name!a}\n")
    path = pool.acquire("second")
    (ref,) = kept(pool.source)
    for name in names:
        assert file_bytes(os.path.join(path, name)) == b"old\n"
        assert (
            subprocess.run(
                ["git", "-C", pool.source, "show", os.fsencode(f"{ref}:{name}")], capture_output=True
            ).stdout.decode()
            == f"new {name!a}\n"
        )


def test_a_nested_repository_in_the_way_of_nothing_stays(pool):
    idle = recycled(pool)
    gitrepo.make_repo(f"{idle}/nested")
    gitrepo.commit(pool.source, {"more": "1"})
    path = pool.acquire("second")
    assert git(f"{path}/nested", "rev-parse", "--show-toplevel") == f"{path}/nested"


def test_a_leftover_index_lock_is_removed(both):
    recycled(both)
    admin = both.pool("inspect", "--slot", "slot-0").json["admin_dir"]
    for name in ("index.lock", "HEAD.lock"):
        with open(f"{admin}/{name}", "w", encoding="utf-8") as file:
            file.write("dead")
    gitrepo.commit(both.source, {"x": "1"})
    path = both.acquire("second")
    assert not os.path.exists(f"{admin}/index.lock")
    gitrepo.commit(path, {"y": "1"})


def test_the_trees_own_hooks_do_not_run(pool, tmp_path):
    git(pool.source, "config", "core.hooksPath", "hooks")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        for top in (f"{pool.source}/hooks", f"{pool.source}/.git/hooks"):
            gitrepo.write(top, {hook: f"#!/bin/sh\necho ran >> '{tmp_path}/{hook}'\n"})
            os.chmod(f"{top}/{hook}", 0o755)
    git(pool.source, "-c", "core.hooksPath=/dev/null", "add", "hooks")
    git(pool.source, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "hooks")
    for found in os.listdir(tmp_path):
        if found.startswith(("post", "ref")):
            os.unlink(tmp_path / found)
    pool.acquire("first")
    pool.pool("release", "--name", "first")
    pool.acquire("second")
    assert sorted(os.listdir(tmp_path)) == ["home", "root", "source"]


@pytest.mark.parametrize(
    ("existing", "name", "clash"),
    [("x", "x", "x"), ("x", "x/y", "x"), ("x/y", "x", "x/y"), ("a/b", "a/b/c/d", "a/b")],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_branch_that_exists_or_clashes_is_refused_before_anything_is_touched(
    both, existing, name, clash, packed
):
    git(both.source, "branch", existing)
    if packed:
        git(both.source, "pack-refs", "--all")
    before = everything(both.root, both.source)
    done = both.pool("acquire", "--name", name)
    assert done.code == 1, done
    assert done.out == ""
    assert f"`{clash}`" in done.err
    assert "hint: " in done.err
    assert everything(both.root, both.source) == before


def test_idle_slots_come_before_fresh_ones_and_the_one_at_the_commit_first(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=4)
    first = git(repo, "rev-parse", "HEAD")
    pool.acquire("a")
    second = gitrepo.commit(repo, {"x": "1"})
    pool.acquire("b")
    third = gitrepo.commit(repo, {"x": "2"})
    pool.acquire("c")
    for name in "abc":
        pool.pool("release", "--name", name)
    for commit, slot in ((third, "slot-2"), (second, "slot-1"), (first, "slot-0")):
        pool.acquire("x", "--commit", commit)
        assert [row["id"] for row in pool.rows() if row["state"] == "held"] == [slot]
        pool.pool("release", "--name", "x")
    fourth = gitrepo.commit(repo, {"x": "3"})
    pool.acquire("x", "--commit", fourth)
    assert [row["id"] for row in pool.rows() if row["state"] == "held"] == ["slot-0"]


def test_a_slot_whose_mutex_is_held_is_passed_over(both):
    for name in ("a", "b"):
        both.acquire(name)
    for name in ("a", "b"):
        both.pool("release", "--name", name)
    with HeldMutex(both, "slot-0"):
        both.acquire("c")
        assert [(row["id"], row["state"]) for row in both.rows()] == [("slot-1", "held"), ("slot-0", "idle")]


def test_among_idle_slots_the_nearest_to_the_commit_is_chosen_then_the_lowest(tmp_path, repo, monkeypatch):
    def commit(day):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-{day:02} 12:00:00 +0000")
        return gitrepo.commit(repo, {"day": f"{day}\n"})

    days = {day: commit(day) for day in (1, 5, 9, 20)}
    pool = Pool(tmp_path / "root", repo, max_slots=4)
    for name, day in (("far", 1), ("near", 9), ("nearer", 9), ("farther", 1)):
        pool.acquire(name, "--commit", days[day])
    for name in ("far", "near", "nearer", "farther"):
        pool.pool("release", "--name", name)
    taken = []
    for name in "abcd":
        pool.acquire(name, "--commit", days[5] if name == "d" else days[20])
        taken += [row["id"] for row in pool.rows() if row["name"] == name]
    assert taken == ["slot-1", "slot-2", "slot-0", "slot-3"]


def test_any_commitish_is_a_start(pool):
    first = git(pool.source, "rev-parse", "HEAD")
    git(pool.source, "tag", "-a", "v1", "-m", "annotated")
    gitrepo.commit(pool.source, {"x": "1"})
    for number, start in enumerate(
        ("v1", first, first[:10], "main~1", "HEAD^", "refs/tags/v1", "HEAD^{/first}")
    ):
        path = pool.acquire(f"try{number}", "--commit", start)
        assert git(path, "rev-parse", "HEAD") == first
        pool.pool("release", "--name", f"try{number}")


BROKEN_FILTER = {".gitattributes": "*.bad filter=bad\n", "x.bad": "x\n"}


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "idle"])
def test_a_failure_before_held_puts_the_slot_back_and_leaves_only_warmth(both, warm):
    """A required smudge filter that fails makes git itself fail, in the middle of the checkout."""
    if warm:
        recycled(both, {"build/cache": "warm"})
    git(both.source, "switch", "-q", "-c", "bad")
    gitrepo.commit(both.source, BROKEN_FILTER)
    git(both.source, "switch", "-q", "main")
    git(both.source, "config", "filter.bad.smudge", "false")
    git(both.source, "config", "filter.bad.required", "true")
    refs = git(both.source, "for-each-ref")
    done = both.pool("acquire", "--name", "doomed", "--commit", "bad")
    assert (done.code, done.out) == (1, ""), done
    assert "error: " in done.err
    assert "Traceback" not in done.err
    assert git(both.source, "for-each-ref") == refs
    assert both.states() == [("slot-0", "idle", None)]
    assert not os.path.lexists(f"{both.at}/doomed")
    path = both.acquire("next")
    assert git(path, "status", "--porcelain") == ""
    assert both.rows()[0]["id"] == "slot-0"
    if warm:
        assert file_bytes(f"{path}/build/cache") == b"warm"


def cut_short(pool, tmp_path, signum):
    """An acquire that got `signum` with its whole group in the middle of the checkout: the smudge filter tells us that it
    is under way, and then waits for an end that never comes."""
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    git(pool.source, "switch", "-q", "-c", "slow")
    gitrepo.commit(pool.source, BROKEN_FILTER)
    git(pool.source, "switch", "-q", "main")
    git(pool.source, "config", "filter.bad.smudge", f"echo there > '{fifo}'; exec sleep 600")
    process = subprocess.Popen(
        tool.argv("worktree-pool", "--pool", pool.key, "acquire", "--name", "doomed", "--commit", "slow"),
        env=tool.environment(WORKTREE_ROOT=pool.root), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with open(fifo, encoding="utf-8") as file:
        assert file.read() == "there\n"
    os.killpg(process.pid, signum)
    out, err = process.communicate(timeout=60)
    git(pool.source, "config", "--unset", "filter.bad.smudge")
    return tool.Result(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_held_puts_the_slot_back(both, tmp_path, signum, code):
    done = cut_short(both, tmp_path, signum)
    assert (done.code, done.out) == (code, ""), done
    assert "Traceback" not in done.err
    assert git(both.source, "for-each-ref", "--format=%(refname)") == "refs/heads/main\nrefs/heads/slow"
    assert both.states() == [("slot-0", "idle", None)]
    assert both.acquire("next")
    assert [row["id"] for row in both.rows()] == ["slot-0", "slot-1"]


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "idle"])
def test_what_a_killed_checkout_wrote_is_taken_back_and_is_nobodys_work(both, tmp_path, warm):
    if warm:
        recycled(both, {"build/cache": "warm"})
    assert cut_short(both, tmp_path, signal.SIGKILL).code == -signal.SIGKILL
    gitrepo.write(both.rows()[0]["path"], {"x.bad": ""})  # made, and not written yet
    path = both.acquire("next")
    assert both.rows()[0]["path"] == path
    assert git(path, "status", "--porcelain", "--ignored") == ("!! build/" if warm else "")
    assert kept(both.source) == []


def test_sixteen_at_once_get_sixteen_slots(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=8)
    processes = [
        subprocess.Popen(
            tool.argv("worktree-pool", "--pool", pool.key, "acquire", "--name", f"n{number}"),
            env=tool.environment(WORKTREE_ROOT=pool.root), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    paths = {process.communicate(timeout=100)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(paths) == 8
    assert sorted(row["id"] for row in pool.rows()) == [f"slot-{number}" for number in range(8)]
    assert {row["state"] for row in pool.rows()} == {"held"}


def test_one_name_at_once_is_held_once(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=8)
    processes = [
        subprocess.Popen(
            tool.argv("worktree-pool", "--pool", pool.key, "acquire", "--name", "x"),
            env=tool.environment(WORKTREE_ROOT=pool.root), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]  # fmt: skip
    for process in processes:
        process.communicate(timeout=100)
    codes = sorted(process.returncode for process in processes)
    assert codes == [0, 6, 6, 6, 6, 6]
    assert [row["state"] for row in pool.rows()].count("held") == 1


def test_every_admin_dir_is_locked_against_prune_and_bears_our_provenance(both):
    both.acquire("a")
    admin = both.pool("inspect", "--name", "a").json["admin_dir"]
    assert file_bytes(f"{admin}/locked").strip()
    created = yaml.safe_load(file_bytes(f"{admin}/worktree-pool/created"))
    assert created["key"] == "app"
    assert created["root"] == both.at
    assert created["slot"] == "slot-0"
    assert f"pool_id: {created['pool_id']}\n" in file_bytes(f"{both.at}/.meta/config.yaml").decode()
    lock = dict(
        line.split(": ", 1) for line in file_bytes(f"{admin}/worktree-pool/lock").decode().splitlines()
    )
    assert {key: lock[key] for key in ("name", "slot", "state", "branch")} == {
        "name": "a", "slot": "slot-0", "state": "held", "branch": "created",
    }  # fmt: skip
    assert lock["full_sha"] == git(both.source, "rev-parse", "main")
    assert set(os.listdir(f"{both.pool('path', '--name', 'a').path}")) == {".git", ".gitignore", "README"}


def test_waiting_says_each_thing_once(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1, groups="ios,android")
    pool.acquire("a")
    done = pool.pool("acquire", "--name", "b", "--wait", "1")
    assert done.code == 4
    assert done.err.count("group ios (the first configured).") == 1


def test_a_foreign_directory_called_like_a_slot_is_no_capacity(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    gitrepo.write(f"{pool.at}/slot-0", {"mine": "1"})
    assert [row["id"] for row in pool.rows()] == ["slot-1"]
    pool.acquire("a")
    assert pool.states() == [("slot-1", "held", "a")]
