"""Giving back: what we hold ourselves, and what a holder held whose process is gone."""

from __future__ import annotations

from wt import files
from wt.errors import ContendedError, GitError, WtError, quoted
from wt.parallel import naming, reset
from wt.pool import config as config_file
from wt.pool import holder, hookgroup, hooking, kept, mending, mutex, standing, survey
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
    with _taken(pool, slot) as held:
        now = _still_held(pool, slot)
        if now is None:
            return
        due = hooking.at_head(pool, now, hooks, "release")
        now = hooking.pre_release(due, now) if now.path is not None else now
        if _is_clean_now(now, held, tell):
            releasing.give_back(pool, releasing.mark_releasing(now, held), held, tell)
        else:
            reset.drop(pool, now, held, tell)
        hooking.post_release(due, now)


def _taken(pool: Pool, slot: Slot) -> Mutex:
    held = mutex.try_take(pool.slot_mutex_path(slot.slot))
    if held is None:
        raise ContendedError(f"{slot.slot} is busy.")
    return held


def _still_held(pool: Pool, slot: Slot) -> Slot | None:
    """Look again under its mutex; None where somebody else has released it."""
    now = survey.at_admin(pool, slot)
    if now is None or now.lock is None or now.held.nonce != slot.held.nonce:
        return None
    hookgroup.refuse(now)
    return now


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
                many = "1 process" if count == 1 else f"{count} processes"
                tell(
                    f"{many} that a dead one had started in its slots {'was' if count == 1 else 'were'} ended."
                )
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
        who = naming.caller(slot)
        whose = f"{slot.slot} was held for `{who}` by process {slot.held.pid}, which is gone"
        try:
            if is_for_programs(pool) and not who.startswith(naming.RUN):
                give_back(pool, slot, tell)
            else:
                _set_aside(pool, slot, tell)
        except (WtError, OSError) as error:  # a git of the dead one's is still at it, or a person
            tell(f"{whose}; it stays held: {error}")
            continue
        tell(f"{whose}; it is free again.")
        freed[who] = slot.slot
    return freed


def is_for_programs(pool: Pool) -> bool:
    """Whether a pool was made for programs, so that what lies in a slot is a test's; a person's is for a person to look at."""
    config = config_file.load(f"{pool.real}/.meta/config.yaml")
    return (config.layout, config.recycle) == ("stable", "clean")


def _set_aside(pool: Pool, slot: Slot, tell: Callable[[str], None]) -> None:
    """Give back, in a pool of people's, what a dead one held: somebody may have looked into it since, and worked there.

    So all of it is set aside, as by `wt release --force`; ContendedError while a process is in it, this one included.
    """
    from wt.session import release

    with _taken(pool, slot) as held:
        now = _still_held(pool, slot)
        if now is None:
            return
        if now.path is None:
            raise ContendedError(f"{now.problem or 'its directory is gone'}.")
        for one in standing.standing(now.path):
            raise ContendedError(f"pid {one.pid} ({one.command}) is in it.")
        if standing.is_here(now.path):
            raise ContendedError("this command was given in it.")
        if mending.remove_dead_locks(now, tell):
            raise ContendedError("a git is at work in it.")
        for ref in release.recycle(pool, now, held, tell):
            tell(
                f"what lay in {now.slot} is set aside; to have it back: wt restore {quoted(kept.word_of(ref))}"
            )


def unfinished(pool: Pool, tell: Callable[[str], None]) -> None:
    """Finish what an acquire or a release left that was cut short."""
    recovery.recover(pool, "load_state", tell)
