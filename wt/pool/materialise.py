"""Step 6 of acquire: a slot's files become those of a commit, and nothing that lay there is lost for it.

A slot that is known to be at the commit is verified, not rewritten. On a race with somebody who edits an idle slot the
verb is one of git's that refuses (`checkout --no-overwrite-ignore`), not one that overwrites.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, quoted
from wt.git import alive, layout, refs, status, worktrees
from wt.git.run import Git
from wt.model import Slot, replaced
from wt.pool import giveback, keep
from wt.pool.look import Clean, Look, is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

_TRIES = 3


def checkout(
    pool: Pool,
    slot: Slot,
    mutex: Mutex,
    sha: str,
    tell: Callable[[str], None],
    look: Look | Clean | None = None,
) -> None:
    """Make HEAD (detached), index and tracked files of a slot those of `sha`; what is in the way is set aside.

    `look` is a look at this slot that began under its mutex.
    """
    git = Git(slot.directory, (mutex.descriptor,))
    if is_fresh(slot):
        giveback.remove_dead_locks(slot.admin_dir)
        _reset(pool, slot, git, sha, tell)
        return
    found, hidden = (look or Look(git, pool.config)).answer()
    # not before: a look of ours that is under way has a lock file that is not dead
    giveback.remove_dead_locks(slot.admin_dir)
    if giveback.detach_unborn(pool, slot, git):
        found, hidden = Look(git, pool.config).answer()
    _end_operation(pool, slot, git)
    _clear_away(pool, slot, git, found, hidden, tell)
    _switch(pool, slot, git, sha, tell)


def _end_operation(pool: Pool, slot: Slot, git: Git) -> None:
    """A merge that somebody began in an idle slot, or what a reset there left behind, is not the next holder's."""
    if worktrees.operation(slot.admin_dir) is not None or refs.has_own(slot.admin_dir, "ORIG_HEAD"):
        keep.of_slot(pool, slot, git, _label(slot), None)
        giveback.clear_operation_state(git, slot.admin_dir)


def _clear_away(
    pool: Pool,
    slot: Slot,
    git: Git,
    found: status.Status,
    hidden: tuple[str, ...] | None,
    tell: Callable[[str], None],
) -> None:
    """Set aside and undo tracked changes; with `recycle: clean` untracked files, too. Ignored files survive."""
    found = _without_ours(git.cwd, found) if found.moved else found
    if found.clean and hidden is None:
        return
    from wt.git import obstacles

    every = set_aside(pool, slot, git, obstacles.with_buried(git, found, hidden), tell, hidden or ())
    if hidden is not None:
        status.unhide(git)
    put_back(git, every, hidden)
    _forget_orig_head(git, slot)


def _without_ours(top: str, found: status.Status) -> status.Status:
    """A submodule at a commit that an acquire brought it to, but the slot's commit does not have: one died between the two."""
    from wt.pool.submodules.bring import head_is_ours

    ours = {path for path in found.moved if head_is_ours(top, path)}
    tracked = tuple(path for path in found.tracked if path not in ours)
    return replaced(found, tracked=tracked)


def put_back(git: Git, kept: status.Status, hidden: tuple[str, ...] | None) -> None:
    """Make of exactly the files that were kept what HEAD says; what somebody else changes meanwhile stays.

    With hidden bits (None: there were none), files that a sparse checkout left out are to be there again. A path in
    whose place a repository stands is left: git would remove that with all its commits.
    Files behind hidden bits go first: git, which compares no fractions of a second, takes one that was changed in the
    second in which it was written for unchanged, since an index written meanwhile has forgotten that it was in doubt.
    """
    drop(git.cwd, (*kept.untracked, *(hidden or ())))
    changed = [*kept.tracked, *kept.conflicted, *(hidden or ())]
    if not changed and hidden is None:
        return
    from wt.git import obstacles

    git.do("reset", "-q")
    changed = [path for path in changed if not obstacles.is_home(git.cwd, path)]
    recorded = set(git.ask_fields("ls-files", "-z"))
    drop(git.cwd, [path for path in changed if path not in recorded])
    lost = git.ask_fields("ls-files", "-d", "-z") if hidden is not None else []
    back = "".join(f"{path}\0" for path in dict.fromkeys((*changed, *lost)) if path in recorded)
    if back:
        git.do(
            "checkout-index", "-f", "-u", "-q", "-z", "--stdin", data=back.encode("utf-8", "surrogateescape")
        )


def drop(top: str, paths: Iterable[str]) -> None:
    """Remove files that were set aside, and the directories that this leaves empty."""
    for path in paths:
        full = f"{top}/{path}"
        if files.is_reached(top, path) and (os.path.islink(full) or not os.path.isdir(full)):
            files.unlink(full)
            above = os.path.dirname(path)
            while above and files.remove_directory(f"{top}/{above}"):
                above = os.path.dirname(above)


def _switch(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    _ref, here = layout.head(slot.admin_dir)
    if here == sha:
        return
    keep.commits(pool, git, _label(slot), [here] if here else [])
    for left in reversed(range(_TRIES)):
        try:
            git.do("checkout", "-q", *alive.flag(), "--detach", "--no-overwrite-ignore", sha)
        except GitError as error:
            if error.returncode != 1 or not left:  # it failed in the middle, or somebody keeps editing
                raise
        else:
            return
        _make_way(pool, slot, git, sha, tell)


def _make_way(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    """Git refuses: untracked files are in the way, or somebody changed tracked ones since they were looked at."""
    found, hidden = Look(git, pool.config).answer()
    _clear_away(pool, slot, git, found, hidden, tell)
    _set_obstacles_aside(pool, slot, git, sha, tell)


def _set_obstacles_aside(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    from wt.git import obstacles

    blocking = obstacles.of_commit(git, sha)
    if blocking:
        drop(git.cwd, set_aside(pool, slot, git, status.Status(untracked=tuple(blocking)), tell).untracked)


def _reset(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    """Write a commit over whatever is there, after setting aside the files that are in its way."""
    _set_obstacles_aside(pool, slot, git, sha, tell)
    git.do("reset", *(() if alive.wanted() else ("-q",)), "--hard", sha)
    refs.detach_head(git, slot.admin_dir, sha)
    _forget_orig_head(git, slot)


def _forget_orig_head(git: Git, slot: Slot) -> None:
    """It is that of the reset just done."""
    files.unlink(f"{slot.admin}/ORIG_HEAD")
    refs.drop_own(git, slot.admin_dir, ("ORIG_HEAD",))


def set_aside(
    pool: Pool,
    slot: Slot,
    git: Git,
    found: status.Status,
    tell: Callable[[str], None],
    hidden: tuple[str, ...] = (),
) -> status.Status:
    """What lay in an idle slot goes under the slot's id: nobody held it.

    Repositories of their own leave the slot here; returned is what else was found, which the caller drops.
    """
    from wt.pool import kept, nested, snapshot

    found, moves = nested.told_apart(pool, slot, _label(slot), found)
    ref = snapshot.uncommitted(pool, slot, git, _label(slot), found, hidden, None, moves)
    nested.move(slot, moves)
    if ref is not None:
        back = f"wt restore {quoted(kept.word_of(ref))} --pool {quoted(pool.key)} --as from-{slot.slot}"
        tell(f"{slot.slot} had changes that nobody held; they are set aside: {back}")
    return found


def _label(slot: Slot) -> keep.Label:
    return keep.Label(
        slot.slot, slot.lock.started_at if slot.lock else "", slot.lock.nonce if slot.lock else ""
    )
