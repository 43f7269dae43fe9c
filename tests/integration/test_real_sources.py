"""Sources as they are found, and settings that break naive tools: the same whole round over each (issue 3, item 4)."""

import os

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything

git = gitrepo.git


class Source:
    """What init is told, where git may be asked about it, and the base's name."""

    def __init__(self, path, base="main", checkout=None, **init):
        self.path, self.base, self.init = str(path), base, init
        self.checkout = str(checkout or path)  # where a shell goes after a land, unless the pool root


def bare(tmp, repo):
    git(tmp, "clone", "-q", "--bare", repo, "bare.git")
    return Source(tmp / "bare.git", checkout=tmp / "root/app")


def working(tmp, repo):
    del tmp
    return Source(repo)


def clone(tmp, repo):
    git(tmp, "clone", "-q", repo, "clone")
    return Source(tmp / "clone")


def linked(tmp, repo):
    """A linked worktree as source, the base checked out in the main one."""
    git(repo, "worktree", "add", "-q", "-b", "side", tmp / "linked")
    return Source(tmp / "linked", checkout=repo)


def linked_with_the_base(tmp, repo):
    git(repo, "switch", "-q", "-c", "other")
    git(repo, "worktree", "add", "-q", tmp / "linked", "main")
    return Source(tmp / "linked")


def of_a_bare_one_linked(tmp, repo):
    git(tmp, "clone", "-q", "--bare", repo, "bare.git")
    git(tmp / "bare.git", "worktree", "add", "-q", "-b", "side", tmp / "linked")
    return Source(tmp / "linked")


def base_called(name):
    def build(tmp, repo):
        del tmp
        git(repo, "branch", "-q", "-m", "main", name)
        return Source(repo, base=name)

    return build


def shallow(tmp, repo):
    for number in range(5):
        gitrepo.commit(repo, {"n": f"{number}\n"})
    git(tmp, "clone", "-q", "--depth", "2", f"file://{repo}", "clone")
    return Source(tmp / "clone")


def partial(tmp, repo):
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp, "clone", "-q", "--filter=blob:none", f"file://{repo}", "clone")
    return Source(tmp / "clone")


def detached(tmp, repo):
    del tmp
    git(repo, "switch", "-q", "--detach")
    return Source(repo)


def sha256(tmp, repo):
    del repo
    git(tmp, "init", "-q", "-b", "main", "--object-format=sha256", "long")
    gitrepo.commit(tmp / "long", {"README": "hello\n", ".gitignore": "build/\n"})
    return Source(tmp / "long")


def worktree_config(tmp, repo):
    del tmp
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(repo, "config", "--worktree", "user.name", "of the main worktree alone")
    return Source(repo)


def sparse(tmp, repo):
    del tmp
    gitrepo.commit(repo, {"in/a": "a\n", "out/b": "b\n"})
    git(repo, "sparse-checkout", "set", "in")
    assert not os.path.exists(f"{repo}/out")
    return Source(repo)


def separate(tmp, repo):
    git(tmp, "clone", "-q", "--separate-git-dir", tmp / "elsewhere", repo, "top")
    return Source(tmp / "top")


def packed(tmp, repo):
    del tmp
    git(repo, "gc", "-q", "--prune=now")
    git(repo, "pack-refs", "--all", "--prune")
    git(repo, "commit-graph", "write", "--reachable")
    return Source(repo)


def alternates(tmp, repo):
    git(tmp, "clone", "-q", "--shared", repo, "shared")
    return Source(tmp / "shared")


def submodule(tmp, repo):
    top = gitrepo.make_repo(tmp / "top")
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repo, "sub")
    git(top, "commit", "-q", "-m", "with a submodule")
    git(f"{top}/sub", "switch", "-q", "-C", "main")
    return Source(f"{top}/sub")


def odd_place(tmp, repo):
    os.makedirs(tmp / "a 'b\" $c")
    os.rename(repo, tmp / "a 'b\" $c/source")
    return Source(tmp / "a 'b\" $c/source")


