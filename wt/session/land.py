"""land, contract section 12: the slot's commits onto the local base. The functions are its numbered steps.

It refuses before it touches; what it touched is safe to land again, or to give up.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import UsageError, WtError, quoted
from wt.git import refs, status, trial, worktrees
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import acquire, mutex, reclaim, release, survey
from wt.pool.lock import fields
from wt.session import base as base_branch
from wt.session import mend, merge, move, verdict
from wt.session.base import Base
from wt.session.release import recycle, require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

_TRIES = 3


@record
class Wish:
    """What the caller asks for; `message` commits tracked changes first, `add` takes untracked files along."""

    message: str | None = None
    add: bool = False
    keep: bool = False
    next: str | None = None


@record
class Landed:
    """`commits` is how many the base gained; `go` is where the shell goes; `kept_because` says why the slot stays, `next`
    who has it now."""

    name: str
    slot: str
    base: str
    before: str
    after: str
    commits: int
    go: str
    recycled: bool
    kept_because: str = ""
    next: str = ""


def land(pool: Pool, name: str, wish: Wish, cwd: str, tell: Callable[[str], None]) -> Landed:
    """Land a held slot. WtError where it refuses (nothing changed), ConflictError where the merge stopped."""
    _recover(pool, name, tell)
    slot = require_held(pool, name)
    wish = _resumed(slot, wish)
    if wish.next is not None:
        acquire.foresee(pool, acquire.Request(wish.next, group=slot.group), tell)
    _refuse_unlandable(pool, slot)
    found = status.read(Git(slot.directory))
    if _already_landed(pool, slot, wish, found):
        with take_mutex(pool, slot, "land") as held:
            return _finish(pool, name, wish, cwd, held, tell, before=None)
    _refuse_untracked(slot, wish, found)
    _refuse_without_message(slot, wish, found)
    with _land_lock(pool, tell):
        mend.unfinished(pool, move.journal_of_base(pool), (), tell)
        slot = require_held(pool, name)
        with take_mutex(pool, slot, "land", base_branch.find(pool).locks(pool)) as held:
            moved = _onto_base(pool, slot, held, wish, tell)
            return _finish(pool, name, wish, cwd, held, tell, before=moved)


def _recover(pool: Pool, name: str, tell: Callable[[str], None]) -> None:
    """Before step 1: what dead processes left, this land's own forerunner included, is finished."""
    reclaim.recover(pool, "land", tell)
    slot = require_held(pool, name)
    journals = move.journal_of_base(pool), move.journal_of_slot(slot.admin or "")
    if not any(os.path.lexists(journal) for journal in journals):
        return
    with _land_lock(pool, tell):
        mend.unfinished(pool, journals[0], (), tell)
        with take_mutex(pool, slot, "land") as held:
            mend.unfinished(pool, journals[1], (held.descriptor,), tell)


def finish_dead(pool: Pool, tell: Callable[[str], None]) -> None:
    """Finish what lands that died were moving, the base's checkout and each held slot; a land at work is left alone."""
    base = move.journal_of_base(pool)
    slots = [
        slot for slot in survey.held(pool) if slot.admin and os.path.lexists(move.journal_of_slot(slot.admin))
    ]
    if mutex.is_held(_land_lock_path(pool)) or not (slots or os.path.lexists(base)):
        return
    with _land_lock(pool, tell):
        mend.unfinished(pool, base, (), tell)
        for slot in slots:
            with take_mutex(pool, slot, "doctor") as held:
                mend.unfinished(pool, move.journal_of_slot(slot.admin_dir), (held.descriptor,), tell)


def _refuse_unlandable(pool: Pool, slot: Slot) -> None:
    """Step 1: on the base, detached, or with an operation in progress (but for a land that stopped and was resolved)."""
    admin = slot.admin_dir
    if slot.path is None or slot.state == "broken":
        raise WtError(f"`{slot.name}` cannot be landed: {slot.problem}.", "to see more: wt doctor")
    operation = worktrees.operation(admin)
    if operation is not None:
        error = WtError(f"`{slot.name}` was not landed: a {operation.name} is in progress in {slot.path}.")
        conflicted = status.read(Git(slot.path), untracked="no").conflicted
        error.details = "\n".join(conflicted)
        done = f"{operation.proceed} && wt land"
        if conflicted:
            done = f"resolve the files above, then: git add -A && {done}"
        raise error.hint(
            f"to go on, in {slot.path}: {done}",
            f"to give up: git -C {quoted(slot.path)} {operation.abort[4:]}",
        )
    branch = refs.branch_of(admin)
    back = f"git -C {quoted(slot.path)} switch {quoted(slot.held.name)}"
    if branch is None:
        raise WtError(f"`{slot.name}` was not landed: HEAD is detached.", back)
    if branch == pool.config.base:
        raise WtError(
            f"`{slot.name}` was not landed: it is on the base branch itself.",
            back,
        )


