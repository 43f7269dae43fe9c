"""retire, contract section 8: idle slots removed for good, after setting aside; finished by recovery if it dies.

A slot leaves in two renames: its directory to a name that no survey looks at, then its admin dir out of git's sight. The
second is the point of no return: all that counts is set aside by then. The slot's mutex file journals both names.
"""

from __future__ import annotations

import os

from wt import files, times
from wt.errors import ContendedError, WtError, again, operand
from wt.git import layout, obstacles, status
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import (
    create,
    giveback,
    keep,
    lock,
    missing,
    mutex,
    names,
    nested,
    parked,
    reclaim,
    rename,
    snapshot,
    staged,
    survey,
)
from wt.pool.look import is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.survey import Survey

_UNITS = ("B", "kB", "MB", "GB", "TB")


@record
class Journal:
    """What a slot's mutex file says of a retirement under way: where directory and admin dir go, and since when.

    `discards`: what lies in the slot is nobody's, and not set aside.
    """

    gone: str
    admin: str
    moment: str
    discards: bool = False


def retire(pool: Pool, slot_ids: tuple[str, ...], tell: Callable[[str], None]) -> None:
    """Remove these slots; one that is not there is success. WtError where one is held, before any is touched."""
    seen = _settled(pool, tell)
    for slot_id in slot_ids:
        if names.parse_slot_id(slot_id, pool.config.groups) is None:
            raise WtError(f"`{slot_id}` is no slot of the pool `{pool.key}`; nothing was removed.",
                          f"to see them: worktree-pool --pool {pool.key} ls")  # fmt: skip
        if (slot := seen.by_id(slot_id)) is not None:
            _refuse(pool, slot)
    for slot_id in slot_ids:
        if not _one(pool, slot_id, tell):
            tell(f"{slot_id} is not there; nothing to remove.")


def retire_all(pool: Pool, tell: Callable[[str], None]) -> None:
    """Remove every idle slot; WtError afterwards where some are held, ContendedError where some are busy."""
    seen = _settled(pool, tell)
    busy: ContendedError | None = None
    for slot in seen.slots:
        if slot.state == "idle":
            try:
                _one(pool, slot.slot, tell)
            except ContendedError as error:
                tell(error.sentence)
                busy = busy or error
    stay = [slot for slot in survey.take(pool).slots if slot.state != "idle"]
    if stay:
        listed = ", ".join(f"{slot.slot} (`{slot.name}`)" if slot.name else slot.slot for slot in stay)
        many = "1 slot" if len(stay) == 1 else f"{len(stay)} slots"
        raise WtError(
            f"{many} of the pool `{pool.key}` cannot be retired and will stay: {listed}.", _way(stay[0])
        )
    if busy is not None:
        raise busy


def _way(slot: Slot) -> str:
    return f"to give it back: wt release {operand(slot.name)}" if slot.name else "to see more: wt doctor"


def _settled(pool: Pool, tell: Callable[[str], None]) -> Survey:
    reclaim.recover(pool, "retire", tell)
    return survey.take(pool)


def _refuse(pool: Pool, slot: Slot) -> None:
    if slot.transitional:
        raise ContendedError(f"{slot.slot} is {slot.state}; nothing was removed.", again("to try again"))
    if slot.lock is not None or slot.unreadable:
        who = f"held as `{slot.name}`" if slot.name else "held, for its lock cannot be read"
        raise WtError(f"{slot.slot} is {who}; nothing was removed.", _way(slot))
    way = "to see more: wt doctor" if slot.admin is None else None
    if slot.admin is not None and slot.path is None:
        way = missing.way_back(pool, slot)  # its directory is somewhere, with what only that has
    if way is not None:
        raise WtError(f"{slot.slot} is broken: {slot.problem}; nothing was removed.", way)


