"""A slot that a test was run in: clean again, or gone.

What the holder's tests left is not kept: tracked files are restored, untracked ones removed, what git ignores stays.
Commits are kept, as for any release. What lies in an idle slot is nobody's test's, and never discarded here: it is set
aside, or moved to `.meta/kept/` with the slot where not even git can read it.
"""

from __future__ import annotations

import contextlib
import os
import time

from wt import files, times
from wt.errors import GitError
from wt.git import layout, status, worktrees
from wt.git.run import Git
from wt.model import replaced
from wt.pool import giveback, keep, mutex, names, rename, retire, survey
from wt.pool.look import is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


def worktree(git: Git, git_dir: str) -> None:
    """Restore tracked files and remove untracked ones, nested repositories too; what is ignored stays.

    Both directories are named: from a directory that has lost its link, git would find the repository around it.
    """
    here = (f"--git-dir={git_dir}", f"--work-tree={git.cwd}")
    if status.has_hidden(git.start(*here, "ls-files", "-v", "-z").answer()):
        status.unhide(git)
    git.do(*here, "reset", "-q", "--hard")
    git.do(*here, "clean", "-ffdq")


def discard(slot: Slot, held: Mutex) -> None:
    """Make a slot clean whose holder we are; GitError or OSError where that cannot be done."""
    try:
        _discard(slot, held)
    except (GitError, OSError):
        files.open_up(slot.directory)  # a test may have taken away even our own access
        _discard(slot, held)


def _discard(slot: Slot, held: Mutex) -> None:
    git = Git(slot.directory, (held.descriptor,))
    giveback.remove_dead_locks(slot.admin_dir)
    if is_fresh(slot):
        return
    if worktrees.operation(slot.admin_dir) is not None:
        giveback.clear_operation_state(git, slot.admin_dir)
    looking = git.start_refresh(*status.arguments(untracked="normal"))
    flags = git.start("ls-files", "-v", "-z")
    clean = status.answered(looking).clean
    if status.has_hidden(flags.answer()) or not clean:
        worktree(git, slot.admin_dir)
        if os.path.isdir(f"{slot.admin}/modules"):
            _submodules(slot, git.keep)


def _submodules(slot: Slot, keep_open: tuple[int, ...]) -> None:
    """Discard what lies in a slot's submodules; which commit each is at is the next checkout's business."""
    from wt.pool.submodules import stores

    for one in stores.of_slot(slot):
        if one.top is not None and stores.is_sound(one.git_dir):
            giveback.remove_dead_locks(one.git_dir)
            worktree(Git(one.top, keep_open), one.git_dir)


def drop(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Give up a slot that cannot be made clean and whose holder we are: its branch and commits first, as in a release."""
    git = Git(pool.common, (held.descriptor,))
    with contextlib.suppress(OSError):  # what is no file goes with the entry
        giveback.remove_dead_locks(slot.admin_dir)
    giveback.let_go_of_commits(pool, slot, git, tell)
    rename.unlink(pool.real, names.slug(slot.held.name), slot.held.slot)
    tell(f"{slot.slot} could not be made clean; it is removed, and the next acquire makes it anew.")
    retire.discard(pool, replaced(slot, path=slot.path or _unlinked(pool, slot)), held, tell)


def _unlinked(pool: Pool, slot: Slot) -> str | None:
    """Return a slot's directory that has lost its link to git."""
    where = layout.back_pointer(slot.admin_dir)
    if where is None or not os.path.isdir(where) or os.path.lexists(f"{where}/.git"):
        return None
    return where if os.path.dirname(os.path.realpath(where)) == pool.real else None


def move_away(pool: Pool, slot_id: str, tell: Callable[[str], None]) -> bool:
    """Move an idle slot that cannot be brought up to `.meta/kept/`, files and entry; False where it is not ours to move."""
    held = mutex.try_take(pool.slot_mutex_path(slot_id))
    if held is None:
        return False
    with held:
        slot = survey.take(pool).by_id(slot_id)
        if slot is None or slot.lock is not None or slot.unreadable or slot.state not in ("idle", "broken"):
            return False
        place = f"{pool.real}/.meta/kept/{slot_id}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(2).hex()}"
        files.make_directory(place, 0o700)
        if slot.admin is not None:
            _keep_commits(pool, slot, held)
        if slot.path is not None:
            files.rename(slot.path, f"{place}/files")
        if slot.admin is not None:
            files.rename(slot.admin, f"{place}/entry")
    tell(f"{slot_id} could not be brought up; it is in {place} now, and a new one is made.")
    return True


def _keep_commits(pool: Pool, slot: Slot, held: Mutex) -> None:
    label = keep.Label(slot.slot, times.now_text())
    try:
        keep.commits(pool, Git(pool.common, (held.descriptor,)), label, keep.tips(slot, pool.common, None))
    except GitError:  # what git cannot read is in the entry, which is kept as it is
        return


def mend(pool: Pool, tell: Callable[[str], None]) -> bool:
    """Bring broken slots that nobody holds back into use: a link that was lost is written again, else it is moved away."""
    mended = False
    for slot in survey.take(pool).slots:
        if slot.state == "broken" and slot.lock is None and not slot.unreadable:
            mended |= _relink(pool, slot, tell) or move_away(pool, slot.slot, tell)
    return mended


def _relink(pool: Pool, slot: Slot, tell: Callable[[str], None]) -> bool:
    where = _unlinked(pool, slot) if slot.path is None and slot.admin is not None else None
    held = mutex.try_take(pool.slot_mutex_path(slot.slot)) if where is not None else None
    if held is None:
        return False
    with held:
        files.write_exclusive(f"{where}/.git", f"gitdir: {slot.admin}\n")
    tell(f"{slot.slot} had lost its .git link; it is written again.")
    return True