def _already_landed(pool: Pool, slot: Slot, wish: Wish, found: status.Status) -> bool:
    """Step 2: HEAD is an ancestor of the base, the tree clean, nothing untracked, no message."""
    if wish.message is not None or not found.clean:
        return False
    return refs.is_ancestor(Git(slot.directory), "HEAD", f"refs/heads/{pool.config.base}")


def _refuse_untracked(slot: Slot, wish: Wish, found: status.Status) -> None:
    """Step 3."""
    if found.untracked and not wish.add:
        error = WtError(
            f"`{slot.name}` was not landed: it has files that git does not know.",
            details="\n".join(found.untracked[:20]),
        )
        raise error.hint(
            f"to take them along: {_again(slot, wish, '--add ')}", "to leave one out: put it into .gitignore"
        )


def _refuse_without_message(slot: Slot, wish: Wish, found: status.Status) -> None:
    """Step 7, before anything is locked or touched."""
    changed = (*found.conflicted, *found.tracked, *(found.untracked if wish.add else ()))
    if changed and wish.message is None:
        error = WtError(
            f"`{slot.name}` was not landed: it has changes and there is no message.",
            details="\n".join(changed[:20]),
        )
        raise error.hint(f"to commit and land them: {_again(slot, wish, '--add ' if wish.add else '')}")


def _again(slot: Slot, wish: Wish, more: str) -> str:
    """The same land with what it wanted, from anywhere."""
    message = quoted(wish.message) if wish.message else '"message"'
    return f"wt land --name {quoted(slot.held.name)} {more}{message}"


def _land_lock(pool: Pool, tell: Callable[[str], None]) -> Mutex:
    """Step 4: one land per source; another waits its turn, visibly."""
    files.make_directory(f"{pool.common}/worktree-pool")
    held = mutex.take(_land_lock_path(pool), tell, what="another land of this source")
    held.note("land")
    return held


