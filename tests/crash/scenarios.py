"""What is killed: each scenario builds a stage, names the verb, and says what must be true once it ran again."""

import os
import subprocess
from xml.etree import ElementTree as ET

from tests.support import gitrepo, hooking, submodules
from tests.support.crash import Scenario
from tests.support.submodules import Nest

FILES = {"a": "a1\n", "b": "b1\n", "dir/c": "c1\n", ".gitignore": "build/\ngen\n"}


def _source(stage):
    """`main` of two commits; a user's branches, stash and untracked file beside it."""
    gitrepo.make_repo(stage.source, FILES)
    git, source = stage.git, stage.source
    git("branch", "old")
    git("branch", "spare")
    git("switch", "-q", "-c", "topic")
    gitrepo.commit(source, {"topic": "t\n"}, "topic")
    git("switch", "-q", "main")
    gitrepo.commit(source, {"a": "a2\n", "new/d": "d2\n", "e": "e2\n"}, "second")
    os.unlink(f"{source}/b")
    git("add", "-f", "-A")
    gitrepo.write(source, {"gen": "generated and tracked\n"})
    git("add", "-f", "gen")
    git("commit", "-q", "-m", "third")
    gitrepo.write(source, {"a": "stashed\n"})
    git("stash", "push", "-q", "-m", "the user's")
    gitrepo.write(source, {"notes": "the user's own\n"})


def _pool(stage, layout):
    _source(stage)
    stage.init(layout)


def _work(path, *, untracked=True):
    """Every kind of uncommitted change in one worktree: staged, staged and changed again, changed, gone, untracked."""
    gitrepo.write(path, {"a": "staged only\n", "s": "new and staged\n"})
    gitrepo.git(path, "add", "a", "s")
    gitrepo.write(path, {"a": "and changed again\n", "dir/c": "changed\n"})
    if untracked:
        gitrepo.write(path, {"u n": "untracked\n", "deep/er/u": "untracked, too\n"})


def _warm(path):
    gitrepo.write(path, {"build/cache": "warm\n", "build/deep/obj": "warm\n"})


def fresh(stage, layout):
    """One slot is held by somebody with work in it, the other is not there yet."""
    _pool(stage, layout)
    other = stage.acquire("other")
    _work(other)
    _warm(other)


def warm_same(stage, layout):
    _pool(stage, layout)
    _warm(stage.acquire("before"))
    stage.release("before")


def warm_other(stage, layout):
    """An idle slot at an old commit, dirty, with untracked and ignored files where the new commit has its own."""
    _pool(stage, layout)
    path = stage.acquire("before", "--commit", "old")
    _warm(path)
    _work(path, untracked=False)
    gitrepo.write(path, {"new/d": "in the way\n", "gen": "ignored, in the way\n", "u": "not in the way\n"})
    stage.release("before")


def held(stage, layout):
    _pool(stage, layout)
    path = stage.acquire("w/x")
    _warm(path)
    return path


def with_commits(stage, layout):
    """Commits on its branch, and a detached HEAD with one more; the user's own config of the branch."""
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    gitrepo.commit(path, {"two": "2\n"}, "two")
    stage.git("config", "branch.w/x.description", "ours")
    stage.git("switch", "-q", "--detach", at=path)
    gitrepo.commit(path, {"three": "3\n"}, "three")


def merging(stage, layout):
    """A merge that stopped at a conflict, after a reset (ORIG_HEAD), with an untracked file beside it."""
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    stage.git("reset", "-q", "--hard", "HEAD~1", at=path)
    gitrepo.commit(path, {"a": "ours\n"}, "ours")
    stage.git("branch", "-f", "old", "old", at=path)
    stage.git("switch", "-q", "--detach", "HEAD~2", at=path)
    gitrepo.commit(path, {"a": "theirs\n"}, "theirs")
    theirs = stage.git("rev-parse", "HEAD", at=path)
    stage.git("switch", "-q", "w/x", at=path)
    done = subprocess.run(["git", "-C", path, "merge", "-q", theirs], capture_output=True)
    assert done.returncode == 1
    gitrepo.write(path, {"u": "untracked\n"})


