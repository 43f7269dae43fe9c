"""The base: where it is checked out, and whether it may be moved there (contract section 12, step 5)."""

from __future__ import annotations

import os

from wt.errors import UsageError, WtError, quoted
from wt.git import layout, refs, status, worktrees
from wt.git.run import Git
from wt.model import record
from wt.pool import gitlocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
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
        if (
            self.checkout is not None
            and self.checkout.path
            and os.path.isdir(f"{self.checkout.git_dir}/modules")
        ):
            from wt.pool.submodules import follow

            there += follow.locks(follow.Tree(self.checkout.git_dir, self.checkout.path))
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
            f"to leave one: git -C {quoted(str(holders[1].path))} switch --detach",
        )
    holders = [_placed(pool, holder) for holder in holders]
    return Base(branch, _tip(pool, branch), holders[0] if holders and holders[0].path is not None else None)


def _tip(pool: Pool, branch: str) -> str:
    try:
        return refs.resolve(pool.git(), f"refs/heads/{branch}")
    except UsageError as error:
        raise WtError(
            f"The base branch `{branch}` is not there any more; nothing was done.",
            f"to see what is there: git -C {quoted(pool.config.source)} branch -a",
        ) from error


def _placed(pool: Pool, holder: worktrees.Worktree) -> worktrees.Worktree:
    """A repository whose git dir lies elsewhere (`--separate-git-dir`) does not know its worktree: the pool's source is it."""
    place = layout.at(holder.path) if holder.path is not None else None
    if holder.git_dir != pool.common or (place is not None and place.git_dir == pool.common):
        return holder
    source = layout.at(pool.config.source)
    if source is not None and source.top is not None and source.git_dir == pool.common:
        return worktrees.Worktree(source.top, pool.common)
    raise WtError(
        f"`{pool.config.base}` is checked out where {pool.common} does not say; it was not moved.",
        f"to say where: git -C {quoted(pool.common)} config core.worktree /path/to/repository",
    )


def refuse_unready(base: Base, landing: Slot | None = None) -> None:
    """Raise WtError where the base's checkout has an operation in progress or tracked changes; untracked files are fine.

    So are submodule directories that lag behind what is recorded, or are already where `landing` would bring them.
    """
    if base.checkout is None or base.checkout.path is None:
        return
    where = base.checkout.path
    operation = worktrees.operation(base.checkout.git_dir)
    if operation is not None:
        raise WtError(
            f"`{base.branch}` was not moved: a {operation.name} is in progress in {where}.",
            f"to give it up: git -C {quoted(where)} {operation.abort.removeprefix('git ')}",
        )
    found = status.read(Git(where), untracked="no", submodules="untracked")
    if found.moved or os.path.isdir(f"{base.checkout.git_dir}/modules"):
        from wt.session.land import inside

        inside.refuse_operations(base)
        found = inside.without_lagging(base, landing, found)
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


def destination(pool: Pool, base: Base, slot_path: str, cwd: str) -> str:
    """Return where a shell goes from a slot that is given back: the base's checkout, in the same subdirectory if it is there."""
    top = base.checkout.path if base.checkout and base.checkout.path else None
    if top is None:
        # a linked worktree has a file of that name, a bare repository nothing
        top = pool.config.source if os.path.lexists(f"{pool.config.source}/.git") else pool.real
    return below(top, slot_path, cwd)


def below(top: str, slot_path: str, cwd: str) -> str:
    """Return the directory below `top` that `cwd` is below the slot, `top` itself if that is not there."""
    inside = os.path.relpath(os.path.realpath(cwd), os.path.realpath(slot_path)) if cwd else "."
    wanted = os.path.normpath(f"{top}/{inside}")
    return wanted if inside != ".." and not inside.startswith("../") and os.path.isdir(wanted) else top
