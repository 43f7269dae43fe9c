"""Scenarios of what is set aside: a restore, a force that has a nested repository to move, a cleanup, a run that died."""

import os

from tests.crash import scenarios
from tests.support import gitrepo
from tests.support.crash import Scenario

WORK = [" M a2", " M dir/c", "MM a", "A  s", "?? deep/er/u", "?? link", '?? "u n"']


def worked_in(stage, layout):
    """A commit, and every kind of change beside it: a hidden edit, a link, an executable file, one that is gone."""
    path = scenarios.held(stage, layout)
    gitrepo.commit(path, {"one": "1\n", "a2": "2\n", "hidden": "1\n"}, "one")
    gitrepo.write(
        path, {"a": "staged only\n", "s": "new and staged\n", "hidden": "hidden edit\n", "a2": "3\n"}
    )
    stage.git("add", "a", "s", at=path)
    stage.git("update-index", "--assume-unchanged", "hidden", at=path)
    gitrepo.write(path, {"a": "and changed again\n", "dir/c": "changed\n", "u n": "1\n", "deep/er/u": "2\n"})
    os.symlink("a", f"{path}/link")
    os.unlink(f"{path}/e")
    return path


def to_restore(stage, layout):
    """It was forced away, and somebody left a file of the same name in the idle slot."""
    worked_in(stage, layout)
    stage.run("wt", "release", "w/x", "--force", check=True)
    (slot,) = stage.slots().values()
    gitrepo.write(slot, {"u n": "in the way\n", "build/cache": "warm\n"})


def restored(stage):
    rows = [row for row in stage.rows() if row["name"] == "w/x"]
    if len(rows) != 1 or rows[0]["state"] != "held":
        return [f"not held: {rows}"]
    path = rows[0]["path"]
    now = stage.git("status", "--porcelain", "--untracked-files=all", at=path).splitlines()
    found = [] if sorted(now) == sorted([*WORK, " D e"]) else [f"it is {now}"]
    hidden = stage.git("ls-files", "-v", "hidden", at=path)
    with open(f"{path}/hidden", encoding="utf-8") as file:
        found += (
            [] if (hidden, file.read()) == ("h hidden", "hidden edit\n") else ["the hidden edit is not there"]
        )
    return found + (
        [] if stage.git("log", "-1", "--format=%s", at=path) == "one" else ["its commit is not there"]
    )


def with_nested(stage, layout):
    """An untracked repository in the slot, with work of its own, while a merge has stopped."""
    scenarios.merging(stage, layout)
    (path,) = [row["path"] for row in stage.rows() if row["name"] == "w/x"]
    gitrepo.commit(gitrepo.make_repo(f"{path}/deep/nested"), {"f": "1\n"})
    gitrepo.write(f"{path}/deep/nested", {"f": "changed\n"})


def to_clean_up(stage, layout):
    path = scenarios.held(stage, layout)
    gitrepo.commit(path, {"one": "1\n"}, "one")
    stage.git("merge", "-q", "--ff-only", "w/x")


def sub_kept(stage, layout):
    """All that `sub_work` has was forced away; somebody left a file in the way of it in the idle slot."""
    scenarios.sub_work(stage, layout)
    stage.run("wt", "release", "w/x", "--force", check=True)
    (slot,) = stage.slots().values()
    gitrepo.write(f"{slot}/plain/sub/inner/le af", {"u": "in the way\n"})


def sub_restored(stage):
    rows = [row for row in stage.rows() if row["name"] == "w/x"]
    if len(rows) != 1 or rows[0]["state"] != "held":
        return [f"`w/x` is not held: {rows}"]
    path = rows[0]["path"]
    heads = [
        stage.git("log", "-1", "--format=%s", at=f"{path}/{one}") for one in ("plain", "plain/sub/inner")
    ]
    found = [] if heads == ["mine, outer", "mine, detached"] else [f"its submodules are at {heads}"]
    left = stage.git("status", "--porcelain", at=f"{path}/plain/sub/inner/le af").splitlines()
    found += [] if left == [" M file", "?? u"] else [f"in the innermost is {left}"]
    with open(f"{path}/plain/sub/inner/le af/u", encoding="utf-8") as file:
        return found + ([] if file.read() == "untracked\n" else ["somebody's file stayed in the way"])


def dead_run(stage, layout):
    """The pool is full: one slot somebody holds, in the other a run died, and somebody has worked there since."""
    scenarios.fresh(stage, layout)
    command = "echo debris > debris; kill -9 $PPID"
    stage.run("wt", "run", "--keep-free", "0", "-j", "1", "--", "sh", "-c", command)
    [path] = [row["path"] for row in stage.rows() if row["name"] != "other"]
    assert os.path.exists(f"{path}/debris")
    gitrepo.write(path, {"a": "staged only\n", "build/cache": "warm\n"})
    stage.git("add", "a", at=path)
    gitrepo.write(path, {"a": "and changed again\n", "u n": "untracked\n"})


_ACQUIRE = ("worktree-pool", "acquire", "--name", "f/x")
SCENARIOS = (
    Scenario("dead-run", dead_run, _ACQUIRE, (0, 6), scenarios.holds("f/x")),
    Scenario("restore", to_restore, ("wt", "restore", "w/x"), (0, 6), restored),
    Scenario("force-nested", with_nested, ("wt", "release", "w/x", "--force"), (0, 1), scenarios.forced),
    Scenario("cleanup", to_clean_up, ("wt", "cleanup", "w/x"), (0,), scenarios.released),
    Scenario("sub-restore", sub_kept, ("wt", "restore", "w/x"), (0, 6), sub_restored, steady=False),
)