def dirty(stage, layout):
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    _work(path)
    os.unlink(f"{path}/e")


def to_retire(stage, layout):
    """An idle slot with a commit that nobody has, staged and changed and untracked files; a held one beside it."""
    _pool(stage, layout)
    path = stage.acquire("before")
    _warm(stage.acquire("other"))
    stage.release("before")
    path = next(path for path in stage.slots().values() if path.endswith("slot-0"))
    gitrepo.commit(path, {"one": "1\n"}, "one")
    _work(path)


def retired(stage):
    return [f"still there: {row}" for row in stage.rows() if row["state"] == "idle"]


def to_land(stage, layout):
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    gitrepo.write(path, {"a": "landed\n", "two": "2\n", "dir/c": "c3\n", "sub/dir/f": "f\n"})
    os.unlink(f"{path}/e")


def to_merge(stage, layout):
    to_land(stage, layout)
    gitrepo.write(stage.source, {"m": "on main\n"})
    stage.git("add", "m")
    stage.git("commit", "-q", "-m", "main moves")


def merged_by_hand(stage, layout):
    """The operator merged the base the other way round: its parents are to be swapped."""
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    gitrepo.write(stage.source, {"m": "on main\n"})
    stage.git("add", "m")
    stage.git("commit", "-q", "-m", "main moves")
    stage.git("merge", "-q", "--no-edit", "main", at=path)


def nowhere(stage, layout):
    to_merge(stage, layout)
    stage.git("switch", "-q", "topic")


def linked(stage, layout):
    """The base is checked out in a linked worktree of the user's."""
    to_merge(stage, layout)
    stage.git("switch", "-q", "topic")
    stage.git("worktree", "add", "-q", f"{stage.now}/linked", "main")
    gitrepo.write(f"{stage.now}/linked", {"own": "the user's own\n"})


def clash(stage, layout):
    """Two commits of the slot's change what the base changes, too; a file of the base's is new, and one is gone."""
    path = held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    gitrepo.commit(path, {"a": "ours\n", "dir/c": "ours\n"}, "ours")
    gitrepo.write(path, {"a": "ours, later\n", "two": "2\n"})
    gitrepo.write(stage.source, {"a": "theirs\n", "m": "on main\n"})
    os.unlink(f"{stage.source}/e")
    stage.git("add", "a", "e", "m")
    stage.git("commit", "-q", "-m", "main moves")


def stopped(*options):
    """A land of a clash has stopped, and the user has begun to resolve it."""

    def build(stage, layout):
        clash(stage, layout)
        done = stage.run("wt", "land", "--name", "w/x", "--add", *options, "work")
        assert done.code == 1, done
        path = stage.run("worktree-pool", "path", "--name", "w/x", check=True).path
        gitrepo.write(path, {"a": "half resolved\n"})

    return build


def bare(stage, layout):
    _source(stage)
    os.rename(stage.source, f"{stage.top}/was")
    gitrepo.git(stage.top, "clone", "-q", "--mirror", "was", stage.source)
    for key in ("remote.origin.fetch", "remote.origin.mirror", "remote.origin.url"):
        stage.git("config", "--unset-all", key)
    stage.init(layout)
    path = stage.acquire("w/x")
    _warm(path)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    gitrepo.write(path, {"a": "landed\n", "two": "2\n"})


def _nested(stage, layout):
    """One chain of three submodules, in the source's own checkout, too; two slots."""
    nest = Nest(stage.now)
    nest.check_out()
    stage.git("branch", "spare")
    mirror = ("--submodule-mirror-mode", "git-modules", "--submodule-mirror-base", nest.source)
    stage.run(
        "worktree-pool",
        "init",
        "--source",
        nest.source,
        "--max-slots",
        2,
        "--layout",
        layout,
        *mirror,
        check=True,
    )


def sub_fresh(stage, layout):
    _nested(stage, layout)


