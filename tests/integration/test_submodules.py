"""Submodules (contract section 10, and what sections 2, 6, 8, 9 and 13 say of them): real ones, three levels deep."""

import os
import shutil
import subprocess

import pytest

from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import Nest
from tests.support.tool import Pool, assert_refused


@pytest.fixture
def nest(tmp_path):
    """Two chains of three, checked out in the source."""
    made = Nest(tmp_path, chains=2)
    made.check_out()
    return made


def pool_over(nest, *, mirror="git-modules", **init):
    base = nest.bare_mirrors() if mirror == "bare-mirror" else nest.source
    mirrors = {} if mirror == "none" else {"submodule_mirror_mode": mirror, "submodule_mirror_base": base}
    return Pool(f"{nest.top}/root", nest.source, **mirrors, **{"max_slots": 2, **init})


def admin_of(path):
    return git(path, "rev-parse", "--absolute-git-dir")


def held_well(path, nest, name, commit):
    assert submodules.checked_out(path) == submodules.wanted(nest.source, commit)
    assert submodules.findings(path, admin_of(path), name) == []


@pytest.mark.parametrize("mirror", ["git-modules", "bare-mirror"])
def test_every_submodule_is_checked_out_at_its_pin_on_a_branch_of_the_slots_name(nest, layout, mirror):
    pool = pool_over(nest, mirror=mirror, layout=layout)
    path = pool.acquire("feature/x", "--commit", "two")
    held_well(path, nest, "feature/x", "two")
    assert len(submodules.checked_out(path)) == 6


def test_released_the_branch_is_gone_and_the_clone_stays_warm(nest, layout):
    pool = pool_over(nest, layout=layout)
    admin = admin_of(pool.acquire("x", "--commit", "two"))
    before = {store: os.stat(store).st_ino for store in submodules.stores(admin)}
    assert len(before) == 6
    assert pool.pool("release", "--name", "x").code == 0
    (row,) = [row for row in pool.rows() if row["state"] == "idle"]
    assert submodules.findings(row["path"], admin, None) == []
    path = pool.acquire("y", "--commit", "one")
    held_well(path, nest, "y", "one")
    assert {store: os.stat(store).st_ino for store in submodules.stores(admin)} == before


