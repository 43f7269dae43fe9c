"""A held slot whose directory is gone: what its admin dir still knows is set aside, and the entry dropped.

Only on `wt release --force` (contract sections 9 and 15), and only where everything can be accounted for: the commits,
and what was staged. A directory that is there without its link holds somebody's files, and gets its link back instead.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError
from wt.git.run import Git
from wt.pool import giveback, keep, missing, names, parked, rename, staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


def drop(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> list[str]:
    """Set aside and drop a lost slot; returns the kept refs. WtError where something could not be accounted for."""
    _refuse_if_there(pool, slot)
    git = Git(slot.admin_dir, (held.descriptor,))
    head = keep.head_commit(slot, pool.common)
    if head is None:
        raise WtError(
            f"`{slot.name}` cannot be released: its HEAD names no commit.", "to see more: wt doctor"
        )
    giveback.remove_dead_locks(slot.admin_dir)
    if os.path.isdir(f"{slot.admin}/modules"):
        from wt.pool.submodules import clean

        clean.keep_for_good(pool, slot, held, keep.label_of(slot), tell)
    kept = staged.kept(pool, slot, git, keep.label_of(slot))
    giveback.clear_operation_state(git, slot.admin_dir)
    kept += giveback.let_go_of_commits(pool, slot, git, tell)
    rename.unlink(pool.real, names.slug(slot.held.name), slot.held.slot)
    files.remove_tree(slot.admin_dir)
    parked.remove(pool.real, os.path.basename(slot.admin_dir))
    return kept


def _refuse_if_there(pool: Pool, slot: Slot) -> None:
    way = missing.way_back(pool, slot)
    if way is not None:
        why = missing.loss(slot.admin_dir)
        raise WtError(f"`{slot.name}` cannot be released: {why}, and its files cannot be told.", way)
