"""set aside and restore, contract section 13: what force drops is there again, as it was."""

import os
import shlex
import subprocess

import pytest

from tests.integration.test_primitive import HeldMutex
from tests.support import gitrepo, tool
from tests.support.asked import Asked
from tests.support.tool import MODES_BIND, Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def force(pool, name="x"):
    """Release by force; returns the words behind `wt` that it says undo it."""
    done = pool.wt("release", name, "--force")
    assert done.code == 0, done
    (line,) = [line for line in done.err.splitlines() if line.startswith("hint: to have it again: wt ")]
    return shlex.split(line.partition(": wt ")[2])


def status(path):
    return git(path, "status", "--porcelain", "--untracked-files=all").splitlines()


def restore(pool, *words):
    done = pool.wt(*words)
    assert done.code == 0, done
    return done.path


def kept(pool):
    return git(pool.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept").splitlines()


def test_commits_come_back_as_commits(both):
    path = both.acquire("feature/x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    back = force(both, "feature/x")
    before = kept(both)
    path = restore(both, *back)
    assert git(path, "rev-parse", "feature/x") == tip
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/feature/x"
    assert status(path) == []
    assert kept(both) == before, "the kept ref stays"


def test_uncommitted_work_comes_back_as_uncommitted_index_included(both):
    gitrepo.commit(both.source, {"gone": "1\n", "cached": "1\n", "run.sh": "1\n", "was/dir": "1\n"})
    path = both.acquire("x")
    gitrepo.write(path, {"README": "staged\n", "added": "1\n", "only": "staged only\n"})
    git(path, "add", "README", "added", "only")
    git(path, "rm", "-q", "--cached", "cached")
    gitrepo.write(
        path, {"README": "and changed again\n", "un tracked": "1\n", "deep/er/u": "1\n", "intended": "1\n"}
    )
    os.unlink(f"{path}/gone")
    os.unlink(f"{path}/only")
    os.unlink(f"{path}/was/dir")
    os.rmdir(f"{path}/was")
    os.symlink("README", f"{path}/was")
    os.chmod(f"{path}/run.sh", 0o755)
    git(path, "add", "-N", "intended")
    before, index = status(path), git(path, "ls-files", "-s")
    files = picture(path)
    path = restore(both, *force(both))
    assert status(path) == before
    assert git(path, "ls-files", "-s") == index
    assert picture(path) == files


def picture(path):
    found = {}
    for directory, names, plain in os.walk(path):
        for name in (*plain, *(one for one in names if os.path.islink(f"{directory}/{one}"))):
            full = f"{directory}/{name}"
            if name != ".git":
                mode = os.lstat(full).st_mode & 0o170100
                bytes_ = os.readlink(full) if os.path.islink(full) else file_bytes(full)
                found[os.path.relpath(full, path)] = (mode, bytes_)
    return found


def test_bytes_are_exactly_as_they_were_on_disk(both):
    """No filters, no line-end conversion, neither when it is set aside nor when it is put back."""
    git(both.source, "config", "filter.upper.clean", "tr a-z A-Z")
    git(both.source, "config", "filter.upper.smudge", "tr A-Z a-z")
    gitrepo.commit(
        both.source, {".gitattributes": "*.up filter=upper\n*.txt text eol=crlf\n*.id ident\n", "f.up": "x\n"}
    )
    path = both.acquire("x")
    wanted = {"f.up": b"MiXeD\n", "new.up": b"MiXeD\n", "mixed.txt": b"a\r\nb\nc\r", "k.id": b"$Id: mine $\n"}
    for name, data in wanted.items():
        with open(f"{path}/{name}", "wb") as file:
            file.write(data)
    path = restore(both, *force(both))
    assert {name: file_bytes(f"{path}/{name}") for name in wanted} == wanted


def test_edits_that_git_was_told_to_overlook_come_back_overlooked(both):
    gitrepo.commit(both.source, {"assumed": "1\n", "skipped": "1\n", "both": "1\n"})
    path = both.acquire("x")
    git(path, "update-index", "--assume-unchanged", "assumed", "both")
    git(path, "update-index", "--skip-worktree", "skipped", "both")
    gitrepo.write(path, {"assumed": "2\n", "skipped": "2\n", "both": "2\n"})
    flags = git(path, "ls-files", "-v")
    path = restore(both, *force(both))
    assert git(path, "ls-files", "-v") == flags
    assert {file_bytes(f"{path}/{name}") for name in ("assumed", "skipped", "both")} == {b"2\n"}


def conflict(pool, path):
    """A merge that stopped: `README` conflicts, the disk has something fourth."""
    theirs = gitrepo.commit(pool.source, {"README": "theirs\n"}, "theirs")
    gitrepo.commit(path, {"README": "ours\n"}, "ours")
    assert subprocess.run(["git", "-C", path, "merge", theirs], capture_output=True).returncode
    gitrepo.write(path, {"README": "half resolved\n"})


def test_every_side_of_a_conflict_is_kept_and_listed(both):
    path = both.acquire("x")
    conflict(both, path)
    sides = {line.split()[2]: line.split()[1] for line in git(path, "ls-files", "-u").splitlines()}
    back = force(both)
    git(both.source, "gc", "-q", "--prune=now")
    done = both.wt(*back)
    assert done.code == 0, done
    assert file_bytes(f"{done.path}/README") == b"half resolved\n"
    (line,) = [line for line in done.err.splitlines() if line.startswith("a conflict was open in README")]
    command = line.partition("its sides: ")[2].partition(" (")[0]
    shown = [
        subprocess.run(shlex.split(command.replace("stages/2", f"stages/{n}")), capture_output=True).stdout
        for n in "123"
    ]
    assert shown == [b"hello\n", b"ours\n", b"theirs\n"]
    assert set(sides) == {"1", "2", "3"}


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_the_files_of_an_operation_in_progress_are_kept_and_listed(both, how):
    theirs = gitrepo.commit(both.source, {"README": "theirs\n"}, "theirs")
    path = both.acquire("x", "--commit", "main~1")
    mine = gitrepo.commit(path, {"README": "ours\n"}, "ours")
    git(path, "update-ref", "ORIG_HEAD", git(path, "commit-tree", "-m", "lonely", "HEAD^{tree}"))
    assert subprocess.run(["git", "-C", path, how, theirs], capture_output=True).returncode
    done = both.wt(*force(both))
    assert done.code == 0, done
    assert f"a {how} was in progress; its files: " in done.err
    (line,) = [line for line in done.err.splitlines() if line.startswith(f"a {how} was in progress")]
    listed = subprocess.run(
        shlex.split(line.partition("its files: ")[2]), capture_output=True, text=True
    ).stdout
    assert ("MERGE_MSG" if how == "merge" else "rebase-merge/git-rebase-todo") in listed
    assert git(both.source, "for-each-ref", "--contains", mine, "refs/wt/kept")


def test_a_commit_that_only_a_file_of_git_remembered_is_named(both):
    path = both.acquire("x")
    away = gitrepo.commit(path, {"a": "1\n"}, "reset away")
    git(path, "reset", "-q", "--hard", "HEAD~1")
    tip = gitrepo.commit(path, {"b": "1\n"}, "stays")
    done = both.wt(*force(both))
    assert git(done.path, "rev-parse", "HEAD") == tip
    assert f"ORIG_HEAD: git -C {both.source} log {away[:12]}" in done.err
    git(both.source, "gc", "-q", "--prune=now")
    git(both.source, "cat-file", "-e", away)


def test_a_detached_head_comes_back_detached_and_the_branch_where_it_was(both):
    path = both.acquire("x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    git(path, "switch", "-q", "--detach", "main")
    detached = gitrepo.commit(path, {"b": "1\n"})
    gitrepo.write(path, {"b": "changed\n"})
    path = restore(both, *force(both))
    assert git(path, "rev-parse", "HEAD") == detached
    assert git(path, "rev-parse", "x") == tip
    assert subprocess.run(["git", "-C", path, "symbolic-ref", "-q", "HEAD"]).returncode == 1
    assert status(path) == [" M b"]


def nested(path, name="vendor/tool"):
    top = f"{path}/{name}"
    tip = gitrepo.commit(gitrepo.make_repo(top), {"f": "1\n"})
    gitrepo.write(top, {"f": "changed\n"})
    return tip


def test_an_untracked_nested_repository_is_moved_to_the_pools_kept_directory(both):
    path = both.acquire("x")
    tip = nested(path)
    gitrepo.write(path, {"README": "changed\n"})
    done = both.wt(*force(both))
    assert status(done.path) == [" M README"]
    assert not os.path.exists(f"{done.path}/vendor")
    (line,) = [line for line in done.err.splitlines() if line.startswith("a repository was in vendor/tool: ")]
    words = shlex.split(line.partition(": ")[2])
    assert words[2].startswith(f"{both.at}/.meta/kept/x/")
    subprocess.run(words, cwd=done.path, check=True)
    assert git(f"{done.path}/tool", "rev-parse", "HEAD") == tip
    assert status(f"{done.path}/tool") == [" M f"]


def test_a_worktree_of_another_repository_is_not_moved(both, tmp_path):
    other = gitrepo.make_repo(tmp_path / "other")
    path = both.acquire("x")
    git(other, "worktree", "add", "-q", "--detach", f"{path}/theirs")
    before = everything(both.root, both.source, other)
    done = both.wt("release", "x", "--force")
    assert done.code == 1
    assert "worktree of another repository" in done.err
    assert everything(both.root, both.source, other) == before


def test_what_cannot_be_read_stops_the_step(both):
    path = both.acquire("x")
    gitrepo.write(path, {"new": "1\n"})
    os.unlink(f"{path}/README")
    os.mkfifo(f"{path}/README")
    before = everything(both.root, both.source)
    done = both.wt("release", "x", "--force")
    assert done.code == 1
    assert "neither a file nor a link" in done.err
    after = everything(both.root, both.source)
    assert after == before


def test_a_file_that_may_not_be_read_stops_the_step(both):
    path = both.acquire("x")
    gitrepo.write(path, {"secret": "1\n"})
    os.chmod(f"{path}/secret", 0)
    done = both.wt("release", "x", "--force", before=MODES_BIND)
    assert done.code == 1, done
    assert "secret" in done.err
    assert file_bytes(f"{path}/secret") == b"1\n"
    assert both.states() == [("slot-0", "held", "x")]


def test_a_directory_that_may_not_be_read_counts_against(both):
    path = both.acquire("x")
    gitrepo.write(path, {"secret/work": "1\n"})
    os.chmod(f"{path}/secret", 0)
    try:
        for words in (["cleanup", "x"], ["release", "x"], ["release", "x", "--force"]):
            done = both.wt(*words, before=MODES_BIND)
            assert done.code == (0 if words[0] == "cleanup" else 1), done
            assert "could not open directory" in done.err
            assert both.states() == [("slot-0", "held", "x")]
    finally:
        os.chmod(f"{path}/secret", 0o700)


def test_plain_git_has_it_again_without_us(both, tmp_path):
    path = both.acquire("x")
    conflict(both, path)
    gitrepo.write(path, {"new": "1\n", "staged": "1\n"})
    git(path, "add", "staged")
    head = git(path, "rev-parse", "HEAD")
    force(both)
    (ref,) = kept(both)
    top = str(tmp_path / "again")
    git(both.source, "worktree", "add", "-q", "--detach", top, head)
    git(top, "stash", "apply", "-q", "--index", ref)
    assert file_bytes(f"{top}/README") == b"half resolved\n"
    assert status(top) == [" M README", "A  staged", "?? new"]


def test_what_lies_in_the_way_of_an_untracked_file_is_set_aside_first(both):
    path = both.acquire("x")
    gitrepo.write(path, {"notes": "mine\n"})
    back = force(both)
    gitrepo.write(f"{both.at}/slot-0", {"notes": "left by somebody\n"})
    path = restore(both, *back)
    assert file_bytes(f"{path}/notes") == b"mine\n"
    (ref,) = [ref for ref in kept(both) if ref.startswith("refs/wt/kept/slot-0/")]
    assert git(both.source, "show", f"{ref}^3:notes") == "left by somebody"


def test_what_acquire_sets_aside_in_an_idle_slot_is_restored_under_a_new_name(both):
    both.acquire("x")
    both.pool("release", "--name", "x")
    gitrepo.write(f"{both.at}/slot-0", {"README": "nobody's\n"})
    done = both.wt("new", "y")
    assert done.code == 0
    assert "wt restore slot-0@" in done.err
    refused = both.wt("restore", "slot-0")
    assert refused.code == 2
    assert "--as" in refused.err
    path = restore(both, "restore", "slot-0", "--as", "z")
    assert file_bytes(f"{path}/README") == b"nobody's\n"


def test_as_gives_it_another_name(both):
    path = both.acquire("x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    gitrepo.write(path, {"b": "1\n"})
    force(both)
    both.acquire("x")
    refused = both.wt("restore", "x")
    assert refused.code == 6
    hint = refused.err.splitlines()[-1]
    assert hint.startswith("hint: to have it under another name: wt ")
    path = restore(both, *shlex.split(hint.partition("name: wt ")[2]))
    assert path.endswith(("/x-2", "/slot-1"))
    assert git(path, "rev-parse", "x-2") == tip
    assert status(path) == ["?? b"]


def test_a_branch_that_is_there_already_is_taken_up_only_where_it_was(both):
    git(both.source, "branch", "x")
    path = both.acquire("x", "--adopt")
    gitrepo.write(path, {"a": "1\n"})
    back = force(both)
    assert git(both.source, "rev-parse", "x")
    path = restore(both, *back)
    assert status(path) == ["?? a"]
    force(both)
    gitrepo.commit(both.source, {"b": "1\n"})
    git(both.source, "branch", "-f", "x", "main")
    before = everything(both.root, both.source)
    refused = both.wt("restore", "x")
    assert refused.code == 1
    assert "--as x-2" in refused.err
    assert everything(both.root, both.source) == before


def test_the_list_says_name_when_and_what(both):
    nothing = both.wt("restore")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing is kept" in nothing.err
    path = both.acquire("x")
    for name in "ab":
        gitrepo.commit(path, {name: "1\n"})
    gitrepo.write(path, {"README": "changed\n", "s": "1\n", "u": "1\n", "v": "1\n"})
    git(path, "add", "s")
    nested(path)
    force(both)
    path = both.acquire("y")
    gitrepo.commit(path, {"c": "1\n"})
    force(both, "y")
    lines = both.wt("restore").out.splitlines()
    assert [line.partition("@")[0] for line in lines] == ["y", "x"]
    assert lines[0].endswith("  1 commit")
    assert lines[1].endswith("  2 commits, 1 staged, 1 modified, 2 untracked, 1 nested")
    row = both.wt("restore", "--json").json[1]
    assert (row["name"], row["commits"], row["staged"], row["modified"], row["untracked"]) == (
        "x",
        2,
        1,
        1,
        2,
    )
    assert row["ref"] in kept(both)


def test_time_picks_one_of_several_and_without_it_the_newest_is_meant(both):
    tips = []
    for text in ("1\n", "2\n"):
        path = both.acquire("x")
        tips.append(gitrepo.commit(path, {"a": text}))
        gitrepo.write(path, {"u": text})
        force(both)
    words = [line.split()[0] for line in both.wt("restore").out.splitlines()]
    assert len(set(words)) == 2
    path = restore(both, "restore", words[1], "--as", "old")
    assert (git(path, "rev-parse", "HEAD"), file_bytes(f"{path}/u")) == (tips[0], b"1\n")
    path = restore(both, "restore", "x")
    assert (git(path, "rev-parse", "HEAD"), file_bytes(f"{path}/u")) == (tips[1], b"2\n")


@pytest.mark.parametrize(
    ("keys", "code", "text"), [("\r", 0, "second\n"), ("\x1b[B\r", 0, "first\n"), ("\x1b", 1, None)]
)
def test_which_of_several_is_asked_on_a_terminal(both, keys, code, text):
    for content in ("first\n", "second\n"):
        gitrepo.write(both.acquire("x"), {"new": content})
        force(both)
    asked = Asked(both, "restore", "x")
    asked.until("x was set aside 2 times. Which of them?")
    asked.until("1 untracked.*1 untracked")
    status, out, after = asked.answer(keys)
    assert status == code
    if text is None:
        assert "error: Nothing was restored.\r\nhint: to see all that is kept: wt restore" in after
        assert all(row["state"] != "held" for row in both.rows())
    else:
        with open(f"{out.strip()}/new", encoding="utf-8") as file:
            assert file.read() == text


@pytest.mark.parametrize("word", ["nothing", "x@2001", "x@", "@", "../x", "x@20010101T000000Z"])
def test_what_is_not_kept_cannot_be_restored(both, word):
    gitrepo.commit(both.acquire("x"), {"a": "1\n"})
    force(both)
    before = everything(both.root, both.source)
    done = both.wt("restore", word)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("hint: ")
    assert everything(both.root, both.source) == before


def aged(pool, name, days):
    """Keep a commit as if a slot had been acquired so many days ago."""
    import time

    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - days * 86400))
    sha = git(pool.source, "commit-tree", "-m", f"{name} {days}", "main^{tree}")
    ref = f"refs/wt/kept/{name}/{moment}-{sha[:8]}"
    git(pool.source, "update-ref", ref, sha)
    return ref


def test_prune_drops_what_is_older(both):
    old, young = aged(both, "a", 31), aged(both, "b", 29)
    done = both.wt("restore", "--prune", "30d")
    assert done.code == 0
    assert kept(both) == [young]
    assert done.out == f"{old.removeprefix('refs/wt/kept/').replace('/', '@')}\n"
    assert both.wt("restore", "--prune", "a month").code == 2


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("command", ["primitive", "wt"])
def test_each_release_drops_at_most_twenty_that_are_older_than_keep_and_says_so(both, command, packed):
    for number in range(25):
        aged(both, f"old/{number}", 91 + number)
    young = aged(both, "young", 89)
    if packed:
        git(both.source, "pack-refs", "--all")
    both.acquire("x")
    run = (
        (lambda: both.pool("release", "--name", "x"))
        if command == "primitive"
        else (lambda: both.wt("release", "x"))
    )
    done = run()
    assert done.code == 0, done
    assert len(kept(both)) == 6
    assert "20 of what was set aside more than 90d ago is dropped; 5 more" in done.err
    both.acquire("x")
    assert "5 of what was set aside" in run().err
    assert kept(both) == [young]
    both.acquire("x")
    assert "set aside" not in run().err


def test_keep_forever_drops_nothing(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo)
    path = f"{pool.at}/.meta/config.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("keep: 90d", "keep: forever"))
    aged(pool, "a", 3000)
    pool.acquire("x")
    assert pool.pool("release", "--name", "x").code == 0
    assert len(kept(pool)) == 1


def test_a_nested_repository_goes_with_the_last_ref_that_names_it(both):
    path = both.acquire("x")
    nested(path)
    force(both)
    assert os.listdir(f"{both.at}/.meta/kept/x")
    both.wt("restore", "--prune", "0d")
    assert kept(both) == []
    assert os.listdir(f"{both.at}/.meta/kept") == []


def test_a_lock_that_names_no_object_to_restore_is_harmless(both):
    path = both.acquire("x")
    admin = git(path, "rev-parse", "--absolute-git-dir")
    lock = f"{admin}/worktree-pool/lock"
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace("state: held", "state: acquiring") + "restores: --output=pwned\n")
    assert both.pool("release", "--name", "nobody").code == 0
    assert both.states() == [("slot-0", "idle", None)]


def test_what_was_set_aside_in_a_submodule_is_listed_with_how_to_get_it(tmp_path, repo, monkeypatch):
    library = gitrepo.make_repo(tmp_path / "library", {"f": "1\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "-q", "add", library, "lib")
    gitrepo.commit(repo, {}, "a submodule")
    pool = Pool(tmp_path / "root", repo, submodule_mirror_mode="git-modules", submodule_mirror_base=repo)
    path = pool.acquire("x")
    tip = gitrepo.commit(f"{path}/lib", {"f": "2\n"})
    gitrepo.write(f"{path}/lib", {"f": "3\n"})
    back = force(pool)
    assert pool.wt("restore").out.endswith("1 modified, 1 submodule\n")
    done = pool.wt(*back)
    assert done.code == 0, done
    lines = [line for line in done.err.splitlines() if line.startswith("submodule lib: ")]
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    for line in lines:
        subprocess.run(["sh", "-c", line.partition(": ")[2]], check=True, capture_output=True)
    assert file_bytes(f"{done.path}/lib/f") == b"3\n"
    assert git(f"{done.path}/lib", "cat-file", "-t", tip) == "commit"


def test_a_slot_that_is_changing_hands_may_be_waited_for(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    gitrepo.write(pool.acquire("x"), {"README": "mine\n"})
    force(pool)
    with HeldMutex(pool, "slot-0"):
        done = pool.wt("restore", "x")
        tool.assert_refused(done, 3, "changing hands", "wt restore x --wait 60")
        assert pool.wt("restore", "x", "--wait", "0.3").code == 3
    assert pool.wt("restore", "x", "--wait", "60").code == 0