def test_a_branch_of_that_name_that_is_not_ours_stays_and_the_submodule_is_left_detached_and_said(nest):
    pool = pool_over(nest)
    admin = admin_of(pool.acquire("x", "--commit", "two"))
    store = submodules.stores(admin)[0]
    pool.pool("release", "--name", "x")
    git(store, "branch", "mine", "HEAD")
    mine = git(store, "rev-parse", "mine")
    done = pool.pool("acquire", "--name", "mine", "--commit", "one")
    assert "has a branch in the way of `mine`; its HEAD is detached" in done.err
    assert git(store, "rev-parse", "refs/heads/mine") == mine
    assert submodules.checked_out(done.path) == submodules.wanted(nest.source, "one")
    pool.pool("release", "--name", "mine")
    assert (
        git(store, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")
        == f"refs/heads/mine {mine}"
    )


def test_the_users_shared_config_is_never_written_and_origin_is_the_declared_url(nest, layout):
    pool = pool_over(nest, layout=layout)
    with open(f"{nest.source}/.git/config", "rb") as file:
        before = file.read()
    for name, tag in (("x", "two"), ("y", "one")):
        path = pool.acquire(name, "--commit", tag)
        pool.pool("release", "--name", name)
    path = pool.acquire("z", "--commit", "two")
    with open(f"{nest.source}/.git/config", "rb") as file:
        assert file.read() == before
    assert git(f"{path}/plain", "remote", "get-url", "origin") == nest.url("outer", 0)
    assert git(f"{path}/plain/sub/inner", "remote", "get-url", "origin") == nest.url("inner", 0)
    assert git(f"{path}/plain", "config", "remote.origin.fetch") == "+refs/heads/*:refs/remotes/origin/*"
    assert git(f"{path}/plain", "rev-parse", "origin/main") == git(nest.url("outer", 0), "rev-parse", "main")


def test_a_pin_that_was_never_pushed_resolves_with_git_modules(nest, layout):
    top = f"{nest.source}/plain/sub/inner"
    pin = gitrepo.commit(top, {"file": "only here\n"}, "never pushed")
    gitrepo.commit(f"{nest.source}/plain", {}, "never pushed, either")
    gitrepo.commit(nest.source, {}, "two pins")
    git(top, "commit", "-q", "--amend", "--allow-empty", "-m", "what the pin says is on no branch now")
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("x")
    assert git(f"{path}/plain/sub/inner", "rev-parse", "HEAD") == pin
    assert submodules.findings(path, admin_of(path), "x") == []
    done = pool.pool("release", "--name", "x")
    assert "set aside" not in done.err, "nobody made it here"
    assert pool.acquire("y", "--commit", "two")
    pool.pool("release", "--name", "y")
    assert not os.path.exists(f"{nest.source}/.git/worktree-pool/kept.git")


def test_without_a_mirror_file_is_refused_unless_the_users_own_config_allows_it(nest, home):
    pool = Pool(f"{nest.top}/root", nest.source, max_slots=2)
    refused = pool.pool("acquire", "--name", "x", "--commit", "two")
    assert_refused(refused, 1, "transport 'file' not allowed", "plain", "with blank")
    assert [row["state"] for row in pool.rows() if row["path"]] == ["idle"]
    allowed = home / "allowed"
    allowed.write_text('[protocol "file"]\n\tallow = always\n')
    path = pool.pool(
        "acquire", "--name", "x", "--commit", "two", env={"GIT_CONFIG_GLOBAL": str(allowed)}
    ).path
    held_well(path, nest, "x", "two")


def test_all_errors_are_shown_and_the_slot_is_idle_again(nest):
    pool = pool_over(nest)
    for name in ("name-0", "name-1"):
        store = f"{nest.source}/.git/modules/{name}/modules/the inner"
        os.rename(store, f"{store}.away")
    refused = pool.pool("acquire", "--name", "x", "--commit", "two")
    assert_refused(refused, 1, "plain/sub/inner", "with blank/sub/inner", "2 of the submodules")
    assert pool.states() == [("slot-0", "idle", None)]
    assert git(nest.source, "branch", "--list", "x") == ""
    for name in ("name-0", "name-1"):
        store = f"{nest.source}/.git/modules/{name}/modules/the inner"
        os.rename(f"{store}.away", store)
    held_well(pool.acquire("x", "--commit", "two"), nest, "x", "two")


def test_a_submodule_that_the_new_commit_no_longer_declares_is_removed_after_setting_aside(nest, layout):
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("x", "--commit", "two")
    gitrepo.write(f"{path}/with blank", {"build/cache": "warm\n", "untracked": "mine\n", "file": "changed\n"})
    lonely = gitrepo.commit(f"{path}/with blank/sub/inner", {"new": "1\n"}, "lonely")
    pool.pool("release", "--name", "x")
    done = pool.pool("acquire", "--name", "y", "--commit", "three")
    held_well(done.path, nest, "y", "three")
    assert sorted(os.listdir(done.path)) == [
        ".git",
        ".gitignore",
        ".gitmodules",
        "README",
        "plain",
        "version",
    ]
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    subjects = git(kept, "log", "--format=%s", "--glob=refs/wt/kept")
    assert "lonely" in subjects
    assert git(kept, "cat-file", "-t", lonely) == "commit"
    stash = git(kept, "for-each-ref", "--format=%(objectname) %(subject)", "refs/wt/kept").splitlines()
    (stash,) = [line.split()[0] for line in stash if " On " in line]
    assert git(kept, "show", f"{stash}:file") == "changed"
    assert git(kept, "show", f"{stash}^3:untracked") == "mine"
    pool.pool("release", "--name", "y")
    path = pool.acquire("z", "--commit", "two")
    held_well(path, nest, "z", "two")
    assert os.path.exists(f"{path}/with blank/build/cache"), "its caches came back with it"


def test_what_was_no_declared_submodule_before_is_not_removed(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    git(path, *submodules.FILE_OK, "submodule", "--quiet", "add", nest.url("leaf", 0), "own")
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "four")
    assert os.path.exists(f"{path}/own/.git")
    assert git(f"{path}/own", "log", "-1", "--format=%s") == "version 2"
    assert not os.path.exists(f"{path}/plain")


TAGGED: dict[str, dict[str, str | list[str]]] = {
    "plain": {"worktreePoolTag": ["editor", "big"]},
    "with blank": {"WORKTREEPOOLTAG": "Big"},
}


def tagged(nest):
    """A commit whose submodules bear tags; those inside them, too, which counts for nothing."""
    for path, more in TAGGED.items():
        name = f"name-{nest.paths.index(path)}"
        for key, value in more.items():
            for one in value if isinstance(value, list) else [value]:
                git(nest.source, "config", "--add", "-f", ".gitmodules", f"submodule.{name}.{key}", one)
    git(nest.source, "add", ".gitmodules")
    return submodules.commit_index(nest.source, "tags")


@pytest.mark.parametrize(
    ("tags", "left"), [("editor", "with blank"), ("Big", "plain"), ("big,Big", None), ("none,such", "both")]
)
def test_exclude_submodule_tags_leaves_those_out_that_bear_one(nest, tags, left):
    commit = tagged(nest)
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", commit, "--exclude-submodule-tags", tags)
    expected = {"both": {"plain", "with blank"}, None: set()}.get(left, {left})
    assert {one for one in nest.paths if os.path.exists(f"{path}/{one}/file")} == expected
    assert submodules.findings(path, admin_of(path), "x") == []


def test_tags_of_nested_submodules_count_for_nothing(nest):
    outer = nest.url("outer", 0)
    git(outer, "config", "-f", ".gitmodules", "submodule.the inner.worktreePoolTag", "editor")
    git(outer, "add", ".gitmodules")
    pin = submodules.commit_index(outer, "a tag inside")
    git(f"{nest.source}/plain", *submodules.FILE_OK, "pull", "-q", "origin", "main")
    gitrepo.commit(nest.source, {}, "bump")
    path = pool_over(nest).acquire("x", "--exclude-submodule-tags", "editor")
    assert submodules.checked_out(path)["plain"] == pin
    assert os.path.exists(f"{path}/plain/sub/inner/file")


def test_an_excluded_submodule_that_was_there_leaves_the_slot_after_setting_aside(nest, layout):
    commit = tagged(nest)
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("x", "--commit", commit)
    gitrepo.write(f"{path}/plain", {"file": "changed\n", "build/cache": "warm\n"})
    pool.pool("release", "--name", "x")
    done = pool.pool("acquire", "--name", "y", "--commit", commit, "--exclude-submodule-tags", "editor")
    assert os.listdir(f"{done.path}/plain") == []
    assert submodules.findings(done.path, admin_of(done.path), "y") == []
    assert "submodule `name-0`: work that no branch has is set aside: git -C " in done.err
    pool.pool("release", "--name", "y")
    path = pool.acquire("z", "--commit", commit)
    assert submodules.findings(path, admin_of(path), "z") == []
    assert os.path.exists(f"{path}/plain/build/cache")
    assert submodules.checked_out(path) == submodules.wanted(nest.source, commit)


@pytest.mark.parametrize(
    "more",
    [
        {"url": "ext::sh -c touch% {p}"},
        {"url": "-u./p"},
        {"update": "!touch {p}"},
        {"name": "../../x"},
        {"name": "a/../../b"},
        {"name": "."},
        {"name": "a//b"},
        {"name": "./a"},
    ],
)
def test_a_hostile_declaration_is_refused_and_the_slot_is_idle(nest, more, tmp_path):
    p = tmp_path / "p"
    values = {"url": nest.url("leaf", 0), **{key: value.format(p=p) for key, value in more.items()}}
    name, url = values.pop("name", "bad"), values.pop("url")
    pin = git(nest.url("leaf", 0), "rev-parse", "HEAD")
    with open(f"{nest.source}/.gitmodules", "w", encoding="utf-8") as file:
        extra = "".join(f"\t{key} = {value}\n" for key, value in values.items())
        file.write(f'[submodule "{name}"]\n\tpath = bad\n\turl = {url}\n{extra}')
    git(nest.source, "update-index", "--add", "--cacheinfo", f"160000,{pin},bad")
    git(nest.source, "add", ".gitmodules")
    commit = submodules.commit_index(nest.source, "hostile")
    pool = pool_over(nest)
    before = sorted(os.listdir(nest.top)), sorted(os.listdir(f"{nest.source}/.git"))
    assert_refused(
        pool.pool("acquire", "--name", "x", "--commit", commit), 1, "bad" if name == "bad" else name
    )
    assert pool.states() == [("slot-0", "idle", None)]
    assert not p.exists()
    after = sorted(os.listdir(nest.top)), sorted(os.listdir(f"{nest.source}/.git"))
    assert set(after[0]) - set(before[0]) == set()
    assert set(after[1]) - set(before[1]) <= {"worktrees", "worktree-pool"}
    assert git(nest.source, "branch", "--list", "x") == ""
    held_well(pool.acquire("x", "--commit", "two"), nest, "x", "two")


def test_a_gitmodules_that_is_a_link_is_not_followed(nest):
    os.unlink(f"{nest.source}/.gitmodules")
    os.symlink("version", f"{nest.source}/.gitmodules")
    git(nest.source, "add", ".gitmodules")
    commit = submodules.commit_index(nest.source, "a link")
    pool = pool_over(nest)
    refused = pool.pool("acquire", "--name", "x", "--commit", commit)  # by git, when it reads the tree
    assert (refused.code, refused.out) == (1, "")
    assert "'.gitmodules'" in refused.err
    assert pool.states() == [("slot-0", "idle", None)]
    refused = pool.pool("acquire", "--name", "x", "--commit", commit)
    assert refused.code == 1
    held_well(pool.acquire("x", "--commit", "two"), nest, "x", "two")


def test_a_link_on_the_way_to_a_submodule_leads_nothing_out_of_the_slot(tmp_path):
    nest = Nest(tmp_path, chains=4)  # the fourth is libs/…
    nest.check_out()
    pool = pool_over(nest)
    away = tmp_path / "away"
    away.mkdir()
    path = pool.acquire("x", "--commit", "four")
    os.symlink(away, f"{path}/libs")
    with open(f"{admin_of(path)}/info-exclude", "w", encoding="utf-8"):
        pass
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "two")
    assert list(away.iterdir()) == []
    held_well(path, nest, "y", "two")


