"""land --squash and --rebase, and what they have in common with a merge: conflicts, resuming, giving up, what is replaced."""

import fcntl
import os
import shutil
import subprocess

import pytest

from tests.support import gitrepo, meddle, tool
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git
OTHER = ("-c", "user.name=O. Ther", "-c", "user.email=other@example.org")


def log(repo, form="%s", *args):
    return git(repo, "log", f"--format={form}", *args).splitlines()


def landed(pool, *args, **more):
    done = pool.wt("land", *args, **more)
    assert done.code == 0, done
    return done


def kept(pool, name="x"):
    return set(git(pool.source, "for-each-ref", "--format=%(objectname)", f"refs/wt/kept/{name}/").split())


def tip(repo, ref="HEAD"):
    return git(repo, "rev-parse", ref)


def series(pool, name="x"):
    """Three commits of two authors, and a base that moved meanwhile."""
    path = pool.acquire(name)
    gitrepo.commit(path, {"one": "1\n"}, "One\n\nwith a body")
    gitrepo.write(path, {"two": "2\n"})
    git(path, "add", "-A")
    git(path, *OTHER, "commit", "-q", "-m", "Two", "--date", "2001-02-03T04:05:06 +0200")
    gitrepo.commit(path, {"one": "1, better\n"}, "Three")
    gitrepo.commit(pool.source, {"base": "b\n"}, "Base moves")
    return path


def conflict(pool, name="x"):
    """Two commits, the first of which changes the lines that the base changes, too."""
    path = pool.acquire(name)
    gitrepo.commit(path, {"README": "mine\n"}, "Mine")
    gitrepo.commit(path, {"more": "1\n"}, "More")
    gitrepo.commit(pool.source, {"README": "theirs\n"}, "Theirs")
    return path


def resolve(path, how):
    gitrepo.write(path, {"README": "both\n"})
    git(path, "add", "-A")
    git(
        path,
        "-c",
        "core.editor=true",
        *(("rebase", "--continue") if how == "rebase" else ("commit", "-q", "--no-edit")),
    )


def whole(pool, files):
    """The base and its checkout hold these files, and nothing is left to say about either."""
    for name, text in files.items():
        assert file_bytes(f"{pool.source}/{name}") == text.encode()
    assert git(pool.source, "status", "--porcelain") == ""
    assert git(pool.source, "fsck", "--no-dangling", "--no-progress") == ""


def test_squash_is_one_commit_on_top_of_the_base(both):
    path = series(both)
    was, base = tip(path), tip(both.source)
    done = landed(both, "--squash", cwd=path)
    assert tip(both.source, "main^") == base
    assert log(both.source, "%P", "-1") == [base]
    assert git(both.source, "log", "-1", "--format=%B").strip() == (
        "Squash x into main\n\n* One\n* Two\n* Three\n\nCo-authored-by: O. Ther <other@example.org>"
    )
    assert kept(both) == {was}
    assert "refs/wt/kept/x/" in done.err
    whole(both, {"one": "1, better\n", "two": "2\n", "base": "b\n"})
    assert both.states() == [("slot-0", "idle", None)]


def test_squash_takes_the_message_and_what_is_not_committed(both):
    path = series(both)
    gitrepo.write(path, {"one": "and changed\n", "new": "n\n"})
    landed(both, "--squash", "--add", "All of it", cwd=path)
    assert log(both.source, "%s", "-2") == ["All of it", "Base moves"]
    whole(both, {"one": "and changed\n", "new": "n\n"})


def test_squash_of_one_commit_keeps_its_author_date_and_words(both):
    path = both.acquire("x")
    gitrepo.write(path, {"two": "2\n"})
    git(path, "add", "-A")
    git(path, *OTHER, "commit", "-q", "-m", "Two\n\nbody", "--date", "2001-02-03T04:05:06 +0200")
    gitrepo.commit(both.source, {"base": "b\n"}, "Base moves")
    landed(both, "--squash", cwd=path)
    found = git(both.source, "log", "-1", "--format=%an|%ae|%ad|%cn|%B", "--date=iso").strip()
    assert found == "O. Ther|other@example.org|2001-02-03 04:05:06 +0200|Test Person|Two\n\nbody"


