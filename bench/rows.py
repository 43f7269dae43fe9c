"""The rows of docs/performance.md, one function each: it sets its stage, and says what it measured.

Every row times whole processes of the installed commands against git's (or the bare interpreter's), both on the
same stage. What is not timed (making a slot idle again, removing a worktree) happens between the samples.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from bench import builds, repos, runs, shells, submodules
from bench.mutex import HoldWatch
from bench.repos import Repo
from bench.stage import Pool, Stage
from bench.timing import BenchError, Measured, Ratio, Sample, in_turn, pairs, settle, timed_together

SMALL = 2_000  # below: a small repository, where git itself is quick
BIG = 15_000


class Row(NamedTuple):
    number: int
    title: str
    fits: Callable[[Repo], bool]
    measure: Callable[[Stage, Repo], Iterator[Measured]]
    once: bool = False  # the size of the repository does not matter: the first that fits will do
    optional: bool = False


def working_copy(stage: Stage, repo: Repo, name: str = "source") -> str:
    """A clone of this stage's own, so that no row inherits worktrees and branches of another."""
    path = os.path.join(stage.root, name)
    stage.git(stage.root, "clone", "-q", "--local", repo.path, path)
    return path


# Row 1: starting up.


def start_up(stage: Stage, _: Repo) -> Iterator[Measured]:
    for word in ("--version", "help"):
        ratio = pairs(partial(stage.time, stage.tool.wt, word), stage.bare_python, stage.pairs)
        yield Measured(f"wt {word}", 1.5, ratio)


# Rows 2 to 5: acquire against `git worktree add -b`.


def worktree_add(stage: Stage, source: str, commit: str) -> Callable[[], Sample]:
    numbers = itertools.count()

    def sample() -> Sample:
        branch = f"plain{next(numbers)}"
        path = os.path.join(stage.root, branch)
        taken = stage.git(source, "worktree", "add", "-q", "-b", branch, path, commit)
        stage.git(source, "worktree", "remove", "--force", path)
        stage.git(source, "branch", "-q", "-D", branch)
        return taken

    return sample


def warm_acquire(pool: Pool, commit: str, before: Callable[[], None]) -> Callable[[], Sample]:
    """`before` leaves the pool's only slot idle in the condition that the row is about."""
    numbers = itertools.count()

    def sample() -> Sample:
        name = f"warm{next(numbers)}"
        before()
        settle()
        taken = pool.acquire(name, commit)
        pool.release(name)
        return taken

    return sample


def touch_and_build(path: str, env: dict[str, str]) -> None:
    """A holder that worked, and left all as it was: stale stat data in the index, and something ignored."""
    for name in repos.git(env, path, "ls-files", "-z").split("\0")[:5]:
        os.utime(os.path.join(path, name), follow_symlinks=False)
    litter(os.path.join(path, "build"), 20)


def litter(place: str, count: int) -> None:
    for number in range(count):
        directory = os.path.join(place, f"{number % 300:03}")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"{number}.o"), "w", encoding="ascii") as file:
            file.write("object\n")


def someone_worked(pool: Pool, commit: str) -> None:
    pool.acquire("worker", commit)
    touch_and_build(pool.path("worker"), pool.stage.env)
    pool.release("worker")


def against_add(stage: Stage, repo: Repo, before: Callable[[Pool], None]) -> Ratio:
    source = working_copy(stage, repo)
    pool = stage.pool(source, slots=1)
    acquire = warm_acquire(pool, repo.head, lambda: before(pool))
    return pairs(acquire, worktree_add(stage, source, repo.head), stage.pairs)


def same_commit(stage: Stage, repo: Repo) -> Iterator[Measured]:
    ratio = against_add(stage, repo, lambda pool: someone_worked(pool, repo.head))
    yield Measured("acquire, same commit", 0.15 if repo.files > 40_000 else 0.20, ratio)


def commits_away(stage: Stage, repo: Repo) -> Iterator[Measured]:
    ratio = against_add(stage, repo, lambda pool: someone_worked(pool, repo.away))
    yield Measured(f"acquire, {repos.AWAY} commits away", 0.25, ratio)