STALE = ("../../nowhere", "/nowhere/at/all", "", None, "../../../../root/app/slot-0/elsewhere")


@pytest.mark.parametrize("stale", STALE)
def test_a_rename_heals_whatever_stale_core_worktree_it_finds_at_every_depth(nest, stale):
    pool = pool_over(nest)
    admin = admin_of(pool.acquire("x", "--commit", "two"))
    pool.pool("release", "--name", "x")
    for store in submodules.stores(admin):
        if stale is None:
            git(nest.top, "config", "-f", f"{store}/config", "--unset", "core.worktree")
        else:
            git(nest.top, "config", "-f", f"{store}/config", "core.worktree", stale)
    held_well(pool.acquire("y", "--commit", "two"), nest, "y", "two")
    assert len(submodules.stores(admin)) == 6


def test_a_held_slot_whose_core_worktree_disagrees_is_healed_by_the_next_command(nest, layout):
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("x", "--commit", "two")
    admin = admin_of(path)
    for store in submodules.stores(admin):
        git(nest.top, "config", "-f", f"{store}/config", "core.worktree", "../../../gone")
    pool.acquire("other", "--commit", "four")
    held_well(path, nest, "x", "two")


def test_a_slot_and_its_submodules_survive_a_move_of_the_pool_root(nest, layout):
    pool = pool_over(nest, layout=layout)
    pool.acquire("x", "--commit", "two")
    os.makedirs(f"{nest.top}/elsewhere/deep")
    os.rename(f"{nest.top}/root", f"{nest.top}/elsewhere/deep/root")
    pool.root = f"{nest.top}/elsewhere/deep/root"
    pool.at = f"{pool.root}/app"
    pool.pool("release", "--name", "x")
    held_well(pool.acquire("y", "--commit", "one"), nest, "y", "one")