def _one(pool: Pool, slot_id: str, tell: Callable[[str], None]) -> bool:
    """Remove one slot; False where there is none of that id."""
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
        pool_mutex.note("retire")
        slot = survey.take(pool).by_id(slot_id)
        if slot is None:
            return False
        _refuse(pool, slot)
        held = mutex.try_take(pool.slot_mutex_path(slot_id))
        if held is None:
            path = pool.slot_mutex_path(slot_id)
            raise ContendedError(
                f"{slot_id} is busy: {mutex.holder(path)}.", again("to try again in a moment")
            )
        held.note("retire")
    with held:
        _remove(pool, slot, held, tell)
    return True


def _remove(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    giveback.remove_dead_locks(slot.admin_dir)
    journal = _begun(slot)
    if slot.path is not None:
        _refuse_standing(slot)
        rename.repair(slot)
    freed = 0
    try:
        set_aside(pool, slot, held, journal.moment, tell)
        _note(held, journal)
        freed = _finish(pool, slot, held, journal, tell)
    except BaseException:
        _put_back(pool, slot, held, journal)
        raise
    tell(f"{slot.slot} is gone; {in_words(freed)} are free again.")


def _begun(slot: Slot, *, discards: bool = False) -> Journal:
    gone = f"{names.BIRTH_PREFIX}{create.nonce()}"
    return Journal(gone, os.path.basename(slot.admin_dir), times.now_text(), discards)


def _note(held: Mutex, journal: Journal) -> None:
    discards = "yes" if journal.discards else ""
    held.note("retire", retiring=journal.gone, admin=journal.admin, moment=journal.moment, discards=discards)


def discard(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Remove a slot that the caller holds, lock and all, with what lies in it: what is to be kept is kept by now.

    One that has no directory, too. Finished by recovery like any retirement, once its directory has moved.
    """
    journal = _begun(slot, discards=True)
    _note(held, journal)
    try:
        _finish(pool, slot, held, journal, tell)
    except BaseException:
        _put_back(pool, slot, held, journal)
        raise


def _refuse_standing(slot: Slot) -> None:
    from wt.pool.standing import standing

    for one in standing(slot.directory):
        raise ContendedError(
            f"{slot.slot} is busy: pid {one.pid} ({one.command}) stands in it.",
            f"to see it: ls -l /proc/{one.pid}/cwd" if os.path.isdir("/proc/self") else again("to try again"),
        )


def set_aside(pool: Pool, slot: Slot, held: Mutex, moment: str, tell: Callable[[str], None]) -> None:
    """Keep what only this slot has, under its id; a repeat with the same moment finds its own refs."""
    label = keep.Label(slot.slot, moment)
    if os.path.isdir(f"{slot.admin}/modules"):
        from wt.pool.submodules import clean

        clean.keep_for_good(pool, slot, held, label, tell)
    git = Git(slot.path or slot.admin_dir, (held.descriptor,))
    refs = staged.kept(pool, slot, git, label) if slot.path is None else _files_kept(pool, slot, git, label)
    refs = refs or keep.of_slot(pool, slot, git, label, None)
    for ref in refs:
        tell(f"set aside: {ref}")


def _files_kept(pool: Pool, slot: Slot, git: Git, label: keep.Label) -> list[str]:
    found = status.read(git, untracked="all", submodules="dirty")
    if is_fresh(slot):
        found = status.Status(untracked=found.untracked)
    hidden = () if is_fresh(slot) else status.hidden_edits(git)
    every = found if is_fresh(slot) else obstacles.with_buried(git, found, hidden or None)
    every = replaced(every, untracked=tuple(dict.fromkeys((*every.untracked, *nested.among_tracked(git)))))
    found, moves = nested.told_apart(pool, slot, label, every)
    ref = snapshot.uncommitted(pool, slot, git, label, found, hidden, None, moves)
    nested.move(slot, moves)
    return [ref] if ref else []


def _finish(pool: Pool, slot: Slot, held: Mutex, journal: Journal, tell: Callable[[str], None]) -> int:
    """The two renames, what an editor did in between looked at once more, and the removal; returns the bytes freed."""
    gone, out = f"{pool.real}/{journal.gone}", f"{pool.common}/worktree-pool/{journal.gone}"
    if slot.path is not None:
        if slot.path != gone:
            files.rename(slot.path, gone)
            files.sync_directory(pool.real)
        if not journal.discards and not os.path.isdir(
            f"{slot.admin}/modules"
        ):  # their links are right in the slot's own place alone
            set_aside(pool, replaced(slot, path=gone), held, journal.moment, tell)
    files.ensure_directory(os.path.dirname(out))
    files.rename(slot.admin_dir, out)
    files.sync_directory(f"{pool.common}/worktrees")
    return _delete(pool, held, journal)


def _delete(pool: Pool, held: Mutex, journal: Journal) -> int:
    freed = 0
    for path in (f"{pool.real}/{journal.gone}", f"{pool.common}/worktree-pool/{journal.gone}"):
        if os.path.isdir(path):
            freed += files.disk_used(path)
            files.remove_tree(path)
    freed += parked.remove(pool.real, journal.admin)
    held.note("retire")
    return freed


def _put_back(pool: Pool, slot: Slot, held: Mutex, journal: Journal) -> None:
    """Nothing was removed yet, or all that is left to do is to delete: then recovery does that."""
    if not os.path.isdir(slot.admin_dir):
        return
    if (
        slot.path is not None
        and not os.path.lexists(slot.path)
        and os.path.isdir(f"{pool.real}/{journal.gone}")
    ):
        files.rename(f"{pool.real}/{journal.gone}", slot.path)
        rename.repair(slot)
    held.note("retire")


def journalled(pool: Pool, slot_id: str) -> Journal | None:
    """Return the retirement that a slot's mutex file records."""
    found = create.journal(pool, slot_id)
    gone, admin = found.get("retiring", ""), found.get("admin", "")
    plain = gone.startswith(names.BIRTH_PREFIX) and "/" not in gone + admin and admin not in ("", ".", "..")
    moment = found.get("moment", times.now_text())
    return Journal(gone, admin, moment, found.get("discards") == "yes") if plain else None


def recover(pool: Pool, slot_id: str, journal: Journal, held: Mutex, tell: Callable[[str], None]) -> None:
    """Finish a retirement that died; one that had not moved the directory yet is forgotten: the slot is what it was."""
    admin, gone = f"{pool.common}/worktrees/{journal.admin}", f"{pool.real}/{journal.gone}"
    mine = journal.discards or (layout.read_link(gone) == admin and not lock.exists(admin))
    if os.path.isdir(admin) and os.path.isdir(gone) and mine:
        group, number = names.parse_slot_id(slot_id, pool.config.groups) or (None, 0)
        slot = Slot(slot_id, group, number, "idle", gone, admin)
        if not journal.discards:
            giveback.remove_dead_locks(admin)
        _finish(pool, slot, held, journal, tell)
    elif not os.path.isdir(admin):
        _delete(pool, held, journal)
    else:
        held.note("recovery")
        return
    tell(f"the retirement of {slot_id}, which died, is finished.")


def drop_pool(pool: Pool, tell: Callable[[str], None]) -> None:
    """Remove the pool itself, when no slot is left: its config first, so that nobody finds half a pool."""
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as held:
        held.note("retire")
        if survey.take(pool).slots:
            raise WtError(
                f"The pool `{pool.key}` has slots; it stays.",
                f"to see them: worktree-pool --pool {pool.key} ls",
            )
        meta = f"{pool.real}/.meta"
        files.unlink(f"{meta}/config.yaml")
        for path in [f"{meta}/init/{name}" for name in files.list_directory(f"{meta}/init")]:
            files.unlink(path)
        files.unlink(pool.mutex_path)
        files.remove_leftovers(meta)
        left = not (files.remove_directory(f"{meta}/init") and files.remove_directory(meta))
    if left or not files.remove_directory(pool.real):
        tell(f"the pool `{pool.key}` is gone; what was not its own stays in {pool.real}.")
        return
    if os.path.islink(pool.root):
        files.unlink(pool.root)
    tell(f"the pool `{pool.key}` is gone; what it set aside stays in {pool.config.source}.")


def in_words(size: int) -> str:
    """A number of bytes as `12.3 MB`."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} B"