def small_repository(stage: Stage, repo: Repo) -> Iterator[Measured]:
    ratio = against_add(stage, repo, lambda pool: someone_worked(pool, repo.head))
    yield Measured("acquire, small repository", 1.0, ratio)


def unmodified(stage: Stage, repo: Repo) -> Iterator[Measured]:
    def nobody_worked(pool: Pool) -> None:
        pool.acquire("idler", repo.head)
        pool.release("idler")

    yield Measured("acquire, slot unmodified", 0.12, against_add(stage, repo, nobody_worked))


# Row 6: release.


def release(stage: Stage, repo: Repo) -> Iterator[Measured]:
    source = working_copy(stage, repo)
    pool = stage.pool(source, slots=1)
    plain = os.path.join(stage.root, "plain")

    def ours() -> Sample:
        pool.acquire("mine", repo.head)
        settle()
        return pool.release("mine")

    def gits() -> Sample:
        stage.git(source, "worktree", "add", "-q", "-b", "plain", plain, repo.head)
        settle()  # else `worktree remove` would hash every file of a racy index, and flatter us
        return stage.git(source, "worktree", "remove", plain) + stage.git(
            source, "branch", "-q", "-D", "plain"
        )

    ratio = pairs(ours, gits, stage.pairs)
    yield Measured("release, against remove + branch -D", 0.03 if repo.files >= BIG else 0.10, ratio)


# Rows 7 and 8: lists.


def git_free(pool: Pool, *words: str) -> str:
    """Runs the verb where `git` leaves a mark; says what was seen."""
    stage, trap = pool.stage, os.path.join(pool.stage.root, "trap")
    os.makedirs(trap, exist_ok=True)
    mark = os.path.join(trap, "mark")
    with open(os.path.join(trap, "git"), "w", encoding="ascii") as script:
        script.write(f"#!/bin/sh\n: >'{mark}'\nexit 97\n")
    os.chmod(script.name, 0o700)
    trapped = stage._replace(env={**stage.env, "PATH": f"{trap}:{stage.env['PATH']}"})
    try:
        pool._replace(stage=trapped).wt(*words)
    except BenchError:
        return "fails without git"
    return "starts git" if os.path.exists(mark) else "no git process"


def bare_list(stage: Stage, repo: Repo) -> Iterator[Measured]:
    filled = {}
    for key, slots in (("few", 4), ("some", 16), ("many", 64)):
        filled[key] = stage.pool(working_copy(stage, repo, f"source-{key}"), slots, key)
        filled[key].hold(slots)
    listed = {key: partial(pool.wt, "ls", "--bare") for key, pool in filled.items()}
    note = git_free(filled["some"], "ls", "--bare")
    yield Measured(
        "ls --bare of 16, against python", 2.0, pairs(listed["some"], stage.bare_python, stage.pairs), note
    )
    yield Measured("ls --bare of 64, against 4", 1.1, pairs(listed["many"], listed["few"], stage.pairs))


def full_list(stage: Stage, repo: Repo) -> Iterator[Measured]:
    pool = stage.pool(working_copy(stage, repo), 16)
    paths = pool.hold(16)
    settle()

    def statuses() -> Sample:
        return in_turn(stage.git(path, "status", "--porcelain") for path in paths)

    ratio = pairs(lambda: pool.wt("ls"), statuses, stage.pairs)
    yield Measured("ls of 16, against git status of each", 0.4 if repo.files >= BIG else 0.8, ratio)


# Row 13: what should not matter.


def round_trip(pool: Pool, commit: str) -> Callable[[], Sample]:
    def sample() -> Sample:
        settle()
        return pool.acquire("trip", commit) + pool.release("trip")

    return sample


