"""Step 11: the base goes forward, in its checkout or as a ref alone."""

from __future__ import annotations

from wt.errors import GitError, WtError, again, quoted
from wt.git import refs
from wt.git.run import Git
from wt.pool import materialise, sourcelock
from wt.session.land import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.session.base import Base


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
        raise error.hint(f"to move one away: mv {quoted(f'{where}/{in_way[0]}')} ~/", again("then"))
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
            again("then"),
        )