def test_absolute_links_stay_absolute_and_are_right(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    store, top = f"{admin_of(path)}/modules/name-0", f"{path}/plain"
    git(nest.top, "config", "-f", f"{store}/config", "core.worktree", top)
    with open(f"{top}/.git", "w", encoding="utf-8") as file:
        file.write(f"gitdir: {store}\n")
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "two")
    assert git(nest.top, "config", "-f", f"{store}/config", "core.worktree") == f"{path}/plain"
    held_well(path, nest, "y", "two")


def kept_of(nest):
    """{ref: subject} of kept.git."""
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    if not os.path.exists(kept):
        return {}
    lines = git(kept, "for-each-ref", "--format=%(refname) %(subject)", "refs/wt/kept").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_release_sets_aside_what_only_the_submodule_reaches_by_ref_in_kept_git(nest, layout):
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("a/b", "--commit", "two")
    inner = f"{path}/with blank/sub/inner"
    on_branch = gitrepo.commit(inner, {"new": "1\n"}, "on the branch")
    git(inner, "switch", "-q", "--detach")
    detached = gitrepo.commit(inner, {"new": "2\n"}, "detached")
    done = pool.pool("release", "--name", "a/b")
    (row,) = [row for row in pool.rows() if row["state"] == "idle"]
    assert git(f"{row['path']}/with blank/sub/inner", "for-each-ref", "refs/heads") == ""
    (ref,) = kept_of(nest)
    assert ref.startswith("refs/wt/kept/a/b/")
    assert ref.endswith("/name-1/the%20inner")
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    for one in (on_branch, detached):
        assert git(kept, "merge-base", "--is-ancestor", one, ref) == ""
    assert "submodule `name-1/the inner`: work that no branch has is set aside: git -C " in done.err
    git(nest.source, "gc", "-q", "--prune=now")
    git(kept, "gc", "-q", "--prune=now")
    assert git(kept, "cat-file", "-t", detached) == "commit"