def _land_lock_path(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/land.lock"


def _onto_base(
    pool: Pool, slot: Slot, held: Mutex, wish: Wish, tell: Callable[[str], None]
) -> tuple[str, str]:
    """Steps 5 to 11, under the land lock and the slot's mutex; returns the base before and after."""
    git = Git(slot.directory, (held.descriptor,))
    base = base_branch.find(pool)
    base_branch.refuse_unready(base)
    _commit_changes(slot, git, wish)
    for _try in range(_TRIES):
        tip = _merged(pool, slot, git, base, slot.held.name, wish)
        now = base_branch.find(pool)
        if now.tip == base.tip:
            base_branch.advance(pool, base, tip, git.keep)
            _forget_stop(slot)
            return base.tip, tip
        tell(f"`{base.branch}` moved meanwhile; merging again.")
        base = now
    raise WtError(f"`{pool.config.base}` kept moving; it was not landed on.", "wt land")


def _commit_changes(slot: Slot, git: Git, wish: Wish) -> None:
    """Step 7: tracked changes by plain `git commit`, so that the user's own git hooks, signing and identity apply."""
    found = status.read(git)
    if found.clean or wish.message is None:
        return
    message = "WIP via land" if wish.message == "wip" else wish.message
    git.do("add", "-A" if wish.add else "-u", "--", ":/")
    if git.plain("commit", "-q", "-m", message) != 0:
        raise WtError(
            f"`{slot.name}` was not landed: git commit did not succeed.",
            f"git -C {quoted(slot.directory)} commit",
        )


def _merged(pool: Pool, slot: Slot, git: Git, base: Base, name: str, wish: Wish) -> str:
    """Step 8, remembering the first options where it stops."""
    try:
        return merge.base_into_slot(pool, slot, git, base, name)
    except merge.ConflictError:
        _remember_stop(slot, git, wish, base)
        raise


def _stop_path(slot: Slot) -> str:
    return f"{slot.admin}/worktree-pool/stopped-land"


def _remember_stop(slot: Slot, git: Git, wish: Wish, base: Base) -> None:
    text = f"base: {base.tip}\nhead: {git.ask('rev-parse', 'HEAD')}\n"
    text += f"keep: {'yes' if wish.keep else 'no'}\n" + (f"next: {wish.next}\n" if wish.next else "")
    files.replace_text(_stop_path(slot), text)


def _resumed(slot: Slot, wish: Wish) -> Wish:
    """Return the wish with what a land that stopped was first asked for, unless its merge was given up since."""
    first = fields(files.read_text(_stop_path(slot)) or "")
    if slot.path is None or not _is_under_way(slot, first.get("base", ""), first.get("head", "")):
        return wish
    return Wish(
        wish.message, wish.add, wish.keep or first.get("keep") == "yes", wish.next or first.get("next")
    )


def _is_under_way(slot: Slot, base: str, head: str) -> bool:
    """Whether the merge of the two that stopped is not finished yet, or is in HEAD."""
    if not base or not head:
        return False
    git = Git(slot.directory)
    merging = base in refs.pseudo_ref(slot.admin_dir, "MERGE_HEAD")
    return merging or (refs.is_ancestor(git, base, "HEAD") and refs.is_ancestor(git, head, "HEAD"))


def _forget_stop(slot: Slot) -> None:
    files.unlink(_stop_path(slot))


def _finish(
    pool: Pool,
    name: str,
    wish: Wish,
    cwd: str,
    held: Mutex,
    tell: Callable[[str], None],
    *,
    before: tuple[str, str] | None,
) -> Landed:
    """Step 13: recycle a slot whose verdict is green, unless it is wanted on."""
    slot = require_held(pool, name)
    base = base_branch.find(pool)
    first, after = before or (base.tip, base.tip)
    gained = int(pool.git().ask("rev-list", "--count", f"{first}..{after}"))
    stays = Landed(name, slot.slot, base.branch, first, after, gained, slot.directory, recycled=False)
    if wish.keep:
        return stays
    found = verdict.judge(pool, slot)
    if not found.green:
        return replaced(stays, kept_because=found.why)
    go = base_branch.destination(pool, base, slot.directory, cwd)
    release.say_kept(pool, recycle(pool, slot, held, tell), tell)
    path = _handed_on(pool, slot, held, wish.next, tell) if wish.next is not None else None
    return replaced(stays, go=path or go, recycled=True, next=wish.next if path and wish.next else "")


def _handed_on(pool: Pool, slot: Slot, held: Mutex, name: str, tell: Callable[[str], None]) -> str | None:
    """Hand the slot to its next name; the land is done by now, so that what stands in the way is said, and no more."""
    try:
        return acquire.take_over(pool, acquire.Request(name, group=slot.group), slot, held, tell).path
    except WtError as error:
        tell(f"`{name}` could not be begun: {error.sentence}")
        return None


def abort(pool: Pool, name: str) -> None:
    """Give up a land that stopped at a conflict: the slot is as it was before the merge."""
    slot = require_held(pool, name)
    with take_mutex(pool, slot, "land") as held:
        git = Git(slot.directory, (held.descriptor,))
        first = fields(files.read_text(_stop_path(slot)) or "")
        if first.get("base") not in refs.pseudo_ref(slot.admin_dir, "MERGE_HEAD"):
            raise UsageError(
                f"No land of `{name}` has stopped; there is nothing to give up.", f"wt info {quoted(name)}"
            )
        git.do("merge", "--abort")
        _forget_stop(slot)


def plan(pool: Pool, name: str, wish: Wish) -> list[str]:
    """Return what a land would do, conflicts forecast included; touches nothing, raises what it would refuse with."""
    slot = require_held(pool, name)
    _refuse_unlandable(pool, slot)
    found = status.read(Git(slot.directory))
    if _already_landed(pool, slot, wish, found):
        return [f"`{name}` has landed already; {slot.slot} would be recycled."]
    _refuse_untracked(slot, wish, found)
    _refuse_without_message(slot, wish, found)
    base = base_branch.find(pool)
    base_branch.refuse_unready(base)
    return [*_plan_of_commit(slot, wish, found), *_plan_of_merge(slot, base), *_plan_of_advance(base)]


def _plan_of_commit(slot: Slot, wish: Wish, found: status.Status) -> list[str]:
    count = len(found.tracked) + (len(found.untracked) if wish.add else 0)
    many = "1 changed file" if count == 1 else f"{count} changed files"
    return [f"commit {many} in {slot.path} as `{wish.message}`"] if wish.message and count else []


def _plan_of_merge(slot: Slot, base: Base) -> list[str]:
    git = Git(slot.directory)
    if refs.is_ancestor(git, base.tip, "HEAD"):
        return []
    merged = trial.merge(git, "HEAD", base.tip)
    conflicts = [f"conflict in {path}" for path in merged.conflicts]
    if not merged.clean and not conflicts:
        conflicts = ["conflict in the names of directories"]
    return [f"merge {base.branch} into {slot.name}", *conflicts]


def _plan_of_advance(base: Base) -> list[str]:
    where = base.checkout.path if base.checkout else None
    return [
        f"move {base.branch} forward in {where}"
        if where
        else f"move {base.branch} forward (checked out nowhere)",
        "recycle the slot if nothing is left in it",
    ]