@pytest.mark.parametrize("how", ["--squash", "--rebase"])
def test_one_commit_on_top_of_the_base_is_not_rewritten(both, how):
    path = both.acquire("x")
    mine = gitrepo.commit(path, {"one": "1\n"}, "One")
    landed(both, how, cwd=path)
    assert tip(both.source) == mine
    assert kept(both) == set()


def test_squash_of_what_changes_nothing_leaves_the_base_alone(both):
    path = both.acquire("x")
    gitrepo.commit(path, {"one": "1\n"}, "One")
    was = gitrepo.commit(path, {"one": "2\n"}, "Two")
    base = gitrepo.commit(both.source, {"one": "2\n"}, "the same")
    done = landed(both, "--squash", cwd=path)
    assert "nothing to land" in done.err
    assert tip(both.source) == base
    assert kept(both) == {was}
    assert both.states() == [("slot-0", "idle", None)]


def test_rebase_replays_each_commit_with_its_author_date_and_words(both):
    path = series(both)
    was = tip(path)
    form = "%an|%ae|%ad|%B"
    before = log(path, form, "-3")
    landed(both, "--rebase", cwd=path)
    assert log(both.source, form, "-3") == before
    assert log(both.source) == ["Three", "Two", "One", "Base moves", "first"]
    assert log(both.source, "%cn", "-3") == ["Test Person"] * 3
    assert not git(both.source, "rev-list", "--merges", "main")
    assert kept(both) == {was}
    whole(both, {"one": "1, better\n", "two": "2\n", "base": "b\n"})
    assert both.states() == [("slot-0", "idle", None)]


def test_rebase_gives_what_plain_git_rebase_gives(pool, tmp_path):
    """Empty commits kept, what the base has already dropped, merges flattened."""
    path = pool.acquire("x")
    gitrepo.commit(path, {"a": "1\n"}, "to be picked")
    picked = tip(path)
    git(path, "commit", "-q", "--allow-empty", "-m", "empty from the start")
    gitrepo.commit(path, {"b": "1\n"}, "b\n\n# not a comment\n\ntrailer: x")
    gitrepo.commit(pool.source, {"base": "b\n"}, "Base moves")
    git(path, "merge", "-q", "--no-edit", "main")
    gitrepo.commit(path, {"c": "1\n"}, "after the merge")
    git(pool.source, "cherry-pick", picked)
    plain = str(tmp_path / "plain")
    git(pool.source, "clone", "-q", pool.source, plain)
    git(plain, "fetch", "-q", "origin", "x")
    git(plain, "switch", "-q", "-c", "x", "origin/x")
    git(plain, "rebase", "-q", "origin/main")
    landed(pool, "--rebase", cwd=path)
    assert tip(pool.source, "main^{tree}") == tip(plain, "HEAD^{tree}")
    raw = [git(plain, "cat-file", "commit", sha).split("\n", 2)[0::2] for sha in log(plain, "%H", "-3")]
    ours = [
        git(pool.source, "cat-file", "commit", sha).split("\n", 2)[0::2]
        for sha in log(pool.source, "%H", "-3")
    ]
    assert [[one.replace(tip(plain), "") for one in row] for row in ours] == raw