def test_the_hint_for_what_was_set_aside_can_be_pasted(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    gitrepo.write(f"{path}/plain", {"file": "mine\n"})
    pool.pool("release", "--name", "x")
    done = pool.pool("acquire", "--name", "y", "--commit", "two")
    held_well(done.path, nest, "y", "two")
    (line,) = [line for line in done.err.splitlines() if "set aside" in line]
    pasted = subprocess.run(["sh", "-c", line.split("set aside: ", 1)[1]], capture_output=True, text=True)
    assert pasted.returncode == 0, pasted
    with open(f"{done.path}/plain/file", encoding="utf-8") as file:
        assert file.read() == "mine\n"


def test_what_lies_in_an_idle_slots_submodule_is_set_aside_and_untracked_and_ignored_files_survive(
    nest, layout
):
    pool = pool_over(nest, layout=layout)
    path = pool.acquire("x", "--commit", "two")
    gitrepo.write(
        f"{path}/plain/sub/inner", {"file": "changed\n", "untracked": "stays\n", "build/o": "stays\n"}
    )
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "one")
    assert submodules.checked_out(path) == submodules.wanted(nest.source, "one")
    inner = f"{path}/plain/sub/inner"
    assert git(inner, "status", "--porcelain") == "?? untracked"
    assert os.path.exists(f"{inner}/build/o")
    (subject,) = kept_of(nest).values()
    assert subject.startswith("On slot-0: ")


