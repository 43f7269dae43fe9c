"""Real processes from a barrier: all are up and blocked before one of them runs its first line."""

import os
import subprocess
import sys

from tests.support import tool

# Blocks until the other end of its stdin is closed, then becomes the command.
AT_BARRIER = "import os, sys; os.read(0, 1); os.execv(sys.argv[1], sys.argv[1:])"


class Race:
    """Commands that start together; `results` are theirs, in the order of `argvs`."""

    def __init__(self, argvs, env, cwd=None):
        behind, self._barrier = os.pipe()
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-I", "-c", AT_BARRIER, *argv],
                env=env, cwd=cwd, stdin=behind, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )
            for argv in argvs
        ]  # fmt: skip
        os.close(behind)

    def go(self):
        os.close(self._barrier)
        return self

    def results(self, timeout=90):
        found = []
        for process in self.processes:
            out, err = process.communicate(timeout=timeout)
            found.append(tool.Result(process.returncode, out.decode(), err.decode(errors="replace")))
        return found


def race(pool, commands, **more):
    """Run (command, verb, *args) tuples against a pool, from a barrier."""
    env = tool.environment(WORKTREE_ROOT=pool.root)
    argvs = [tool.argv(command, "--pool", pool.key, *map(str, words)) for command, *words in commands]
    return Race(argvs, env, **more).go().results()
