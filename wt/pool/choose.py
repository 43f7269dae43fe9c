"""Steps 3 and 4 of acquire: which slots may be had, in which order; or why none."""

from __future__ import annotations

import os
import time

from wt import times
from wt.errors import CapacityError, ContendedError, GitError, WtError, again, quoted
from wt.git import layout
from wt.model import Slot
from wt.pool import lock, names

_WORTH_ASKING = 2
_FAR = 1 << 62

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wt.pool.location import Pool
    from wt.pool.survey import Survey


def idle(pool: Pool, seen: Survey, group: str | None, sha: str | None, prefer: str = "") -> list[Slot]:
    """Return the idle slots of a group: the preferred one first, those at `sha`, the nearest to it, then by number."""
    slots = [slot for slot in seen.of_group(group) if slot.state == "idle"]
    heads = {slot.slot: _commit_of(slot) for slot in slots}
    far = _distances(pool, sha, heads)
    return sorted(
        slots,
        key=lambda slot: (
            slot.slot != prefer, heads[slot.slot] != sha, far.get(heads[slot.slot] or "", _FAR), slot.number,
        ),
    )  # fmt: skip


def _commit_of(slot: Slot) -> str | None:
    try:
        return layout.head(slot.admin_dir)[1]
    except GitError:  # it cannot be told: no reason not to take another
        return None


def _distances(pool: Pool, sha: str | None, heads: dict[str, str | None]) -> dict[str, int]:
    """How far each slot is, where none is at `sha` and there is something to choose: that costs a process."""
    there = {head for head in heads.values() if head}
    if sha is None or sha in there or len(there) < _WORTH_ASKING:
        return {}
    from wt.pool.nearest import Distances

    return Distances.to(pool.git(), sha, there)


def candidates(pool: Pool, seen: Survey, group: str | None, sha: str, prefer: str = "") -> Iterator[Slot]:
    """Yield the idle slots, the best first; then fresh ones if the group has room."""
    yield from idle(pool, seen, group, sha, prefer)
    yield from fresh(pool, seen, group)


def fresh(pool: Pool, seen: Survey, group: str | None) -> Iterator[Slot]:
    """Yield the slots that a group still has room for: the lowest numbers that no slot bears and no directory occupies."""
    taken = {slot.number for slot in seen.of_group(group)}
    room = pool.config.max_slots - len(seen.of_group(group))
    number = 0
    while room > 0:
        slot_id = names.slot_id(group, number)
        if number not in taken and not os.path.lexists(f"{pool.real}/{slot_id}"):
            room -= 1
            yield Slot(slot_id, group, number, "fresh", None, None)
        number += 1


def exhausted(pool: Pool, seen: Survey, group: str | None, *, busy: bool) -> WtError:
    """Return the error of an acquire that got none: contended where waiting may help (`busy`: one was passed over)."""
    slots = seen.of_group(group)
    what = f"group {group} of the pool `{pool.key}`" if group else f"pool `{pool.key}`"
    if busy or any(slot.transitional or slot.state == "idle" for slot in slots):
        return ContendedError(f"The {what} has no slot free at this moment; one is changing hands.",
                              again("to wait for it", {"--wait": "60"}))  # fmt: skip
    error = CapacityError(f"The {what} is full: {len(slots)} of {pool.config.max_slots} slots are in use.")
    error.details = "\n".join(_row(slot) for slot in slots)
    held = [slot for slot in slots if slot.lock is not None and slot.admin is not None]
    if held:
        error.oldest = min(held, key=lock.since).held.name
        error.hint(
            f"to give the oldest back: worktree-pool --pool {pool.key} release --name {quoted(error.oldest)}"
        )
    return error


def _row(slot: Slot) -> str:
    if slot.lock is None:
        return f"{slot.slot}  {slot.state}  {slot.problem or ''}".rstrip()
    return f"{slot.slot}  `{slot.lock.name}`  {times.in_words(time.time() - lock.since(slot))}"
