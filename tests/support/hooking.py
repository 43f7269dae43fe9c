"""Repositories with hooks, and their approval."""

import hashlib

from tests.support import gitrepo, tool

NAME = ".wt-hooks.sh"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def commit(repo, text, message="hooks"):
    """Commit a hooks file; returns its SHA-256."""
    gitrepo.commit(repo, {NAME: text}, message)
    return sha256(text)


def approved(pool, text):
    """Commit a hooks file on the source's branch and approve it; returns its SHA-256."""
    digest = commit(pool.source, text)
    done = pool.wt("trust", "--sha256", digest)
    assert done.code == 0, done
    return digest


def says(log, *functions):
    """A hooks file whose functions each add their name and directory to the log."""
    return "".join(f'{name}() {{ echo "{name} $PWD" >>{log}; }}\n' for name in functions)


def lines(log):
    return log.read_text().splitlines()


def work(pool, name="x", files=None):
    path = pool.acquire(name)
    gitrepo.commit(path, files or {"work": "done\n"}, "work")
    return path


def nested(*words):
    return " ".join(tool.argv(*words))
