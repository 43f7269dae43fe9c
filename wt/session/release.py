"""release for people: the verdict first; what force drops is set aside and leaves the slot (contract sections 8, 13)."""

from __future__ import annotations

import os

from wt import files
from wt.errors import ContendedError, WtError, again, quoted
from wt.git import obstacles, refs, status
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import (
    gitlocks,
    giveback,
    hookgroup,
    hooking,
    keep,
    mark,
    materialise,
    mutex,
    reclaim,
    release,
    survey,
)
from wt.session import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.session.verdict import Verdict
    from wt.trust import Policy


@record
class Released:
    """The slot, the verdict it was judged by, and the refs that hold what was dropped; it is idle again, if `released`."""

    slot: str
    verdict: Verdict
    kept: tuple[str, ...]
    released: bool = True


def require_held(pool: Pool, name: str, *hints: str) -> Slot:
    """Return the held slot of a name; WtError with the nearest held name, and what else the caller has to offer."""
    seen = survey.take(pool)
    slot = seen.named(name)
    if slot is not None:
        return slot
    from wt.pool.names import nearest

    held = [one.lock.name for one in seen.slots if one.lock is not None]
    near = nearest(name, held)
    hint = again("did you mean", words={name: near}) if near else "to see the names: wt ls"
    raise WtError(f"Nothing is held as `{name}` in the pool `{pool.key}`.", hint, *hints)


def take_mutex(pool: Pool, slot: Slot, verb: str, locks: Iterable[str] = ()) -> gitlocks.Recorded:
    """Take a held slot's mutex for a whole verb; ContendedError (3) where somebody is at work on it."""
    path = pool.slot_mutex_path(slot.slot)
    held = mutex.try_take(path)
    if held is None:
        raise ContendedError(
            f"{slot.slot} (`{slot.name}`) is busy: {mutex.holder(path)}.", again("to try again in a moment")
        )
    try:
        hookgroup.refuse(slot)
    except BaseException:
        held.release()
        raise
    files.remove_leftovers(f"{slot.admin}/worktree-pool")
    branch = refs.branch_of(slot.admin_dir)
    own = [
        *gitlocks.of_worktree(slot.admin_dir),
        *(gitlocks.of_ref(pool.common, f"refs/heads/{branch}") if branch else ()),
    ]
    return gitlocks.Recorded(held, verb, [*own, *locks], _silent)


def _silent(_sentence: str) -> None:
    return


def release_safely(
    pool: Pool, name: str, tell: Callable[[str], None], hooks: Policy | None = None, *, force: bool
) -> Released:
    """Release a slot whose verdict is green; with `force` any, after setting aside all that would be lost."""
    done = attempt(pool, name, tell, hooks, force=force)
    if not done.released:
        raise refusal(require_held(pool, name), done.verdict)
    return done


def attempt(
    pool: Pool, name: str, tell: Callable[[str], None], hooks: Policy | None = None, *, force: bool = False,
    around: bool = False,
) -> Released:  # fmt: skip
    """Release a slot if its verdict is green, or with `force`; else say by the verdict why not.

    `around` runs the hooks wt_pre_cleanup and, on green, wt_post_cleanup around the verdict.
    """
    slot = require_held(pool, name)
    if slot.transitional:  # by a process that died, or by one that take_mutex will meet
        reclaim.recover(pool, "release", tell)
        slot = require_held(pool, name)
    with take_mutex(pool, slot, "cleanup" if around else "release") as held:
        slot = require_held(pool, name)
        due = hooking.at_head(pool, slot, hooks, "cleanup") if around else None
        hooking.notify(due, "wt_pre_cleanup", slot)
        found = verdict.judge(pool, require_held(pool, name) if due else slot)
        if not found.green and not force:
            mark.note(slot, found.mark)
            return Released(slot.slot, found, (), released=False)
        if found.reason == "broken":
            return Released(slot.slot, found, tuple(_drop(pool, slot, found, held, tell)))
        _refuse_a_git_at_work(slot, tell)
        if found.evidence.processes:
            release.warn_of_processes(slot, tell)
        hooking.notify(due, "wt_post_cleanup", slot)
        return Released(slot.slot, found, tuple(recycle(pool, slot, held, tell, hooks)))


def _refuse_a_git_at_work(slot: Slot, tell: Callable[[str], None]) -> None:
    from wt.pool import mending

    if mending.remove_dead_locks(slot, tell):
        raise ContendedError(
            f"A git is at work in `{slot.name}`; nothing was dropped.", again("to try again when it is done")
        )


