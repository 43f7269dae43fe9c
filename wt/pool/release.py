"""release, contract section 8: the slot found, marked `releasing` under the pool mutex, brought back under its own."""

from __future__ import annotations

from wt.errors import ContendedError, WtError, again, quoted
from wt.model import Slot, record, replaced
from wt.pool import giveback, hookgroup, hooking, keep, lock, mutex, reclaim, submodules, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.trust import Policy


@record
class Released:
    """`slot` is None where nothing was held under that name; `kept` are the refs that hold what was set aside."""

    slot: str | None
    kept: tuple[str, ...] = ()


def release(
    pool: Pool,
    tell: Callable[[str], None],
    hooks: Policy | None = None,
    *,
    name: str | None = None,
    slot_id: str | None = None,
) -> Released:
    """Give a slot back. ContendedError where somebody is at work on it; a name that is not held is success."""
    taken = _take(pool, tell, name=name, slot_id=slot_id)
    if taken is None:
        return Released(None)
    slot, held = taken
    with held:
        warn_of_processes(slot, tell)
        due = hooking.at_head(pool, slot, hooks, "release")
        slot = hooking.pre_release(due, slot)
        kept = give_back(pool, slot, held, tell)
        hooking.post_release(due, slot)
        return Released(slot.slot, tuple(kept))


def warn_of_processes(slot: Slot, tell: Callable[[str], None]) -> None:
    """Whoever stands in a slot that is given back will find somebody else's files around it."""
    from wt.pool.standing import standing

    for one in standing(slot.directory):
        tell(f"pid {one.pid} ({one.command}) stands in {slot.slot}, which is released.")


def give_back(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> list[str]:
    """Bring a slot marked `releasing` back to idle and say what was set aside."""
    kept = giveback.to_idle(pool, slot, held, tell)
    say_kept(pool, kept, tell)
    expire(pool, tell)
    return kept


def expire(pool: Pool, tell: Callable[[str], None]) -> None:
    """Every release drops a little of what has been kept for long enough."""
    if pool.config.keep != "forever" and (keep.is_any(pool.common) or submodules.is_any_kept(pool)):
        from wt.pool import expiry

        expiry.expire(pool, tell)


def say_kept(pool: Pool, kept: list[str], tell: Callable[[str], None]) -> None:
    for ref in kept:
        tell(
            f"commits that no branch has are set aside: git -C {quoted(pool.config.source)} log {quoted(ref)}"
        )


def _take(
    pool: Pool, tell: Callable[[str], None], *, name: str | None, slot_id: str | None
) -> tuple[Slot, Mutex] | None:
    unfinished: set[str] = set()
    while True:
        astray = reclaim.astray_inside(pool)
        with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
            pool_mutex.note("release")
            seen = survey.take(pool)
            slot = seen.named(name) if name is not None else seen.by_id(slot_id or "")
            claims = reclaim.claim(pool, seen, besides=unfinished, astray=astray)
            if not claims:
                return _marked(pool, slot)
        unfinished |= reclaim.finish(pool, claims, tell)


def _marked(pool: Pool, slot: Slot | None) -> tuple[Slot, Mutex] | None:
    """Take the slot's mutex and write `releasing`; the caller holds the pool mutex."""
    if slot is None or slot.admin is None or (slot.lock is None and not slot.unreadable):
        return None
    if slot.lock is None or slot.path is None:
        why = slot.problem or "its lock cannot be read"
        raise WtError(f"{slot.slot} cannot be released: {why}.", "to see more: wt doctor")
    held = mutex.try_take(pool.slot_mutex_path(slot.slot))
    if held is None:
        path = pool.slot_mutex_path(slot.slot)
        raise ContendedError(
            f"{slot.slot} (`{slot.lock.name}`) is busy: {mutex.holder(path)}.",
            again("to try again in a moment"),
        )
    try:
        hookgroup.refuse(slot)
    except BaseException:
        held.release()
        raise
    return mark_releasing(slot, held), held


def mark_releasing(slot: Slot, held: Mutex) -> Slot:
    """Write the state that recovery finishes from, if this process dies."""
    try:
        held.note("release")
        marker = replaced(slot.held, state="releasing")
        lock.write(slot.admin_dir, marker)
    except BaseException:
        held.release()
        raise
    return replaced(slot, lock=marker, state="releasing")
