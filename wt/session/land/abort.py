"""A land that stopped at a conflict is given up."""

from __future__ import annotations

from wt.errors import UsageError, quoted
from wt.git import refs, status
from wt.git.run import Git
from wt.pool import keep, snapshot
from wt.session.land.wish import forget_stop, is_stopped, stopped_at
from wt.session.release import require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
    from wt.pool.location import Pool


def abort(pool: Pool, name: str) -> list[str]:
    """Give up a land that stopped: the slot is as it was before. What was resolved by then is set aside; returns its refs."""
    slot = require_held(pool, name)
    with take_mutex(pool, slot, "land") as held:
        git = Git(slot.directory, (held.descriptor,))
        operation = is_stopped(slot)
        if operation is None:
            raise UsageError(
                f"No land of `{name}` has stopped; there is nothing to give up.", f"wt info {quoted(name)}"
            )
        kept = _set_aside(pool, slot, git)
        git.do(operation, "--abort")
        forget_stop(slot)
        return kept


def _set_aside(pool: Pool, slot: Slot, git: Git) -> list[str]:
    """Keep what the user made of the conflict: the files, unless they are as git left them, and what is committed of it."""
    label = keep.label_of(slot)
    head = git.ask("rev-parse", "HEAD")
    kept = keep.commits(pool, git, label, [head] if head != stopped_at(slot) else [])
    if _is_as_git_left_it(slot, git):
        return kept
    found = status.read(git, untracked="no")
    ref = snapshot.uncommitted(pool, slot, git, label, found)
    return [ref, *kept] if ref is not None else kept


def _is_as_git_left_it(slot: Slot, git: Git) -> bool:
    """Whether the files are what git's merge wrote, conflict marks and all: it remembers them as a tree."""
    if not refs.has_own(slot.admin_dir, "AUTO_MERGE"):
        return False
    return git.ask_ok("diff", "--quiet", "--no-ext-diff", "--no-textconv", "AUTO_MERGE")