SOURCES = {
    "working": working, "clone": clone, "bare": bare, "linked worktree": linked,
    "linked worktree on the base": linked_with_the_base, "linked worktree of a bare one": of_a_bare_one_linked,
    "base master": base_called("master"), "base trunk": base_called("trunk"), "base release/1": base_called("release/1"),
    "shallow": shallow, "partial": partial, "detached": detached, "sha256": sha256, "worktreeConfig": worktree_config,
    "sparse": sparse, "separate git dir": separate, "packed": packed, "alternates": alternates, "submodule": submodule,
    "blank and quotes": odd_place,
}  # fmt: skip


def whole_round(pool, source, env=None):
    """Init (done by the fixture), acquire, work, release, acquire again, land, and a last look: nothing is lost or left."""
    path = pool.pool("acquire", "--name", "f/x", env=env or {}).path
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/f/x"
    assert git(path, "rev-parse", "HEAD") == git(source.path, "rev-parse", source.base)
    assert _changes(path) == ""
    gitrepo.write(path, {"build/warm": "warm\n"})
    first = _commit(path, {"new": "1\n"})
    gitrepo.write(path, {"README": "changed\n"})
    assert pool.pool("release", "--name", "f/x", env=env or {}).code == 0
    assert first in git(source.path, "rev-list", "--all").split()
    again = pool.pool("acquire", "--name", "g", env=env or {}).path
    assert _changes(again) == ""
    assert os.path.exists(f"{again}/build/warm")
    assert git(source.path, "for-each-ref", "--format=x", "refs/wt/kept/") != ""
    mine = _commit(again, {"landed": "2\n"})
    assert [row["name"] for row in pool.wt("ls", "--json", "--pool", "app", env=env or {}).json] == ["g"]
    landed = pool.wt("land", "--pool", "app", "--name", "g", env=env or {})
    assert landed.code == 0, landed
    assert git(source.path, "rev-parse", f"refs/heads/{source.base}") == mine
    assert pool.states() == [("slot-0", "idle", None)]
    assert git(source.path, "for-each-ref", "--format=%(refname)", "refs/heads/f", "refs/heads/g") == ""
    fsck = git(source.path, "fsck", "--no-dangling", "--no-progress", "--connectivity-only")
    assert [line for line in fsck.splitlines() if not line.startswith("notice")] == []


def _commit(path, files):
    return gitrepo.commit(path, files)


def _changes(path):
    """What git sees as changed, whatever the settings that a user has for it."""
    return git(
        path,
        "-c",
        "core.fsmonitor=false",
        "-c",
        "color.ui=false",
        "status",
        "--porcelain",
        "--untracked-files=all",
    )


@pytest.mark.parametrize("kind", SOURCES)
def test_a_whole_round_over_a_source(kind, tmp_path, repo, layout):
    source = SOURCES[kind](tmp_path, repo)
    pool = Pool(tmp_path / "root", source.path, max_slots=2, layout=layout, **source.init)
    whole_round(pool, source)


@pytest.mark.parametrize(
    ("build", "goes"),
    [(linked, "source"), (linked_with_the_base, "linked"), (of_a_bare_one_linked, "linked"), (bare, "root/app"), (detached, "source")],
)  # fmt: skip
def test_after_a_land_the_shell_is_in_the_checkout_of_the_base_or_the_source_or_the_pool_root(
    tmp_path, repo, build, goes
):
    source = build(tmp_path, repo)
    pool = Pool(tmp_path / "root", source.path, max_slots=1)
    path = pool.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    directive = tmp_path / "private/directive"
    done = pool.wt("land", cwd=path, env={"WT_DIRECTIVE": str(directive)})
    assert done.code == 0, done
    assert directive.read_text() == str(tmp_path / goes)


