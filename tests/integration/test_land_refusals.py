"""Every refusal of land, contract section 12, by its step: one sentence, a hint, and nothing touched (refs, index, files)."""

import os
import subprocess

import pytest

from tests.support import gitrepo
from tests.support.tool import Pool
from tests.support.untouched import everything

git = gitrepo.git


class Stage:
    """A pool over a source on `main`, and a slot `x` with one commit of its own that changes README."""

    def __init__(self, tmp_path):
        self.tmp_path = tmp_path
        self.source = gitrepo.make_repo(
            tmp_path / "source", {"README": "hello\n", "f": "1\n", ".gitignore": "build/\n"}
        )
        git(self.source, "branch", "theirs")
        git(self.source, "switch", "-q", "theirs")
        gitrepo.commit(self.source, {"README": "theirs\n"}, "theirs")
        git(self.source, "switch", "-q", "main")
        self.pool = Pool(tmp_path / "root", self.source, max_slots=3)
        self.path = self.pool.acquire("x")
        gitrepo.commit(self.path, {"README": "mine\n"}, "mine")

    def at(self, where):
        return {"slot": self.path, "base": self.source}[where]

    def fails(self, where, *words):
        """Git stops in the middle, as it does at a conflict."""
        done = subprocess.run(["git", "-C", self.at(where), *words], capture_output=True)
        assert done.returncode == 1, done

    def linked(self, *words):
        path = str(self.tmp_path / "linked")
        git(self.source, "worktree", "add", "-q", *words[:-1], path, words[-1])
        return path


def begin(where, *words):
    return lambda stage: stage.fails(where, *words)


def bisect(where):
    return lambda stage: git(stage.at(where), "bisect", "start") and None


def revert(where):
    def do(stage):
        gitrepo.commit(stage.at(where), {"README": "later\n"})
        stage.fails(where, "revert", "HEAD~1")

    return do


def clash_at_base(*words):
    """The base's own checkout in the middle of something, README changed there, too."""

    def do(stage):
        gitrepo.commit(stage.source, {"README": "base\n"})
        stage.fails("base", *words)

    return do


def on_the_base(stage):
    git(stage.source, "switch", "-q", "--detach")
    git(stage.path, "switch", "-q", "main")


def base_in_linked(*words):
    """The branch `main` under rebase or bisect in a linked worktree: HEAD there is detached, git holds it all the same."""

    def do(stage):
        git(stage.source, "switch", "-q", "theirs")
        path = stage.linked("main")
        gitrepo.commit(path, {"README": "main's\n"})
        subprocess.run(["git", "-C", path, *words], capture_output=True)

    return do


def submodule_of_its_own(stage):
    """Ignored where the slot is, tracked on the base."""
    gitrepo.write(stage.path, {"build/cache": "precious"})
    gitrepo.write(stage.source, {"build/cache": "tracked now\n"})
    git(stage.source, "add", "-f", "build/cache")
    git(stage.source, "commit", "-q", "-m", "tracked")


def passing(stage):
    """A file that the slot's commits add and take away again, and that lies there, ignored."""
    gitrepo.write(stage.path, {"build/cache": "for a while"})
    git(stage.path, "add", "-f", "build/cache")
    git(stage.path, "commit", "-q", "-m", "in")
    git(stage.path, "rm", "-q", "build/cache")
    git(stage.path, "commit", "-q", "-m", "out")
    gitrepo.write(stage.path, {"build/cache": "precious"})
    gitrepo.commit(stage.source, {"README": "base\n"})


def in_the_way_at_base(name, *, diverged):
    def do(stage):
        gitrepo.write(stage.path, {name: "tracked\n"})
        git(stage.path, "add", "-f", name)
        git(stage.path, "commit", "-q", "-m", "more")
        if diverged:
            gitrepo.commit(stage.source, {"other": "1\n"})
        gitrepo.write(stage.source, {name: "precious"})

    return do


def hook(name):
    """A hook of the user's git that says no."""

    def do(stage):
        path = f"{stage.source}/.git/hooks/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        gitrepo.write(stage.source, {f".git/hooks/{name}": "#!/bin/sh\necho no, says the hook >&2\nexit 1\n"})
        os.chmod(path, 0o755)
        gitrepo.write(stage.path, {"f": "staged\n"})
        git(stage.path, "add", "f")
        gitrepo.write(stage.path, {"f": "changed\n", "u": "untracked\n"})

    return do


