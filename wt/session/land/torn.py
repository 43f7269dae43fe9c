"""A land that died while git merged or replayed in its slot, before it came to the conflict that it was to stop at.

All work was committed before git began. What git left half done is set aside, as anything is that we overwrite, for it
cannot be told from an edit that somebody made since; then the slot is as it was.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import quoted
from wt.git import refs, status
from wt.git.run import Git
from wt.pool import keep, materialise, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.session.land.move import Move

# written by git before it stops, and of no use without the rest
_HALF = ("MERGE_HEAD", "REBASE_HEAD", "AUTO_MERGE", "MERGE_MSG", "MERGE_MODE", "MERGE_RR", "CHERRY_PICK_HEAD")


def undo(pool: Pool, slot: Slot, held: Mutex, journal: Move, tell: Callable[[str], None]) -> None:
    """Bring the slot back to where the land found it, unless git came to its stop, or never began."""
    admin = slot.admin_dir
    if _has_stopped(admin):
        return
    git = Git(slot.directory, (held.descriptor,))
    label = keep.label_of(slot)
    keep.commits(pool, git, label, keep.tips(slot, pool.common, None))
    if refs.branch_of(admin) is None:
        refs.attach_head(git, admin, journal.branch)
    if os.path.isdir(f"{admin}/rebase-merge"):
        files.remove_tree(f"{admin}/rebase-merge")
    for name in _HALF:
        if refs.exists_as_file(admin, name):
            files.unlink(f"{admin}/{name}")
    refs.drop_own(git, admin, _HALF)
    found = status.read(git, untracked="all")
    ref = snapshot.uncommitted(pool, slot, git, label, found)
    if ref is not None:
        materialise.put_back(git, found, None)
        tell(f"a land of `{slot.name}` died while it merged; what it left half done is set aside: "
             f"git -C {quoted(slot.directory)} diff HEAD {quoted(ref)}")  # fmt: skip


def _has_stopped(admin: str) -> bool:
    """Whether git wrote all that it needs to go on: the message is what it writes last."""
    merging = ("MERGE_HEAD", "MERGE_MSG")
    replaying = ("rebase-merge/stopped-sha", "rebase-merge/message")
    return any(all(refs.exists_as_file(admin, name) for name in names) for names in (merging, replaying))
