"""A land that stops at a conflict, as a developer meets it: what the files say, the hints as they stand, what is remembered."""

import os
import re
import subprocess

import pytest

from tests.support import gitrepo, meddle, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git


def clash(pool, name="x"):
    """A slot and a base that change the same line, which the user then resolves in the base's favour."""
    path = pool.acquire(name)
    gitrepo.commit(path, {"README": "mine\n", "more": "1\n"}, "Mine")
    gitrepo.commit(pool.source, {"README": "theirs\n"}, "Theirs")
    return path


def stopped(pool, path, *args):
    done = pool.wt("land", *args, cwd=path)
    assert done.code == 1, done
    assert "`x` and `main` conflict; nothing was landed." in done.err
    return done


def landed(pool, *args, **more):
    done = pool.wt("land", *args, **more)
    assert done.code == 0, done
    return done


def log(repo, *args):
    return git(repo, "log", "--format=%s", *args).splitlines()


def pasted(err, **env):
    """Run what the hint to go on says, up to the `wt land` at its end, where nobody could answer an editor."""
    (command,) = re.findall(r"^hint: to go on, .*?: (cd .*) && wt land$", err, re.MULTILINE)
    done = subprocess.run(
        ["sh", "-c", command],
        env=tool.environment(GIT_EDITOR="false", **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (command, done)


@pytest.mark.parametrize("clashing", [(), ("tag", "main")], ids=["", "a tag of the same name"])
def test_the_base_is_called_by_its_name_beside_the_lines_in_conflict(both, clashing):
    path = clash(both)
    if clashing:
        git(both.source, *clashing, "main~1")
    theirs = git(both.source, "rev-parse", "refs/heads/main")
    stopped(both, path)
    name = b"heads/main" if clashing else b"main"
    assert file_bytes(f"{path}/README") == b"<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> " + name + b"\n"
    assert git(path, "rev-parse", "MERGE_HEAD") == theirs


@pytest.mark.parametrize("name", ["-x", "--squash"])
def test_a_base_that_is_called_like_an_option_is_a_name_all_the_same(tmp_path, repo, name):
    git(repo, "update-ref", f"refs/heads/{name}", "HEAD")
    git(repo, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    git(repo, "branch", "-q", "-D", "main")
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    path = clash(pool)
    done = pool.wt("land", cwd=path)
    assert done.code == 1
    assert f"`x` and `{name}` conflict" in done.err
    assert git(path, "rev-parse", "MERGE_HEAD") == git(repo, "rev-parse", f"refs/heads/{name}")
    gitrepo.write(path, {"README": "both\n"})
    pasted(done.err)
    landed(pool, "--name", "x")
    assert log(repo)[0] == f"Merge x into {name}"


def test_a_merge_that_was_resolved_reads_well_where_the_base_moved_on_meanwhile(pool):
    path = clash(pool)
    done = stopped(pool, path)
    gitrepo.commit(pool.source, {"later": "1\n"}, "Later")
    gitrepo.write(path, {"README": "both\n"})
    pasted(done.err)
    landed(pool, "--name", "x")
    assert log(pool.source, "--first-parent") == ["Merge x into main", "Later", "Theirs", "first"]
    assert "Merge branch 'main' into x" in log(pool.source)


@pytest.mark.parametrize("late", ["clean", "conflict"])
def test_a_base_that_moves_between_the_forecast_and_the_merge_is_looked_at_anew(pool, tmp_path, late):
    """The merge goes by the branch's name: what it finds there is not always what was foreseen to conflict."""
    path = clash(pool)
    readme = "mine" if late == "clean" else "later"
    meanwhile = f'cd {pool.source}; echo {readme} > README; "$real" commit -q -a -m Later'
    script, mark = meddle.path(tmp_path, "merge -q --no-ff --no-commit", before=meanwhile)
    done = pool.wt("land", cwd=path, env={"PATH": script})
    assert mark.exists()
    assert "`main` moved meanwhile. It is looked at anew." in done.err
    if late == "conflict":
        assert done.code == 1
        assert "later" in file_bytes(f"{path}/README").decode()
        gitrepo.write(path, {"README": "both\n"})
        pasted(done.err)
        landed(pool, "--name", "x")
    assert log(pool.source, "--first-parent")[0] == "Merge x into main"
    assert git(pool.source, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_info_says_the_ways_on_that_the_land_said(pool, how):
    path = clash(pool)
    hints = re.findall(r"hint: (.*)", stopped(pool, path, *(() if how == "merge" else ("--rebase",))).err)
    told = pool.wt("info", cwd=path).out
    assert re.findall(r"next: (.*)", told) == [
        hints[0].replace("resolve them", "resolve the files above"),
        hints[1],
    ]
    assert told.splitlines()[1] == "  README"
    gitrepo.write(path, {"README": "both\n"})
    git(path, "add", "README")
    told = pool.wt("info", "--pool", "app", "x", cwd="/").out
    assert re.findall(r"next: to go on: (.*)", told) == [
        hints[0].partition(": ")[2].replace("git add -u && ", "") + " --pool app"
    ]
    assert "next: to give up: wt land --pool app --abort --name x\n" in told


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_the_hint_goes_on_without_an_editor_and_leaves_a_merge_tools_files_out(both, how):
    path = clash(both)
    done = stopped(both, path, *(() if how == "merge" else (f"--{how}",)), "--keep")
    gitrepo.write(path, {"README": "both\n", "README.orig": "<<<<<<<\n"})
    pasted(done.err)
    again = both.wt("land", "--name", "x")
    assert again.code == 1
    assert "files that git does not know.\n  README.orig\n" in again.err
    assert git(path, "status", "--porcelain") == "?? README.orig"


@pytest.mark.parametrize("again", ["as it stands", "while it stops"])
def test_add_is_remembered_but_takes_nothing_along_without_a_message(both, again):
    path = clash(both)
    gitrepo.write(path, {"new": "1\n"})
    done = stopped(both, path, "--add", "words")
    if again == "while it stops":
        assert both.wt("land", cwd=path).code == 1
    gitrepo.write(path, {"README": "both\n", "README.orig": "<<<<<<<\n", "newer": "2\n"})
    pasted(done.err)
    before = everything(both.root, both.source)
    refused = both.wt("land", "--name", "x")
    assert refused.code == 1
    assert "has changes and there is no message.\n  README.orig\n  newer\n" in refused.err
    assert 'to commit and land them: wt land --name x --add "message"\n' in refused.err
    assert f"to leave one out: echo /README.orig >> {path}/.gitignore\n" in refused.err
    assert everything(both.root, both.source) == before
    git(path, "clean", "-q", "-f", "README.orig")
    landed(both, "--name", "x", "more words")
    assert file_bytes(f"{both.source}/newer") == b"2\n"
    assert both.states() == [("slot-0", "idle", None)]


def test_what_each_kind_of_conflict_leaves_is_resolved_with_git_and_landed(both):
    """Renamed here and deleted there, binary, a directory in the place of a file, two modes: git's own tools see to each."""
    first = {"old": "1\n2\n3\n4\n", "run": "#!/bin/sh\n", "there": "f\n", "logo": "\0\1\n"}
    gitrepo.commit(both.source, first)
    path = both.acquire("x")
    git(path, "mv", "old", "renamed")
    os.chmod(f"{path}/run", 0o755)
    git(path, "rm", "-q", "there")
    gitrepo.commit(path, {"logo": "\0mine\n", "there/deep": "d\n"}, "Mine")
    git(both.source, "rm", "-q", "old", "run")
    gitrepo.commit(both.source, {"logo": "\0theirs\n", "there": "changed\n"}, "Theirs")
    done = stopped(both, path)
    assert {"  logo", "  renamed", "  run"} <= set(done.err.splitlines())
    assert any(line.startswith("  there") for line in done.err.splitlines())
    git(path, "checkout", "--theirs", "logo")
    git(path, "rm", "-q", "run")
    for name in git(path, "diff", "--name-only", "--diff-filter=U").splitlines():
        if "~" in name:
            git(path, "rm", "-q", "--", name)
    pasted(done.err)
    landed(both, "--name", "x")
    assert file_bytes(f"{both.source}/logo") == b"\0theirs\n"
    assert file_bytes(f"{both.source}/renamed") == b"1\n2\n3\n4\n"
    assert file_bytes(f"{both.source}/there/deep") == b"d\n"
    assert git(both.source, "status", "--porcelain") == ""
    assert log(both.source, "--first-parent") == ["Merge x into main", "Theirs", "a change", "first"]


@pytest.mark.parametrize("where", ["checked out", "nowhere"])
@pytest.mark.parametrize("diverged", ["ahead", "diverged", "conflict"])
def test_what_the_user_wants_signed_before_a_merge_does_not_stop_a_land(tmp_path, repo, where, diverged):
    """merge.verifySignatures is for merges of others' work; a land is of one's own, and goes the same way everywhere."""
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    git(repo, "config", "merge.verifySignatures", "true")
    path = clash(pool) if diverged == "conflict" else pool.acquire("x")
    gitrepo.commit(path, {"one": "1\n"}, "One")
    if diverged == "diverged":
        gitrepo.commit(repo, {"two": "2\n"}, "Two")
    if where == "nowhere":
        git(repo, "switch", "-q", "--detach")
    if diverged == "conflict":
        done = stopped(pool, path)
        gitrepo.write(path, {"README": "both\n"})
        pasted(done.err)
    landed(pool, "--name", "x")
    assert "One" in log(repo, "main")
