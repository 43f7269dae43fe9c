"""What land refuses before it touches anything: steps 1 to 3, and a step 7 that would have no message."""

from __future__ import annotations

import os

from wt.errors import WtError, quoted
from wt.git import refs, status, worktrees
from wt.git.run import Git
from wt.model import Slot
from wt.pool import keep
from wt.session import base
from wt.session.land.wish import Wish, is_stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


def has_submodules(slot: Slot) -> bool:
    return os.path.isdir(f"{slot.admin}/modules") or os.path.lexists(f"{slot.path}/.gitmodules")


def looked(pool: Pool, slot: Slot) -> status.Status:
    """Step 1; returns what a look at the slot found, submodule directories that lag behind their pin left out."""
    unlandable(pool, slot)
    if has_submodules(slot):
        from wt.session.land import inside

        inside.refuse_dirty(slot)
        inside.refuse_embedded(slot, base.find(pool))
    found = status.read(Git(slot.directory))
    if not found.moved:
        return found
    from wt.session.land.inside import without_lagging_of

    return without_lagging_of(slot, found)


def unlandable(pool: Pool, slot: Slot) -> None:
    """Step 1: on the base, detached, or with an operation in progress (but for a land that stopped and was resolved)."""
    admin = slot.admin_dir
    if slot.path is None or slot.state == "broken":
        raise WtError(f"`{slot.name}` cannot be landed: {slot.problem}.", "to see more: wt doctor")
    operation = worktrees.operation(admin)
    if operation is not None:
        raise _under_way(slot, operation)
    branch = refs.branch_of(admin)
    name = quoted(slot.held.name)
    back = f"to go back to its branch: git -C {quoted(slot.path)} switch {name}"
    if branch is None:
        if _is_ahead(pool, slot):
            back = f"to take its branch along to here: git -C {quoted(slot.path)} switch -C {name}"
        raise WtError(f"`{slot.name}` was not landed: HEAD is detached.", back)
    if branch == pool.config.base:
        raise WtError(f"`{slot.name}` was not landed: it is on the base branch itself.", back)


def _is_ahead(pool: Pool, slot: Slot) -> bool:
    """Whether a detached HEAD has commits on top of the slot's branch: to go back would leave them to nobody."""
    tip = keep.branch_tip(pool.common, f"refs/heads/{slot.held.name}")
    return tip is None or refs.is_ancestor(Git(slot.directory), tip, "HEAD")


def _under_way(slot: Slot, operation: worktrees.Operation) -> WtError:
    error = WtError(f"`{slot.name}` was not landed: a {operation.name} is in progress in {slot.path}.")
    conflicted = status.read(Git(slot.directory), untracked="no").conflicted
    error.details = "\n".join(conflicted)
    return error.hint(*ways_on(slot, operation, conflicted=bool(conflicted)))


def ways_on(slot: Slot, operation: worktrees.Operation, *, conflicted: bool) -> tuple[str, str]:
    """Return what may be done about an operation that is not finished; each ends in a command, behind the last `: `."""
    done = f"{operation.proceed} && wt land"
    if conflicted:
        done = f"git add -u && {done}"
    give_up = f"git -C {quoted(slot.directory)} {operation.abort[4:]}"
    if is_stopped(slot) is not None:
        give_up = f"wt land --abort --name {quoted(slot.held.name)}"
    return (
        f"to go on{', resolve the files above, then' if conflicted else ''}: cd {quoted(slot.directory)} && {done}",
        f"to give up: {give_up}",
    )


def has_landed(pool: Pool, slot: Slot, wish: Wish, found: status.Status) -> bool:
    """Step 2: HEAD is an ancestor of the base, the tree clean, nothing untracked, no message."""
    if wish.message is not None or not found.clean:
        return False
    return refs.is_ancestor(Git(slot.directory), "HEAD", base.find(pool).tip)


def untracked(slot: Slot, wish: Wish, found: status.Status) -> None:
    """Step 3."""
    if found.untracked and not wish.add:
        error = WtError(
            f"`{slot.name}` was not landed: it has files that git does not know.",
            details="\n".join(found.untracked[:20]),
        )
        raise error.hint(
            f"to take them along: {_again(slot, wish, ' --add')}",
            _left_out(slot, found.untracked[0]),
        )


def _left_out(slot: Slot, path: str) -> str:
    return f"to leave one out: echo {quoted('/' + path)} >> {quoted(f'{slot.path}/.gitignore')}"


def without_message(slot: Slot, wish: Wish, found: status.Status) -> None:
    """Step 7, before anything is locked or touched."""
    new = found.untracked if wish.add else ()
    changed = (*found.conflicted, *found.tracked, *new)
    if changed and wish.message is None:
        error = WtError(
            f"`{slot.name}` was not landed: it has changes and there is no message.",
            details="\n".join(changed[:20]),
        )
        error.hint(f"to commit and land them: {_again(slot, wish, ' --add' if wish.add else '')}")
        raise error.hint(*([_left_out(slot, new[0])] if new else []))


def _again(slot: Slot, wish: Wish, more: str) -> str:
    """The same land with what it wanted, from anywhere."""
    message = quoted(wish.message) if wish.message else '"message"'
    return f"wt land --name {quoted(slot.held.name)}{wish.options}{more} {message}"
