"""What an index knows beyond HEAD, where the directory is gone: kept as a commit of its own."""

from __future__ import annotations

import os

from wt.errors import GitError, WtError, quoted
from wt.pool import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git
    from wt.model import Slot
    from wt.pool.keep import Label


def commit(git: Git, slot: Slot, label: Label) -> str | None:
    """Return a commit of what the index holds beyond HEAD, None where it holds nothing more; `git` is at the admin dir."""
    if not os.path.lexists(f"{slot.admin_dir}/index"):
        return None
    try:
        head = git.ask("rev-parse", "HEAD^{commit}")
        tree = git.do("write-tree")
        if tree == git.ask("rev-parse", f"{head}^{{tree}}"):
            return None
        who = keep.identity(label)
        return git.do(
            "commit-tree", "-p", head, "-m", f"index of {label.name}: set aside by wt", tree, env=who
        )
    except GitError as error:
        raise WtError(
            f"{slot.slot} was not dropped: what is staged in it cannot be read.",
            f"to see it: git -C {quoted(slot.admin_dir)} ls-files --stage",
        ) from error
