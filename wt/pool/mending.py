"""`wt doctor --fix`: section 9 run in every pool, and what only it may touch; each thing done is said."""

from __future__ import annotations

import os
import time

from wt import files
from wt.errors import WtError
from wt.pool import gitlocks, location, mutex, reclaim, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wt.model import Slot
    from wt.pool.location import Pool

_STILL = 2.0  # seconds for which a lock file of a held slot must not have changed


def mend(env: Mapping[str, str], tell: Callable[[str], None], besides: Callable[[Pool], None]) -> None:
    """Finish in every pool what dead processes left, saying what was done.

    `besides` finishes what the layers above know of.
    """
    root = location.worktree_root(env)
    for key in location.keys(root):
        try:
            pool = location.open_pool(root, key, tell)
            _mend(pool, tell)
            besides(pool)
        except (WtError, OSError) as error:
            tell(f"{key}: {error}")


def _mend(pool: Pool, tell: Callable[[str], None]) -> None:
    reclaim.recover(pool, "doctor", tell)
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as held:
        held.note("doctor")
        seen = survey.take(pool)
        for name in reclaim.drop_dead_links(pool, seen):
            tell(f"{pool.real}/{name}, a link to a slot that is not held, is removed.")
        for path in files.leftovers(f"{pool.real}/.meta"):
            files.unlink(path)
            tell(f"{path}, half written by a process that died, is removed.")
    for slot in seen.slots:
        if slot.state == "held" and git_locks(slot):
            _remove_locks(pool, slot, tell)


def git_locks(slot: Slot) -> list[str]:
    """Return the lock files of git's that lie in a slot's admin dir."""
    admin = slot.admin
    if admin is None:
        return []
    return [path for path in gitlocks.of_worktree(admin) if os.path.lexists(path)]


def _remove_locks(pool: Pool, slot: Slot, tell: Callable[[str], None]) -> None:
    held = mutex.try_take(pool.slot_mutex_path(slot.slot))
    if held is None:
        tell(f"{slot.slot} is busy: its lock files stay.")
        return
    with held:
        held.note("doctor")
        remove_dead_locks(slot, tell)


def remove_dead_locks(slot: Slot, tell: Callable[[str], None]) -> list[str]:
    """Remove from a held slot what no process has open and has been still for two seconds; returns what stays.

    The caller holds the slot's mutex.
    """
    locks = git_locks(slot)
    if not locks:
        return []
    youngest = min(_age(path) for path in locks)
    if youngest < _STILL:
        time.sleep(_STILL - youngest)
    gitlocks.remove([path for path in locks if _age(path) >= _STILL], tell)
    for path in locks:
        if not os.path.lexists(path):
            tell(f"{path}, left by a git that died, is removed.")
    return git_locks(slot)


def _age(path: str) -> float:
    try:
        return max(0.0, time.time() - os.lstat(path).st_mtime)
    except OSError:
        return _STILL