def test_rebase_leaves_encodings_and_odd_authors_as_they_are(pool):
    path = pool.acquire("x")
    text = git(path, "cat-file", "commit", "HEAD").replace("\nauthor ", f"\nparent {tip(path)}\nauthor ", 1)
    head, _, _body = text.partition("\n\n")
    head = head.replace("author Test Person <test@example.org>", "author  <>") + "\nencoding ISO-8859-1"
    raw = head.encode() + b"\n\ncaf\xe9\n"
    done = subprocess.run(
        ["git", "-C", path, "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw,
        capture_output=True,
        check=True,
    )
    git(path, "reset", "-q", "--hard", done.stdout.decode().strip())
    gitrepo.commit(pool.source, {"base": "b\n"}, "Base moves")
    landed(pool, "--rebase", "--keep", cwd=path)
    now = subprocess.run(
        ["git", "-C", path, "cat-file", "commit", "HEAD"], capture_output=True, check=True
    ).stdout
    assert now.endswith(b"\nencoding ISO-8859-1\n\ncaf\xe9\n")
    assert b"\nauthor  <> " in now


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_conflict_stops_and_the_land_is_resumed_with_its_first_options(both, how):
    path = conflict(both)
    was, theirs = tip(path), tip(both.source)
    option = () if how == "merge" else (f"--{how}",)
    done = both.wt("land", *option, "--next", "y", cwd=path)
    assert done.code == 1, done
    assert "README" in done.err
    assert tip(both.source) == theirs
    again = everything(both.root, both.source)
    done = both.wt("land", cwd=path)
    assert done.code == 1
    assert "in progress" in done.err
    assert "wt land --abort --name x" in done.err
    assert everything(both.root, both.source) == again
    resolve(path, how)
    landed(both, "--name", "x")
    assert both.states() == [("slot-0", "held", "y")]
    whole(both, {"README": "both\n", "more": "1\n"})
    assert (
        log(both.source, "%s", "--first-parent", "-3")
        == {
            "merge": ["Merge x into main", "Theirs", "first"],
            "squash": ["Squash x into main", "Theirs", "first"],
            "rebase": ["More", "Mine", "Theirs"],
        }[how]
    )
    reached = git(both.source, "rev-list", "--all").split()
    assert was in reached


def test_the_message_of_a_squash_that_stopped_is_remembered(both):
    path = conflict(both)
    gitrepo.write(path, {"more": "2\n"})
    assert both.wt("land", "--squash", "My words:\n\n\tand \\ more: #1", cwd=path).code == 1
    resolve(path, "merge")
    landed(both, "--name", "x")
    assert git(both.source, "log", "-1", "--format=%B").strip() == "My words:\n\n\tand \\ more: #1"
    assert log(both.source) == ["My words:", "Theirs", "first"]


def test_what_is_asked_for_now_goes_before_what_was_asked_for_first(both):
    path = conflict(both)
    assert both.wt("land", "--squash", "--keep", cwd=path).code == 1
    resolve(path, "squash")
    landed(both, "--next", "y", cwd=path)
    assert both.states() == [("slot-0", "held", "y")]
    assert log(both.source) == ["Squash x into main", "Theirs", "first"]


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_abort_gives_the_slot_back_as_it_was_and_keeps_what_was_resolved(both, how):
    path = conflict(both)
    was, theirs = tip(path), tip(both.source)
    gitrepo.write(path, {"build/cache": "warm"})
    option = () if how == "merge" else (f"--{how}",)
    for resolved in (False, True):
        assert both.wt("land", *option, cwd=path).code == 1
        if resolved:
            gitrepo.write(path, {"README": "half an hour of work\n"})
        before = kept(both)
        assert both.wt("land", "--abort", "--name", "x").code == 0
        assert (tip(path), tip(both.source)) == (was, theirs)
        assert git(path, "symbolic-ref", "--short", "HEAD") == "x"
        assert git(path, "status", "--porcelain") == ""
        assert file_bytes(f"{path}/build/cache") == b"warm"
        new = kept(both) - before
        if resolved:
            assert [git(path, "show", f"{sha}:README") for sha in new] == ["half an hour of work"]
        else:
            assert new <= {was}
    landed(both, "--name", "x", "--dry-run")
    assert both.wt("land", "--abort", "--name", "x").code == 2


def test_abort_of_a_rebase_keeps_the_commits_that_were_made_since(both):
    path = both.acquire("x")
    gitrepo.commit(path, {"README": "mine\n"}, "Mine")
    gitrepo.commit(path, {"README": "mine again\n"}, "Again")
    was = tip(path)
    gitrepo.commit(both.source, {"README": "theirs\n"}, "Theirs")
    assert both.wt("land", "--rebase", cwd=path).code == 1
    gitrepo.write(path, {"README": "first resolved\n"})
    git(path, "add", "-A")
    done = subprocess.run(
        ["git", "-C", path, "-c", "core.editor=true", "rebase", "--continue"], capture_output=True
    )
    assert done.returncode == 1
    made = tip(path)
    assert both.wt("land", "--abort", "--name", "x").code == 0
    assert tip(path) == was
    assert made in git(both.source, "rev-list", "--glob=refs/wt/kept").split()


def test_a_rebase_that_the_user_gave_up_by_hand_is_forgotten(both):
    path = conflict(both)
    assert both.wt("land", "--rebase", "--keep", cwd=path).code == 1
    git(path, "rebase", "--abort")
    gitrepo.commit(path, {"README": "theirs\n", "x": "1\n"}, "As they have it")
    landed(both, cwd=path)
    assert log(both.source, "%s", "--first-parent", "-1") == ["Merge x into main"]
    assert both.states() == [("slot-0", "idle", None)]


def test_a_base_that_moved_on_while_a_conflict_was_resolved(both):
    path = conflict(both)
    assert both.wt("land", "--rebase", cwd=path).code == 1
    gitrepo.commit(both.source, {"later": "1\n"}, "Later")
    resolve(path, "rebase")
    landed(both, "--name", "x")
    assert log(both.source) == ["More", "Mine", "Later", "Theirs", "first"]
    whole(both, {"README": "both\n", "later": "1\n"})


@pytest.mark.parametrize("how", [(), ("--squash",), ("--rebase",)], ids=["merge", "squash", "rebase"])
@pytest.mark.parametrize("where", ["checked out", "nowhere"])
def test_a_base_that_moves_at_the_last_moment_is_looked_at_anew(pool, tmp_path, how, where):
    path = series(pool)
    if where == "nowhere":
        git(pool.source, "switch", "-q", "-c", "elsewhere")
    # somebody commits on the base between our last look and the git that moves it
    theirs = f'tree=$("$real" -C {pool.source} rev-parse main^{{tree}}); "$real" -C {pool.source} update-ref refs/heads/main $("$real" -C {pool.source} commit-tree -p main -m late $tree)'
    script, mark = meddle.path(
        tmp_path,
        "update-ref -m wt: land refs/heads/main"
        if where == "nowhere"
        else f"-C {pool.source} merge -q --ff-only",
        before=theirs,
    )
    landed(pool, *how, cwd=path, env={"PATH": script})
    assert mark.exists()
    assert "late" in log(pool.source, "%s", "--first-parent", "main")
    names = git(pool.source, "ls-tree", "--name-only", "main").split()
    assert {"one", "two", "base"} <= set(names)
    if where == "checked out":
        whole(pool, {"one": "1, better\n", "base": "b\n"})


def test_a_linked_worktree_as_source(tmp_path, repo):
    """The shell goes to it, not to the pool root, where the base is checked out nowhere."""
    linked = str(tmp_path / "linked")
    git(repo, "switch", "-q", "-c", "elsewhere")
    git(repo, "worktree", "add", "-q", "-b", "side", linked)
    pool = Pool(tmp_path / "root", linked, max_slots=1, base="main")
    path = pool.acquire("x")
    mine = gitrepo.commit(path, {"dir/one": "1\n"}, "One")
    directive = tmp_path / "directive"
    directive.write_text("")
    landed(pool, cwd=f"{path}/dir", env={"WT_DIRECTIVE": str(directive)})
    assert tip(repo, "main") == mine
    assert directive.read_text() == linked
    git(linked, "switch", "-q", "main")
    path = pool.acquire("y")
    mine = gitrepo.commit(path, {"dir/two": "2\n"}, "Two")
    landed(pool, cwd=f"{path}/dir", env={"WT_DIRECTIVE": str(directive)})
    assert tip(linked) == mine
    assert directive.read_text() == f"{linked}/dir"
    assert git(linked, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["--squash", "--rebase"])
def test_a_bare_source(tmp_path, repo, how):
    bare = str(tmp_path / "bare.git")
    git(tmp_path, "clone", "-q", "--bare", repo, bare)
    pool = Pool(tmp_path / "root", bare, max_slots=2)
    first, second = (pool.acquire(name) for name in ("x", "y"))
    gitrepo.commit(first, {"one": "1\n"}, "One")
    gitrepo.commit(second, {"two": "1\n"}, "Two")
    gitrepo.commit(second, {"two": "2\n"}, "Two again")
    landed(pool, how, cwd=first)
    landed(pool, how, cwd=second)
    assert git(bare, "ls-tree", "--name-only", "main").split() == [".gitignore", "README", "one", "two"]
    assert not git(bare, "rev-list", "--merges", "main")


def test_land_with_user_settings_that_change_what_git_does(pool):
    for setting in ("merge.ff=only", "pull.rebase=true", "rebase.autoStash=true", "rebase.updateRefs=true",
                    "rerere.enabled=true", "rerere.autoUpdate=true", "merge.conflictStyle=diff3", "core.editor=false",
                    "sequence.editor=false", "rebase.rebaseMerges=true", "branch.x.mergeOptions=--squash -s ours"):  # fmt: skip
        git(pool.source, "config", *setting.split("=", 1))
    for number, how in enumerate(((), ("--squash",), ("--rebase",))):
        path = series(pool, f"x{number}")
        git(path, "branch", f"beside{number}", "HEAD~1")
        beside = tip(path, f"beside{number}")
        landed(pool, *how, cwd=path)
        assert tip(pool.source, f"beside{number}") == beside
        git(pool.source, "rm", "-q", "one", "two", "base")
        gitrepo.commit(pool.source, {"other": f"{number}"}, "away again")


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_what_rerere_knows_is_offered_and_still_the_users_to_say(pool, how):
    git(pool.source, "config", "rerere.enabled", "true")
    git(pool.source, "config", "rerere.autoUpdate", "true")
    option = () if how == "merge" else ("--rebase",)
    path = conflict(pool)
    assert pool.wt("land", *option, cwd=path).code == 1
    resolve(path, how)  # rerere learns
    git(path, "reset", "-q", "--hard", "main~1")
    gitrepo.commit(path, {"README": "mine\n"}, "Mine")
    gitrepo.commit(path, {"more": "1\n"}, "More")
    base = tip(pool.source)
    done = pool.wt("land", *option, cwd=path)
    assert done.code == 1, done
    assert "rerere" in done.err, done
    assert "`x` and `main` conflict; nothing was landed.\n" in done.err
    assert "to go on, see that it is right, then: cd" in done.err
    assert tip(pool.source) == base
    assert file_bytes(f"{path}/README") == b"both\n"
    git(
        path,
        "-c",
        "core.editor=true",
        *(("rebase", "--continue") if how == "rebase" else ("commit", "-q", "--no-edit")),
    )
    landed(pool, cwd=path)
    whole(pool, {"README": "both\n", "more": "1\n"})


@pytest.mark.parametrize("how", [(), ("--squash",), ("--rebase",)], ids=["merge", "squash", "rebase"])
def test_merge_drivers_of_the_user_do_their_work(pool, how):
    git(pool.source, "config", "merge.join.driver", "cat %B >> %A")
    gitrepo.commit(pool.source, {".gitattributes": "list merge=join\n", "list": "a\n"}, "list")
    path = pool.acquire("x")
    gitrepo.commit(path, {"list": "mine\n"}, "Mine")
    gitrepo.commit(pool.source, {"list": "theirs\n"}, "Theirs")
    landed(pool, *how, cwd=path)
    assert sorted(file_bytes(f"{pool.source}/list").split()) == [b"mine", b"theirs"]
    assert git(pool.source, "status", "--porcelain") == ""


@pytest.fixture
def signing(tmp_path, pool):
    """Every commit signed, by a key of ssh."""
    assert shutil.which("ssh-keygen")
    key = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "allowed").write_text("test@example.org " + (tmp_path / "key.pub").read_text())
    for setting, value in (("gpg.format", "ssh"), ("user.signingKey", key), ("gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))):  # fmt: skip
        git(pool.source, "config", setting, value)
    return lambda on: git(pool.source, "config", "commit.gpgSign", str(on).lower())


@pytest.mark.parametrize("how", [(), ("--squash",), ("--rebase",)], ids=["merge", "squash", "rebase"])
def test_where_every_commit_is_signed_what_land_commits_is_signed(pool, signing, how):
    signing(True)
    root = tip(pool.source)
    path = series(pool)
    gitrepo.write(path, {"one": "last\n"})
    landed(pool, *how, "Four", cwd=path)
    assert set(log(pool.source, "%G?", f"{root}..main")) == {"G"}
    form = "%an|%ad"
    if how == ("--rebase",):
        assert "O. Ther|Sat Feb 3 04:05:06 2001 +0200" in log(pool.source, form)


def test_a_signed_merge_is_left_as_it_is_and_that_is_said(pool, signing):
    path = conflict(pool)
    theirs = tip(pool.source)
    assert pool.wt("land", cwd=path).code == 1
    signing(True)
    resolve(path, "merge")
    signed = tip(path)
    done = landed(pool, cwd=path)
    assert tip(pool.source) == signed
    assert log(pool.source, "%G?", "-1") == ["G"]
    assert tip(pool.source, "main^2") == theirs
    assert "is signed: it stays as it is" in done.err


def test_a_key_that_cannot_sign_refuses_and_leaves_the_slot(pool, signing):
    path = series(pool)
    signing(True)
    git(pool.source, "config", "user.signingKey", "/nowhere/key")
    before = everything(pool.root, pool.source)
    done = pool.wt("land", cwd=path)
    assert done.code == 1, done
    assert "nowhere/key" in done.err
    assert everything(pool.root, pool.source) == before


def test_lands_queue_visibly(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    first, second = pool.acquire("a"), pool.acquire("b")
    gitrepo.write(first, {"one": "1\n"})
    gitrepo.commit(second, {"two": "2\n"}, "Two")
    os.mkfifo(tmp_path / "go")
    gitrepo.write(
        repo, {".git/hooks/pre-commit": f"#!/bin/sh\n: > {tmp_path}/begun\nread x < {tmp_path}/go\n"}
    )
    os.chmod(f"{repo}/.git/hooks/pre-commit", 0o755)

    def start(*args):
        return subprocess.Popen(
            tool.argv("wt", "land", *args), cwd=repo, env=tool.environment(WORKTREE_ROOT=pool.root), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    with start("--name", "a", "--add", "One") as one:
        while not (tmp_path / "begun").exists():
            assert one.poll() is None
        with start("--name", "b") as two:
            assert two.stderr is not None
            said = two.stderr.readline()
            assert said.startswith("waiting for its turn to land: `wt land --name a --add One` of pid "), said
            assert f"pid {one.pid} holds it since 20" in said
            (tmp_path / "go").write_text("\n")
            assert one.wait(timeout=60) == 0
            assert two.wait(timeout=60) == 0, two.stderr.read()
    assert {"one", "two"} <= set(os.listdir(repo))


def test_a_slot_that_is_worked_in_while_its_land_waits_is_looked_at_again(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    path = pool.acquire("x")
    mine = gitrepo.commit(path, {"one": "1\n"}, "One")
    os.makedirs(f"{repo}/.git/worktree-pool", exist_ok=True)
    with open(f"{repo}/.git/worktree-pool/land.lock", "w", encoding="utf-8") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with subprocess.Popen(
            tool.argv("wt", "land"), cwd=path, env=tool.environment(WORKTREE_ROOT=pool.root), text=True,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as waiting:  # fmt: skip
            assert waiting.stderr is not None
            assert waiting.stderr.readline().startswith("waiting for its turn to land: ")
            git(path, "switch", "-q", "--detach")
            fcntl.flock(turn, fcntl.LOCK_UN)
            said = waiting.stderr.read()
            assert waiting.wait(timeout=60) == 1
    assert "HEAD is detached" in said
    assert tip(repo, "main") != mine


def test_a_dry_run_forecasts_what_is_not_committed_yet(both):
    path = both.acquire("x")
    gitrepo.write(path, {"README": "mine\n", "new": "n\n"})
    gitrepo.commit(both.source, {"README": "theirs\n"}, "Theirs")
    git(path, "config", "core.splitIndex", "true")
    before = everything(both.root, both.source)
    objects = git(both.source, "count-objects")
    for how in ("merge", "squash", "rebase"):
        option = () if how == "merge" else (f"--{how}",)
        done = landed(both, *option, "--add", "--dry-run", "Words", cwd=path)
        assert "commit 2 changed files" in done.out
        assert "conflict in README\n" in done.out
        assert done.out.endswith("stop there, main where it is, for you to resolve that\n")
    gitrepo.write(path, {"README": "hello\n"})
    before = everything(both.root, both.source)
    assert "conflict" not in landed(both, "--add", "--dry-run", "Words", cwd=path).out
    assert everything(both.root, both.source) == before
    assert git(both.source, "count-objects") == objects


def test_a_dry_run_says_how_and_what_becomes_of_the_slot(pool):
    path = series(pool)
    plans = {
        (): ["merge main into x", f"move main forward in {pool.source}", "recycle slot-0 if nothing is left in it"],
        ("--squash", "--keep"): ["make one commit of 3 on top of main", f"move main forward in {pool.source}", "keep slot-0 for x"],
        ("--rebase", "--next", "y"): ["replay the commits of x on main", f"move main forward in {pool.source}",
                                      "hand slot-0 on to y if nothing is left in it"],
    }  # fmt: skip
    for options, lines in plans.items():
        assert landed(pool, "--dry-run", *options, cwd=path).out.splitlines() == lines
    landed(pool, "--keep", cwd=path)
    assert (
        landed(pool, "--dry-run", cwd=path).out.splitlines()[0]
        == "`x` has landed already; nothing is to be moved"
    )
