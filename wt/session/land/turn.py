"""Step 4: one land per source at a time; and, under its lock, what lands that died left is finished (section 9)."""

from __future__ import annotations

import os

from wt import files
from wt.pool import mutex, reclaim, survey
from wt.session.land import mend, move
from wt.session.release import require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


def take(pool: Pool, name: str, tell: Callable[[str], None]) -> Mutex:
    """Take the source's land lock for the land of a name; another waits its turn, and is told of each that goes before."""
    files.make_directory(f"{pool.common}/worktree-pool")
    held = mutex.take(_path(pool), tell, what="its turn to land", each=True)
    held.note(f"land {name}")
    return held


def _path(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/land.lock"


def recover(pool: Pool, name: str, tell: Callable[[str], None]) -> None:
    """Before step 1: what dead processes left, this land's own forerunner included, is finished."""
    reclaim.recover(pool, "land", tell)
    slot = require_held(pool, name)
    journals = move.journal_of_base(pool), move.journal_of_slot(slot.admin or "")
    if not any(os.path.lexists(journal) for journal in journals):
        return
    with take(pool, name, tell):
        mend.unfinished(pool, journals[0], (), tell)
        with take_mutex(pool, slot, "land") as held:
            mend.unfinished_in(pool, slot, held, tell)


def finish_dead(pool: Pool, tell: Callable[[str], None]) -> None:
    """Finish what lands that died were moving, the base's checkout and each held slot; a land at work is left alone."""
    base = move.journal_of_base(pool)
    slots = [
        slot for slot in survey.held(pool) if slot.admin and os.path.lexists(move.journal_of_slot(slot.admin))
    ]
    if mutex.is_held(_path(pool)) or not (slots or os.path.lexists(base)):
        return
    with take(pool, "(recovery)", tell):
        mend.unfinished(pool, base, (), tell)
        for slot in slots:
            with take_mutex(pool, slot, "doctor") as held:
                mend.unfinished_in(pool, slot, held, tell)
