"""The thirteen steps of contract section 12, in their order.

Land refuses before it touches; what it touched is safe to land again, or to give up.
"""

from __future__ import annotations

from wt.errors import WtError, again, quoted
from wt.git import status
from wt.git.run import Git
from wt.model import Slot
from wt.pool import acquire
from wt.session import base as base_branch
from wt.session.base import Base
from wt.session.land import advance, mend, merge, move, refuse, turn
from wt.session.land.finish import finish
from wt.session.land.wish import Landed, Wish, forget_stop, remember_stop, resumed
from wt.session.release import require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

_TRIES = 3


def land(pool: Pool, name: str, wish: Wish, cwd: str, tell: Callable[[str], None]) -> Landed:
    """Land a held slot. WtError where it refuses (nothing changed), ConflictError where the merge stopped."""
    turn.recover(pool, name, tell)
    slot = require_held(pool, name)
    wish = resumed(slot, wish)
    if wish.next is not None:
        acquire.foresee(pool, acquire.Request(wish.next, group=slot.group), tell)
    refuse.unlandable(pool, slot)  # 1
    found = status.read(Git(slot.directory))
    if refuse.has_landed(pool, slot, wish, found):  # 2
        with take_mutex(pool, slot, "land") as held:
            return finish(pool, name, wish, cwd, held, tell, moved=None)
    refuse.untracked(slot, wish, found)  # 3
    refuse.without_message(slot, wish, found)  # 7, before anything is locked or touched
    with turn.take(pool, tell):  # 4
        mend.unfinished(pool, move.journal_of_base(pool), (), tell)
        slot = require_held(pool, name)
        with take_mutex(pool, slot, "land", base_branch.find(pool).locks(pool)) as held:
            moved = _onto_base(pool, slot, held, wish, tell)
            return finish(pool, name, wish, cwd, held, tell, moved=moved)  # 13


def _onto_base(
    pool: Pool, slot: Slot, held: Mutex, wish: Wish, tell: Callable[[str], None]
) -> tuple[str, str]:
    """Steps 5 to 12, under the land lock and the slot's mutex; returns the base before and after."""
    git = Git(slot.directory, (held.descriptor,))
    base = base_branch.find(pool)  # 5
    base_branch.refuse_unready(base)
    _commit_changes(slot, git, wish)  # 7
    for _try in range(_TRIES):
        tip = _merged(pool, slot, git, base, wish)  # 8
        now = base_branch.find(pool)
        if now.tip == base.tip:
            advance.advance(pool, base, tip, git.keep)  # 11
            forget_stop(slot)
            return base.tip, tip
        tell(f"`{base.branch}` moved meanwhile; merging again.")
        base = now
    raise WtError(f"`{pool.config.base}` kept moving; it was not landed on.", again("to try again"))


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


def _merged(pool: Pool, slot: Slot, git: Git, base: Base, wish: Wish) -> str:
    """Step 8, remembering the first options where it stops."""
    try:
        return merge.base_into_slot(pool, slot, git, base, slot.held.name)
    except merge.ConflictError:
        remember_stop(slot, git, wish, base)
        raise