def test_an_unborn_head_is_refused_at_init_with_the_reason(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main", "empty")
    before = everything(str(tmp_path))
    env = {"WORKTREE_ROOT": str(tmp_path)}
    done = tool.run("worktree-pool", "--pool", "p", "init", "--source", str(tmp_path / "empty"), env=env)
    assert_refused(done, 1, "no commit yet", "commit --allow-empty")
    assert everything(str(tmp_path)) == before


def script(tmp_path, text):
    path = tmp_path / "script"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def hooks_path(tmp_path):
    """Every hook of git's that could run leaves a trace, and fails."""
    place = tmp_path / "hooks"
    place.mkdir()
    for name in (
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-commit",
        "post-merge",
        "pre-auto-gc",
    ):
        (place / name).write_text(f'#!/bin/sh\necho {name} >> "{tmp_path}/trace"\n')
        (place / name).chmod(0o755)
    return str(place)


SETTINGS = {
    "submodule.recurse": lambda _: {"submodule.recurse": "true"},
    "showUntrackedFiles": lambda _: {"status.showUntrackedFiles": "no"},
    "fsmonitor": lambda tmp: {"core.fsmonitor": script(tmp, "exit 1"), "core.untrackedCache": "true"},
    "aliases": lambda _: {"alias.status": "!false", "alias.st": "status", "alias.reset": "!exit 9", "alias.checkout": "!exit 9"},
    "pagers": lambda tmp: {"core.pager": script(tmp, "exit 9"), "pager.log": "true", "pager.branch": "true", "pager.config": "true",
                           "color.ui": "always", "column.ui": "always"},
    "autocrlf": lambda _: {"core.autocrlf": "true", "core.safecrlf": "false"},
    "eol": lambda _: {"core.eol": "crlf"},
    "merge.ff": lambda _: {"merge.ff": "only", "pull.rebase": "true", "pull.ff": "only", "merge.conflictStyle": "diff3"},
    "merge.ff=no": lambda _: {"merge.ff": "false", "merge.autoStash": "true", "merge.log": "true"},
    "manyFiles": lambda _: {"feature.manyFiles": "true", "feature.experimental": "true"},
    "diffs": lambda _: {"diff.external": "false", "diff.noprefix": "true", "diff.renames": "copies", "diff.ignoreSubmodules": "all"},
    "logs": lambda _: {"log.showSignature": "true", "log.decorate": "full", "core.quotePath": "true", "core.abbrev": "4",
                       "log.date": "relative", "format.pretty": "oneline"},
    "refs": lambda _: {"core.logAllRefUpdates": "false", "core.preferSymlinkRefs": "true", "fetch.prune": "true"},
    "branches": lambda _: {"branch.autoSetupMerge": "always", "branch.autoSetupRebase": "always", "checkout.defaultRemote": "x",
                           "init.defaultBranch": "trunk", "branch.sort": "-committerdate"},
    "worktrees": lambda _: {"worktree.guessRemote": "true", "extensions.worktreeConfig": "true", "gc.auto": "1",
                            "gc.worktreePruneExpire": "now"},
    "worktree.useRelativePaths": lambda _: {"worktree.useRelativePaths": "true"},
    "index": lambda _: {"index.version": "4", "index.sparse": "true", "core.splitIndex": "true", "checkout.workers": "4"},
    "rerere": lambda _: {"rerere.enabled": "true", "rerere.autoUpdate": "true"},
    "modes": lambda _: {"core.fileMode": "false", "core.symlinks": "false", "core.ignoreCase": "true", "core.precomposeUnicode": "true"},
    "safe": lambda _: {"core.fsyncMethod": "batch", "core.sharedRepository": "group", "transfer.fsckObjects": "true"},
}  # fmt: skip


@pytest.mark.parametrize("where", ["repository", pytest.param("user", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_whole_round_under_settings_that_break_naive_tools(name, where, tmp_path, repo, home):
    settings = SETTINGS[name](tmp_path)
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    for key, value in settings.items():
        place = ("--local",) if where == "repository" else ("--file", f"{home}/.gitconfig")
        if where == "user" and key.startswith("extensions."):
            continue
        git(repo, "config", *place, key, value)
    whole_round(pool, Source(repo), {"GIT_CONFIG_GLOBAL": f"{home}/.gitconfig"} if where == "user" else None)


def test_hooks_of_gits_own_do_not_run_but_for_the_users_commit(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    git(repo, "config", "core.hooksPath", hooks_path(tmp_path))
    path = pool.acquire("a")
    pool.pool("release", "--name", "a")
    pool.acquire("b", "--commit", "main")
    pool.pool("release", "--name", "b")
    assert pool.pool("retire", "--all").code == 0
    assert not (tmp_path / "trace").exists()
    path = pool.acquire("c")
    gitrepo.write(path, {"x": "1\n"})
    assert pool.wt("land", "--name", "c", "--add", "message").code == 0
    assert "pre-commit" in (tmp_path / "trace").read_text()


def test_signing_applies_to_the_users_commit_and_not_to_what_is_set_aside(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    git(repo, "config", "commit.gpgSign", "true")
    git(repo, "config", "gpg.program", script(tmp_path, f'echo signed >> "{tmp_path}/trace"; exit 1'))
    path = pool.acquire("a")
    gitrepo.write(path, {"README": "changed\n"})
    assert pool.wt("release", "a", "--force").code == 0
    assert not (tmp_path / "trace").exists()
    path = pool.acquire("b")
    gitrepo.write(path, {"README": "changed\n"})
    done = pool.wt("land", "--name", "b", "message")
    assert (done.code, done.out) == (1, "")
    assert "`b` was not landed: git commit did not succeed." in done.err
    assert (tmp_path / "trace").read_text() == "signed\n"


def test_filters_like_those_of_lfs(tmp_path, repo, layout):
    """A clean filter that stores elsewhere and a smudge filter that brings back; one that is required, one that is slow."""
    store = tmp_path / "store"
    store.mkdir()
    clean = script(
        tmp_path,
        f'f=$(mktemp); cat >$f; s=$(sha256sum $f | cut -c1-64); mv $f "{store}/$s"; echo "pointer $s"',
    )
    smudge = tmp_path / "smudge"
    smudge.write_text(f'#!/bin/sh\nread word sha; cat "{store}/$sha"\n')
    smudge.chmod(0o755)
    git(repo, "config", "filter.big.clean", clean)
    git(repo, "config", "filter.big.smudge", str(smudge))
    git(repo, "config", "filter.big.required", "true")
    gitrepo.commit(repo, {".gitattributes": "*.bin filter=big\n", "a.bin": "large\n"})
    assert git(repo, "cat-file", "-p", "main:a.bin").startswith("pointer ")
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout=layout)
    path = pool.acquire("a")
    with open(f"{path}/a.bin", encoding="utf-8") as file:
        assert file.read() == "large\n"
    whole = Source(repo)
    pool.pool("release", "--name", "a")
    whole_round(pool, whole)
    path = pool.acquire("b")
    gitrepo.write(path, {"a.bin": "mine\n"})
    assert pool.wt("release", "b", "--force").code == 0
    ref = git(repo, "for-each-ref", "--format=%(refname)", "refs/wt/kept/b")
    assert git(repo, "cat-file", "-p", f"{ref}:a.bin") == "mine"


def test_relative_links_as_newer_gits_write_them(tmp_path, repo, layout):
    """worktree.useRelativePaths writes relative links, and `extensions.relativeWorktrees`, which this git may not know."""
    pool = Pool(tmp_path / "root", repo, max_slots=1, layout=layout)
    pool.acquire("x")
    pool.pool("release", "--name", "x")
    (admin,) = [f"{repo}/.git/worktrees/{name}" for name in os.listdir(f"{repo}/.git/worktrees")]
    slot = f"{pool.at}/slot-0"
    for path, text in (
        (f"{admin}/gitdir", os.path.relpath(f"{slot}/.git", admin)),
        (f"{slot}/.git", "gitdir: " + os.path.relpath(admin, slot)),
    ):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    whole_round(pool, Source(repo))
    with open(f"{admin}/gitdir", encoding="utf-8") as file:
        assert file.read().startswith("..")


def test_two_pools_over_one_source_hold_and_recover_their_own_alone(tmp_path, repo):
    one = Pool(tmp_path / "root", repo, key="one", max_slots=1)
    two = Pool(tmp_path / "root", repo, key="two", max_slots=1)
    one.acquire("a")
    two.acquire("b")
    assert_refused(two.pool("acquire", "--name", "a"), 1, "exists already")
    lock = one.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace("state: held", "state: releasing"))
    assert two.pool("release", "--name", "nobody").code == 0
    assert one.states() == [("slot-0", "releasing", "a")]
    assert one.pool("release", "--name", "nobody").code == 0
    assert one.states() == [("slot-0", "idle", None)]
    assert two.states() == [("slot-0", "held", "b")]
    assert one.pool("retire", "--all").code == 0
    assert two.states() == [("slot-0", "held", "b")]
