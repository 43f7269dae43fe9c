"""The base: where it is checked out, whether it may be moved there, and moving it (contract section 12, steps 5 and 11)."""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError, quoted
from wt.git import refs, status, worktrees
from wt.git.run import Git
from wt.model import record
from wt.pool import materialise
from wt.pool.lock import fields

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


def find(pool: Pool) -> Base:
    """Return the base; WtError where it has two checkouts or none of its commits can be found."""
    branch = pool.config.base
    holders = worktrees.holders_of(pool.common, branch)
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
        raise error.hint(f"to put them aside for now: git -C {quoted(where)} stash", "then: wt land")


def advance(pool: Pool, base: Base, new: str, keep: tuple[int, ...]) -> None:
    """Move the base from its tip to `new`, journalled; WtError (both untouched) where git refuses."""
    _write_journal(pool, base, new)
    try:
        _move(pool, base, new, keep)
    finally:
        if _settled(pool, base, new):
            files.unlink(journal_path(pool))


def _settled(pool: Pool, base: Base, new: str) -> bool:
    """Whether the base is whole at one of the two: what lies between them is for recovery."""
    if base.checkout is None or base.checkout.path is None:
        return True
    now = refs.read_loose(pool.common, base.ref)
    clean = status.read(Git(base.checkout.path), untracked="no").clean
    return now in (None, base.tip, new) and clean


def _move(pool: Pool, base: Base, new: str, keep: tuple[int, ...]) -> None:
    if base.checkout is None or base.checkout.path is None:
        pool.git(keep).do("update-ref", "-m", "wt: land", base.ref, new, base.tip)
        return
    where = base.checkout.path
    if in_way := materialise.obstacles_between(Git(where), base.tip, new):
        error = WtError(f"`{base.branch}` was not moved: files that git does not track would be overwritten in {where}.",
                        details="\n".join(in_way[:20]))  # fmt: skip
        raise error.hint(f"to move one away: mv {quoted(f'{where}/{in_way[0]}')} ~/", "then: wt land")
    try:
        Git(where, keep).do("merge", "-q", "--ff-only", "--no-overwrite-ignore", "--no-autostash", new)
    except GitError as error:
        raise WtError(
            f"`{base.branch}` was not moved: git refuses in {where}.", f"git -C {quoted(where)} status"
        ) from error


def journal_path(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/land"


def _write_journal(pool: Pool, base: Base, new: str) -> None:
    where = base.checkout.path if base.checkout else ""
    text = f"base: {base.branch}\nfrom: {base.tip}\nto: {new}\ncheckout: {where}\n"
    files.replace_text(journal_path(pool), text)


@record
class Journal:
    """A land that was moving `base` from `old` to `new` in `checkout` (empty: the ref alone)."""

    base: str
    old: str
    new: str
    checkout: str


def read_journal(pool: Pool) -> Journal | None:
    found = fields(files.read_text(journal_path(pool)) or "")
    if not found.get("from") or not found.get("to"):
        return None
    return Journal(found.get("base", ""), found["from"], found["to"], found.get("checkout", ""))


def destination(pool: Pool, base: Base, slot_path: str, cwd: str) -> str:
    """Return where a shell goes from a slot that is given back: the base's checkout, in the same subdirectory if it is there."""
    top = base.checkout.path if base.checkout and base.checkout.path else None
    if top is None:
        top = pool.config.source if os.path.isdir(f"{pool.config.source}/.git") else pool.real
    inside = os.path.relpath(os.path.realpath(cwd), os.path.realpath(slot_path)) if cwd else "."
    wanted = os.path.normpath(f"{top}/{inside}")
    return wanted if not inside.startswith("..") and os.path.isdir(wanted) else top
