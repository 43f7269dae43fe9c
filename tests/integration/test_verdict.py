"""The verdict, contract section 11: the table, first match first; what landed by content."""

import os
import random
import shlex
import subprocess
import sys

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool

git = gitrepo.git
KEYS = "name slot group path age_s mark reason evidence next".split()
EVIDENCE = "ahead landed_by pushed dirty untracked operation processes submodules".split()


def verdict(pool, name="x"):
    (found,) = [one for one in pool.wt("ls", "--json").json if one["name"] == name]
    assert pool.wt("info", name, "--json").json["reason"] == found["reason"]
    return found


def expect(pool, mark, reason, **evidence):
    found = verdict(pool)
    assert (found["mark"], found["reason"]) == (mark, reason), found
    assert {key: found["evidence"][key] for key in evidence} == evidence
    return found


def test_json_keys_and_their_order(pool):
    pool.acquire("x")
    found = expect(
        pool,
        "green",
        "clean",
        ahead=0,
        dirty=0,
        untracked=0,
        operation=None,
        processes=[],
        submodules=[],
        landed_by=None,
    )
    assert list(found) == KEYS
    assert list(found["evidence"]) == EVIDENCE
    assert (found["slot"], found["group"], found["path"]) == ("slot-0", None, f"{pool.at}/x")
    assert found["next"] == "wt release x"
    (bare,) = pool.wt("ls", "--json", "--bare").json
    assert list(bare) == KEYS
    assert bare["mark"] is None
    assert bare["evidence"] is None


def test_unmerged_counts_the_commits_and_comes_before_dirty(both):
    path = both.acquire("x")
    gitrepo.commit(path, {"a": "1"})
    gitrepo.commit(path, {"b": "1"})
    gitrepo.write(path, {"README": "changed\n", "new": ""})
    found = expect(both, "red", "unmerged", ahead=2, dirty=1, untracked=1)
    assert found["next"] == 'wt land --name x --add "message"'


def test_dirty_counts_staged_modified_untracked_and_hidden(both):
    gitrepo.commit(both.source, {"assumed": "1\n", "skipped": "1\n", "same": "1\n"})
    path = both.acquire("x")
    git(path, "update-index", "--assume-unchanged", "assumed", "same")
    expect(both, "green", "clean", dirty=0)
    gitrepo.write(path, {"assumed": "2\n"})
    expect(both, "yellow", "dirty", dirty=1)
    git(path, "update-index", "--skip-worktree", "skipped")
    gitrepo.write(
        path,
        {"skipped": "2\n", "README": "changed\n", "staged": "1\n", "new/a": "", "new/b": "", "build/x": ""},
    )
    git(path, "add", "staged")
    git(both.source, "config", "status.showUntrackedFiles", "no")
    expect(both, "yellow", "dirty", dirty=4, untracked=1)


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick", "revert", "bisect"])
def test_busy_comes_first(pool, how):
    path = pool.acquire("x")
    gitrepo.commit(path, {"README": "mine\n"})
    theirs = gitrepo.commit(pool.source, {"README": "theirs\n"})
    if how == "bisect":
        git(path, "bisect", "start")
    elif how == "revert":
        gitrepo.commit(path, {"README": "later\n"})
        assert subprocess.run(["git", "-C", path, "revert", "HEAD~1"], capture_output=True).returncode
    else:
        assert subprocess.run(["git", "-C", path, how, theirs], capture_output=True).returncode
    expect(pool, "yellow", "busy", operation=how)
    done = pool.wt("release", "x")
    assert done.code == 1
    assert how in done.err


def test_in_use_names_pid_and_command(both):
    path = both.acquire("x")
    os.mkdir(f"{path}/build")
    with subprocess.Popen(["sleep", "600"], cwd=f"{path}/build") as process:
        found = expect(both, "yellow", "in-use")
        assert {"pid": process.pid, "command": "sleep"} in found["evidence"]["processes"]
        done = both.wt("release", "x")
        assert done.code == 1
        assert str(process.pid) in done.err
        process.kill()
    expect(both, "green", "clean", processes=[])


