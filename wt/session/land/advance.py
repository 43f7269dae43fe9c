"""Step 11: the base goes forward, in its checkout or as a ref alone."""

from __future__ import annotations

from wt.errors import GitError, WtError, again, quoted
from wt.git import obstacles, refs
from wt.git.run import Git
from wt.pool import sourcelock
from wt.session.land import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.session.base import Base
    from wt.session.land.task import Task


class MovedError(WtError):
    """Somebody else moved the base since it was looked at; both are untouched."""


def advance(task: Task, base: Base, new: str) -> None:
    """Move the base from its tip to `new`, journalled. WtError (both untouched) where git refuses, MovedError where it
    is not at its tip any more."""
    if base.checkout is None or base.checkout.path is None:
        _ref_alone(task, base, new)
        return
    where = base.checkout.path
    refuse_overwriting(base, new)
    journal = move.journal_of_base(task.pool)
    try:
        move.forward(task.pool, journal, move.Move(base.branch, base.tip, new, where), task.git.keep)
    except GitError as error:
        _refuse_if_moved(task, base)
        raise WtError(
            f"`{base.branch}` was not moved: git refuses in {where}.",
            f"to see more: git -C {quoted(where)} status",
        ) from error
    if new != base.tip and refs.resolve(task.pool.git(), base.ref) == base.tip:
        raise WtError(
            f"`{base.branch}` was not moved: {where} was taken to another branch at that moment, which got the commits.",
            f"to take it back there: git -C {quoted(where)} reset --keep {base.tip[:12]}",
            again("then"),
        )


def refuse_overwriting(base: Base, new: str, more: Mapping[str, str] | None = None) -> None:
    """Look for untracked and ignored files in the way in the base's checkout, before the slot is touched and again here.

    `more` is the environment of a git that knows `new`.
    """
    where = base.checkout.path if base.checkout else None
    if where is not None and (in_way := obstacles.between(Git(where, more=more), base.tip, new)):
        error = WtError(f"`{base.branch}` was not moved: files that git does not track would be overwritten in {where}.",
                        details="\n".join(in_way[:20]))  # fmt: skip
        raise error.hint(f"to move one away: mv {quoted(f'{where}/{in_way[0]}')} ~/", again("then"))


def _ref_alone(task: Task, base: Base, new: str) -> None:
    try:
        with sourcelock.of_ref(task.pool, task.git.keep, base.ref) as source:
            source.do("update-ref", "-m", "wt: land", base.ref, new, base.tip)
    except GitError as error:
        _refuse_if_moved(task, base)
        raise WtError(f"`{base.branch}` was not moved: git refuses.", again("then")) from error


def _refuse_if_moved(task: Task, base: Base) -> None:
    if refs.resolve(task.pool.git(), base.ref) != base.tip:
        raise MovedError(f"`{base.branch}` was moved by somebody else at that moment.", again("to try again"))