def _drop(pool: Pool, slot: Slot, found: Verdict, held: Mutex, tell: Callable[[str], None]) -> list[str]:
    """A broken slot goes only if all that it held can be accounted for: its directory is gone, its entry is there."""
    if not _may_be_dropped(slot):
        raise WtError(f"`{slot.name}` cannot be released: {found.why}.", "to see more: wt doctor")
    from wt.session import lost

    return lost.drop(pool, slot, held, tell)


def _may_be_dropped(slot: Slot) -> bool:
    return slot.path is None and slot.admin is not None and slot.lock is not None


def refusal(slot: Slot, found: Verdict) -> WtError:
    """Say why, and the ways on that there are: a broken slot is not always one that force can release."""
    error = WtError(
        f"`{slot.name}` was not released: {found.why}.", details="\n".join(found.evidence.paths[:20])
    )
    landable = found.next.startswith("wt land")
    error.hint(f"to bring it onto the base: {found.next}" if landable else f"to see more: {found.next}")
    if found.reason == "broken" and not _may_be_dropped(slot):
        return error
    return error.hint(
        f"to give it back all the same (everything is set aside first): wt release {quoted(slot.name or slot.slot)} --force"
    )


def recycle(
    pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None], hooks: Policy | None = None
) -> list[str]:
    """Set aside what is not committed, leave the slot clean, and bring it back to idle; returns the kept refs."""
    due = hooking.at_head(pool, slot, hooks, "release")
    slot = hooking.pre_release(due, slot)
    kept = _empty(pool, slot, held, tell) if slot.path is not None else []
    releasing = release.mark_releasing(slot, held)
    kept += giveback.to_idle(pool, releasing, held, tell)
    release.expire(pool, tell)
    hooking.post_release(due, releasing)
    return kept


def _empty(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> list[str]:
    if not os.path.isdir(f"{slot.admin}/modules"):
        return _emptied(pool, slot, held)
    from wt.pool.submodules import clean

    inside = clean.empty(pool, slot, held, tell)
    kept = _emptied(pool, slot, held)
    if inside and not kept:
        kept = _entry(pool, slot, held)
    clean.settle(pool, slot, held, tell)
    return kept


def _entry(pool: Pool, slot: Slot, held: Mutex) -> list[str]:
    """Keep of a slot where it was, for what is kept of its submodules."""
    from wt.pool import snapshot

    git = Git(slot.directory, (held.descriptor,))
    return snapshot.of_commits(pool, slot, git, keep.label_of(slot), [], None)


def _emptied(pool: Pool, slot: Slot, held: Mutex) -> list[str]:
    from wt.pool import kept, nested, snapshot

    git = Git(slot.directory, (held.descriptor,))
    label = keep.label_of(slot)
    giveback.detach_unborn(pool, slot, git)
    found = status.read(git, untracked="all", submodules="dirty")
    hidden = status.hidden_edits(git) if status.flagged(git) else None
    every = obstacles.with_buried(git, found, hidden)
    if os.path.lexists(f"{slot.path}/.gitmodules") and (own := nested.among_tracked(git)):
        # a submodule whose repository is its own directory has no store in which its work, or its pin, could be kept
        stay = set(obstacles.links(git, f"refs/heads/{pool.config.base}"))
        stay.difference_update(status.read(git, untracked="no").tracked)
        own = [path for path in own if not path.endswith("/.git/") and path[:-1] not in stay]
        tracked = dict.fromkeys((*every.tracked, *(path[:-1] for path in own)))
        every = replaced(every, tracked=tuple(tracked), untracked=(*every.untracked, *own))
    found, moves = nested.told_apart(pool, slot, label, every)
    branch = giveback.owned_branch(pool, slot)
    tip = keep.branch_tip(pool.common, f"refs/heads/{branch}") if branch else None
    ref = snapshot.uncommitted(pool, slot, git, label, found, hidden or (), tip, moves)
    if ref is None:
        return []
    try:
        # first: a reset within a merge would bring its autostash into the user's own stash
        giveback.clear_operation_state(git, slot.admin_dir)
        if hidden is not None:
            status.unhide(git)
        nested.move(slot, moves)
        materialise.put_back(git, found, hidden)
    except WtError as error:
        back = f"wt restore {quoted(kept.word_of(ref))} --as {quoted(f'{label.name}-2')}"
        raise error.hint(f"what is gone from it by now is set aside: {back}") from None
    return [ref]
