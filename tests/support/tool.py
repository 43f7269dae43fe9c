"""Runs the two commands as real processes, and makes pools to run them on."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from tests.support import hints

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def path(self):
        assert self.code == 0, self
        return self.out.removesuffix("\n")


def argv(command, *args):
    """The argv of one of the two commands, from this checkout, with this interpreter."""
    return [sys.executable, os.path.join(ROOT, "bin", command), *args]


def environment(**extra):
    """The environment of this test (conftest made it neutral), with this checkout importable; None removes a variable."""
    env = {**os.environ, "PYTHONPATH": ROOT, **extra}
    return {key: value for key, value in env.items() if value is not None}


# In front of an argv: modes of files bind root, too. PR_CAPBSET_DROP (24) of CAP_DAC_OVERRIDE (1) and
# CAP_DAC_READ_SEARCH (2); only root may drop them, and nobody else has them.
_DROP = """import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability)
os.execv(sys.argv[1], sys.argv[1:])"""
MODES_BIND = (sys.executable, "-c", _DROP)


def run(command, *args, cwd=None, env=None, stdin=subprocess.DEVNULL, timeout=100, before=()):
    done = subprocess.run(
        [*before, *argv(command, *args)],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=stdin,
        capture_output=True,
        timeout=timeout,
    )
    err = done.stderr.decode(errors="replace")
    hints.assert_pasteable(err)
    return Result(done.returncode, done.stdout.decode(errors="surrogateescape"), err)


class Pool:
    """A pool under test: `root` is WORKTREE_ROOT, `source` its repository, `at` the pool root."""

    def __init__(self, root, source, key="app", **init):
        self.root, self.source, self.key = str(root), str(source), key
        self.at = os.path.join(self.root, key)
        os.makedirs(self.root, exist_ok=True)
        options = [
            word for name, value in init.items() for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        self.init = self.pool("init", "--source", self.source, *options)
        assert self.init.code == 0, self.init

    def pool(self, verb, *args, **more):
        env = {"WORKTREE_ROOT": self.root, **more.pop("env", {})}
        return run("worktree-pool", "--pool", self.key, verb, *args, env=env, **more)

    def wt(self, *args, **more):
        env = {"WORKTREE_ROOT": self.root, **more.pop("env", {})}
        return run("wt", *args, env=env, cwd=more.pop("cwd", self.source), **more)

    def acquire(self, name, *args):
        return self.pool("acquire", "--name", name, *args).path

    def rows(self):
        return self.pool("ls").json

    def states(self):
        return [(row["id"], row["state"], row["name"]) for row in self.rows() if row["state"] != "fresh"]


def assert_refused(result, code, *words):
    assert result.code == code, result
    assert result.out == ""
    lines = result.err.splitlines()
    assert len([line for line in lines if line.startswith("error: ")]) == 1, result
    assert any(line.startswith("hint: ") for line in lines), result
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, result
