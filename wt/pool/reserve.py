"""A slot held in advance: while git still resolves the commit, the likeliest slot is verified already.

Its mutex is taken before the pool's. No deadlock can come of it, since whoever has the pool mutex only tries the others
(contract section 9); who finds the slot busy passes it over, as for any other. Step 4 still chooses: a reservation that
it does not choose is given back.
"""

from __future__ import annotations

from wt.git.run import Git
from wt.pool import choose, mutex, survey
from wt.pool.look import Look, is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex


class Reservation:
    """At most one idle slot, its mutex, and git looking at its files; empty where none was to be had."""

    def __init__(self, slot: Slot | None = None, held: Mutex | None = None, look: Look | None = None) -> None:
        self.slot, self._held, self._look = slot, held, look

    def redeem(self, slot: Slot) -> tuple[Mutex, Look | None] | None:
        """Hand the mutex over to an acquire that chose this very slot; None if it is another."""
        if self.slot is None or self._held is None or slot.slot != self.slot.slot:
            return None
        taken = self._held, self._look
        self._held = self._look = None
        return taken

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._look is not None:
            self._look.abandon()
        if self._held is not None:
            self._held.release()


def likely(pool: Pool, group: str | None, sha: str | None, prefer: str = "") -> Reservation:
    """Reserve the idle slot that an acquire of `sha` would choose now, if there is one."""
    seen = survey.take(pool)
    for candidate in choose.idle(pool, seen, group, sha, prefer):
        held = mutex.try_take(pool.slot_mutex_path(candidate.slot))
        if held is None:
            continue
        slot = survey.at_admin(pool, candidate)
        if slot is not None and slot.state == "idle" and slot.slot == candidate.slot:
            held.note("acquire")
            return Reservation(slot, held, _look(pool, slot, held))
        held.release()
    return Reservation()


def _look(pool: Pool, slot: Slot, held: Mutex) -> Look | None:
    """Begin to look, unless nothing was ever checked out here."""
    return None if is_fresh(slot) else Look(Git(slot.directory, (held.descriptor,)), pool.config)
