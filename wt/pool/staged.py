"""What an index knows beyond HEAD, and an operation in progress, where the directory is gone."""

from __future__ import annotations

from wt.errors import GitError, WtError, quoted
from wt.pool import giveback, keep, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git
    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool


def kept(pool: Pool, slot: Slot, git: Git, label: Label) -> list[str]:
    """Keep what the index holds beyond HEAD; returns the ref, none where there is nothing more. `git` is at the admin dir."""
    branch = giveback.owned_branch(pool, slot)
    tip = keep.branch_tip(pool.common, f"refs/heads/{branch}") if branch else None
    try:
        ref = snapshot.of_index(pool, slot, git, label, tip)
    except GitError as error:
        raise WtError(
            f"{slot.slot} was not dropped: what is staged in it cannot be read.",
            f"to see it: git -C {quoted(slot.admin_dir)} ls-files --stage",
        ) from error
    return [ref] if ref else []
