"""The slots that a run has: taken one by one, brought from commit to commit, given back whatever happens."""

from __future__ import annotations

import os
import threading
import time

from wt.errors import CapacityError, ContendedError, SetupError
from wt.git.run import Git
from wt.model import replaced
from wt.parallel import reset
from wt.parallel.taking import Taker
from wt.pool import bring_up, mutex, survey
from wt.pool.look import Clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.parallel.run.targets import Target
    from wt.pool.location import Pool

_BUSY_S, _POLL = 60.0, 0.02


class Slots:
    """What a run may take: `keep_free` slots are left to people. Its slots stay where they are (layout stable)."""

    def __init__(self, pool: Pool, group: str | None, keep_free: int, tell: Callable[[str], None]) -> None:
        config = replaced(pool.config, layout="stable", recycle="clean")
        self.pool, self.group, self.keep_free = replaced(pool, config=config), group, keep_free
        self.taker = Taker(self.pool, tell, tell, group)
        self._lock, self._ours = threading.Lock(), 0
        self._name = f"run-{os.urandom(3).hex()}"

    def free(self) -> int:
        """Return how many slots of the group nobody has, those that we are about to have counted."""
        seen = survey.take(self.pool).of_group(self.group)
        others = sum(slot.state != "idle" and not self._is_ours(slot) for slot in seen)
        return self.pool.config.max_slots - others - self._ours

    def _is_ours(self, slot: Slot) -> bool:
        return slot.lock is not None and slot.lock.holder == self.taker.token

    def take(self, number: int, target: Target) -> Slot | None:
        """Take one more slot, at a target's commit; None where none is to be had, or people would have none left."""
        with self._lock:
            if self.free() <= self.keep_free:
                return None
            self._ours += 1
        try:
            taken = self.taker.take(f"{self._name}-{number}", target.commit)
        except (CapacityError, ContendedError):
            self._less()
            return None
        except BaseException:
            self._less()
            raise
        return survey.take(self.pool).by_id(taken.slot)

    def _less(self) -> None:
        with self._lock:
            self._ours -= 1

    def crowded(self) -> bool:
        """Whether people have fewer slots left than they should."""
        return self.free() < self.keep_free

    def bring(self, slot: Slot, target: Target) -> None:
        """Make a slot's files those of a target, what the last command left discarded, what git ignores kept."""
        if target.tree is None:
            raise SetupError(target.problem)
        with self._mutex(slot) as held:
            held.note("run")
            reset.discard(slot, held)
            bring_up.switch(self.pool, slot, held, target.commit, self.taker.tell, Clean())
            if target.patch is not None:
                Git(slot.directory, (held.descriptor,)).do("read-tree", "-u", "--reset", target.tree)

    def _mutex(self, slot: Slot) -> mutex.Mutex:
        """Take a slot's mutex, which somebody may have for a moment to look whether we live."""
        until = time.monotonic() + _BUSY_S
        while (held := mutex.try_take(self.pool.slot_mutex_path(slot.slot))) is None:
            if time.monotonic() > until:
                raise ContendedError(
                    f"{slot.slot} is busy: {mutex.holder(self.pool.slot_mutex_path(slot.slot))}."
                )
            time.sleep(_POLL)
        return held

    def give_back(self, slot: Slot) -> None:
        self.taker.give_back(slot)
        self._less()
