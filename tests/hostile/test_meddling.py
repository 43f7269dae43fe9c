"""Somebody else acts between two steps of ours, and with forms of repositories that few people have."""

import os
import shlex
import subprocess

import pytest

from tests.support import gitrepo, meddle, tool
from tests.support.untouched import file_bytes

git = gitrepo.git


def is_reachable(source, commit):
    return bool(git(source, "for-each-ref", "--contains", commit))


def kept(source):
    return git(source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").split()


def ours(pool, *words):
    """Return a shell command that runs worktree-pool on a pool."""
    argv = [
        "env",
        f"PYTHONPATH={tool.ROOT}",
        f"PATH={os.environ['PATH']}",
        f"WORKTREE_ROOT={pool.root}",
        *tool.argv("worktree-pool", "--pool", pool.key, *words),
    ]
    return shlex.join(argv) + " >/dev/null 2>&1"


def with_git(tmp_path, pattern, **acts):
    where, mark = meddle.path(tmp_path, pattern, **acts)
    return {"PATH": where}, mark


def test_two_branches_at_one_commit_released_at_once_do_not_trust_each_other(pool, tmp_path):
    path = pool.acquire("a")
    commit = gitrepo.commit(path, {"work": "1\n"})
    pool.acquire("b", "--commit", "a")
    env, mark = with_git(tmp_path, " rev-list -1 ", after=ours(pool, "release", "--name", "b"))
    assert pool.pool("release", "--name", "a", env=env).code == 0
    assert mark.exists()
    assert {row[1] for row in pool.states()} == {"idle"}
    assert is_reachable(pool.source, commit)


def test_a_branch_that_became_a_symbolic_ref_does_not_take_its_target_along(both):
    both.acquire("x")
    git(both.source, "symbolic-ref", "refs/heads/x", "refs/heads/main")
    main = git(both.source, "rev-parse", "main")
    assert both.pool("release", "--name", "x").code == 0
    assert git(both.source, "rev-parse", "main") == main
    assert git(both.source, "status", "--porcelain") == ""


def test_land_on_a_base_that_is_a_symbolic_ref_moves_the_checkout_of_its_target(tmp_path, repo):
    git(repo, "symbolic-ref", "refs/heads/master", "refs/heads/main")
    pool = tool.Pool(tmp_path / "root", repo, max_slots=2, base="master")
    path = pool.acquire("x")
    commit = gitrepo.commit(path, {"work": "1\n"})
    done = pool.wt("land", "--name", "x")
    assert git(repo, "status", "--porcelain") == "", done
    if done.code == 0:
        assert git(repo, "rev-parse", "main") == commit


def test_a_merges_autostash_is_kept_and_not_handed_on(both):
    gitrepo.commit(both.source, {"README": "theirs\n", "other": "1\n"})
    path = both.acquire("x", "--commit", "main~1")
    gitrepo.commit(path, {"README": "mine\n", "f": "1\n"})
    gitrepo.write(path, {"f": "precious\n"})
    blob = git(path, "hash-object", "f")
    subprocess.run(["git", "-C", path, "merge", "--autostash", "main"], capture_output=True, check=False)
    admin = git(path, "rev-parse", "--absolute-git-dir")
    at_admin = ["git", f"--git-dir={admin}", "rev-parse", "--verify", "--quiet", "MERGE_AUTOSTASH"]
    assert subprocess.run(at_admin, capture_output=True).returncode == 0
    assert both.pool("release", "--name", "x").code == 0
    assert subprocess.run(at_admin, capture_output=True).returncode == 1
    objects = git(both.source, "rev-list", "--objects", "--all")
    assert blob in objects


@pytest.mark.parametrize("name", ["ORIG_HEAD", "refs/worktree/mine"])
def test_a_pseudo_ref_whose_object_is_gone_does_not_block_the_release(both, name):
    path = both.acquire("x")
    admin = git(path, "rev-parse", "--absolute-git-dir")
    gitrepo.write(admin, {name: "1234567890" * 4 + "\n"})
    assert both.pool("release", "--name", "x").code == 0
    assert [row[1] for row in both.states()] == ["idle"]
    assert both.acquire("y")


def outside_twin(pool, tmp_path):
    """main~1: `lib` is a link to a directory outside; main: `lib/a` is a copy of what lies there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("the same\n")
    os.symlink(outside, f"{pool.source}/lib")
    git(pool.source, "add", "-A")
    git(pool.source, "commit", "-q", "-m", "a link")
    os.unlink(f"{pool.source}/lib")
    gitrepo.commit(pool.source, {"lib/a": "the same\n"})
    return outside / "a"


def test_an_acquire_that_is_undone_deletes_nothing_through_a_link(both, tmp_path):
    outside = outside_twin(both, tmp_path)
    both.acquire("x", "--commit", "main~1")
    both.pool("release", "--name", "x")
    env, mark = with_git(tmp_path, " checkout -q --detach ", before="exit 3")
    assert both.pool("acquire", "--name", "y", env=env).code == 1
    assert mark.exists()
    assert [row[1] for row in both.states()] == ["idle"]
    assert outside.read_text() == "the same\n"


def test_a_land_that_is_finished_deletes_nothing_through_a_link(both, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("the same\n")
    gitrepo.commit(both.source, {"lib/a": "the same\n"})
    path = both.acquire("x")
    git(path, "rm", "-q", "-r", "lib")
    os.symlink(outside, f"{path}/lib")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "shared from now on")
    tip = git(path, "rev-parse", "HEAD")
    # git got as far as the files
    act = f'cd {both.source} && rm -r lib && ln -s {outside} lib; kill -9 "$PPID"; exit 1'
    env, mark = with_git(tmp_path, " merge -q --ff-only ", before=act)
    both.wt("land", "--name", "x", env=env)
    assert mark.exists()
    done = both.wt("land", "--name", "x")
    assert outside.joinpath("a").read_text() == "the same\n"
    assert done.code == 0, done
    assert git(both.source, "rev-parse", "main") == tip
    assert git(both.source, "status", "--porcelain") == ""


def test_what_lies_behind_a_link_is_not_taken_for_a_tracked_file(pool, tmp_path):
    gitrepo.commit(pool.source, {"etc/passwd": "ours\n"})
    path = pool.acquire("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwd").write_text("secret\n")
    os.unlink(f"{path}/etc/passwd")
    os.rmdir(f"{path}/etc")
    os.symlink(outside, f"{path}/etc")
    before = git(path, "status", "--porcelain")
    assert pool.wt("release", "x", "--force").code == 0
    (ref,) = kept(pool.source)
    assert "secret" not in git(pool.source, "log", "-p", "-m", ref)
    path = pool.acquire("y")
    git(path, "stash", "apply", "-q", "--index", ref)
    assert git(path, "status", "--porcelain") == before
    assert os.readlink(f"{path}/etc") == str(outside)


def test_an_edit_in_an_idle_slot_just_before_the_checkout_is_not_overwritten(both, tmp_path):
    path = both.acquire("x")
    both.pool("release", "--name", "x")
    idle = f"{both.at}/slot-0"
    gitrepo.commit(both.source, {"README": "newer\n"})
    env, mark = with_git(tmp_path, " checkout -q --detach ", before=f"echo precious >{idle}/README")
    done = both.pool("acquire", "--name", "y", env=env)
    assert mark.exists()
    found = git(both.source, "log", "-p", "-m", "--all", "--format=%h")
    here = file_bytes(f"{done.out.strip() or idle}/README")
    assert "precious" in found or here == b"precious\n", done
    assert path


def test_a_file_that_appears_after_the_look_is_not_cleaned_away(tmp_path, repo):
    pool = tool.Pool(tmp_path / "root", repo, max_slots=2)
    config = f"{pool.at}/.meta/config.yaml"
    text = file_bytes(config).decode().replace("recycle: keep", "recycle: clean")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    pool.acquire("x")
    pool.pool("release", "--name", "x")
    idle = f"{pool.at}/slot-0"
    gitrepo.write(idle, {"seen": "1\n"})
    env, mark = with_git(tmp_path, "set aside refs/wt/kept/", after=f"echo precious >{idle}/unseen")
    done = pool.pool("acquire", "--name", "y", env=env)
    assert mark.exists()
    assert file_bytes(f"{done.path}/unseen") == b"precious\n"
    assert not os.path.exists(f"{done.path}/seen")


@pytest.mark.parametrize("name", ["unseen", "README"])
def test_what_appears_while_a_release_is_forced_is_not_dropped(both, tmp_path, name):
    path = both.acquire("x")
    gitrepo.write(path, {"seen": "1\n", "other": "1\n", ".gitignore": "changed\n"})
    env, mark = with_git(tmp_path, "set aside refs/wt/kept/", after=f"echo precious >{path}/{name}")
    assert both.wt("release", "x", "--force", env=env).code == 0
    assert mark.exists()
    assert file_bytes(f"{both.at}/slot-0/{name}") == b"precious\n"
    assert not os.path.exists(f"{both.at}/slot-0/seen")


def mark_of(pool, name="x"):
    (row,) = [row for row in pool.wt("ls", "--json").json if row["name"] == name]
    return row["mark"], row["reason"]


@pytest.mark.parametrize("squashed", [False, True])
def test_the_same_words_indented_otherwise_have_not_landed(pool, squashed):
    path = pool.acquire("x")
    body = "if a:\n    b()\n"
    gitrepo.commit(path, {"f.py": body + "    c()\n"})
    if squashed:
        gitrepo.commit(path, {"f.py": body + "    c()\n    d()\n"})
    gitrepo.commit(pool.source, {"f.py": body + "c()\n" + ("d()\n" if squashed else "")})
    assert mark_of(pool) == ("red", "unmerged")


def test_a_default_merge_driver_does_not_make_it_landed(pool):
    gitrepo.commit(pool.source, {"f": "1\n"})
    path = pool.acquire("x")
    gitrepo.commit(path, {"f": "mine\n"})
    gitrepo.commit(pool.source, {"f": "theirs\n"})
    git(pool.source, "config", "merge.default", "ours")
    git(pool.source, "config", "merge.ours.driver", "true")
    assert mark_of(pool) == ("red", "unmerged")


def test_line_ends_that_a_merge_would_not_see_have_not_landed(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"README": "hello\r\n", "more": "1\n"})
    gitrepo.commit(pool.source, {"more": "1\n", "z": "1\n"})
    git(pool.source, "config", "merge.renormalize", "true")
    with open(f"{pool.source}/.git/info/attributes", "w", encoding="utf-8") as file:
        file.write("* text=auto\n")
    assert mark_of(pool)[0] != "green"


def test_a_pin_that_git_was_told_to_overlook_has_not_landed(pool):
    first = git(pool.source, "rev-parse", "HEAD")
    git(pool.source, "update-index", "--add", "--cacheinfo", f"160000,{first},s")
    git(pool.source, "commit", "-q", "-m", "a pin")
    git(pool.source, "config", "diff.ignoreSubmodules", "all")
    path = pool.acquire("x")
    second = git(pool.source, "rev-parse", "HEAD")
    gitrepo.write(path, {"f": "1\n"})
    git(path, "add", "f")
    git(path, "update-index", "--cacheinfo", f"160000,{second},s")
    git(path, "commit", "-q", "-m", "f, and another pin")
    gitrepo.write(pool.source, {"f": "1\n"})
    git(pool.source, "add", "f")
    git(pool.source, "commit", "-q", "-m", "f alone")
    assert mark_of(pool) == ("red", "unmerged")


@pytest.mark.parametrize("how", ["switch -q -c hotfix", "switch -q --detach"])
def test_a_checkout_that_leaves_the_base_during_a_land_is_said(both, tmp_path, how):
    before = git(both.source, "rev-parse", "main")
    path = both.acquire("x")
    commit = gitrepo.commit(path, {"work": "1\n"})
    env, mark = with_git(tmp_path, " merge -q --ff-only ", before=f'"$real" -C {both.source} {how}')
    done = both.wt("land", "--name", "x", env=env)
    assert mark.exists()
    main = git(both.source, "rev-parse", "main")
    assert (done.code, main) in ((0, commit), (1, before)), done
    assert git(both.source, "status", "--porcelain") == ""
    assert both.wt("land", "--name", "x").code == 0
    assert git(both.source, "rev-parse", "main") == commit


@pytest.mark.parametrize("options", ["--squash", "--no-commit --squash", "-s ours", "--no-ff"])
def test_the_bases_own_merge_options_do_not_change_a_land(both, options):
    git(both.source, "config", "branch.main.mergeOptions", options)
    git(both.source, "config", "branch.x.mergeOptions", options)
    path = both.acquire("x")
    commit = gitrepo.commit(path, {"work": "1\n"})
    done = both.wt("land", "--name", "x")
    assert done.code == 0, done
    assert git(both.source, "rev-parse", "main") == commit
    assert git(both.source, "status", "--porcelain") == ""
    assert both.rows()[0]["state"] == "idle"


@pytest.mark.parametrize("options", ["--squash", "-s ours"])
def test_the_slots_own_merge_options_do_not_change_a_conflict(both, options):
    git(both.source, "config", "branch.x.mergeOptions", options)
    gitrepo.commit(both.source, {"README": "theirs\n"})
    path = both.acquire("x", "--commit", "main~1")
    gitrepo.commit(path, {"README": "mine\n"})
    assert both.wt("land", "--name", "x").code == 1
    assert git(path, "rev-parse", "MERGE_HEAD") == git(both.source, "rev-parse", "main")
    assert both.wt("land", "--abort", "--name", "x").code == 0


def test_a_copy_of_a_pool_does_not_share_its_slots(both):
    both.acquire("x")
    both.acquire("y")
    both.pool("release", "--name", "y")
    subprocess.run(["cp", "-a", both.at, f"{both.root}/copy"], check=True)
    states = both.states()
    pointers = git(both.source, "worktree", "list", "--porcelain")
    copy = [tool.run("worktree-pool", "--pool", "copy", *verb, env={"WORKTREE_ROOT": both.root})
            for verb in (("acquire", "--name", "z"), ("release", "--name", "x"))]  # fmt: skip
    assert both.states() == states, copy
    assert git(both.source, "worktree", "list", "--porcelain").startswith(pointers)


def test_a_pool_that_was_moved_is_still_the_pool(both):
    path = both.acquire("x")
    commit = gitrepo.commit(path, {"work": "1\n"})
    os.rename(both.at, f"{both.root}/moved")
    both.key, both.at = "moved", f"{both.root}/moved"
    assert [row[1:] for row in both.states()] == [("held", "x")]
    assert both.pool("release", "--name", "x").code == 0
    assert is_reachable(both.source, commit)


@pytest.mark.parametrize(
    "line", ["pid: ²", "pid: " + "9" * 5000, "slot: slot-" + "9" * 300, "full_sha: --output=p"]
)
def test_a_lock_that_says_nonsense_is_no_crash(both, line):
    path = both.acquire("x")
    lock = f"{git(path, 'rev-parse', '--absolute-git-dir')}/worktree-pool/lock"
    text = file_bytes(lock).decode()
    key = line.split(":")[0]
    lines = [line if one.startswith(f"{key}:") else one for one in text.splitlines()]
    with open(lock, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    for done in (
        both.pool("ls"),
        both.pool("acquire", "--name", "y"),
        both.pool("release", "--name", "x"),
        both.pool("doctor"),
        both.wt("ls"),
    ):
        assert done.code in (0, 1), done
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "line",
    [
        "keep: 2026-13-45",
        "max_slots: " + "9" * 5000,
        "base: !!binary x",
        "keep: 2026-01-01 25:61:00",
        "? [a]\n: b",
        "base: 0x" + "f" * 5000,
    ],
)
def test_a_config_that_says_nonsense_is_no_crash(pool, line):
    path = f"{pool.at}/.meta/config.yaml"
    key = line.split(":")[0]
    lines = [one for one in file_bytes(path).decode().splitlines() if not one.startswith(f"{key}:")]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, line]) + "\n")
    for done in (pool.pool("ls"), pool.wt("ls", "--pool", "app")):
        assert done.code == 1, done
        assert "Traceback" not in done.err


def test_an_operation_begun_in_an_idle_slot_is_not_handed_on(both):
    gitrepo.commit(both.source, {"other": "1\n"})
    both.acquire("x", "--commit", "main~1")
    both.pool("release", "--name", "x")
    idle = f"{both.at}/slot-0"
    git(idle, "merge", "-q", "-s", "ours", "--no-ff", "--no-commit", "main")
    path = both.acquire("y", "--commit", "main~1")
    commit = gitrepo.commit(path, {"work": "1\n"})
    assert len(git(path, "rev-list", "--parents", "-1", commit).split()) == 2


def test_a_source_that_is_a_submodule(tmp_path, repo, layout):
    super_ = gitrepo.make_repo(tmp_path / "super")
    git(super_, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repo, "sub")
    git(super_, "commit", "-q", "-m", "sub")
    source = f"{super_}/sub"
    pool = tool.Pool(tmp_path / "root", source, max_slots=2, layout=layout)
    path = pool.acquire("x")
    commit = gitrepo.commit(path, {"work": "1\n"})
    done = pool.wt("land", "--name", "x")
    assert done.code == 0, done
    assert git(source, "rev-parse", "main") == commit
    assert git(source, "status", "--porcelain") == ""
    assert os.path.exists(f"{source}/work")


def test_two_inits_at_once_make_one_pool(tmp_path, repo):
    root = tmp_path / "root"
    root.mkdir()
    for number in range(5):
        argv = tool.argv("worktree-pool", "--pool", f"p{number}", "init", "--source", repo)
        started = [
            subprocess.Popen(argv, env=tool.environment(WORKTREE_ROOT=str(root)), stderr=subprocess.DEVNULL)
            for _ in range(6)
        ]
        codes = sorted(one.wait() for one in started)
        assert codes == [0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("kind", ["fifo", "directory", "link", "dangling"])
@pytest.mark.parametrize("name", ["pool.lock", "init/slot-0.lock"])
def test_something_else_in_place_of_a_mutex(pool, tmp_path, kind, name):
    target = f"{pool.at}/.meta/{name}"
    if os.path.exists(target):
        os.unlink(target)
    victim = tmp_path / "victim"
    if kind != "dangling":
        victim.write_text("precious\n")
    if kind == "fifo":
        os.mkfifo(target)
    elif kind == "directory":
        os.mkdir(target)
    else:
        os.symlink(victim, target)
    for done in (
        pool.pool("acquire", "--name", "x"),
        pool.pool("ls"),
        pool.pool("release", "--name", "x"),
        pool.pool("doctor"),
        pool.wt("doctor", "--fix"),
    ):
        assert done.code in (0, 1, 3), done
        assert "Traceback" not in done.err
    assert kind == "dangling" or victim.read_text() == "precious\n"
    assert kind != "dangling" or not victim.exists()


def test_an_acquire_that_died_leaves_none_of_its_files(both, tmp_path):
    gitrepo.commit(both.source, {"README": "newer\n", "added": "1\n"})
    both.acquire("x", "--commit", "main~1")
    both.pool("release", "--name", "x")
    env, mark = with_git(tmp_path, " checkout -q --detach ", after='kill -9 "$PPID"')
    both.pool("acquire", "--name", "y", env=env)
    assert mark.exists()
    admin = git(f"{both.at}/slot-0", "rev-parse", "--absolute-git-dir")
    git(f"{both.at}/slot-0", "update-ref", "--no-deref", "HEAD", "main~1")
    git(f"{both.at}/slot-0", "read-tree", "main~1")
    assert os.path.exists(f"{admin}/worktree-pool/lock")
    assert both.acquire("z", "--commit", "main~1")
    assert kept(both.source) == []


def test_a_pool_that_was_moved_and_then_copied_is_where_gits_links_say(both):
    path = both.acquire("x")
    gitrepo.write(path, {"mine": "1\n"})
    os.rename(both.at, f"{both.root}/moved")
    both.key, both.at = "moved", f"{both.root}/moved"
    both.acquire("y")
    subprocess.run(["cp", "-a", both.at, f"{both.root}/copy"], check=True)
    states = both.states()
    copy = tool.run(
        "worktree-pool", "--pool", "copy", "release", "--name", "x", env={"WORKTREE_ROOT": both.root}
    )
    assert "nothing is held" in copy.err
    assert both.states() == states


def test_a_file_taken_out_of_the_index_alone_is_restored_by_plain_git(both):
    path = both.acquire("x")
    git(path, "rm", "-q", "--cached", "README")
    gitrepo.write(path, {"README": "changed, too\n"})
    before = git(path, "status", "--porcelain")
    assert both.wt("release", "x", "--force").code == 0
    (ref,) = kept(both.source)
    path = both.acquire("y")
    git(path, "stash", "apply", "-q", "--index", ref)
    assert git(path, "status", "--porcelain") == before
    assert file_bytes(f"{path}/README") == b"changed, too\n"


def test_land_where_a_bare_repository_says_that_it_is_on_the_base(tmp_path, repo, layout):
    """The layout of `clone --bare` into `.bare` with worktrees beside it."""
    project = tmp_path / "project"
    project.mkdir()
    git(project, "clone", "-q", "--bare", repo, ".bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    git(project, "worktree", "add", "-q", "main")
    pool = tool.Pool(tmp_path / "root", project, max_slots=2, layout=layout)
    commit = gitrepo.commit(pool.acquire("x"), {"work": "1\n"})
    done = pool.wt("land", "--name", "x")
    assert done.code == 0, done
    assert git(project / "main", "rev-parse", "HEAD") == commit
    assert git(project / "main", "status", "--porcelain") == ""