def sub_warm(stage, layout):
    """An idle slot with another pin at each depth, a change, and something warm, in the innermost."""
    _nested(stage, layout)
    path = stage.acquire("before", "--commit", "one")
    gitrepo.write(f"{path}/plain/sub/inner", {"file": "nobody's\n", "build/cache": "warm\n"})
    stage.release("before")


def sub_work(stage, layout):
    """A held slot with a commit in one submodule, two in another (HEAD detached), and uncommitted work in the third."""
    _nested(stage, layout)
    path = stage.acquire("w/x", "--commit", "two")
    gitrepo.commit(f"{path}/plain", {"new": "1\n"}, "mine, outer")
    inner = f"{path}/plain/sub/inner"
    gitrepo.commit(inner, {"new": "1\n"}, "mine, on the branch")
    stage.git("switch", "-q", "--detach", at=inner)
    gitrepo.commit(inner, {"new": "2\n"}, "mine, detached")
    gitrepo.write(f"{inner}/le af", {"file": "changed\n", "u": "untracked\n", "build/cache": "warm\n"})


def sub_land(stage, layout):
    """A held slot with a commit two submodules deep, its pins not yet recorded in the slot; main has moved."""
    _nested(stage, layout)
    path = stage.acquire("w/x")
    gitrepo.commit(f"{path}/plain/sub/inner", {"new": "1\n"}, "mine, inside")
    gitrepo.commit(f"{path}/plain", {"new": "1\n"}, "mine, outer")
    gitrepo.write(stage.source, {"m": "on main\n"})
    stage.git("add", "m")
    stage.git("commit", "-q", "-m", "main moves")


def sub_landed(stage):
    """The base and its checkout have the new pins at each depth, the slot is idle."""
    found = released(stage)
    left = stage.git("status", "--porcelain")
    found += [f"the source's checkout is not clean: {left}"] if left else []
    heads = [
        stage.git("log", "-1", "--format=%s", at=f"{stage.source}/{one}")
        for one in ("plain", "plain/sub/inner")
    ]
    return (
        found
        if heads == ["mine, outer", "mine, inside"]
        else [*found, f"the base's submodules are at {heads}"]
    )


_MINE_INSIDE = ("mine, outer", "mine, on the branch", "mine, detached")


def sub_holds(name, tag):
    def look(stage):
        rows = [row for row in stage.rows() if row["name"] == name]
        if len(rows) != 1 or rows[0]["state"] != "held":
            return [f"`{name}` is not held: {rows}"]
        path = rows[0]["path"]
        admin = stage.git("rev-parse", "--absolute-git-dir", at=path)
        found = submodules.findings(path, admin, name)
        if submodules.checked_out(path) != submodules.wanted(stage.source, tag):
            found.append(f"not at the pins of {tag}: {submodules.checked_out(path)}")
        return found

    return look


def sub_released(stage):
    """Released, our branches gone inside, too, and every commit that was made there to be had."""
    found = released(stage)
    kept = f"{stage.common}/worktree-pool/kept.git"
    subjects = (
        gitrepo.git(kept, "log", "--format=%s", "--glob=refs/wt/kept").splitlines()
        if os.path.isdir(kept)
        else []
    )
    found += [f"C: `{one}` is lost" for one in _MINE_INSIDE if one not in subjects]
    for admin, path in stage.worktrees().items():
        if path != stage.source:
            found += [one for one in submodules.findings(path, admin, None) if "not clean" not in one]
    return found


# Each writes something warm; the gate also looks at what it is to look at.
HOOKS = "".join(
    f"{name}() {{ mkdir -p build; echo $WT_NAME >>build/{name}; }}\n"
    for name in ("wt_post_acquire", "wt_post_land", "wt_pre_release")
)
HOOKS += "wt_pre_land() { test -f one; }\nwt_post_release() { test -d $WT_PATH; }\n"
_TRUSTED = ("--trust-hooks", hooking.sha256(HOOKS))


def _hook(stage, at):
    gitrepo.write(at, {hooking.NAME: HOOKS})
    stage.git("add", hooking.NAME, at=at)
    stage.git("commit", "-q", "-m", "hooks", at=at)