def dirty(where, *, staged=False):
    def do(stage):
        gitrepo.write(stage.at(where), {"f": "changed\n"})
        if staged:
            git(stage.at(where), "add", "f")

    return do


def hold(stage):
    stage.pool.acquire("y")


def ref_is_locked(stage):
    git(stage.source, "switch", "-q", "--detach")
    gitrepo.write("/", {gitrepo.lock_of_ref(stage.source, "refs/heads/main"): ""})


# what it is: (how it comes to it, arguments, what the error must name, exit code); in the order of the steps
REFUSALS = {
    "0 no such name": (lambda _: None, ("--name", "z"), ("`z`",), 1),
    "0 keep and next": (lambda _: None, ("--keep", "--next", "y"), ("--keep", "--next"), 2),
    "0 squash and rebase": (lambda _: None, ("--squash", "--rebase"), ("--squash", "--rebase"), 2),
    "0 abort and a message": (lambda _: None, ("--abort", "words"), ("--abort",), 2),
    "0 abort, none has stopped": (lambda _: None, ("--abort",), ("nothing to give up",), 2),
    "0 abort, the user's own merge": (begin("slot", "merge", "theirs"), ("--abort",), ("nothing to give up",), 2),
    "0 abort, the user's own rebase": (begin("slot", "rebase", "theirs"), ("--abort",), ("nothing to give up",), 2),
    "0 the base is gone": (
        lambda stage: (git(stage.source, "switch", "-q", "theirs"), git(stage.source, "branch", "-D", "main")),
        (), ("`main` is not there",), 1,
    ),
    "1 on the base": (on_the_base, (), ("base branch",), 1),
    "1 detached": (lambda stage: git(stage.path, "switch", "-q", "--detach"), (), ("detached",), 1),
    "1 merge": (begin("slot", "merge", "theirs"), (), ("a merge is in progress", "README", "git commit", "merge --abort"), 1),
    "1 rebase": (begin("slot", "rebase", "theirs"), (), ("a rebase is in progress", "rebase --continue", "rebase --abort"), 1),
    "1 cherry-pick": (begin("slot", "cherry-pick", "theirs"), (), ("a cherry-pick is in progress", "cherry-pick --abort"), 1),
    "1 revert": (revert("slot"), (), ("a revert is in progress", "revert --abort"), 1),
    "1 bisect": (bisect("slot"), (), ("a bisect is in progress", "bisect reset"), 1),
    "3 untracked": (
        lambda stage: gitrepo.write(stage.path, {"u n": "1"}), ("words",), ("u n", "wt land --name x --add words"), 1,
    ),
    "3 untracked, squash": (
        lambda stage: gitrepo.write(stage.path, {"u": "1"}), ("--squash", "--next", "y"),
        ("u", 'wt land --name x --squash --next y --add "message"'), 1,
    ),
    "5 merge at the base": (clash_at_base("merge", "theirs"), (), ("a merge is in progress", "merge --abort"), 1),
    "5 rebase at the base": (clash_at_base("rebase", "theirs"), (), ("a rebase is in progress", "rebase --abort"), 1),
    "5 cherry-pick at the base": (clash_at_base("cherry-pick", "theirs"), (), ("a cherry-pick is", "cherry-pick --abort"), 1),
    "5 revert at the base": (revert("base"), (), ("a revert is in progress", "revert --abort"), 1),
    "5 bisect at the base": (bisect("base"), (), ("a bisect is in progress", "bisect reset"), 1),
    "5 rebase in a linked worktree": (base_in_linked("rebase", "theirs"), (), ("a rebase is in progress", "linked"), 1),
    "5 bisect in a linked worktree": (base_in_linked("bisect", "start"), (), ("a bisect is in progress", "linked"), 1),
    "5 two checkouts": (lambda stage: stage.linked("--force", "main"), (), ("twice", "switch --detach"), 1),
    "5 changes at the base": (dirty("base"), (), ("has changes", "f\n", "stash"), 1),
    "5 staged changes at the base": (dirty("base", staged=True), (), ("has changes", "f\n", "stash"), 1),
    "7 no message": (dirty("slot"), (), ("no message", "f\n", 'wt land --name x "message"'), 1),
    "7 no message, rebase": (dirty("slot"), ("--rebase",), ('wt land --name x --rebase "message"',), 1),
    "7 add and no message": (
        lambda stage: gitrepo.write(stage.path, {"u": "1"}), ("--add",), ("no message", 'wt land --name x --add "message"'), 1,
    ),
    "7 pre-commit says no": (hook("pre-commit"), ("--add", "words"), ("no, says the hook", "git commit did not succeed", "put right: wt land --name x --add words\n"), 1),
    "7 commit-msg says no": (hook("commit-msg"), ("--add", "words"), ("no, says the hook", "git commit did not succeed"), 1),
    "8 ignored in the slot": (submodule_of_its_own, (), ("build/cache", "wt land --name x\n"), 1),
    "8 ignored in the slot, squash": (submodule_of_its_own, ("--squash",), ("build/cache", "wt land --name x --squash\n"), 1),
    "8 ignored in the slot, rebase": (submodule_of_its_own, ("--rebase",), ("build/cache", "wt land --name x --rebase\n"), 1),
    "8 ignored, passed by a rebase": (passing, ("--rebase",), ("build/cache",), 1),
    "11 untracked at the base": (in_the_way_at_base("n", diverged=False), (), ("n\n", "overwritten"), 1),
    "11 ignored at the base": (in_the_way_at_base("build/n", diverged=False), ("--keep",), ("build/n", "--keep\n"), 1),
    "11 untracked, diverged": (in_the_way_at_base("n", diverged=True), (), ("n\n", "overwritten"), 1),
    "11 untracked, squash": (in_the_way_at_base("n", diverged=True), ("--squash",), ("n\n", "overwritten"), 1),
    "11 untracked, rebase": (in_the_way_at_base("n", diverged=True), ("--rebase",), ("n\n", "overwritten"), 1),
    "11 git refuses": (ref_is_locked, (), ("git refuses", "refs/heads/main", "lock"), 1),
    "13 next is held": (hold, ("--next", "y"), ("`y` is held",), 6),
    "13 next is a branch": (lambda _: None, ("--next", "theirs"), ("`theirs` exists already",), 1),
    "13 next is the base": (lambda _: None, ("--next", "main"), ("main",), 2),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_and_nothing_touched(case, tmp_path):
    arrange, args, words, code = REFUSALS[case]
    stage = Stage(tmp_path)
    arrange(stage)
    pool = stage.pool
    before = everything(pool.root, pool.source)
    done = pool.wt("land", *(args if "--name" in args else ("--name", "x", *args)))
    assert done.code == code, done
    assert done.out == ""
    assert len([line for line in done.err.splitlines() if line.startswith("error: ")]) == 1, done
    assert any(line.startswith("hint: ") for line in done.err.splitlines()), done
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err, done
    details = [line for line in done.err.splitlines() if line.startswith("  ")]
    assert len(details) == len(set(details)), done
    after = everything(pool.root, pool.source)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    # git's own note of the words that its hook did not like, for the user to have again
    assert {path for path in changed if os.path.basename(path) != "COMMIT_EDITMSG"} == set()


# `--dry-run` says what would refuse, likewise; what only git itself finds out when it is asked to do it is left out.
FORESEEN = [
    case
    for case in REFUSALS
    if case[0] in "13578" and "says no" not in case and case[:2] != "13" and "git refuses" not in case
]


@pytest.mark.parametrize("case", FORESEEN)
def test_a_dry_run_refuses_with_the_same_words(case, tmp_path):
    arrange, args, words, code = REFUSALS[case]
    stage = Stage(tmp_path)
    arrange(stage)
    before = everything(stage.pool.root, stage.pool.source)
    done = stage.pool.wt("land", "--dry-run", "--name", "x", *args)
    assert done.code == code, done
    for word in words:
        assert word in done.err.replace(" --dry-run", ""), done
    assert everything(stage.pool.root, stage.pool.source) == before


def test_a_slot_that_is_busy_is_3(tmp_path):
    stage = Stage(tmp_path)
    os.makedirs(f"{stage.pool.at}/.meta/init", exist_ok=True)
    import fcntl

    with open(f"{stage.pool.at}/.meta/init/slot-0.lock", "a", encoding="utf-8") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        before = everything(stage.pool.root, stage.pool.source)
        done = stage.pool.wt("land", "--name", "x")
        assert done.code == 3, done
        assert "busy" in done.err
        assert everything(stage.pool.root, stage.pool.source) == before