def test_recycle_clean_cleans_submodules_after_setting_aside(nest):
    pool = pool_over(nest)
    with open(f"{pool.at}/.meta/config.yaml", encoding="utf-8") as file:
        text = file.read()
    with open(f"{pool.at}/.meta/config.yaml", "w", encoding="utf-8") as file:
        file.write(text.replace("recycle: keep", "recycle: clean"))
    path = pool.acquire("x", "--commit", "two")
    gitrepo.write(f"{path}/plain/sub/inner", {"untracked": "goes\n", "build/o": "stays\n"})
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "two")
    held_well(path, nest, "y", "two")
    assert os.path.exists(f"{path}/plain/sub/inner/build/o")
    assert len(kept_of(nest)) == 1


def test_operation_state_of_a_submodule_does_not_leak_to_the_next_holder(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    top = f"{path}/plain"
    ours = gitrepo.commit(top, {"file": "ours\n"}, "ours")
    git(top, "switch", "-q", "--detach", "HEAD~1")
    theirs = gitrepo.commit(top, {"file": "theirs\n"}, "theirs")
    assert subprocess.run(["git", "-C", top, "merge", "-q", ours], capture_output=True).returncode == 1
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "two")
    held_well(path, nest, "y", "two")
    assert not os.path.exists(f"{admin_of(path)}/modules/name-0/MERGE_HEAD")
    kept = f"{nest.source}/.git/worktree-pool/kept.git"
    for commit in (ours, theirs):
        assert git(kept, "cat-file", "-t", commit) == "commit"


def test_a_submodule_store_without_a_valid_head_is_removed_and_cloned_again(nest):
    pool = pool_over(nest)
    admin = admin_of(pool.acquire("x", "--commit", "two"))
    pool.pool("release", "--name", "x")
    store = f"{admin}/modules/name-0"
    os.unlink(f"{store}/HEAD")
    done = pool.pool("acquire", "--name", "y", "--commit", "two")
    held_well(done.path, nest, "y", "two")
    moved = done.err.partition("it is now ")[2].partition(",")[0]
    assert os.path.isdir(f"{moved}/modules/the inner/objects"), "what is in it may be all there is"
    pool.pool("release", "--name", "y")
    shutil.rmtree(store)
    for directory in ("objects", "refs"):  # as far as a clone comes before it writes HEAD
        os.makedirs(f"{store}/{directory}")
    done = pool.pool("acquire", "--name", "z", "--commit", "two")
    held_well(done.path, nest, "z", "two")
    assert len(os.listdir(os.path.dirname(moved))) == 1


def test_lock_files_of_a_git_that_died_in_a_submodule_are_removed(nest, layout):
    pool = pool_over(nest, layout=layout)
    admin = admin_of(pool.acquire("x", "--commit", "two"))

    def litter():
        for store in submodules.stores(admin):
            of_ref = "reftable/tables.list.lock" if gitrepo.has_tables(store) else "refs/heads/y.lock"
            for name in ("index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", of_ref):
                with open(f"{store}/{name}", "w", encoding="utf-8"):
                    pass

    litter()
    assert pool.pool("release", "--name", "x").code == 0
    litter()
    path = pool.acquire("y", "--commit", "one")
    held_well(path, nest, "y", "one")
    left = [name for directory, _, plain in os.walk(admin) for name in plain if name.endswith(".lock")]
    assert set(left) <= {"source.lock"}


def test_an_admin_dir_whose_submodule_store_holds_an_unreachable_commit_is_not_dropped(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "two")
    admin = admin_of(path)
    lonely = gitrepo.commit(f"{path}/plain/sub/inner", {"new": "1\n"}, "lonely")
    git(f"{path}/plain/sub/inner", "branch", "own")
    pool.pool("release", "--name", "x")
    shutil.rmtree(f"{pool.at}/slot-0")
    pool.acquire("y", "--commit", "four")
    assert os.path.isdir(admin)
    assert git(f"{admin}/modules/name-0/modules/the inner", "cat-file", "-t", lonely) == "commit"


