"""doctor and `wt doctor --fix`: contract sections 3, 6, 9 and 15."""

import os
import shutil
import subprocess
import time

import pytest

from tests.integration.test_primitive import HeldMutex
from tests.support import gitrepo, submodules, tool
from tests.support.submodules import Nest
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything

git = gitrepo.git


def checks(pool, **env):
    done = tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": pool.root, **env})
    found = {check["id"]: check for check in done.json["checks"]}
    assert done.code == (1 if any(one["level"] == "error" for one in found.values()) else 0), done
    return found


def fix(pool, *args):
    done = pool.wt("doctor", "--fix", *args)
    assert "Traceback" not in done.err
    return done


def test_git_version_root_and_every_pool_are_looked_at_and_nothing_is_touched(pool):
    Pool(pool.root, pool.source, key="other")
    pool.acquire("a")
    before = everything(pool.root, pool.source)
    found = checks(pool)
    assert list(found) == ["git", "worktree-root", "pool:app", "pool:other"]
    assert {one["level"] for one in found.values()} == {"ok"}
    assert all(list(one) == ["id", "level", "message", "hint"] for one in found.values())
    assert "1 slot" in found["pool:app"]["message"]
    assert everything(pool.root, pool.source) == before


def test_an_old_git_is_an_error(pool, tmp_path):
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "git").write_text("#!/bin/sh\necho git version 2.30.1\n")
    (fake / "git").chmod(0o755)
    found = checks(pool, PATH=f"{fake}:{os.environ['PATH']}")
    assert found["git"]["level"] == "error"
    assert "2.30.1" in found["git"]["message"]


def test_a_source_that_this_git_is_too_old_for_is_an_error(pool):
    gitrepo.of_another_time(pool.source)
    found = checks(pool)["pool:app:git"]
    assert (found["level"], found["hint"]) == ("error", "install git 2.45 or newer, then: git --version")
    assert f"{pool.source}/.git keeps its refs as a reftable" in found["message"]


@pytest.mark.parametrize("root", [None, "", "relative", "/nowhere/at/all"])
def test_a_root_that_cannot_be_used_is_an_error_and_said(root):
    done = tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": root})
    assert done.code == 1
    (bad,) = [one for one in done.json["checks"] if one["level"] == "error"]
    assert bad["id"] == "worktree-root"
    assert "WORKTREE_ROOT" in bad["message"]


def test_one_broken_pool_never_hides_anothers_findings(pool):
    Pool(pool.root, pool.source, key="zzz")
    Pool(pool.root, pool.source, key="aaa")
    with open(f"{pool.at}/.meta/config.yaml", "a", encoding="utf-8") as file:
        file.write("max_slots: none\n")
    os.mkdir(f"{pool.root}/zzz/mine")
    found = checks(pool)
    assert found["pool:app"]["level"] == "error"
    assert found["pool:aaa"]["level"] == "ok"
    assert found["pool:zzz:mine"]["level"] == "warn"


def test_without_fix_a_dead_lands_journal_is_a_warning(pool):
    path = pool.acquire("a")
    tip = gitrepo.commit(path, {"x": "1"})
    base = git(pool.source, "rev-parse", "main")
    os.makedirs(f"{pool.source}/.git/worktree-pool", exist_ok=True)
    with open(f"{pool.source}/.git/worktree-pool/land", "w", encoding="utf-8") as file:
        file.write(f"base: main\nfrom: {base}\nto: {tip}\ncheckout: {pool.source}\n")
    found = checks(pool)["pool:app:land"]
    assert (found["level"], found["hint"]) == ("warn", "wt doctor --fix")
    assert "a land died" in found["message"]
    fix(pool)
    assert "pool:app:land" not in checks(pool)


def test_a_push_that_mirrors_is_warned_of(pool):
    git(pool.source, "remote", "add", "backup", "/nowhere")
    assert "pool:app:mirror" not in checks(pool)
    git(pool.source, "config", "remote.backup.mirror", "true")
    found = checks(pool)["pool:app:mirror"]
    assert found["level"] == "warn"
    command = found["hint"].partition(": ")[2]
    subprocess.run(["bash", "-c", command], check=True)
    assert "pool:app:mirror" not in checks(pool)


