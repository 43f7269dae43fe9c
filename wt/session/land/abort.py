"""A land that stopped at a conflict is given up."""

from __future__ import annotations

from wt.errors import UsageError, quoted
from wt.git import refs
from wt.git.run import Git
from wt.session.land.wish import forget_stop, stopped_at
from wt.session.release import require_held, take_mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


def abort(pool: Pool, name: str) -> None:
    """Give up a land that stopped at a conflict: the slot is as it was before the merge."""
    slot = require_held(pool, name)
    with take_mutex(pool, slot, "land") as held:
        git = Git(slot.directory, (held.descriptor,))
        if stopped_at(slot) not in refs.pseudo_ref(slot.admin_dir, "MERGE_HEAD"):
            raise UsageError(
                f"No land of `{name}` has stopped; there is nothing to give up.", f"wt info {quoted(name)}"
            )
        git.do("merge", "--abort")
        forget_stop(slot)
