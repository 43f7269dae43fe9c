"""The base: where it is checked out, whether it may be moved there, and moving it (contract section 12, steps 5 and 11)."""

from __future__ import annotations

import os

from wt.errors import GitError, WtError, quoted
from wt.git import refs, status, worktrees
from wt.git.run import Git
from wt.model import record
from wt.pool import gitlocks, materialise, sourcelock
from wt.session import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


@record
class Base:
    """The base branch: its tip, and the worktree that has it checked out (None: the ref alone is moved)."""

    branch: str
    tip: str
    checkout: worktrees.Worktree | None

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def locks(self, pool: Pool) -> list[str]:
        """Return the lock files of the gits that move it."""
        there = gitlocks.of_worktree(self.checkout.git_dir) if self.checkout else []
        return [*gitlocks.of_ref(pool.common, self.ref), *there]


def find(pool: Pool) -> Base:
    """Return the base; WtError where it has two checkouts or none of its commits can be found."""
    branch = refs.followed(pool.common, pool.config.base)
    holders = worktrees.holders_of(pool.common, branch)
    if branch != pool.config.base:
        holders += worktrees.holders_of(pool.common, pool.config.base)
    if len(holders) > 1:
        places = " and ".join(str(holder.path) for holder in holders)
        raise WtError(
            f"`{branch}` is checked out twice, in {places}; it was not moved.",
            f"git -C {quoted(str(holders[1].path))} switch --detach",
        )
    tip = refs.resolve(pool.git(), f"refs/heads/{branch}")
    return Base(branch, tip, holders[0] if holders and holders[0].path is not None else None)


def refuse_unready(base: Base) -> None:
    """Raise WtError where the base's checkout has an operation in progress or tracked changes; untracked files are fine."""
    if base.checkout is None or base.checkout.path is None:
        return
    where = base.checkout.path
    operation = worktrees.operation(base.checkout.git_dir)
    if operation is not None:
        raise WtError(
            f"`{base.branch}` was not moved: a {operation.name} is in progress in {where}.",
            f"git -C {quoted(where)} {operation.abort.removeprefix('git ')}",
        )
    found = status.read(Git(where), untracked="no")
    if not found.clean:
        changed = (*found.conflicted, *found.tracked)
        error = WtError(
            f"`{base.branch}` was not moved: its checkout {where} has changes.",
            details="\n".join(changed[:20]),
        )
        raise error.hint(
            f"to put them aside before you land again: git -C {quoted(where)} stash",
            f"to have them again afterwards: git -C {quoted(where)} stash pop",
        )


def advance(pool: Pool, base: Base, new: str, keep: tuple[int, ...]) -> None:
    """Move the base from its tip to `new`, journalled; WtError (both untouched) where git refuses."""
    if base.checkout is None or base.checkout.path is None:
        with sourcelock.of_ref(pool, keep, base.ref) as source:
            source.do("update-ref", "-m", "wt: land", base.ref, new, base.tip)
        return
    where = base.checkout.path
    if in_way := materialise.obstacles_between(Git(where), base.tip, new):
        error = WtError(f"`{base.branch}` was not moved: files that git does not track would be overwritten in {where}.",
                        details="\n".join(in_way[:20]))  # fmt: skip
        raise error.hint(f"to move one away: mv {quoted(f'{where}/{in_way[0]}')} ~/", "then: wt land")
    try:
        move.forward(pool, move.journal_of_base(pool), move.Move(base.branch, base.tip, new, where), keep)
    except GitError as error:
        raise WtError(
            f"`{base.branch}` was not moved: git refuses in {where}.", f"git -C {quoted(where)} status"
        ) from error
    if new != base.tip and refs.resolve(pool.git(), base.ref) == base.tip:
        raise WtError(
            f"`{base.branch}` was not moved: {where} was taken to another branch at that moment, which got the commits.",
            f"to take it back there: git -C {quoted(where)} reset --keep {base.tip[:12]}",
            "then: wt land",
        )


def destination(pool: Pool, base: Base, slot_path: str, cwd: str) -> str:
    """Return where a shell goes from a slot that is given back: the base's checkout, in the same subdirectory if it is there."""
    top = base.checkout.path if base.checkout and base.checkout.path else None
    if top is None:
        top = pool.config.source if os.path.isdir(f"{pool.config.source}/.git") else pool.real
    inside = os.path.relpath(os.path.realpath(cwd), os.path.realpath(slot_path)) if cwd else "."
    wanted = os.path.normpath(f"{top}/{inside}")
    return wanted if not inside.startswith("..") and os.path.isdir(wanted) else top