DEEP = """import os, sys
for _ in range(30):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
print(flush=True)
sys.stdin.read()
"""


def test_a_process_whose_directory_cannot_be_told_counts(both):
    """The kernel names no directory whose path is longer than a page."""
    path = both.acquire("x")
    os.mkdir(f"{path}/build")
    argv = [sys.executable, "-c", DEEP]
    with subprocess.Popen(
        argv, cwd=f"{path}/build", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        found = expect(both, "yellow", "in-use")
        assert process.pid in [one["pid"] for one in found["evidence"]["processes"]]
        assert "a directory too deep to be named" in both.wt("info", "x").out
        assert both.wt("release", "x").code == 1
        process.communicate()
    expect(both, "green", "clean")


@pytest.mark.skipif(sys.platform != "linux", reason="which pipe a process reads is told by /proc")
def test_the_rest_of_its_own_pipeline_is_not_in_use(pool):
    """`wt land … | tail` keeps no slot; what the same script left at work in it does."""
    path = pool.acquire("x")
    wt, env = shlex.join(tool.argv("wt")), tool.environment(WORKTREE_ROOT=pool.root)
    for text, reason in (("", "clean"), ("sleep 600 >/dev/null 2>&1 & trap 'kill $!' 0; ", "in-use")):
        for pipe in ("| tail -n 99 | cat", "2>&1 | tail -n 99"):
            argv = ["bash", "-c", f"{text}{wt} info {pipe}"]
            done = subprocess.run(argv, cwd=path, env=env, capture_output=True, text=True)
            assert f" {reason}: " in done.stdout.partition("\n")[0], (pipe, done)


def test_the_shell_that_asks_is_not_in_use(pool):
    path = pool.acquire("x")
    done = pool.wt("release", cwd=path)
    assert done.code == 0, done


def test_landed_by_reachability(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1"})
    git(pool.source, "merge", "-q", "--no-ff", "-m", "m", "x")
    expect(pool, "green", "landed", ahead=0, landed_by=None)


def test_in_the_upstream_counts(tmp_path, repo):
    clone = str(tmp_path / "clone")
    git(repo, "config", "receive.denyCurrentBranch", "ignore")
    git(tmp_path, "clone", "-q", repo, clone)
    pool = Pool(tmp_path / "root", clone, max_slots=1)
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1"})
    expect(pool, "red", "unmerged", ahead=1)
    git(path, "push", "-q", "origin", "x:main")
    expect(pool, "green", "landed", ahead=0)


def test_squashed_in_the_upstream_counts(tmp_path, repo):
    """What a forge does: squash, and the local base has not been pulled yet."""
    clone = str(tmp_path / "clone")
    git(tmp_path, "clone", "-q", repo, clone)
    pool = Pool(tmp_path / "root", clone, max_slots=1)
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1\n"})
    gitrepo.commit(path, {"b": "1\n"})
    gitrepo.commit(repo, {"unrelated": "1\n"})
    gitrepo.commit(repo, {"a": "1\n", "b": "1\n"}, "squashed")
    git(clone, "fetch", "-q")
    found = expect(pool, "green", "landed", ahead=2)
    assert found["evidence"]["landed_by"]


def test_rebased_work_has_landed(pool):
    path = pool.acquire("x")
    for name in ("a", "b"):
        gitrepo.commit(path, {name: f"{name}\n"}, name)
    gitrepo.commit(pool.source, {"unrelated": "1\n"})
    git(pool.source, "cherry-pick", "main..x")
    found = expect(pool, "green", "landed", ahead=2)
    assert found["evidence"]["landed_by"] == "patches"
    assert pool.wt("release", "x").code == 0


def test_one_cherry_picked_of_two_has_not(pool):
    path = pool.acquire("x")
    first = gitrepo.commit(path, {"a": "a\n"}, "a")
    gitrepo.commit(path, {"b": "b\n"}, "b")
    gitrepo.commit(pool.source, {"unrelated": "1\n"})
    git(pool.source, "cherry-pick", first)
    expect(pool, "red", "unmerged", ahead=2, landed_by=None)


def test_squashed_work_has_landed(pool):
    path = pool.acquire("x")
    for number in range(3):
        gitrepo.commit(path, {"a": "".join(f"{n}\n" for n in range(number + 1))}, str(number))
    gitrepo.commit(pool.source, {"unrelated": "1\n"})
    git(pool.source, "merge", "-q", "--squash", "x")
    git(pool.source, "commit", "-q", "-m", "squashed")
    gitrepo.commit(pool.source, {"later": "1\n"})
    expect(pool, "green", "landed", ahead=3)


def test_squashed_with_more_beside_it_has_landed_by_content(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1\n"})
    gitrepo.commit(path, {"b": "1\n"})
    gitrepo.commit(pool.source, {"a": "1\n", "b": "1\n", "c": "1\n"})
    expect(pool, "green", "landed", ahead=2, landed_by="content")


def test_landed_and_reverted_counts_as_landed(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1\n"})
    gitrepo.commit(pool.source, {"unrelated": "1\n"})
    git(pool.source, "cherry-pick", "x")
    git(pool.source, "revert", "--no-edit", "HEAD")
    expect(pool, "green", "landed")


def test_an_empty_commit_says_something_that_no_content_can_show(pool):
    path = pool.acquire("x")
    git(path, "commit", "-q", "--allow-empty", "-m", "deploy")
    expect(pool, "red", "unmerged", ahead=1)
    gitrepo.commit(path, {"a": "1\n"})
    gitrepo.commit(pool.source, {"a": "1\n"})
    expect(pool, "red", "unmerged", ahead=2)


def test_work_that_cancels_itself_has_not_landed(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"README": "other\n"})
    gitrepo.commit(path, {"README": "hello\n"})
    gitrepo.commit(pool.source, {"unrelated": "1\n"})
    expect(pool, "red", "unmerged", ahead=2)


def test_a_binary_that_differs_has_not_landed(pool):
    path = pool.acquire("x")
    for top, content in ((path, b"\0mine"), (pool.source, b"\0theirs")):
        with open(f"{top}/image", "wb") as file:
            file.write(content)
        git(top, "add", "image")
        git(top, "commit", "-q", "-m", "image")
    expect(pool, "red", "unmerged", ahead=1)


def test_a_textconv_that_hides_the_difference_does_not_make_it_landed(pool):
    git(pool.source, "config", "diff.same.textconv", "echo same; true")
    gitrepo.commit(pool.source, {".gitattributes": "*.doc diff=same\n", "a.doc": "0\n"})
    path = pool.acquire("x")
    gitrepo.commit(path, {"a.doc": "mine\n"})
    gitrepo.commit(path, {"a.doc": "mine and more\n"})
    gitrepo.commit(pool.source, {"a.doc": "theirs\n"})
    expect(pool, "red", "unmerged", ahead=2)


def test_a_merge_driver_that_keeps_ours_does_not_make_it_landed(pool):
    gitrepo.commit(pool.source, {".gitattributes": "locked merge=ours\n", "locked": "0\n"})
    git(pool.source, "config", "merge.ours.driver", "true")
    path = pool.acquire("x")
    gitrepo.commit(path, {"locked": "mine\n"})
    gitrepo.commit(pool.source, {"locked": "theirs\n"})
    expect(pool, "red", "unmerged", ahead=1)


def test_a_merge_driver_where_the_base_has_moved_the_file_does_not_make_it_landed(pool):
    text = "".join(f"{number}\n" for number in range(30))
    gitrepo.commit(pool.source, {".gitattributes": "locked/* merge=ours\n", "f": text})
    git(pool.source, "config", "merge.ours.driver", "true")
    path = pool.acquire("x")
    gitrepo.commit(path, {"f": text.replace("7\n", "mine\n")})
    os.mkdir(f"{pool.source}/locked")
    git(pool.source, "mv", "f", "locked/f")
    git(pool.source, "commit", "-q", "-m", "moved")
    expect(pool, "red", "unmerged", ahead=1)


def binary(top, data):
    with open(f"{top}/image", "wb") as file:
        file.write(data)
    git(top, "add", "image")
    git(top, "commit", "-q", "-m", "image")


def test_the_same_difference_of_another_binary_has_not_landed(pool):
    """Git writes a binary patch as what to copy from the file before, whose name alone says which that is."""
    before, other = (b"\0" + random.Random(seed).randbytes(3000) for seed in range(2))
    binary(pool.source, before)
    path = pool.acquire("x")
    binary(path, before + b"more")
    binary(pool.source, other)
    binary(pool.source, other + b"more")
    expect(pool, "red", "unmerged", ahead=1)


STEPS = ("busy", "unmerged", "dirty", "in-use", "landed")
MARKS = {"busy": "yellow", "unmerged": "red", "dirty": "yellow", "in-use": "yellow", "landed": "green"}
DONE = {"red": "refused", "yellow": "kept", "green": "would be recycled"}


def test_the_first_row_that_matches_is_the_verdict(both):
    """Everything at once, then one thing after another taken away: the order of the table."""
    path = both.acquire("x")
    gitrepo.commit(path, {"a": "1\n"})
    gitrepo.write(path, {"README": "changed\n", "new": "1\n"})
    git(path, "bisect", "start")
    process = subprocess.Popen(["sleep", "600"], cwd=path)

    def end_the_process():
        process.kill()
        process.wait()

    mends = (
        lambda: git(path, "bisect", "reset"),
        lambda: git(both.source, "merge", "-q", "x"),
        lambda: git(path, "stash", "-q", "-u"),
        end_the_process,
        lambda: None,
    )
    try:
        for reason, mend in zip(STEPS, mends, strict=True):
            found = expect(both, MARKS[reason], reason)
            (row,) = both.wt("sweep", "--dry-run", "--json").json
            assert (row["mark"], row["reason"], row["done"]) == (found["mark"], reason, DONE[found["mark"]])
            mend()
    finally:
        end_the_process()


def damage_index(path, admin):
    with open(f"{admin}/index", "r+b") as file:
        file.write(b"JUNK")


def damage_head(path, admin):
    with open(
        f"{admin}/{'reftable/tables.list' if gitrepo.has_tables(path) else 'HEAD'}", "w", encoding="utf-8"
    ) as file:
        file.write(f"{'1' * 40}\n")


def damage_objects(path, admin):
    tip = git(path, "rev-parse", "HEAD")
    os.unlink(f"{path}/../../../source/.git/objects/{tip[:2]}/{tip[2:]}")


def remove_link(path, admin):
    os.unlink(f"{path}/.git")


def unread_lock(path, admin):
    with open(f"{admin}/worktree-pool/lock", "w", encoding="utf-8") as file:
        file.write("state: held\n")


@pytest.mark.parametrize("damage", [damage_index, damage_head, damage_objects, remove_link, unread_lock])
def test_what_cannot_be_established_counts_against(both, damage):
    path = os.path.realpath(both.acquire("x"))
    gitrepo.commit(path, {"a": "1\n"})
    damage(path, git(path, "rev-parse", "--absolute-git-dir"))
    rows = both.wt("ls", "--json").json
    assert [(row["mark"], row["reason"]) for row in rows] == [("red", "broken")]
    for words in (["cleanup", "x"], ["sweep"], ["release", "x"]):
        done = both.wt(*words)
        assert done.code == (1 if words[0] == "release" else 0), done
        assert "recycled" not in done.out.replace("0 recycled", "")
    assert both.states()[0][1] in ("held", "broken")


def test_the_slots_own_branch_is_looked_at_beside_its_head(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1\n"})
    git(path, "switch", "-q", "--detach", "main")
    expect(pool, "red", "unmerged", ahead=1)


def test_unrelated_histories_are_unmerged(pool):
    path = pool.acquire("x")
    git(path, "reset", "-q", "--hard", git(path, "commit-tree", "-m", "root", "HEAD^{tree}"))
    expect(pool, "red", "unmerged", ahead=1)


def test_broken_is_red_and_refused(both):
    path = both.acquire("x")
    os.rename(path, f"{both.root}/away")
    found = verdict(both)
    assert (found["mark"], found["reason"]) == ("red", "broken")
    done = both.wt("release", "x")
    assert done.code == 1
    assert both.states() == [("slot-0", "broken", "x")]
    os.rename(f"{both.root}/away", path)
    expect(both, "green", "clean")


def test_release_refuses_what_would_be_lost_and_force_is_never_final(both, tmp_path):
    path = both.acquire("x")
    mine = gitrepo.commit(path, {"a": "1\n"})
    gitrepo.write(path, {"README": "changed\n", "staged": "1\n", "new": "1\n", "build/cache": "warm"})
    git(path, "add", "staged")
    done = both.wt("release", "x")
    assert done.code == 1
    assert "--force" in done.err
    assert both.states() == [("slot-0", "held", "x")]
    done = both.wt("release", "x", "--force")
    assert done.code == 0, done
    (stash,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/x/").splitlines()
    assert (
        f"hint: to have it again: wt restore {stash.removeprefix('refs/wt/kept/').replace('/', '@')}\n"
        in done.err
    )
    idle = f"{both.at}/slot-0"
    assert git(idle, "status", "--porcelain") == ""
    assert os.path.exists(f"{idle}/build/cache")
    top = str(tmp_path / "again")
    git(both.source, "worktree", "add", "-q", "--detach", top, mine)
    git(top, "stash", "apply", "-q", "--index", stash)
    assert git(top, "status", "--porcelain").splitlines() == [" M README", "A  staged", "?? new"]


def test_force_keeps_what_a_directory_in_a_files_place_holds(pool):
    gitrepo.commit(pool.source, {".gitignore": "precious\n"})
    path = pool.acquire("x")
    os.unlink(f"{path}/README")
    gitrepo.write(path, {"README/precious": "1"})
    assert pool.wt("release", "x", "--force").code == 0
    contents = git(pool.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/x/").splitlines()
    assert [git(pool.source, "show", f"{ref}^3:README/precious") for ref in contents] == ["1"]


def put_lock(path):
    lock = f"{git(path, 'rev-parse', '--absolute-git-dir')}/index.lock"
    with open(lock, "w", encoding="utf-8"):
        pass
    return lock


def test_a_lock_file_of_gits_is_named_and_counts_against_recycling(both):
    lock = put_lock(both.acquire("x"))
    found = expect(both, "yellow", "busy", operation="index.lock")
    assert found["next"] == "wt doctor --fix"
    assert both.wt("cleanup", "x").code == 0
    done = both.wt("release", "x")
    assert done.code == 1
    assert "index.lock" in done.err
    assert os.path.exists(lock)
    assert both.wt("doctor", "--fix").code == 0
    expect(both, "green", "clean", operation=None)


def test_a_lock_file_that_goes_at_once_is_an_editors_look(both, tmp_path):
    lock = put_lock(both.acquire("x"))
    with subprocess.Popen(["sh", "-c", f"sleep 0.2; rm {lock}"]):
        done = both.wt("release", "x")
    assert done.code == 0, done


def test_by_force_a_lock_file_goes_with_its_dead_git_alone(both):
    path = both.acquire("x")
    gitrepo.write(path, {"README": "changed\n"})
    lock = put_lock(path)
    with (
        open(lock, "ab"),
        subprocess.Popen(
            ["git", "cat-file", "--batch"], cwd=path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as at_work,
    ):
        done = both.wt("release", "x", "--force")
        assert done.code == 3, done
        assert "A git is at work in `x`; nothing was dropped." in done.err
        assert os.path.exists(lock)
        at_work.communicate()
    done = both.wt("release", "x", "--force")
    assert done.code == 0, done
    assert not os.path.exists(lock)
    assert git(f"{both.at}/slot-0", "status", "--porcelain") == ""


def test_a_base_that_is_gone_is_said(both):
    both.acquire("x")
    git(both.source, "switch", "-q", "--detach")
    git(both.source, "branch", "-D", "main")
    found = expect(both, "red", "broken")
    assert found["next"] == f"git -C {both.source} branch -a"
    done = both.wt("info", "x")
    assert (done.code, done.err) == (0, "")
    assert "the base `main` is gone from the source" in done.out