def hooked_fresh(stage, layout):
    fresh(stage, layout)
    _hook(stage, stage.source)


def hooked_other(stage, layout):
    warm_other(stage, layout)
    _hook(stage, stage.source)


def hooked_held(stage, layout):
    path = held(stage, layout)
    _hook(stage, path)
    gitrepo.commit(path, {"one": "1\n"}, "one")


def hooked_dirty(stage, layout):
    dirty(stage, layout)
    _hook(stage, stage.run("worktree-pool", "path", "--name", "w/x", check=True).path)


def hooked_land(stage, layout):
    to_merge(stage, layout)
    _hook(stage, stage.source)


def holds(name):
    def look(stage):
        rows = [row for row in stage.rows() if row["name"] == name]
        if len(rows) != 1 or rows[0]["state"] != "held":
            return [f"`{name}` is not held: {rows}"]
        path = rows[0]["path"]
        if stage.git("symbolic-ref", "HEAD", at=path) != f"refs/heads/{name}":
            return [f"{path} is not on {name}"]
        changed = stage.git("status", "--porcelain", "--untracked-files=no", at=path)
        return [f"{path} is not clean: {changed}"] if changed else []

    return look


def ran(stage):
    """Every slot is given back, what the command left in it is gone, and what is remembered is whole."""
    held_rows = [row["id"] for row in stage.rows() if row["state"] == "held"]
    branches = stage.git("for-each-ref", "--format=%(refname:short)", "refs/heads/run-*")
    left = [path for path in stage.slots().values() if os.path.exists(f"{path}/debris")]
    again = stage.run(*_RUN[:2], "--json", *_RUN[2:])
    rows = [(row["result"], row["remembered"]) for row in again.json["results"]] if again.code == 0 else []
    wrong = {
        "held": held_rows,
        "branches": branches,
        "left": left,
        "not remembered": [again] if rows != [("pass", True)] * 2 else [],
        "reports": [] if ET.parse(f"{stage.top}/run.xml").getroot()[0].get("tests") == "2" else ["torn"],
        "holders": os.listdir(f"{stage.at}/.meta/holders"),
    }
    return [f"{what}: {found}" for what, found in wrong.items() if found]


def released(stage):
    held_rows = [row["id"] for row in stage.rows() if row["name"] == "w/x"]
    branch = stage.git("for-each-ref", "refs/heads/w")
    config = stage.git("config", "--list", "--local")
    found = [f"still held: {held_rows}"] if held_rows else []
    found += [f"its branch is still there: {branch}"] if branch else []
    return found + (["its config is still there"] if "branch.w/x." in config else [])


def forced(stage):
    """Released, and the slot left clean."""
    found = released(stage)
    for path in stage.slots().values():
        left = stage.git("status", "--porcelain", at=path)
        found += [f"not clean: {left}"] if left else []
    return found


def landed(*files, mainline=None):
    """`files` are in the base and in its checkout, which is clean; the base's first parents are `mainline`."""

    def look(stage):
        found = released(stage)
        for name, text in files:
            now = stage.git("show", f"main:{name}") + "\n"
            found += [] if now == text else [f"main:{name} is {now!r}"]
        if stage.common != stage.source:
            left = stage.git("status", "--porcelain", "--untracked-files=no")
            found += [f"the source's checkout is not clean: {left}"] if left else []
        line = stage.git("log", "--first-parent", "--format=%s", "main").splitlines()
        return found + ([f"mainline: {line}"] if mainline and line[: len(mainline)] != list(mainline) else [])

    return look


