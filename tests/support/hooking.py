"""Repositories with hooks, and their approval."""

import hashlib

from tests.support import gitrepo

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