def test_a_lock_file_of_a_held_slot_is_removed_by_fix_alone_and_only_when_it_is_still(pool):
    path = pool.acquire("a")
    lock = git(path, "rev-parse", "--absolute-git-dir") + "/index.lock"
    with open(lock, "w", encoding="utf-8"):
        pass
    assert checks(pool)["pool:app:slot-0"]["level"] == "warn"
    pool.acquire("b")
    assert os.path.exists(lock)
    os.utime(lock)
    touched = time.time()
    done = fix(pool)
    assert time.time() - touched >= 2
    assert f"{lock}, left by a git that died, is removed." in done.err
    assert not os.path.exists(lock)


def test_a_lock_file_stays_while_a_git_is_at_work_there(pool):
    path = pool.acquire("a")
    lock = git(path, "rev-parse", "--absolute-git-dir") + "/index.lock"
    user = subprocess.Popen(["git", "cat-file", "--batch"], cwd=path, stdin=subprocess.PIPE)
    try:
        with open(lock, "w", encoding="utf-8"):
            pass
        os.utime(lock, (1, 1))
        done = fix(pool)
        assert os.path.exists(lock), done
        assert "in use" in done.err
    finally:
        user.communicate()
    fix(pool)
    assert not os.path.exists(lock)


def test_fix_leaves_the_lock_files_of_a_busy_slot(pool):
    path = pool.acquire("a")
    lock = git(path, "rev-parse", "--absolute-git-dir") + "/index.lock"
    with open(lock, "w", encoding="utf-8"):
        pass
    with HeldMutex(pool, "slot-0"):
        fix(pool)
        assert os.path.exists(lock)


def test_fix_says_what_it_did(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, layout="stable", max_slots=2)
    pool.acquire("a")
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace("state: held", "state: releasing"))
    os.symlink("slot-7", f"{pool.at}/old")
    with open(f"{pool.at}/.meta/.wt-tmp-1-config.yaml", "w", encoding="utf-8"):
        pass
    done = fix(pool)
    assert "slot-0 was left releasing by a process that died; it goes back to idle." in done.err
    assert f"{pool.at}/old, a link" in done.err
    assert ".wt-tmp-1-config.yaml" in done.err
    assert pool.states() == [("slot-0", "idle", None)]
    assert sorted(os.listdir(pool.at)) == [".meta", "slot-0"]
    quiet = fix(pool)
    assert not [line for line in quiet.err.splitlines() if "pool" in line]


def moved(pool, to):
    os.rename(pool.source, to)
    pool.source = str(to)


@pytest.mark.parametrize("relative", [False, True])
def test_fix_source_mends_config_and_links_of_a_source_that_moved(both, tmp_path, relative):
    held, other = both.acquire("a/x"), both.acquire("b")
    assert both.pool("release", "--name", "b").code == 0
    gitrepo.write(held, {"new": "mine\n"})
    if relative:
        for path in (held, f"{both.at}/slot-1"):
            with open(f"{path}/.git", encoding="utf-8") as file:
                admin = file.read().split(" ")[1].strip()
            with open(f"{path}/.git", "w", encoding="utf-8") as file:
                file.write(f"gitdir: {os.path.relpath(admin, path)}\n")
    with open(f"{both.at}/.meta/config.yaml", "a", encoding="utf-8") as file:
        file.write("# mine\n")
    del other
    (tmp_path / "elsewhere").mkdir()
    moved(both, tmp_path / "elsewhere/new place")
    done = both.wt("ls", "--pool", "app", cwd=both.source)
    command = f"wt doctor --fix --source '{both.source}'"
    assert_refused(done, 1, f"hint: to say that it was moved: {command}")
    assert_refused(both.wt("ls", cwd=both.source), 1, f"hint: to say that it was moved: {command}")
    away = both.wt("ls", "--pool", "app", cwd="/")
    assert_refused(away, 1, "wt doctor --fix --source")
    done = fix(both, "--source", both.source)
    assert done.code == 0, done
    assert f"its source is {both.source} now" in done.err
    assert "is linked to" in done.err
    with open(f"{both.at}/.meta/config.yaml", encoding="utf-8") as file:
        assert "# mine" in file.read()
    assert both.states() == [("slot-0", "held", "a/x"), ("slot-1", "idle", None)]
    assert git(held, "status", "--porcelain") == "?? new"
    with open(f"{held}/.git", encoding="utf-8") as file:
        assert file.read().startswith("gitdir: ..") is relative
    assert both.wt("release", "a/x", "--force").code == 0
    both.acquire("c")
    both.acquire("d")
    assert both.pool("acquire", "--name", "e").code == 4
    assert git(both.source, "worktree", "list", "--porcelain").count("prunable") == 0