def resumable(mainline):
    """The land has stopped once more, and is brought to its end by resolving, whatever git asks for, and landing again."""

    def look(stage):
        path = stage.run("worktree-pool", "path", "--name", "w/x", check=True).path
        admin = stage.git("rev-parse", "--absolute-git-dir", at=path)
        if stage.git("log", "-1", "--format=%s", "main") != "main moves":
            return ["the base was moved"]
        for _commit in range(2):
            if "U" not in stage.git("status", "--porcelain", at=path):
                break
            gitrepo.write(path, {"a": "both\n"})
            stage.git("add", "-A", at=path)
            rebasing = os.path.isdir(f"{admin}/rebase-merge")
            words = ("rebase", "--continue") if rebasing else ("commit", "-q", "--no-edit")
            subprocess.run(["git", "-C", path, "-c", "core.editor=true", *words], capture_output=True)
        done = stage.run("wt", "land", "--name", "w/x")
        found = [] if done.code == 0 else [f"the land that is resumed ends {done.code}: {done.err}"]
        found = found or landed(*_ONE, ("two", "2\n"), ("m", "on main\n"), mainline=mainline)(stage)
        return [*found, f"the last land said: {done.err}"] if found else []

    return look


def given_up(stage):
    """The slot is as it was before the land, what it committed itself included."""
    path = stage.run("worktree-pool", "path", "--name", "w/x", check=True).path
    admin = stage.git("rev-parse", "--absolute-git-dir", at=path)
    found = [
        name
        for name in ("MERGE_HEAD", "rebase-merge", "worktree-pool/merging")
        if os.path.exists(f"{admin}/{name}")
    ]
    subject = stage.git("log", "-1", "--format=%s", at=path)
    left = stage.git("status", "--porcelain", at=path)
    found += [f"not clean: {left}"] if left else []
    return found + ([f"HEAD is {subject}"] if subject != "work" else []) + holds("w/x")(stage)


_ONE = (("one", "1\n"),)
_MINE = (*_ONE, ("a", "landed\n"), ("two", "2\n"))
_POOL = ("worktree-pool",)
_RUN = ("wt", "run", *_TRUSTED, "--keep-free", "0", "-j", "1", "--junit", "run.xml", "--at", "old", "--at", "main", "--",
        "touch", "debris")  # fmt: skip
