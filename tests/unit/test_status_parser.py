"""`git status --porcelain=v2 -z` and `ls-files -v -z`, as real git writes them."""

import os
import subprocess

from tests.support import gitrepo
from wt.git import status
from wt.git.run import Git

ODD = ("a b", "tab\there", "new\nline", 'quo"te', "größe", "->", " lead")


def raw(repo, *args):
    return subprocess.run(["git", "-C", repo, *args], capture_output=True, check=True).stdout


def test_every_kind_of_entry_with_odd_names(repo):
    gitrepo.commit(
        repo,
        {f"old/{name}": "1" for name in ODD} | {"gone": "1", "moved": "long enough to be a rename\n" * 9},
    )
    for name in ODD:
        gitrepo.write(repo, {f"old/{name}": "2", f"new/{name}": "1"})
    os.unlink(f"{repo}/gone")
    gitrepo.git(repo, "mv", "moved", "moved2")
    gitrepo.write(repo, {"staged": "x"})
    gitrepo.git(repo, "add", "staged")
    found = status.parse(raw(repo, *status.arguments(untracked="all")))
    assert set(found.tracked) == {*(f"old/{name}" for name in ODD), "gone", "moved", "moved2", "staged"}
    assert set(found.untracked) == {f"new/{name}" for name in ODD}
    assert found.conflicted == ()
    assert not found.clean
    assert status.parse(raw(repo, *status.arguments(untracked="normal"))).untracked == ("new/",)
    assert status.parse(raw(repo, *status.arguments(untracked="no"))).untracked == ()


def test_bytes_that_are_no_utf8_survive(repo):
    name = os.fsdecode(b"\xff\xfe")
    with open(f"{repo}/{name}", "w") as file:
        file.write("x")
    assert status.read(Git(repo)).untracked == (name,)


def test_conflicts(repo):
    gitrepo.git(repo, "switch", "-q", "-c", "other")
    gitrepo.commit(repo, {"README": "theirs\n", "a b": "theirs"})
    gitrepo.git(repo, "switch", "-q", "main")
    gitrepo.commit(repo, {"README": "ours\n", "a b": "ours"})
    assert subprocess.run(["git", "-C", repo, "merge", "other"], capture_output=True).returncode == 1
    found = status.read(Git(repo))
    assert set(found.conflicted) == {"README", "a b"}


def test_clean_and_ignored(repo):
    gitrepo.write(repo, {"build/x": "ignored"})
    assert status.read(Git(repo)).clean
    assert status.parse(b"") == status.Status()


def test_reading_leaves_the_index_alone(repo):
    os.utime(f"{repo}/README", (1, 1))  # stat data that `git status` would like to refresh
    with open(f"{repo}/.git/index", "rb") as file:
        before = file.read()
    assert status.read(Git(repo)).clean
    with open(f"{repo}/.git/index", "rb") as file:
        assert file.read() == before


def test_hidden_edits_are_found_by_content(repo):
    gitrepo.commit(repo, {"assumed": "1", "skipped": "1", "same": "1", "h first": "1"})
    gitrepo.git(repo, "update-index", "--assume-unchanged", "assumed", "same", "h first")
    gitrepo.git(repo, "update-index", "--skip-worktree", "skipped")
    gitrepo.write(repo, {"assumed": "2", "skipped": "2"})
    assert status.read(Git(repo)).clean
    assert status.has_hidden(raw(repo, "ls-files", "-v", "-z"))
    assert set(status.hidden_edits(Git(repo))) == {"assumed", "skipped"}
    status.unhide(Git(repo))
    assert not status.has_hidden(raw(repo, "ls-files", "-v", "-z"))
    assert set(status.read(Git(repo)).tracked) == {"assumed", "skipped"}
    assert status.hidden_edits(Git(repo)) == ()


def test_no_file_is_hidden_by_its_name(repo):
    gitrepo.commit(repo, {"S x": "1", "h x": "1"})
    assert not status.has_hidden(raw(repo, "ls-files", "-v", "-z"))
