"""Contract section 4: a hint works as it stands, where the caller stands. Each is pasted into a shell and run there."""

import os
import re
import shlex
import subprocess

import pytest

from tests.support import gitrepo, hints, tool
from tests.support.tool import Pool

SHORT = ("worktree-pool", "wt")


@pytest.fixture
def programs(tmp_path):
    """A directory for PATH in which both commands are."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in SHORT:
        script = place / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(tool.argv(name))} "$@"\n')
        script.chmod(0o755)
    return str(place)


def pasted(line, pool, cwd, programs):
    """The status of a hint's command, in the caller's directory and environment; what waits, waits for a second."""
    command = re.sub(r"--wait \d+", "--wait 1", hints.command_of(line))
    env = tool.environment(WORKTREE_ROOT=pool.root, PATH=f"{programs}:{os.environ['PATH']}", EDITOR="true")
    done = subprocess.run(
        ["bash", "-c", command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode, command, done.stdout + done.stderr


def full(pool):
    for name in ("a", "b"):
        pool.acquire(name)


def held(pool):
    pool.acquire("a")


def branch(pool):
    gitrepo.git(pool.source, "branch", "a")
    gitrepo.git(pool.source, "branch", "x")


def in_the_way(pool):
    os.mkdir(f"{pool.at}/a")


def changed(pool):
    gitrepo.write(pool.acquire("a"), {"README": "changed\n", "new": "new\n"})


def committed(pool):
    gitrepo.commit(pool.acquire("a"), {"README": "changed\n"})


def merging(pool):
    path = pool.acquire("a")
    gitrepo.commit(path, {"README": "one\n"})
    gitrepo.git(path, "switch", "-q", "-c", "other", "HEAD~1")
    gitrepo.commit(path, {"README": "two\n"})
    gitrepo.git(path, "switch", "-q", "a")
    subprocess.run(["git", "-C", path, "merge", "-q", "other"], capture_output=True)


def detached(pool):
    gitrepo.git(pool.acquire("a"), "switch", "-q", "--detach")


def dirty_base(pool):
    committed(pool)
    gitrepo.write(pool.source, {"README": "the user's\n"})


def nothing(pool):
    del pool


def damaged(pool):
    config = f"{pool.at}/.meta/config.yaml"
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace("max_slots: 2", "max_slots: none"))


# situation, command, statuses that a pasted hint may end with: what waits on in a pool that stays full ends 4
CASES = {
    "held": (held, "new a", {0}),
    "full": (full, "new c", {0, 1}),  # 1: what is in `a` is not to be lost
    "branch": (branch, "new a", {0}),
    "no branch": (nothing, "new a --adopt", {0}),
    "adopt and commit": (branch, "new a --adopt --from main", {0}),
    "bad name": (nothing, "new 'a b'", {0}),
    "above": (branch, "new x/y", {0}),
    "directory": (in_the_way, "new a", {0}),
    "no group": (nothing, "new a --group ios", {0}),
    "commit": (nothing, "new a --from nowhere", {0}),
    "typo": (held, "release aa", {0}),
    "not held": (nothing, "release zebra", {0}),
    "number": (held, "new b --wait soon", {0}),
    "colour": (held, "ls --color sometimes", {0}),
    "option": (held, "ls --jason", {0}),
    "verb": (held, "lss", {0}),
    "verb of another tool": (held, "status", {0}),
    "untracked": (changed, "land --name a wip", {0, 1}),
    "no message": (changed, "land --name a --add", {0}),
    "dirty": (changed, "release a", {0}),
    "unmerged": (committed, "release a", {0}),
    "merge": (merging, "land --name a", {0, 1}),  # going on commits the markers, and then lands
    "detached": (detached, "land --name a", {0}),
    "dirty base": (dirty_base, "land --name a", {0, 1}),
    "config": (damaged, "ls", {0, 1}),  # 1: doctor says what is wrong
}


@pytest.mark.parametrize("place", ["in the source", "elsewhere"])
@pytest.mark.parametrize("case", CASES)
def test_hints_work_where_the_caller_stands(case, place, tmp_path, repo, programs):
    situation, call, statuses = CASES[case]
    verb, *rest = shlex.split(call)
    stage = tmp_path / "stage"
    first = _refused(stage, repo, situation, verb, rest, place)
    lines = [line for line in first.err.splitlines() if line.startswith("hint: ")]
    assert lines, first
    for line in lines:  # each on a stage of its own
        pool, cwd = _staged(stage, repo, situation, place)
        status, command, said = pasted(line.removeprefix("hint: "), pool, cwd, programs)
        assert status in statuses, (command, status, said)
        assert "Traceback" not in said


def _staged(stage, repo, situation, place):
    subprocess.run(["rm", "-rf", str(stage)], check=True)
    stage.mkdir()
    source = f"{stage}/source"
    subprocess.run(["cp", "-a", repo, source], check=True)
    pool = Pool(stage / "root", source, max_slots=2)
    situation(pool)
    return pool, source if place == "in the source" else str(stage)


def _refused(stage, repo, situation, verb, rest, place):
    pool, cwd = _staged(stage, repo, situation, place)
    key = () if place == "in the source" else ("--pool", pool.key)
    done = pool.wt(*key, verb, *rest, cwd=cwd)
    assert done.code != 0, done
    return done


PRIMITIVE = {
    "held": (held, "acquire --name a", {0}),
    "full": (full, "acquire --name c", {0}),
    "branch": (branch, "acquire --name a", {0}),
    "bad name": (nothing, "acquire --name 'a b'", {0}),
    "bad key": (nothing, "--pool a/b ls", {0}),
    "near key": (nothing, "--pool apq ls", {0}),
    "verb": (nothing, "lss", {0}),
    "no pool": (nothing, "ls", {0}),
    "layout": (nothing, "--pool other init --source . --layout flat", {0}),
    "slots": (nothing, "--pool other init --source . --max-slots 0", {0}),
    "base": (nothing, "--pool other init --source . --base nope", {0}),
}


@pytest.mark.parametrize("case", PRIMITIVE)
def test_hints_of_the_primitive_work_where_the_caller_stands(case, tmp_path, repo, programs):
    situation, call, statuses = PRIMITIVE[case]
    stage = tmp_path / "stage"
    pool, cwd = _staged(stage, repo, situation, "in the source")
    words = shlex.split(call)
    key = () if words[0] == "--pool" or case == "no pool" else ("--pool", pool.key)
    done = tool.run("worktree-pool", *key, *words, cwd=cwd, env={"WORKTREE_ROOT": pool.root})
    assert done.code != 0, done
    for line in (line for line in done.err.splitlines() if line.startswith("hint: ")):
        pool, cwd = _staged(stage, repo, situation, "in the source")
        status, command, said = pasted(line.removeprefix("hint: "), pool, cwd, programs)
        assert status in statuses, (command, status, said)