def test_fix_source_of_a_pool_without_slots(pool, tmp_path):
    moved(pool, tmp_path / "new")
    assert fix(pool, "--source", pool.source).code == 0
    pool.acquire("a")


def test_fix_source_with_what_is_not_the_source_changes_nothing(pool, tmp_path):
    pool.acquire("a")
    moved(pool, tmp_path / "new")
    stranger = gitrepo.make_repo(tmp_path / "stranger")
    (tmp_path / "nothing").mkdir()
    before = everything(pool.root)
    for place in (stranger, str(tmp_path / "nothing")):
        assert_refused(fix(pool, "--source", place), 1, place, "nothing was changed")
    assert_refused(pool.wt("doctor", "--source", pool.source), 2, "--fix")
    assert everything(pool.root) == before


def test_a_relinked_slot_is_never_a_copy_or_one_moved_by_hand(pool, tmp_path):
    pool.acquire("a")
    subprocess.run(["cp", "-a", f"{pool.at}/a", f"{pool.at}/copy"], check=True)
    moved(pool, tmp_path / "new")
    fix(pool, "--source", pool.source)
    assert pool.states() == [("slot-0", "held", "a")]
    assert git(f"{pool.at}/a", "status", "--porcelain") == ""
    with open(f"{pool.at}/copy/.git", encoding="utf-8") as file:
        assert str(tmp_path / "new") not in file.read()


def test_a_foreign_directory_in_the_pool_root_is_named_once(pool):
    os.mkdir(f"{pool.at}/mine")
    first = pool.pool("acquire", "--name", "a")
    assert first.err.count(f"{pool.at}/mine is no slot of this pool; it is left alone") == 1
    again = pool.pool("acquire", "--name", "b")
    assert "mine" not in again.err
    assert pool.pool("acquire", "--name", "c").code == 4
    pool.pool("release", "--name", "a")
    os.rmdir(f"{pool.at}/mine")
    pool.pool("acquire", "--name", "a")
    pool.pool("release", "--name", "a")
    os.mkdir(f"{pool.at}/mine")
    assert "mine is no slot" in pool.pool("acquire", "--name", "a").err
    assert sorted(os.listdir(f"{pool.at}/.meta")) == ["config.yaml", "foreign", "init", "pool.lock"]


def test_fix_source_brings_submodules_and_a_mirror_inside_the_source_along(tmp_path, layout):
    nest = Nest(tmp_path / "nest")
    nest.check_out()
    pool = Pool(tmp_path / "root", nest.source, layout=layout, submodule_mirror_mode="git-modules",
                submodule_mirror_base=nest.source)  # fmt: skip
    path = pool.acquire("a")
    moved(pool, tmp_path / "elsewhere")
    assert fix(pool, "--source", pool.source).code == 0
    with open(f"{pool.at}/.meta/config.yaml", encoding="utf-8") as file:
        assert f"submodule_mirror_base: {pool.source}\n" in file.read()
    admin = git(path, "rev-parse", "--absolute-git-dir")
    assert submodules.findings(path, admin, "a") == []
    assert git(path, "status", "--porcelain") == ""
    pool.acquire("b")
    assert pool.wt("release", "a").code == 0


def test_two_locks_that_say_one_name_are_an_error(pool):
    x, y = (git(pool.acquire(name), "rev-parse", "--absolute-git-dir") for name in ("x", "y"))
    shutil.copy(f"{y}/worktree-pool/lock", f"{x}/worktree-pool/lock")
    found = checks(pool)["pool:app:y"]
    assert found["level"] == "error"
    assert "both have a lock that says `y`" in found["message"]