def unrelated_weight(stage: Stage, repo: Repo) -> Iterator[Measured]:
    heavy = stage.pool(working_copy(stage, repo, "heavy-source"), 64, "heavy")
    light = stage.pool(working_copy(stage, repo, "light-source"), 1, "light")
    heavy.hold(63)
    repos.add_refs(heavy.source, repo.head, 25_000, stage.env)
    sides = round_trip(heavy, repo.head), round_trip(light, repo.head)
    yield Measured("acquire + release, 25k refs and 64 slots", 1.1, pairs(*sides, stage.pairs))

    littered = stage.pool(working_copy(stage, repo, "littered-source"), 1, "littered")
    [path] = littered.hold(1)
    litter(os.path.join(path, "build"), 30_000)
    littered.release("held0")
    sides = round_trip(littered, repo.head), round_trip(light, repo.head)
    yield Measured("acquire + release, 30k ignored files", 1.05, pairs(*sides, stage.pairs))


# Row 14: sixteen at once.

SIXTEEN = [f"one{number}" for number in range(16)]


def fresh_pool(stage: Stage, repo: Repo) -> Pool:
    """The stage is emptied first, for fresh slots are fresh once."""
    source = os.path.join(stage.root, "source.git")
    repos.remove(source)
    repos.remove(os.path.join(stage.env["WORKTREE_ROOT"], "bench"))
    return stage.pool(repos.bare_copy(repo, source, stage.env), len(SIXTEEN))


def together(pool: Pool) -> Sample:
    commands = [pool.argv("acquire", "--name", name) for name in SIXTEEN]
    return timed_together(commands, pool.stage.env, pool.stage.log)


def one_by_one(pool: Pool) -> Sample:
    return in_turn(pool.acquire(name) for name in SIXTEEN)


def longest_hold(stage: Stage, repo: Repo) -> str:
    """Seen in a run of its own: looking takes time on one of the cores."""
    pool = fresh_pool(stage, repo)
    with HoldWatch(pool.mutex) as watch:
        together(pool)
    if watch.longest is None:
        return "longest hold of the pool mutex: not seen"
    return f"longest hold of the pool mutex {watch.longest * 1000:.1f} ms (goal 30)"


def at_once(stage: Stage, repo: Repo) -> Iterator[Measured]:
    ratio = pairs(
        lambda: together(fresh_pool(stage, repo)), lambda: one_by_one(fresh_pool(stage, repo)), stage.pairs
    )
    yield Measured("16 acquires at once, against in turn", 0.7, ratio, longest_hold(stage, repo))


def any_size(_: Repo) -> bool:
    return True


def small(repo: Repo) -> bool:
    return repo.files < SMALL


def sizeable(repo: Repo) -> bool:
    return repo.files >= SMALL


def big(repo: Repo) -> bool:
    return repo.files >= BIG


ROWS = (
    Row(1, "start-up, against the bare interpreter", any_size, start_up, once=True),
    Row(2, "warm acquire at the same commit", sizeable, same_commit),
    Row(3, "warm acquire from another commit", sizeable, commits_away),
    Row(4, "warm acquire in a small repository", small, small_repository),
    Row(5, "warm acquire of an unmodified slot", big, unmodified),
    Row(6, "release", sizeable, release),
    Row(7, "ls --bare", any_size, bare_list, once=True),
    Row(8, "ls", sizeable, full_list),
    Row(9, "the prompt segment", any_size, shells.prompt, once=True),
    Row(10, "completion of names", any_size, shells.completion, once=True),
    Row(11, "wt cd and wt path in the shell function", any_size, shells.moving, once=True),
    Row(12, "sourcing the shell integration", any_size, shells.sourcing, once=True),
    Row(
        13,
        "refs, slots and ignored files that do not matter",
        any_size,
        unrelated_weight,
        once=True,
        optional=True,
    ),
    Row(14, "fresh slots at once", sizeable, at_once, once=True),
    Row(20, "twenty submodules, three levels deep", any_size, submodules.against_update, once=True),
    Row(15, "the first green build", any_size, builds.first_green, once=True, optional=True),
    Row(17, "run of many commits", sizeable, runs.many_commits, once=True, optional=True),
)
