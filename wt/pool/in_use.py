"""A branch that is to be taken up, and that somebody has: git keeps one branch in one worktree (contract section 5)."""

from __future__ import annotations

import os

from wt.errors import WtError, quoted
from wt.git import refs, worktrees

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.worktrees import Worktree
    from wt.pool.location import Pool


def refuse(pool: Pool, branch: str, but_for: str | None = None) -> None:
    """Raise WtError where any worktree (`but_for` the one of an admin dir) has a branch checked out, or under rebase or bisect.

    So where the branch stands for another that is: a commit here would move that one under its files.
    """
    for name in dict.fromkeys((branch, refs.followed(pool.common, branch))):
        for user in worktrees.holders_of(pool.common, name):
            if user.git_dir != but_for:
                raise _taken(pool, name, user)


def _taken(pool: Pool, name: str, user: Worktree) -> WtError:
    where = user.path or pool.common
    under = worktrees.operation(user.git_dir) if user.branch != name else None
    state = f"under {under.name}" if under else "checked out"
    error = WtError(f"The branch `{name}` is {state} in {where}; nothing was touched.")
    if not os.path.isdir(where):
        return error.hint(f"to see where it was: git -C {quoted(pool.config.source)} worktree list")
    if under is None:
        return error.hint(f"to free it: git -C {quoted(where)} switch --detach")
    return error.hint(f"to give up the {under.name} there: git -C {quoted(where)} {under.abort[4:]}")
