"""The slots that a run has: taken one by one, brought from commit to commit, given back whatever happens.

To hooks each commit is an acquire and a release of its own.
"""

from __future__ import annotations

import os
import threading
import time

from wt.errors import CapacityError, ContendedError, GitError, SetupError, WtError, again
from wt.git import refs
from wt.git.run import Git
from wt.model import replaced
from wt.parallel import naming, reset
from wt.parallel.taking import Taker
from wt.pool import bring_up, holder, hooking, look, mutex, release, survey
from wt.pool.look import Clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wt.model import Slot
    from wt.parallel.run.targets import Target
    from wt.pool.hooking import Due
    from wt.pool.location import Pool
    from wt.trust import Policy

    Adapt = Callable[[Policy], Policy]

_BUSY_S, _POLL = 60.0, 0.02


class SlotLostError(ContendedError):
    """A slot of the run is not the run's any more, or of no use to anybody."""


def _discard(slot: Slot, held: mutex.Mutex) -> None:
    try:
        reset.discard(slot, held)
    except (GitError, OSError) as error:
        raise SlotLostError(f"{slot.slot} could not be made clean.", details=str(error)) from error


class Slots:
    """What a run may take: `keep_free` slots are left to people. Its slots stay where they are (layout stable)."""

    def __init__(
        self,
        pool: Pool,
        group: str | None,
        keep_free: int,
        tell: Callable[[str], None],
        hooks: Mapping[str, Due | None],
    ) -> None:
        config = replaced(pool.config, layout="stable", recycle="clean")
        self.pool, self.group, self.keep_free = replaced(pool, config=config), group, keep_free
        self.taker = Taker(self.pool, tell, tell, group)
        self._hooks, self._cold = hooks, set[str]()
        self._used: dict[str, Slot] = {}
        self._at: dict[str, str] = {}
        self._lock, self._ours = threading.Lock(), 0
        self._name = f"{naming.RUN}{os.urandom(3).hex()}"

    @property
    def count(self) -> int:
        return self.pool.config.max_slots

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
                self._refuse_for_ever()
                self.taker.reclaim()
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
        if taken.fresh:
            self._cold.add(taken.slot)
        slot = survey.take(self.pool).by_id(taken.slot)
        if slot is not None:
            self._used[taken.slot], self._at[taken.slot] = slot, target.commit
        return slot

    def _refuse_for_ever(self) -> None:
        """Raise WtError where those that started us hold so many slots that none of ours can come before they end."""
        above, seen = holder.above(), survey.take(self.pool).of_group(self.group)
        theirs = [slot for slot in seen if slot.lock is not None and slot.lock.holder in above]
        if theirs and not self._ours and self.count - len(theirs) <= self.keep_free:
            what = ", ".join(f"{slot.slot} (process {slot.held.pid})" for slot in theirs)
            raise WtError(
                f"The program that started this run holds {what}, and ends later than it: no slot would come.",
                again("to leave fewer to people", {"--keep-free": "0"})
                if len(theirs) < self.count
                else "wt ls",
            )

    def _less(self) -> None:
        with self._lock:
            self._ours -= 1

    def crowded(self) -> bool:
        """Whether people have fewer slots left than they should."""
        return self.free() < self.keep_free

    def bring(self, slot: Slot, target: Target, adapt: Adapt) -> None:
        """Make a slot's files those of a target, what the last command left discarded, what git ignores kept.

        Then run the hooks of an acquire, their policy adapted; WtError where one fails.
        """
        if target.tree is None:
            raise SetupError(target.problem)
        with self._mutex(slot) as held:
            self._require_ours(slot)
            held.note("run")
            git = Git(slot.directory, (held.descriptor,))
            if self._at.pop(slot.slot, None) == target.commit:  # as the acquire has just left it
                refs.detach_head(git, slot.admin_dir, target.commit)
            else:
                _discard(slot, held)
                bring_up.switch(self.pool, slot, held, target.commit, self.taker.tell, Clean())
            if target.patch is not None:
                git.do("read-tree", "-u", "--reset", target.tree)
            if (due := self._due(target, adapt)) is not None:
                fresh = slot.slot in self._cold
                hooking.post_acquire(
                    due, slot, due.policy, self.pool, fresh=fresh, otherwise="the command was not run"
                )
        self._cold.discard(slot.slot)

    def leave(self, slot: Slot, target: Target, adapt: Adapt) -> None:
        """The command is over: run the hooks of a release. SlotLostError where the slot was somebody else's meanwhile."""
        with self._mutex(slot):
            now = self._require_ours(slot)
            if now.path is not None and (due := self._due(target, adapt)) is not None:
                hooking.post_release(due, hooking.pre_release(due, now))

    def _require_ours(self, slot: Slot) -> Slot:
        """A person may have released it behind our back, and somebody else may work in it."""
        now = survey.at_admin(self.pool, slot)
        if now is None or now.lock is None or now.lock.nonce != slot.held.nonce:
            raise SlotLostError(f"{slot.slot} was given back by somebody else.")
        return now

    def _due(self, target: Target, adapt: Adapt) -> Due | None:
        due = self._hooks.get(target.commit)
        return None if due is None else replaced(due, policy=adapt(due.policy))

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

    def left_behind(self) -> list[str]:
        """Say which processes stand in slots that the run had and gave back."""
        said: list[str] = []
        for slot in self._used.values():
            release.warn_of_processes(slot, said.append)
        return said

    def give_back(self, slot: Slot) -> None:
        if slot.slot in self._cold and os.path.isdir(slot.admin_dir):
            look.still_cold(slot)
        self._cold.discard(slot.slot)
        self.taker.give_back(slot)
        self._less()
