"""Step 13: the slot is recycled on a green verdict, kept, or handed on to its next name."""

from __future__ import annotations

from wt.errors import WtError
from wt.model import Slot, replaced
from wt.pool import acquire, mark, release
from wt.session import base as base_branch
from wt.session import verdict
from wt.session.land.wish import Landed, Wish
from wt.session.release import recycle, require_held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


def finish(
    pool: Pool,
    name: str,
    wish: Wish,
    cwd: str,
    held: Mutex,
    tell: Callable[[str], None],
    *,
    moved: tuple[str, str] | None,
) -> Landed:
    """Recycle a slot whose verdict is green, unless it is wanted on; `moved` is the base before and after."""
    slot = require_held(pool, name)
    base = base_branch.find(pool)
    before, after = moved or (base.tip, base.tip)
    gained = int(pool.git().ask("rev-list", "--count", f"{before}..{after}"))
    here = base_branch.below(slot.directory, slot.directory, cwd)
    stays = Landed(name, slot.slot, base.branch, before, after, gained, here, recycled=False)
    if wish.keep:
        return stays
    found = verdict.judge(pool, slot)
    if not found.green:
        mark.note(slot, found.mark)
        return replaced(stays, kept_because=found.why)
    go = base_branch.destination(pool, base, slot.directory, cwd)
    release.say_kept(pool, recycle(pool, slot, held, tell, wish.hooks), tell)
    path = _handed_on(pool, slot, held, wish, tell) if wish.next is not None else None
    if path is not None:
        go = base_branch.below(path, slot.directory, here)
    return replaced(stays, go=go, recycled=True, next=wish.next if path and wish.next else "")


def _handed_on(pool: Pool, slot: Slot, held: Mutex, wish: Wish, tell: Callable[[str], None]) -> str | None:
    """Hand the slot to its next name; the land is done by now, so that what stands in the way is said, and no more."""
    request = acquire.Request(wish.next or "", group=slot.group, hooks=wish.hooks)
    try:
        return acquire.take_over(pool, request, slot, held, tell).path
    except WtError as error:
        tell(f"`{wish.next}` could not be begun: {error.sentence}")
        return None
