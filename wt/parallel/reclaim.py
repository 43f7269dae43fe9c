"""Giving back: what we hold ourselves, and what a holder held whose process is gone."""

from __future__ import annotations

from wt import files
from wt.errors import ContendedError, GitError
from wt.parallel import holder, naming, reset
from wt.pool import hookgroup, hooking, mutex, survey
from wt.pool import reclaim as recovery
from wt.pool import release as releasing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.trust import Policy


def give_back(pool: Pool, slot: Slot, tell: Callable[[str], None], hooks: Policy | None = None) -> None:
    """Bring a slot whose holder we are (or whose holder is dead) back to idle, what its tests left discarded.

    ContendedError where somebody is at work on it; one that cannot be made clean is removed. The hooks of a release run
    while the slot is held: whoever finds us dead in one discards what the tests left, too.
    """
    held = mutex.try_take(pool.slot_mutex_path(slot.slot))
    if held is None:
        raise ContendedError(f"{slot.slot} is busy.")
    with held:
        now = survey.at_admin(pool, slot)
        if now is None or now.lock is None or now.held.nonce != slot.held.nonce:
            return  # somebody else has released it
        hookgroup.refuse(now)
        due = hooking.at_head(pool, now, hooks, "release")
        now = hooking.pre_release(due, now) if now.path is not None else now
        if _is_clean_now(now, held, tell):
            releasing.give_back(pool, releasing.mark_releasing(now, held), held, tell)
        else:
            reset.drop(pool, now, held, tell)
        hooking.post_release(due, now)


def _is_clean_now(slot: Slot, held: Mutex, tell: Callable[[str], None]) -> bool:
    """Discard what tests left; False where that cannot be done."""
    if slot.path is None:
        return False
    try:
        reset.discard(slot, held)
    except (GitError, OSError) as error:
        tell(f"{slot.slot} cannot be reset: {getattr(error, 'details', '') or error}")
        return False
    return True


def of_the_dead(pool: Pool, tell: Callable[[str], None]) -> dict[str, str]:
    """Take back what holders have that are gone; returns which slot each id had."""
    freed: dict[str, str] = {}
    for token in holder.tokens(pool.real):
        dead = holder.claim_dead(pool.real, token)
        if dead is None:
            continue
        with dead:
            slots = [
                slot
                for slot in survey.take(pool).slots
                if slot.lock is not None and slot.lock.holder == token
            ]
            if slots and (count := holder.end_children(token)):
                tell(f"{count} processes that a dead one had started in its slots were ended.")
            freed.update(_freed(pool, slots, tell))
            if not any(
                slot.lock is not None and slot.lock.holder == token for slot in survey.take(pool).slots
            ):
                files.unlink(dead.path)
    return freed


def _freed(pool: Pool, slots: list[Slot], tell: Callable[[str], None]) -> dict[str, str]:
    freed = {}
    for slot in slots:
        if slot.transitional:
            continue  # the core's own recovery knows what to do
        try:
            give_back(pool, slot, tell)
        except ContendedError:  # a git of the dead one's is still at it
            continue
        who = naming.decoded(slot.held.alias)
        tell(f"{slot.slot} was held for `{who}` by process {slot.held.pid}, which is gone; it is free again.")
        freed[who] = slot.slot
    return freed


def unfinished(pool: Pool, tell: Callable[[str], None]) -> None:
    """Finish what an acquire or a release left that was cut short."""
    recovery.recover(pool, "load_state", tell)
