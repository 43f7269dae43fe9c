"""Where a row is played: a place on tmpfs, the tool under test, and pools that are used through its commands alone."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench import repos
from bench.timing import BenchError, Sample, timed

SHEBANG = re.compile(rb"\A#!\s*(\S*python\S*)|\A#!/bin/sh\s+'''exec' \"?([^\"\n]*python[^\" \n]*)")


class Tool(NamedTuple):
    wt: str
    pool: str
    python: str  # the interpreter that runs them, and the one that they are compared with

    @classmethod
    def find(cls, directory: str | None) -> "Tool":
        place = os.path.abspath(directory or os.path.dirname(sys.executable))
        wt, pool = os.path.join(place, "wt"), os.path.join(place, "worktree-pool")
        for script in (wt, pool):
            if not os.access(script, os.X_OK):
                raise BenchError(
                    f"{script} is not there: install the checkout, or name the directory with --tool"
                )
        return cls(wt, pool, _interpreter(wt))


def _interpreter(script: str) -> str:
    with open(script, "rb") as file:
        found = SHEBANG.match(file.read(1000))
    return os.fsdecode(found[1] or found[2]) if found else sys.executable


class Project(NamedTuple):
    """Somebody's own (row 15): shell commands that are run in a worktree of it; `line` is added to the file `edit`."""

    setup: str
    build: str
    edit: str
    line: str


class Stage(NamedTuple):
    root: str
    tool: Tool
    env: dict[str, str]
    pairs: int
    layout: str
    project: Project | None = None

    @property
    def log(self) -> str:
        return os.path.join(self.root, "log")

    def time(self, *argv: str) -> Sample:
        return timed(argv, self.env, self.log)

    def git(self, repo: str, *argv: str) -> Sample:
        return self.time("git", "-C", repo, *argv)

    def bare_python(self) -> Sample:
        return self.time(self.tool.python, "-I", "-c", "pass")

    def pool(self, source: str, slots: int, key: str = "bench") -> "Pool":
        pool = Pool(self, key, source)
        pool.time("init", "--source", source, "--max-slots", str(slots), "--layout", self.layout)
        return pool


class Pool(NamedTuple):
    stage: Stage
    key: str
    source: str

    @property
    def mutex(self) -> str:
        return os.path.join(self.stage.env["WORKTREE_ROOT"], self.key, ".meta", "pool.lock")

    def argv(self, *words: str) -> list[str]:
        return [self.stage.tool.pool, "--pool", self.key, *words]

    def time(self, *words: str) -> Sample:
        return self.stage.time(*self.argv(*words))

    def wt(self, *words: str) -> Sample:
        return self.stage.time(self.stage.tool.wt, "--pool", self.key, *words)

    def acquire(self, name: str, commit: str | None = None) -> Sample:
        return self.time("acquire", "--name", name, *(["--commit", commit] if commit else []))

    def release(self, name: str) -> Sample:
        return self.time("release", "--name", name)

    def path(self, name: str) -> str:
        argv = self.argv("path", "--name", name)
        return subprocess.run(
            argv, env=self.stage.env, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def hold(self, count: int) -> list[str]:
        """Acquires `count` slots; their paths."""
        names = [f"held{number}" for number in range(count)]
        for name in names:
            self.acquire(name)
        return [self.path(name) for name in names]


def memory_file_system() -> str:
    """tmpfs, because creating files after a mass delete is quadratic on some disks, and flatters a pool."""
    shared = "/dev/shm"  # noqa: S108 (mkdtemp makes a private directory in it)
    return shared if os.access(shared, os.W_OK) else tempfile.gettempdir()


@contextmanager
def staged(tool: Tool, pairs: int, layout: str, project: Project | None = None) -> Iterator[Stage]:
    """A stage of its own for one row; nothing of it is left for the next."""
    root = os.path.realpath(tempfile.mkdtemp(prefix="wt-bench-", dir=memory_file_system()))
    worktrees = os.path.join(root, "worktrees")
    os.mkdir(worktrees)
    try:
        yield Stage(
            root, tool, repos.environment(os.path.join(root, "home"), worktrees), pairs, layout, project
        )
    finally:
        repos.remove(root)
