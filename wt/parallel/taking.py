"""Taking a slot as a holder: what the core's acquire says is waited for, mended, or told in the library's words."""

from __future__ import annotations

import errno
import os
import random
import threading
import time

from wt.errors import (
    CapacityError,
    ContendedError,
    GitError,
    NameHeld,
    NameHeldError,
    PoolExhausted,
    UntrustedError,
    WtError,
    quoted,
)
from wt.model import replaced
from wt.parallel import hooked, naming, reclaim, reset
from wt.pool import acquire as acquiring
from wt.pool import holder, hooking, mutex, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.model import Slot
    from wt.pool.acquire import Acquired
    from wt.pool.location import Pool

_PATIENCE = 60.0  # for a slot that is changing hands
_POLL = 0.05
# A new slot would meet the same: nothing is wrong with this one.
_NOT_THE_SLOTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Taker:
    """One holder of slots in a pool. `tell` gets what happens of itself, `warn` what somebody may want to know.

    `hooks` says whether to run any. Set, `stopping` ends what is under way in other threads: their waiting, their hooks.
    """

    def __init__(
        self,
        pool: Pool,
        tell: Callable[[str], None],
        warn: Callable[[str], None],
        group: str | None = None,
        *,
        hooks: bool = False,
    ) -> None:
        self.pool, self.tell, self.warn, self.group, self.hooks = pool, tell, warn, group, hooks
        self.stopping = threading.Event()
        self.token = ""
        self.last: dict[str, str] = {}
        self._lock = threading.Lock()

    def take(self, wanted: str, sha: str, wait: float = 0.0) -> Acquired:
        """Hold a slot for an id, its files those of a commit. What is changing hands is waited for; `wait` is for more.

        PoolExhausted or NameHeld where that ends; a slot that cannot be brought up is moved away, and made anew.
        """
        until = time.monotonic() + wait
        patience = max(until, time.monotonic() + _PATIENCE)
        anew = False
        while True:
            try:
                return self._attempt(wanted, sha)
            except ContendedError:
                if time.monotonic() > patience or self.stopping.is_set():
                    raise
            except CapacityError as error:
                if not self.reclaim() and (time.monotonic() >= until or self.stopping.is_set()):
                    raise self._exhausted(error) from None
            except WtError as error:
                if anew or not self._move_away(error):
                    raise
                anew = True
            time.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311 (spreads those who wait)

    def _move_away(self, error: WtError) -> bool:
        """Where git, or the system, could not bring a slot up, another may do."""
        cause = error.__cause__
        if error.slot is None or not (isinstance(error, GitError) or isinstance(cause, OSError)):
            return False
        if getattr(cause, "errno", None) in _NOT_THE_SLOTS:
            return False
        return reset.move_away(self.pool, error.slot, self.warn)

    def _exhausted(self, error: CapacityError) -> PoolExhausted:
        return PoolExhausted(
            f"All {self.pool.config.max_slots} worktrees of {self.pool.root} are held.", details=error.details,
        )  # fmt: skip

    def _attempt(self, wanted: str, sha: str) -> Acquired:
        """Ask the core, under the id's plain name, else (a branch of that name is somebody's) under its other one."""
        self._refuse_at_a_look(wanted)
        *first, last = naming.candidates(wanted, self.pool.config)
        for name in first:
            try:
                return self._ask(wanted, name, sha)
            except WtError as error:
                if type(error) is not WtError or error.slot is not None:
                    raise
        return self._ask(wanted, last, sha)

    def _refuse_at_a_look(self, wanted: str) -> None:
        """See without asking git that there is none to be had, so that those who wait cost little."""
        slots = survey.take(self.pool).slots
        holding = next((slot for slot in slots if is_for(slot, wanted) and slot.state == "held"), None)
        if holding is not None:
            raise self.held(wanted, holding)
        slots = tuple(slot for slot in slots if slot.group == self.group)
        if len(slots) >= self.pool.config.max_slots and all(self._is_taken(slot) for slot in slots):
            raise CapacityError("Every slot is held.", details="\n".join(_row(slot) for slot in slots))

    def _is_taken(self, slot: Slot) -> bool:
        """One that is being acquired will not be free soon: its hooks may take minutes. A dead acquire's is let go of."""
        if slot.state == "acquiring":
            return mutex.is_held(self.pool.slot_mutex_path(slot.slot))
        return slot.state in ("held", "broken")

    def held(self, wanted: str, slot: Slot) -> WtError:
        """The id is held: by a process that is gone, then it is free in a moment; else by somebody."""
        if self.reclaim():
            return ContendedError(f"`{wanted}` was held by a process that is gone.")
        mine = slot.held.pid == os.getpid()
        whose = "another pool object of this process" if mine else f"process {slot.held.pid}"
        return NameHeld(
            f"`{wanted}` is held by {slot.slot}, for {whose}.",
            f"to look at it: ls -l {quoted(slot.directory)}",
        )

    def _ask(self, wanted: str, name: str, sha: str) -> Acquired:
        token = self.claim_token()
        request = acquiring.Request(
            name,
            sha,
            self.group,
            holder=token,
            alias=naming.encoded(wanted),
            prefer=self.last.get(wanted, ""),
        )
        heard = self._hooked()
        try:
            hooks = heard.by(token) if heard is not None else None
            return acquiring.acquire(self.pool, replaced(request, hooks=hooks), self.tell)
        except NameHeldError as error:
            slot = survey.take(self.pool).named(name)
            if slot is None or slot.path is None:
                raise ContendedError(error.sentence) from None
            raise self.held(wanted, slot) from None
        except UntrustedError as error:
            raise hooked.not_trusted(self.pool, error, sha) from None
        except WtError as error:
            if heard is not None:
                heard.explain(error)
            raise

    def _hooked(self) -> hooked.Hooked | None:
        return hooked.Hooked(self.tell, self.warn, self.stopping.is_set) if self.hooks else None

    def require_trust(self, commits: Iterable[str]) -> None:
        """Raise HooksNotTrusted where the hooks of any of these commits are not approved."""
        heard = self._hooked()
        for commit in dict.fromkeys(commits):
            try:
                hooking.of_commits(
                    self.pool, heard.policy if heard is not None else None, [commit], "acquire"
                )
            except UntrustedError as error:
                raise hooked.not_trusted(self.pool, error, commit) from None

    def claim_token(self) -> str:
        """Return what marks us as a holder, made when it is first needed."""
        with self._lock:
            if not self.token:
                self.token = holder.begin(self.pool.real)
            return self.token

    def give_back(self, slot: Slot) -> None:
        """Give a slot of ours back, waiting for whoever looks at it at this moment."""
        patience = time.monotonic() + _PATIENCE
        heard = self._hooked()
        hooks = heard.by(self.token) if heard is not None else None
        while True:
            try:
                reclaim.give_back(self.pool, slot, self.tell, hooks)
            except ContendedError:
                if time.monotonic() > patience:
                    raise
                time.sleep(_POLL)
            else:
                return

    def mine(self) -> list[Slot]:
        """Return the slots that this holder has."""
        slots = survey.take(self.pool).slots if self.token else ()
        return [slot for slot in slots if slot.lock is not None and slot.lock.holder == self.token]

    def end(self) -> None:
        """Cease to be a holder, if nothing is held."""
        with self._lock:
            if self.token and not self.mine():
                holder.end(self.pool.real, self.token)
                self.token = ""

    def reclaim(self) -> bool:
        """Take back what dead processes hold, and mend what is broken; returns whether a slot may be free now."""
        freed = reclaim.of_the_dead(self.pool, self.warn)
        self.last.update(freed)
        return bool(freed) or self.mend(self.warn)

    def mend(self, tell: Callable[[str], None]) -> bool:
        """Bring broken slots back into use, in a pool that was made for programs."""
        return reclaim.is_for_programs(self.pool) and reset.mend(self.pool, tell)


def _row(slot: Slot) -> str:
    if slot.lock is None:
        return f"{slot.slot}  {slot.state}  {slot.problem or ''}".rstrip()
    by = f", by process {slot.lock.pid}" if slot.lock.holder else ""
    return f"{slot.slot}  {slot.state}  for `{naming.caller(slot)}`{by}"


def is_for(slot: Slot, wanted: str) -> bool:
    return slot.lock is not None and slot.lock.alias == naming.encoded(wanted)
