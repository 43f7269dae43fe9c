"""Crash recovery, contract section 9: what a dead process left is finished or undone, from evidence on disk alone.

Two halves. Under the pool mutex `claim` only tries slot mutexes and notes the row of the table that applies; outside it
`finish` does the work. Nothing here trusts a pid or an age: a mutex that can be taken is the evidence.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError
from wt.git import layout
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import (
    create,
    gitlocks,
    giveback,
    hookgroup,
    keep,
    lock,
    mutex,
    names,
    rename,
    sourcelock,
    survey,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.survey import Survey


@record
class Claim:
    """One row of the table, and the mutex under which it may be acted upon."""

    row: str
    slot_id: str
    slot: Slot | None
    mutex: Mutex
    birth_name: str = ""


def astray_inside(pool: Pool) -> set[str]:
    """Return the admin dirs of slots in which a submodule's links are not what they should be.

    To read all of them takes longer than the pool mutex may be held. So it is done before: what is renamed meanwhile is
    somebody's at work, or repaired once more to no effect.
    """
    admins = [admin for admin in survey.admin_dirs(pool) if os.path.isdir(f"{admin}/modules")]
    if not admins:
        return set()
    from wt.pool.submodules import stores

    slots = (survey.one(pool, admin, None) for admin in admins)
    return {
        slot.admin_dir
        for slot in slots
        if slot is not None and slot.path is not None and stores.disagree(slot)
    }


def claim(pool: Pool, seen: Survey, *, besides: set[str], astray: set[str]) -> list[Claim]:
    """Return what must be finished before anything else; the caller holds the pool mutex.

    `astray` is what `astray_inside` found just before.
    """
    found = []
    for slot in seen.slots:
        row = _row(pool, slot, astray)
        if row is not None and slot.slot not in besides:
            found.extend(_claimed(pool, row, slot.slot, slot))
    claimed = {one.slot_id for one in found}
    for slot_id in _unborn(pool):
        if slot_id not in claimed and slot_id not in besides:
            found.extend(_claimed(pool, "journal", slot_id, seen.by_id(slot_id)))
    # first, so that source.lock is let go before another claim needs it
    return _dead_git(pool, seen, {one.slot_id for one in found} | besides) + found


def _dead_git(pool: Pool, seen: Survey, besides: set[str]) -> list[Claim]:
    """Claim the mutexes whose file still records lock files of git's: whoever recorded them died in the middle."""
    found = []
    paths = {slot.slot: pool.slot_mutex_path(slot.slot) for slot in seen.slots}
    paths["the source"] = sourcelock.path_of(pool)
    for what, path in paths.items():
        if what not in besides and gitlocks.recorded(path) and (held := mutex.try_take(path)) is not None:
            found.append(Claim("git", what, None, held))
    return found


def _claimed(pool: Pool, row: str, slot_id: str, slot: Slot | None) -> list[Claim]:
    held = mutex.try_take(pool.slot_mutex_path(slot_id))
    if held is None:
        return []
    return [Claim(row, slot_id, slot, held, create.journalled(pool, slot_id) or "")]


def _row(pool: Pool, slot: Slot, astray: set[str]) -> str | None:
    """Return which row of the table a slot falls under, None where it is as it should be."""
    if slot.transitional:
        return None if hookgroup.of_slot(slot) else slot.state
    if slot.state == "broken":
        return "stray" if _may_be_dropped(slot) else None
    if slot.path is not None and slot.admin is not None and (slot.admin in astray or _disagrees(pool, slot)):
        return "links"
    return None


def _disagrees(pool: Pool, slot: Slot) -> bool:
    """Whether back pointer, `locked` file or the `stable` link are not what they should be, or a temp file lies there."""
    admin, path = slot.admin_dir, slot.directory
    pointed = layout.back_pointer(admin)
    if pointed != path or not os.path.lexists(f"{admin}/locked"):
        return True
    if files.leftovers(f"{admin}/worktree-pool"):
        return True
    return slot.lock is not None and slot.lock.layout == "stable" and _link_is_wrong(pool, slot)


def _link_is_wrong(pool: Pool, slot: Slot) -> bool:
    """Whether the `<name>` link is missing, or names another slot; what somebody else put there is theirs."""
    path = f"{pool.real}/{names.slug(slot.held.name)}"
    if not os.path.islink(path):
        return not os.path.lexists(path)
    target = os.readlink(path)
    return target != os.path.basename(slot.directory) and _is_slot_id(pool, target)


def _is_slot_id(pool: Pool, text: str) -> bool:
    return names.parse_slot_id(text, pool.config.groups) is not None


def _may_be_dropped(slot: Slot) -> bool:
    """A cheap first look; `_drop_stray` establishes the rest. A directory that has lost its link holds somebody's files."""
    if slot.admin is None or slot.path is not None or lock.exists(slot.admin):
        return False
    return not os.path.lexists(layout.back_pointer(slot.admin) or "")


