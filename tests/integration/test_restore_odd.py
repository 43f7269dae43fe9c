"""Set aside and restore, contract section 13: states and names that tools choke on; each comes back, or is refused whole."""

import os
import subprocess
import time

import pytest

from tests.integration.test_restore import force, kept, picture, restore, status
from tests.support import gitrepo, hooking, meddle
from tests.support.tool import Pool
from tests.support.untouched import everything, file_bytes

git = gitrepo.git
# hash-object reads a name that begins with a quote as a quoted one, and takes a carriage return off the end of each
NAMES = ('"a"', '"', 'a"b', "a\r", "Icon\r", 'b\n"', "-x", ":(top)a", "\\")


def index(path):
    return git(path, "ls-files", "-s", "-z")


@pytest.mark.parametrize("how", ["untracked", "tracked", "staged", "overlooked"])
def test_a_file_comes_back_as_itself_whatever_it_is_called(pool, how):
    gitrepo.commit(pool.source, {"a": "the other\n", "Icon": "the other\n"})
    if how in ("tracked", "overlooked"):
        gitrepo.commit(pool.source, dict.fromkeys(NAMES, "before\n"))
    path = pool.acquire("x")
    if how == "overlooked":
        git(
            path,
            "update-index",
            "--assume-unchanged",
            "-z",
            "--stdin",
            stdin="".join(f"{n}\0" for n in NAMES),
        )
    gitrepo.write(path, {name: f"content of {name!r}\n" for name in NAMES})
    if how == "staged":
        git(path, "add", "-A")
        gitrepo.write(path, {name: f"and more of {name!r}\n" for name in NAMES})
    before = picture(path), index(path)
    path = restore(pool, *force(pool))
    assert (picture(path), index(path)) == before


def test_a_restore_that_fails_is_taken_back_whatever_the_files_are_called(pool):
    """Told by content: what has the snapshot's is its own."""
    hooking.approved(pool, "wt_post_acquire() { test ! -e marker; }\n")
    gitrepo.commit(pool.source, {"a": "the other\n"})
    path = pool.acquire("x")
    gitrepo.write(path, {name: f"content of {name!r}\n" for name in ("marker", *NAMES)})
    done = pool.wt(*force(pool))
    assert done.code == 1, done
    assert pool.states() == [("slot-0", "idle", None)]
    assert status(f"{pool.at}/slot-0") == []


def test_a_name_that_is_to_be_added_in_the_place_of_a_tracked_one_is_that_again(pool):
    path = pool.acquire("x")
    git(path, "rm", "-q", "--cached", "README")
    git(path, "add", "-N", "README")
    before = status(path), index(path)
    assert before[0] == ["DA README"]
    path = restore(pool, *force(pool))
    assert (status(path), index(path)) == before


@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
def test_a_pipe_behind_a_hidden_bit_is_not_waited_for(pool, bit):
    path = pool.acquire("x")
    git(path, "update-index", bit, "README")
    os.unlink(f"{path}/README")
    os.mkfifo(f"{path}/README")
    assert pool.wt("ls", "--json").json[0]["reason"] == "dirty"
    before = everything(pool.root, pool.source)
    done = pool.wt("release", "x", "--force")
    assert done.code == 1
    assert "neither a file nor a link" in done.err
    assert everything(pool.root, pool.source) == before


@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
def test_what_was_staged_before_it_was_to_be_overlooked_comes_back(pool, bit):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "staged\n", "added": "1\n"})
    git(path, "add", "-A")
    git(path, "update-index", bit, "README", "added")
    before = picture(path), index(path)
    back = force(pool)
    assert status(f"{pool.at}/slot-0") == []
    assert file_bytes(f"{pool.at}/slot-0/README") == b"hello\n"
    path = restore(pool, *back)
    assert (picture(path), index(path)) == before


@pytest.mark.parametrize("index_of", ["kept", "emptied", "with more"])
def test_a_branch_without_a_commit_is_dirty_and_its_files_come_back(pool, index_of):
    path = pool.acquire("x")
    git(path, "checkout", "-q", "--orphan", "pages")
    if index_of == "emptied":
        git(path, "rm", "-q", "-r", "--cached", ".")
    if index_of == "with more":
        gitrepo.write(path, {"page": "1\n"})
        git(path, "add", "page")
    gitrepo.write(path, {"README": "changed\n", "untracked": "1\n"})
    before = picture(path), index(path)
    assert pool.wt("ls", "--json").json[0]["reason"] == "dirty"
    assert pool.wt("info", "x").code == 0
    assert pool.wt("release", "x").code == 1
    back = force(pool)
    assert status(f"{pool.at}/slot-0") == []
    path = restore(pool, *back)
    assert (picture(path), index(path)) == before


