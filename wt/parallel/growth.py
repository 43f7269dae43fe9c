"""More idle slots, and fewer."""

from __future__ import annotations

from wt.errors import WtError
from wt.pool import bring_up, choose, create, mutex, retire, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


def add(pool: Pool, sha: str, tell: Callable[[str], None]) -> bool:
    """Make one more idle slot at a commit; False where the pool has its full size."""
    made = _born(pool, sha, tell)
    if made is None:
        return False
    slot, held = made
    with held:
        bring_up.switch(pool, slot, held, sha, tell)
    return True


def _born(pool: Pool, sha: str, tell: Callable[[str], None]) -> tuple[Slot, Mutex] | None:
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
        pool_mutex.note("expand_pool")
        for candidate in choose.fresh(pool, survey.take(pool), None):
            held = mutex.try_take(pool.slot_mutex_path(candidate.slot))
            if held is None:
                continue
            try:
                held.note("expand_pool")
                return create.fresh_slot(pool, None, candidate.number, held, sha), held
            except BaseException:
                held.release()
                raise
    return None


def remove(pool: Pool, count: int, tell: Callable[[str], None]) -> int:
    """Remove so many idle slots, the highest numbers first, after setting aside; returns how many it were.

    One that somebody uses at this moment, or stands in, stays.
    """
    removed = 0
    for slot in reversed(survey.take(pool).slots):
        if removed >= count:
            break
        if slot.state != "idle":
            continue
        try:
            retire.retire(pool, (slot.slot,), tell)
        except WtError as error:
            tell(error.sentence)
        else:
            removed += 1
    return removed