def test_two_pools_over_one_source_have_stores_of_their_own(nest):
    one = pool_over(nest)
    two = Pool(f"{nest.top}/root", nest.source, key="other", max_slots=2, submodule_mirror_mode="git-modules",
               submodule_mirror_base=nest.source)  # fmt: skip
    first, second = one.acquire("x", "--commit", "one"), two.acquire("y", "--commit", "two")
    held_well(first, nest, "x", "one")
    held_well(second, nest, "y", "two")
    one.pool("release", "--name", "x")
    two.pool("release", "--name", "y")
    first, second = one.acquire("x2", "--commit", "two"), two.acquire("y2", "--commit", "one")
    held_well(first, nest, "x2", "two")
    held_well(second, nest, "y2", "one")


def test_a_repository_in_the_place_of_a_submodule_is_moved_aside_whole(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "four")
    gitrepo.make_repo(f"{path}/plain", {"own": "work\n"})
    pool.pool("release", "--name", "x")
    done = pool.pool("acquire", "--name", "y", "--commit", "two")
    held_well(done.path, nest, "y", "two")
    (line,) = [line for line in done.err.splitlines() if "stood in the place of" in line]
    assert os.path.exists(f"{line.rpartition('; it is now ')[2]}/own")


def test_files_in_the_place_of_a_submodule_are_set_aside(nest):
    pool = pool_over(nest)
    path = pool.acquire("x", "--commit", "four")
    gitrepo.write(path, {"plain/file": "in the way\n", "plain/other": "not in the way\n"})
    pool.pool("release", "--name", "x")
    path = pool.acquire("y", "--commit", "two")
    assert submodules.checked_out(path) == submodules.wanted(nest.source, "two")
    refs = git(nest.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept").split()
    kept = [git(nest.source, "show", f"{ref}^3:plain/file") for ref in refs]
    assert kept == ["in the way"] or [
        git(f"{nest.source}/.git/worktree-pool/kept.git", "show", f"{ref}^3:file") for ref in kept_of(nest)
    ] == ["in the way"]


def test_a_repository_without_submodules_loads_none_of_this(repo, tmp_path):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    env = {"PYTHONVERBOSE": "1"}
    for verb in (("acquire", "--name", "x"), ("release", "--name", "x"), ("acquire", "--name", "y")):
        done = pool.pool(*verb, env=env)
        assert done.code == 0
        assert "wt.pool.submodules." not in done.err, (
            "the package says whether there is anything; that is all"
        )
        assert "wt.pool" in done.err


ROUNDS = ("one", "two", "three", "two", "four", "one", "three", "one")


@pytest.mark.timeout(900)
def test_twenty_submodules_three_levels_deep_survive_rounds_of_acquire_and_release_with_mixed_commits(
    tmp_path, layout, request
):
    nest = Nest(tmp_path, chains=7)
    nest.check_out()
    pool = pool_over(nest, layout=layout, max_slots=1)
    want = {tag: submodules.wanted(nest.source, tag) for tag in set(ROUNDS)}
    assert len(want["two"]) == 21
    for number in range(max(2 * request.config.getoption("--rounds"), 2)):
        tag = ROUNDS[number % len(ROUNDS)]
        path = pool.acquire(f"name-{number}", "--commit", tag)
        assert submodules.checked_out(path) == want[tag], (number, tag)
        assert submodules.findings(path, admin_of(path), f"name-{number}") == [], (number, tag)
        assert pool.pool("release", "--name", f"name-{number}").code == 0
    (row,) = pool.rows()
    assert submodules.findings(row["path"], admin_of(row["path"]), None) == []
    assert kept_of(nest) == {}
