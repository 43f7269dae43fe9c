"""A merge made as objects alone, nothing touched: what it would give, and whether it conflicts."""

from __future__ import annotations

from wt.errors import GitError
from wt.git.run import Git
from wt.model import record


@record
class Trial:
    """The tree that a merge gives. `clean` is git's status: a merge can conflict without a file that does."""

    tree: str
    clean: bool
    conflicts: tuple[str, ...]


# a merge as git makes it where nobody has set up another
PLAIN = ("-c", "merge.default=text", "-c", "merge.renormalize=false")


def merge(git: Git, ours: str, theirs: str, *, settings: tuple[str, ...] = ()) -> Trial:
    """Merge two commits in the object database (git-merge-tree(1), which says why its status has to be looked at)."""
    args = (*settings, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
    status, out, err = git.start(*args).wait()
    if status not in (0, 1):
        raise GitError(args, git.cwd, status, err.decode("utf-8", "replace"))
    tree, *conflicts = out.decode("utf-8", "surrogateescape").split("\0")
    return Trial(tree, status == 0, tuple(path for path in conflicts if path))
