"""One land under way: what each of its steps is given."""

from __future__ import annotations

from wt.git import refs
from wt.git.run import Git
from wt.model import Slot, record
from wt.session.land.wish import Wish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool


@record
class Task:
    """A slot whose mutex is held, git in it, what was asked for, and who is told."""

    pool: Pool
    slot: Slot
    git: Git
    wish: Wish
    tell: Callable[[str], None]

    @property
    def name(self) -> str:
        return self.slot.held.name

    @property
    def branch(self) -> str:
        """The branch that the slot is on, which need not be called like the slot."""
        return refs.branch_of(self.slot.admin_dir) or self.name