def test_a_branch_without_a_commit_in_an_idle_slot_is_set_aside_once(pool):
    pool.acquire("x")
    pool.pool("release", "--name", "x")
    idle = f"{pool.at}/slot-0"
    git(idle, "checkout", "-q", "--orphan", "pages")
    gitrepo.write(idle, {"README": "changed\n"})
    path = pool.acquire("y")
    assert status(path) == []
    assert file_bytes(f"{path}/README") == b"hello\n"
    (ref,) = kept(pool)
    assert git(pool.source, "show", f"{ref}:README") == "changed"


@pytest.mark.parametrize("command", ["wt", "primitive"])
@pytest.mark.parametrize("away", ["reset", "detached"])
def test_a_commit_that_head_is_not_at_does_not_come_back_as_head(pool, command, away):
    path = pool.acquire("x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    if away == "reset":
        git(path, "reset", "-q", "--hard", "main")
    else:
        git(path, "switch", "-q", "--detach", "main")
    before = (
        git(path, "rev-parse", "HEAD"),
        git(path, "rev-parse", "--abbrev-ref", "HEAD"),
        git(path, "rev-parse", "x"),
    )
    done = pool.wt("release", "x", "--force") if command == "wt" else pool.pool("release", "--name", "x")
    assert done.code == 0, done
    path = restore(pool, "restore", "x")
    assert (
        git(path, "rev-parse", "HEAD"),
        git(path, "rev-parse", "--abbrev-ref", "HEAD"),
        git(path, "rev-parse", "x"),
    ) == before
    assert git(pool.source, "for-each-ref", "--contains", tip, "refs/wt/kept")


def test_the_autostash_of_a_merge_does_not_go_to_the_users_stash(pool):
    gitrepo.commit(pool.source, {"other": "1\n"})
    path = pool.acquire("x")
    theirs = gitrepo.commit(pool.source, {"README": "theirs\n"})
    gitrepo.commit(path, {"README": "ours\n"})
    gitrepo.write(path, {"other": "mine\n"})
    assert subprocess.run(["git", "-C", path, "merge", "--autostash", theirs], capture_output=True).returncode
    back = force(pool)
    assert git(pool.source, "stash", "list") == ""
    done = pool.wt(*back)
    (line,) = [line for line in done.err.splitlines() if line.startswith("MERGE_AUTOSTASH: ")]
    assert git(pool.source, "show", f"{line.rpartition(' ')[2]}:other") == "mine"


def test_what_cannot_be_put_back_says_where_everything_is(pool):
    """A smudge filter that fails, as git-lfs without a network: the slot stays held, and nothing is lost."""
    gitrepo.commit(pool.source, {".gitattributes": "*.big filter=far\n", "a.big": "1\n"})
    path = pool.acquire("x")
    gitrepo.write(path, {"a.big": "2\n", "u": "1\n"})
    git(pool.source, "config", "filter.far.smudge", "false")
    git(pool.source, "config", "filter.far.required", "true")
    git(pool.source, "config", "filter.far.clean", "cat")
    done = pool.wt("release", "x", "--force")
    assert done.code == 1, done
    hint = done.err.splitlines()[-1]
    assert hint.startswith("hint: what is gone from it by now is set aside: wt restore x@")
    git(pool.source, "config", "--unset", "filter.far.required")
    git(pool.source, "config", "filter.far.smudge", "cat")
    path = restore(pool, *hint.rpartition(": wt ")[2].split())
    assert (file_bytes(f"{path}/a.big"), file_bytes(f"{path}/u")) == (b"2\n", b"1\n")


@pytest.mark.parametrize("name", ["README", "untracked", "gone"])
def test_a_file_that_is_written_to_while_it_is_set_aside_stops_the_step(pool, tmp_path, name):
    path = pool.acquire("x")
    gitrepo.write(path, {"README": "changed\n", "untracked": "1\n"})
    if name == "gone":
        git(path, "rm", "-q", "--cached", "README")
        os.unlink(f"{path}/README")
        name = "README"
    search, mark = meddle.path(tmp_path, "set aside refs/wt/kept/", after=f"echo late >>{path}/{name}")
    done = pool.wt("release", "x", "--force", env={"PATH": search})
    assert mark.exists()
    assert done.code == 3, done
    assert f"{path}/{name} is being written to" in done.err
    assert kept(pool) == []
    assert file_bytes(f"{path}/{name}").endswith(b"late\n")
    before = picture(path)
    path = restore(pool, *force(pool))
    assert picture(path) == before


def test_a_file_that_is_written_to_while_an_idle_slot_is_taken_is_not_overwritten(pool, tmp_path):
    pool.acquire("x")
    pool.pool("release", "--name", "x")
    gitrepo.write(f"{pool.at}/slot-0", {"README": "nobody's\n"})
    search, mark = meddle.path(
        tmp_path, "set aside refs/wt/kept/", after=f"echo late >>{pool.at}/slot-0/README"
    )
    done = pool.pool("acquire", "--name", "y", env={"PATH": search})
    assert mark.exists()
    assert done.code == 3, done
    assert pool.states() == [("slot-0", "idle", None)]
    pool.acquire("y")
    (ref,) = kept(pool)
    assert git(pool.source, "show", f"{ref}:README") == "nobody's\nlate"


def test_a_file_that_is_too_long_to_be_held_comes_back(pool):
    path = pool.acquire("x")
    with open(f"{path}/long", "wb") as file:
        file.writelines(bytes([number]) * (1 << 20) for number in range(66))
        file.write(b"end")
    os.chmod(f"{path}/long", 0o755)
    before = picture(path)
    path = restore(pool, *force(pool))
    assert picture(path) == before


def test_directories_without_files_make_way_for_a_file(pool):
    path = pool.acquire("x")
    gitrepo.write(path, {"notes": "mine\n"})
    back = force(pool)
    os.makedirs(f"{pool.at}/slot-0/notes/deep/er")
    path = restore(pool, *back)
    assert file_bytes(f"{path}/notes") == b"mine\n"


def repository(top):
    tip = gitrepo.commit(gitrepo.make_repo(top), {"f": "1\n"})
    gitrepo.write(top, {"f": "changed\n", "new": "1\n"})
    return tip


def test_a_repository_that_was_added_without_being_a_submodule_leaves_the_slot_whole(pool):
    path = pool.acquire("x")
    tip = repository(f"{path}/lib")
    git(path, "-c", "advice.addEmbeddedRepo=false", "add", "lib")
    staged = index(path)
    back = force(pool)
    assert status(f"{pool.at}/slot-0") == []
    done = pool.wt(*back)
    assert index(done.path) == staged
    (line,) = [line for line in done.err.splitlines() if line.startswith("a repository was in lib: ")]
    subprocess.run(["sh", "-c", line.partition(": ")[2]], cwd=done.path, check=True)
    assert git(f"{done.path}/lib", "rev-parse", "HEAD") == tip
    assert status(f"{done.path}/lib") == [" M f", "?? new"]


@pytest.mark.parametrize("where", ["at a gitlink", "among tracked files"])
def test_a_repository_that_no_list_of_untracked_files_has_does_not_go_with_a_retired_slot(pool, where):
    path = pool.acquire("x")
    if where == "at a gitlink":
        tip = repository(f"{path}/lib")
        git(path, "-c", "advice.addEmbeddedRepo=false", "add", "lib")
        git(path, "commit", "-q", "-m", "lib")
    else:
        gitrepo.commit(path, {"lib/deep/er": "1\n"})
        tip = repository(f"{path}/lib")
        git(path, "add", "lib/f", "lib/new")
    assert pool.pool("release", "--name", "x").code == 0
    done = pool.pool("retire", "--slot", "slot-0")
    assert done.code == 0, done
    stores = [
        f"{directory}/.git" for directory, names, _ in os.walk(f"{pool.at}/.meta/kept") if ".git" in names
    ]
    (store,) = stores
    assert git(store, f"--git-dir={store}", "rev-parse", "HEAD") == tip
    if where == "at a gitlink":
        assert status(os.path.dirname(store)) == [" M f", "?? new"]


def hold_for(pool, name, days):
    """Make a held slot's lock say that it was acquired so many days ago."""
    lock = pool.pool("inspect", "--name", name).json["lock_path"]
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))
    with open(lock, encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open(lock, "w", encoding="utf-8") as file:
        file.writelines(
            f"started_at: {moment}\n" if line.startswith("started_at") else f"{line}\n" for line in lines
        )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("command", ["wt", "primitive"])
def test_what_is_set_aside_stays_for_as_long_from_then_on_however_long_the_slot_was_held(
    pool, command, packed
):
    """The moment in the ref is that of the acquire."""
    path = pool.acquire("x")
    tip = gitrepo.commit(path, {"a": "1\n"})
    hold_for(pool, "x", 91)
    if command == "wt":
        gitrepo.write(path, {"u": "1\n"})
        back = force(pool)
    else:
        assert pool.pool("release", "--name", "x").code == 0
        back = ["restore", "x"]
    if packed:
        git(pool.source, "pack-refs", "--all")
    pool.acquire("y")
    assert pool.wt("release", "y").err == "y is released; slot-0 is idle and warm.\n"
    (line,) = pool.wt("restore").out.splitlines()
    assert line.partition("  ")[2].startswith("now  1 commit")
    assert pool.wt("restore", "--prune", "30d").out == ""
    path = restore(pool, *back)
    assert git(path, "rev-parse", "HEAD") == tip
    assert os.path.exists(f"{path}/u") == (command == "wt")


def test_what_was_set_aside_last_is_listed_first_and_said_to_be_the_newest(both):
    for name in ("first", "second"):
        gitrepo.commit(both.acquire(name), {name: "1\n"})
    hold_for(both, "first", 3)
    force(both, "second")
    (ref,) = kept(both)
    made = git(both.source, "reflog", "show", "--date=unix", "--format=%gd", ref).partition("{")[2][:-1]
    sha = git(both.source, "rev-parse", ref)
    git(both.source, "update-ref", "-d", ref)
    earlier = {**os.environ, "GIT_COMMITTER_DATE": f"@{int(made) - 60} +0000"}  # a log has whole seconds
    again = ["git", "-C", both.source, "update-ref", "--create-reflog", "-m", "set aside", ref, sha]
    subprocess.run(again, env=earlier, check=True)
    force(both, "first")
    done = both.wt("restore")
    assert [line.partition("@")[0] for line in done.out.splitlines()] == ["first", "second"]
    assert "to have the newest again: wt restore first@" in done.err


def test_what_is_set_aside_of_a_submodule_stays_for_as_long_too(tmp_path, repo):
    library = gitrepo.make_repo(tmp_path / "library", {"f": "1\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "-q", "add", library, "lib")
    gitrepo.commit(repo, {}, "a submodule")
    pool = Pool(tmp_path / "root", repo, submodule_mirror_mode="git-modules", submodule_mirror_base=repo)
    path = pool.acquire("x")
    tip = gitrepo.commit(f"{path}/lib", {"f": "2\n"})
    hold_for(pool, "x", 91)
    assert pool.pool("release", "--name", "x").code == 0
    pool.acquire("y")
    assert pool.pool("release", "--name", "y").code == 0
    kept_ones = f"{repo}/.git/worktree-pool/kept.git"
    assert git(kept_ones, "for-each-ref", "--contains", tip)


@pytest.mark.parametrize("dirty", [False, True])
def test_what_a_slots_own_refs_name_is_kept_whatever_it_is(pool, dirty):
    path = pool.acquire("x")
    gitrepo.commit(path, {"mine": "1\n"})
    git(path, "tag", "-a", "-m", "of a tag", "t")
    git(path, "reset", "-q", "--hard", "main")
    os.unlink(f"{git(path, 'rev-parse', '--absolute-git-dir')}/ORIG_HEAD")
    objects = {
        "tag": git(path, "rev-parse", "t"),
        "tree": git(path, "mktree", stdin=f"100644 blob {git(path, 'rev-parse', 'HEAD:README')}\tother\n"),
        "blob": git(path, "hash-object", "-w", "--stdin", stdin="of a blob\n"),
    }
    git(path, "tag", "-d", "t")
    for name, sha in objects.items():
        git(path, "update-ref", f"refs/worktree/{name}", sha)
    if dirty:
        gitrepo.write(path, {"README": "changed\n"})
    assert pool.wt("release", "x", "--force").code == 0
    assert set(objects.values()) <= set(
        git(pool.source, "for-each-ref", "--format=%(objectname)", "refs/wt/kept").split()
    )
    assert len(pool.wt("restore").out.splitlines()) == dirty
    git(pool.source, "gc", "-q", "--prune=now")
    assert git(pool.source, "cat-file", "-p", objects["blob"]) == "of a blob"
