"""Users of the Python library: what they see of a pool, and processes of theirs that can be killed."""

import os
import subprocess
import sys

from tests.support import gitrepo, tool


def names(directory):
    return sorted(name for name in os.listdir(directory) if name != ".git")


def kept(repo):
    return gitrepo.git(repo, "for-each-ref", "--format=%(refname)", "refs/wt/kept").split()


def in_another_process(repo, *lines):
    """Run lines of Python with `pool`, then print, and wait to be killed: without any goodbye."""
    code = "\n".join(("import os, sys, time", "from wt import *", f"pool = WorktreePool({repo!r}, max_size=2)", *lines,
                      "print(flush=True)", "time.sleep(600)"))  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", code], env=tool.environment(), stdout=subprocess.PIPE, text=True
    )


def killed(process):
    process.kill()
    process.wait()
    process.stdout.close()