_LAND = ("wt", "land", "--name", "w/x")
_MERGED = ("Merge w/x into main", "main moves")
# 1: `wt` says that nothing is held under the name, where the kill came after the end; the primitive says so and succeeds.
SCENARIOS = (
    Scenario("acquire-fresh", fresh, ("worktree-pool", "acquire", "--name", "f/x"), (0, 6), holds("f/x")),
    Scenario("acquire-same", warm_same, ("worktree-pool", "acquire", "--name", "f/x"), (0, 6), holds("f/x")),
    Scenario(
        "acquire-other", warm_other, ("worktree-pool", "acquire", "--name", "f/x"), (0, 6), holds("f/x")
    ),
    Scenario("run", warm_other, _RUN, (0,), ran),
    Scenario(
        "adopt", warm_same, ("worktree-pool", "acquire", "--name", "topic", "--adopt"), (0, 6), holds("topic")
    ),
    Scenario(
        "sub-fresh",
        sub_fresh,
        (*_POOL, "acquire", "--name", "f/x", "--commit", "two"),
        (0, 6),
        sub_holds("f/x", "two"),
        steady=False,
    ),
    Scenario(
        "sub-warm",
        sub_warm,
        (*_POOL, "acquire", "--name", "f/x", "--commit", "two"),
        (0, 6),
        sub_holds("f/x", "two"),
        steady=False,
    ),
    Scenario(
        "sub-gone",
        sub_warm,
        (*_POOL, "acquire", "--name", "f/x", "--commit", "four"),
        (0, 6),
        sub_holds("f/x", "four"),
        steady=False,
    ),
    Scenario("sub-land", sub_land, (*_LAND, "bump"), (0, 1), sub_landed, steady=False),
    Scenario("sub-release", sub_work, (*_POOL, "release", "--name", "w/x"), (0,), sub_released, steady=False),
    Scenario(
        "hooks-fresh", hooked_fresh, (*_POOL, "acquire", "--name", "f/x", *_TRUSTED), (0, 6), holds("f/x")
    ),
    Scenario(
        "hooks-acquire", hooked_other, (*_POOL, "acquire", "--name", "f/x", *_TRUSTED), (0, 6), holds("f/x")
    ),
    Scenario("hooks-run", hooked_other, _RUN, (0,), ran),
    Scenario("hooks-release", hooked_held, (*_POOL, "release", "--name", "w/x", *_TRUSTED), (0,), released),
    Scenario("hooks-force", hooked_dirty, ("wt", "release", "w/x", "--force", *_TRUSTED), (0, 1), forced),
    Scenario(
        "hooks-land",
        hooked_land,
        (*_LAND, "--add", *_TRUSTED, "work"),
        (0, 1),
        landed(*_MINE, ("m", "on main\n"), mainline=("Merge w/x into main", "hooks", "main moves")),
    ),
    Scenario(
        "hooks-next",
        hooked_land,
        (*_LAND, "--add", "--next", "n/x", *_TRUSTED, "work"),
        (0, 1),
        landed(*_MINE, mainline=("Merge w/x into main", "hooks", "main moves")),
    ),
    Scenario("release-clean", held, ("worktree-pool", "release", "--name", "w/x"), (0,), released),
    Scenario("release-commits", with_commits, ("worktree-pool", "release", "--name", "w/x"), (0,), released),
    Scenario("release-merging", merging, ("worktree-pool", "release", "--name", "w/x"), (0,), released),
    Scenario("force-dirty", dirty, ("wt", "release", "w/x", "--force"), (0, 1), forced),
    Scenario("force-merging", merging, ("wt", "release", "w/x", "--force"), (0, 1), forced),
    Scenario(
        "retire",
        to_retire,
        ("worktree-pool", "retire", "--slot", "slot-0"),
        (0,),
        retired,
        retires=1,
    ),
    Scenario("land", to_land, (*_LAND, "--add", "work"), (0, 1), landed(*_MINE, mainline=("work", "one"))),
    Scenario(
        "land-merge",
        to_merge,
        (*_LAND, "--add", "work"),
        (0, 1),
        landed(*_MINE, ("m", "on main\n"), mainline=_MERGED),
    ),
    Scenario("land-swap", merged_by_hand, _LAND, (0, 1), landed(*_ONE, ("m", "on main\n"), mainline=_MERGED)),
    Scenario(
        "land-next",
        to_merge,
        (*_LAND, "--add", "--next", "n/x", "work"),
        (0, 1),
        landed(*_MINE, mainline=_MERGED),
    ),
    Scenario(
        "land-squash",
        to_merge,
        (*_LAND, "--squash", "--add", "work"),
        (0, 1),
        landed(*_MINE, ("m", "on main\n"), mainline=("work", "main moves")),
    ),
    Scenario(
        "land-rebase",
        to_merge,
        (*_LAND, "--rebase", "--add", "work"),
        (0, 1),
        landed(*_MINE, ("m", "on main\n"), mainline=("work", "one", "main moves")),
    ),
    Scenario("land-linked", linked, (*_LAND, "--add", "work"), (0, 1), landed(*_MINE, mainline=_MERGED)),
    Scenario("land-conflict", clash, (*_LAND, "--add", "work"), (1,), resumable(_MERGED), ends=1),
    Scenario(
        "land-squash-conflict",
        clash,
        (*_LAND, "--squash", "--add", "work"),
        (1,),
        resumable(("work", "main moves")),
        ends=1,
    ),
    Scenario(
        "land-rebase-conflict",
        clash,
        (*_LAND, "--rebase", "--add", "work"),
        (1,),
        resumable(("work", "ours", "one", "main moves")),
        ends=1,
    ),
    Scenario("land-abort", stopped(), (*_LAND, "--abort"), (0, 2), given_up),
    Scenario("land-abort-rebase", stopped("--rebase"), (*_LAND, "--abort"), (0, 2), given_up),
    Scenario("land-nowhere", nowhere, (*_LAND, "--add", "work"), (0, 1), landed(*_MINE, mainline=_MERGED)),
    Scenario("land-bare", bare, (*_LAND, "--add", "work"), (0, 1), landed(*_MINE, mainline=("work", "one"))),
)
