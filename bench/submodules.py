"""Row 20: a source with twenty submodules, three levels deep, against `git worktree add` and `git submodule update`.

Both sides read the submodules from repositories on the same file system; git over the network would be slower by as much
as the network is, and a pool with a mirror does not ask it at all.
"""

import itertools
import os
from collections.abc import Iterator
from functools import partial

from bench import repos
from bench.repos import Repo
from bench.stage import Pool, Stage
from bench.timing import Measured, Sample, pairs, settle

CHAINS = 7  # of three, one of which is cut short: twenty in all
FILES = 60
JOBS = "8"
FILE_OK = ("-c", "protocol.file.allow=always")


def _commit(env: dict[str, str], repo: str, message: str) -> str:
    repos.git(env, repo, "commit", "-q", "-m", message)
    return repos.git(env, repo, "rev-parse", "HEAD")


def _declare(env: dict[str, str], repo: str, path: str, url: str, pin: str) -> None:
    for key, value in (("path", path), ("url", url)):
        repos.git(env, repo, "config", "-f", ".gitmodules", f"submodule.{path}.{key}", value)
    repos.git(env, repo, "add", ".gitmodules")
    repos.git(env, repo, "update-index", "--add", "--cacheinfo", f"160000,{pin},{path}")


def _versions(env: dict[str, str], repo: str, inside: tuple[str, list[str]] | None) -> list[str]:
    """A repository of FILES files with two commits, a submodule in it where `inside` (URL and pins) says so; both ids."""
    os.makedirs(repo)
    repos.git(env, repo, "init", "-q", "-b", "main")
    pins = []
    for version in (0, 1):
        for number in range(FILES):
            with open(os.path.join(repo, f"file_{number}"), "w", encoding="ascii") as file:
                file.write(f"{os.path.basename(repo)} {number} {version if number < 5 else 0}\n" * 40)
        repos.git(env, repo, "add", "--", *(f"file_{number}" for number in range(FILES)))
        if inside:
            _declare(env, repo, "inner", inside[0], inside[1][version])
        pins.append(_commit(env, repo, f"version {version}"))
    return pins


def build(env: dict[str, str], top: str, source: str, submodules: int = 3 * CHAINS - 1) -> list[str]:
    """Give a clone `submodules` of them in chains of three, checked out; returns two commits that differ in every pin."""
    left, tops = submodules, []
    for chain in itertools.count():
        if left <= 0:
            break
        inside: tuple[str, list[str]] | None = None
        for depth in reversed(range(min(3, left))):
            url = os.path.join(top, "upstream", f"chain{chain}-{depth}")
            inside = (url, _versions(env, url, inside))
        left -= 3
        if inside:
            tops.append(inside)
    commits = []
    for version in (0, 1):
        for chain, (url, pins) in enumerate(tops):
            _declare(env, source, f"modules/chain{chain}", url, pins[version])
        commits.append(_commit(env, source, f"all submodules at version {version}"))
    repos.git(
        env, source, *FILE_OK, "submodule", "--quiet", "update", "--init", "--recursive", "--jobs", JOBS
    )
    return commits


def _plain(stage: Stage, source: str, commit: str) -> Sample:
    path = os.path.join(stage.root, "plain")
    script = 'git -C "$1" worktree add -q -b plain "$2" "$3" && cd "$2" && shift 3 && exec git "$@"'
    update = (*FILE_OK, "submodule", "--quiet", "update", "--init", "--recursive", "--jobs", JOBS)
    taken = stage.time("sh", "-c", script, "sh", source, path, commit, *update)
    stage.git(source, "worktree", "remove", "--force", path)
    stage.git(source, "branch", "-q", "-D", "plain")
    return taken


def _pool(stage: Stage, source: str) -> Pool:
    pool = Pool(stage, "bench", source)
    mirror = ("--submodule-mirror-mode", "git-modules", "--submodule-mirror-base", source)
    pool.time("init", "--source", source, "--max-slots", "1", "--layout", stage.layout, *mirror)
    return pool


def _cold(pool: Pool, commit: str) -> Sample:
    taken = pool.acquire("cold", commit)
    pool.release("cold")
    pool.time("retire", "--all")
    return taken


def _warm(pool: Pool, before: str, commit: str) -> Sample:
    pool.acquire("before", before)
    pool.release("before")
    settle()
    taken = pool.acquire("warm", commit)
    pool.release("warm")
    return taken


def against_update(stage: Stage, repo: Repo) -> Iterator[Measured]:
    source = os.path.join(stage.root, "source")
    stage.git(stage.root, "clone", "-q", "--local", repo.path, source)
    one, two = build(stage.env, stage.root, source)
    pool, plain = _pool(stage, source), partial(_plain, stage, source, two)
    yield Measured("20 submodules, cold", 1.0, pairs(partial(_cold, pool, two), plain, stage.pairs))
    yield Measured(
        "20 submodules, warm, every pin moved", 0.7, pairs(partial(_warm, pool, one, two), plain, stage.pairs)
    )
    yield Measured(
        "20 submodules, warm, same pins", 0.5, pairs(partial(_warm, pool, two, two), plain, stage.pairs)
    )
