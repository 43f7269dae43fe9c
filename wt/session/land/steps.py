"""The thirteen steps of contract section 12, in their order.

Land refuses before it touches; what it touched is safe to land again, or to give up.
"""

from __future__ import annotations

from wt.errors import Interrupted, WtError, again
from wt.git.run import Git
from wt.pool import acquire, keep
from wt.session import base as base_branch
from wt.session.land import advance, commit, hooks, mend, merge, move, refuse, turn
from wt.session.land.finish import finish
from wt.session.land.task import Task
from wt.session.land.wish import Landed, Wish, forget_stop, resumed
from wt.session.release import require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.base import Base
    from wt.session.land.inside import Inside

_TIMES_BACK = 3


def land(pool: Pool, name: str, wish: Wish, cwd: str, tell: Callable[[str], None]) -> Landed:
    """Land a held slot. WtError where it refuses (nothing changed), ConflictError where the merge stopped."""
    turn.recover(pool, name, tell)
    slot = require_held(pool, name)
    wish = resumed(slot, wish, tell)
    if wish.next is not None:
        acquire.foresee(pool, acquire.Request(wish.next, group=slot.group, hooks=wish.hooks), tell)
    found = refuse.looked(pool, slot)  # 1
    if refuse.has_landed(pool, slot, wish, found):  # 2
        with take_mutex(pool, slot, "land") as held:
            return finish(pool, name, wish, cwd, held, tell, moved=None)
    hooks.foresee(pool, wish.hooks)
    refuse.untracked(slot, wish, found)  # 3
    refuse.without_message(slot, wish, found)  # 7, before anything is locked or touched
    with turn.take(pool, name, tell):  # 4
        mend.unfinished(pool, move.journal_of_base(pool), (), tell)
        slot = require_held(pool, name)
        with take_mutex(
            pool, slot, "land", [*base_branch.find(pool).locks(pool), *_locks_inside(slot)]
        ) as held:
            refuse.unlandable(pool, slot)  # whoever waited for its turn may have been worked in meanwhile
            moved = _told_if_interrupted(
                Task(pool, slot, Git(slot.directory, (held.descriptor,)), wish, tell)
            )
            return finish(pool, name, wish, cwd, held, tell, moved=moved)  # 13


def _told_if_interrupted(task: Task) -> tuple[str, str]:
    """Steps 5 to 12; who interrupts them is told whether the base moved, as far as files tell."""
    ref = f"refs/heads/{task.pool.config.base}"
    before = keep.branch_tip(task.pool.common, ref)
    try:
        return _onto_base(task)
    except (KeyboardInterrupt, Interrupted):
        now = keep.branch_tip(task.pool.common, ref)
        if now == before:
            task.tell(f"interrupted; `{task.name}` was not landed.")
        elif now == keep.head_commit(task.slot, task.pool.common):
            task.tell(f"interrupted; `{task.name}` had landed by then, and its slot stays.")
        raise


def _onto_base(task: Task) -> tuple[str, str]:
    """Steps 5 to 12, under the land lock and the slot's mutex; returns the base before and after."""
    base = base_branch.find(task.pool)  # 5
    base_branch.refuse_unready(base, task.slot)
    inside = _inside(task, base)
    if inside is not None:
        inside.catch_up()  # 6
    commit.changes(task)  # 7
    for _time in range(1 + _TIMES_BACK):
        head = task.git.ask("rev-parse", "HEAD")
        if inside is not None:
            inside.obtain(base.tip)
        try:
            tip = _brought_up(task, base)  # 8
            inside = _inside(task, base)
            if inside is not None:
                inside.refresh(head)  # 12, so that step 9 has all of what is landed
            hooks.before(task.pool, task.slot, task.wish.hooks, base.tip, tip)  # 9
            _refuse_moved(task, base)
            _advance(task, base, tip, inside)  # 10, 11
        except advance.MovedError as error:
            task.tell(f"{error.sentence} It is looked at anew.")
            base = base_branch.find(task.pool)
            base_branch.refuse_unready(base, task.slot)
        else:
            forget_stop(task.slot)
            hooks.after(task.pool, task.slot, task.wish.hooks, base.tip, tip)  # 12
            return base.tip, tip
    raise WtError(f"`{base.branch}` kept moving; it was not landed on.", again("to try again"))


def _locks_inside(slot: Slot) -> list[str]:
    if not refuse.has_submodules(slot):
        return []
    from wt.pool.submodules import follow

    return follow.locks(follow.Tree(slot.admin_dir, slot.directory))


def _inside(task: Task, base: Base) -> Inside | None:
    """Return the submodules of a land, None (and nothing loaded) where the slot has none."""
    if not refuse.has_submodules(task.slot):
        return None
    from wt.session.land import inside

    return inside.of(task, base)


def _advance(task: Task, base: Base, tip: str, inside: Inside | None) -> None:
    """Submodules of the base's checkout go before it, new ones come after it; where it is refused they go back."""
    if inside is None:
        advance.advance(task, base, tip)
        return
    inside.bring(base.tip, tip)
    try:
        advance.advance(task, base, tip)
    except BaseException:
        inside.undo()
        raise
    inside.clone_new(base.tip, tip)


def _refuse_moved(task: Task, base: Base) -> None:
    """Another checkout of it, or another tip: back to 8, which costs less than a refusal."""
    if base_branch.find(task.pool).tip != base.tip:
        raise advance.MovedError(f"`{base.branch}` moved meanwhile.")


def _brought_up(task: Task, base: Base) -> str:
    """Step 8: the slot's branch contains the base, in the way that was asked for; returns its tip."""
    if task.wish.how == "squash":
        from wt.session.land.squash import squashed

        return squashed(task, base)
    if task.wish.how == "rebase":
        from wt.session.land.rebase import rebased

        return rebased(task, base)
    return merge.merged(task, base)
