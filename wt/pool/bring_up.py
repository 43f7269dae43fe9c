"""acquire, steps 6 and 7: the claimed slot gets its files, its name and its branch, under its own mutex alone."""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, Interrupted, WtError, of_system
from wt.git import refs
from wt.git.run import Git
from wt.model import LockRecord, Slot, replaced
from wt.pool import giveback, in_use, lock, materialise, names, rename, resolve, sourcelock, survey
from wt.pool import look as looking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.look import Clean, Look
    from wt.pool.mutex import Mutex
    from wt.pool.resolve import Target
    from wt.pool.submodules.bring import Bringing


def bring_up(
    pool: Pool, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None],
    look: Look | None = None, before_held: Callable[[Slot], None] | None = None,
) -> Slot:  # fmt: skip
    """Make a claimed slot `held`; where anything fails before that, it goes back to idle.

    `before_held` is called when the slot has its files, its name and its branch.
    """
    try:
        slot = _materialise(pool, slot, held, target, tell, look)
        if before_held is not None:
            before_held(slot)
        return _marked_held(slot, target)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, Interrupted)):
            tell(f"interrupted; what was written into {slot.slot} is taken back.")
        _give_up(pool, slot, held, tell)
        if isinstance(error, OSError):
            raise _failed(of_system(error), slot) from error
        if isinstance(error, WtError):
            _failed(error, slot)
        raise


def _failed(error: WtError, slot: Slot) -> WtError:
    error.slot = slot.slot
    return error


def _materialise(
    pool: Pool, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None], look: Look | None
) -> Slot:
    """Step 6, under the slot's mutex alone.

    The branch is made first: a name that somebody took meanwhile is refused before the files, and the look that is
    under way costs no time beside it.
    """
    marker = slot.held
    _make_branch(pool, held, marker, target)
    submodules = (
        _submodules(pool, slot, held, target, tell) if os.path.isdir(f"{slot.admin}/modules") else None
    )
    if submodules is not None:
        if look is not None:
            look.answer()  # before anything leaves the slot: git would call it deleted
        submodules.clear(target.sha)
    materialise.checkout(pool, slot, held, target.sha, tell, look)
    if marker.layout == "rename":
        slot = rename.move(slot, f"{pool.real}/{names.slug(marker.name)}")
    else:
        rename.repair(slot)
        rename.link(pool.real, names.slug(marker.name), os.path.basename(slot.directory))
    if submodules is not None or os.path.lexists(f"{slot.path}/.gitmodules"):
        (submodules or _submodules(pool, slot, held, target, tell)).bring(slot, target.sha)
    git = Git(slot.directory, (held.descriptor,))
    if not target.branch:
        refs.attach_head(git, slot.admin_dir, marker.name)
    if target.adopted:  # looked at again, now that everybody else can see that we have it
        in_use.refuse(pool, marker.name, slot.admin)
    if marker.restores:
        from wt.pool import putback

        putback.put_back(pool, slot, git, tell)
    if target.restoring is not None and _has_submodules(slot):
        from wt.pool.submodules import replay

        bringing = submodules or _submodules(pool, slot, held, target, tell)
        replay.put_back(bringing, slot, target.sha, target.restoring)
    return slot


def _marked_held(slot: Slot, target: Target) -> Slot:
    done = replaced(slot.held, state="held", restores="", branch="adopted" if target.adopted else "created")
    lock.write(slot.admin_dir, done)
    if os.path.lexists(cold := f"{slot.admin}/{looking.COLD}"):
        files.unlink(cold)
    return replaced(slot, lock=done, state="held")


def switch(
    pool: Pool, slot: Slot, held: Mutex, sha: str, tell: Callable[[str], None], look: Clean | None = None
) -> None:
    """Make the files of a slot those of a commit, submodules too; its place and its branch stay as they are."""
    target = resolve.Target(sha)
    submodules = (
        _submodules(pool, slot, held, target, tell) if os.path.isdir(f"{slot.admin}/modules") else None
    )
    if submodules is not None:
        submodules.clear(sha)
    materialise.checkout(pool, slot, held, sha, tell, look)
    if submodules is not None or os.path.lexists(f"{slot.path}/.gitmodules"):
        (submodules or _submodules(pool, slot, held, target, tell)).bring(slot, sha)


def _make_branch(pool: Pool, held: Mutex, marker: LockRecord, target: Target) -> None:
    keep = (held.descriptor,)
    if not target.adopted:
        ref = f"refs/heads/{marker.name}"
        with sourcelock.of_ref(pool, keep, ref) as source:
            try:
                refs.create(source, ref, target.branch or target.sha, f"wt: acquire {marker.nonce}")
            except GitError as error:  # made by somebody since step 1
                if refs.read_file(pool.common, ref) is None:
                    raise
                raise resolve.exists(marker.name) from error
    if target.upstream:
        with sourcelock.of_config(pool, keep) as source:
            source.do("branch", "-q", f"--set-upstream-to={target.upstream}", "--", marker.name)


def _has_submodules(slot: Slot) -> bool:
    return os.path.isdir(f"{slot.admin}/modules") or os.path.lexists(f"{slot.path}/.gitmodules")


def _submodules(pool: Pool, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None]) -> Bringing:
    """Loaded only where the commit has submodules, or the slot had."""
    from wt.pool.submodules.bring import Bringing

    return Bringing(pool, slot, held, target.exclude, tell)


def _give_up(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Step 7: before `held`, the slot goes back to idle, and nothing of the attempt remains but warmth."""
    now = survey.at_admin(pool, slot)
    try:
        if now is not None:
            giveback.to_idle(pool, now, held, tell)
    except (WtError, OSError) as error:  # the error that brought us here is the one to hear of
        tell(f"{slot.slot} could not be given back yet; the next command does it: {error}")