def _unborn(pool: Pool) -> list[str]:
    """Return the slot ids whose mutex file still journals a creation or a retirement."""
    found = []
    for name in files.list_directory(f"{pool.real}/.meta/init"):
        slot_id, dot, ending = name.rpartition(".")
        if dot and ending == "lock" and {"creating", "retiring"} & create.journal(pool, slot_id).keys():
            found.append(slot_id)
    return found


def finish(pool: Pool, claims: list[Claim], tell: Callable[[str], None]) -> set[str]:
    """Finish each claim and let its mutex go; returns the slots that were tried, so that none is tried for ever."""
    for one in claims:
        with one.mutex:
            try:
                _finish(pool, one, tell)
            except (WtError, OSError) as error:
                tell(f"{one.slot_id} could not be recovered and is left as it is: {error}")
    return {one.slot_id for one in claims}


def recover(pool: Pool, verb: str, tell: Callable[[str], None]) -> bool:
    """Finish all that dead processes left, for a verb that has to look anew; returns whether there was anything."""
    tried: set[str] = set()
    while True:
        astray = astray_inside(pool)
        with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as held:
            held.note(verb)
            claims = claim(pool, survey.take(pool), besides=tried, astray=astray)
        if not claims:
            return bool(tried)
        tried |= finish(pool, claims, tell)


def drop_dead_links(pool: Pool, seen: Survey) -> list[str]:
    """Remove `stable` links whose slot is not held under that name, and say which; the caller holds the pool mutex."""
    dropped = []
    alive = {names.slug(slot.lock.name) for slot in seen.slots if slot.lock is not None}
    for name in files.list_directory(pool.real):
        path = f"{pool.real}/{name}"
        if name in alive or not os.path.islink(path):
            continue
        if _is_slot_id(pool, os.readlink(path)):
            files.unlink(path)
            dropped.append(name)
    return dropped


def _finish(pool: Pool, one: Claim, tell: Callable[[str], None]) -> None:
    if gitlocks.recorded(one.mutex.path):
        gitlocks.finish_dead(one.mutex, "recovery", tell)
    if one.birth_name:
        create.undo(pool, one.slot_id, one.birth_name, one.mutex)
    if "retiring" in create.journal(pool, one.slot_id):
        _finish_retirement(pool, one, tell)
        return
    slot = survey.at_admin(pool, one.slot) if one.slot is not None else None
    if slot is None:
        return
    if hookgroup.of_slot(slot):
        return  # it died since it was claimed
    if slot.transitional:
        tell(f"{slot.slot} was left {slot.state} by a process that died; it goes back to idle.")
        giveback.to_idle(pool, _releasing(slot), one.mutex, tell)
    elif slot.state == "broken":
        _drop_stray(pool, slot, one.mutex, tell)
    else:
        _mend_links(pool, slot)


def _finish_retirement(pool: Pool, one: Claim, tell: Callable[[str], None]) -> None:
    from wt.pool import retire

    journal = retire.journalled(pool, one.slot_id)
    if journal is None:
        one.mutex.note("recovery")
    else:
        retire.recover(pool, one.slot_id, journal, one.mutex, tell)


def _releasing(slot: Slot) -> Slot:
    """Mark what was half acquired as on its way back: its name is contended now, not held.

    The slot's own state stays what it was, for that says what has to be undone.
    """
    if slot.lock is None or slot.lock.state == "releasing":
        return slot
    marker = replaced(slot.lock, state="releasing")
    lock.write(slot.admin_dir, marker)
    return replaced(slot, lock=marker)


def _mend_links(pool: Pool, slot: Slot) -> None:
    files.remove_leftovers(f"{slot.admin}/worktree-pool")
    rename.repair(slot)
    if slot.lock is not None and slot.lock.layout == "stable" and _link_is_wrong(pool, slot):
        path = f"{pool.real}/{names.slug(slot.lock.name)}"
        if os.path.islink(path):
            files.unlink(path)
        rename.link(pool.real, names.slug(slot.lock.name), os.path.basename(slot.directory))


def _drop_stray(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Drop an admin dir whose directory is gone, if it holds nothing: no lock, HEAD on a ref, the index equal to HEAD."""
    admin = slot.admin_dir
    _ref, head = layout.head(admin)
    git = Git(admin, (held.descriptor,))
    if (
        lock.exists(admin)
        or head is None
        or keep.has_operation(slot)
        or keep.lonely(pool, git, keep.tips(slot, pool.common, None), "")
        or not _index_is(git, admin, head)
    ):
        return
    if os.path.isdir(f"{admin}/modules"):
        from wt.pool.submodules import let_go

        let_go.refuse_unreachable(admin)
    files.remove_tree(admin)
    from wt.pool import parked

    parked.remove(pool.real, os.path.basename(admin))
    tell(
        f"the directory of {slot.slot} is gone; nothing was in it that a branch does not have, so its entry is dropped."
    )


def _index_is(git: Git, admin: str, head: str) -> bool:
    if not os.path.lexists(f"{admin}/index"):
        return True
    try:
        return git.ask_ok("diff-index", "--cached", "--quiet", "--no-ext-diff", head)
    except GitError:
        return False
