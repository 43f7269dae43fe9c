"""Row 15: from "I want to work on X" to the first green build, in a warm slot and in a new worktree.

The project is somebody's own: `--repo` names it, `--setup` is what a new checkout needs once (dependencies, a configured
build directory), `--build` is its build, `--edit` a tracked file of which a line is added before it.
"""

import itertools
import os
from collections.abc import Callable, Iterator

from bench import repos
from bench.repos import Repo
from bench.stage import Pool, Project, Stage
from bench.timing import BenchError, Measured, Sample, in_turn, pairs, settle

BEHIND = 10  # commits between the last build in the slot and the one that is timed: a day or two of a team's


def run(stage: Stage, path: str, *commands: str) -> Sample:
    return in_turn(stage.time("sh", "-ec", 'cd -- "$1"\n' + one, "sh", path) for one in commands)


def edited(path: str, project: Project) -> None:
    with open(os.path.join(path, project.edit), "a", encoding="utf-8") as file:
        file.write(f"{project.line}\n")


def in_a_slot(pool: Pool, project: Project, then: str, now: str) -> Callable[[], Sample]:
    """Before the clock starts, somebody built `then` in the pool's only slot, and gave it back."""
    numbers = itertools.count()

    def sample() -> Sample:
        number = next(numbers)
        pool.acquire("before", then)
        run(pool.stage, pool.path("before"), *([] if number else [project.setup]), project.build)
        pool.release("before")
        settle()
        name = f"warm{number}"
        taken = pool.acquire(name, now)
        edited(path := pool.path(name), project)
        taken += run(pool.stage, path, project.build)
        repos.git(pool.stage.env, path, "checkout", "-q", "--", project.edit)
        pool.release(name)
        return taken

    return sample


def in_a_new_worktree(stage: Stage, source: str, project: Project, now: str) -> Callable[[], Sample]:
    numbers = itertools.count()

    def sample() -> Sample:
        branch = f"plain{next(numbers)}"
        path = os.path.join(stage.root, branch)
        taken = stage.git(source, "worktree", "add", "-q", "-b", branch, path, now)
        edited(path, project)
        taken += run(stage, path, project.setup, project.build)
        stage.git(source, "worktree", "remove", "--force", path)
        stage.git(source, "branch", "-q", "-D", branch)
        return taken

    return sample


def first_green(stage: Stage, repo: Repo) -> Iterator[Measured]:
    project = stage.project
    if project is None:
        raise BenchError("row 15 needs a project: --repo PATH --setup COMMAND --build COMMAND --edit FILE")
    source = os.path.join(stage.root, "source")
    stage.git(stage.root, "clone", "-q", "--local", repo.path, source)
    then = repos.git(stage.env, source, "rev-parse", f"{repo.head}~{BEHIND}")
    pool = stage.pool(source, slots=1)
    slot = in_a_slot(pool, project, then, repo.head)
    worktree = in_a_new_worktree(stage, source, project, repo.head)
    yield Measured("to the first green build", 0.10, pairs(slot, worktree, stage.pairs))
