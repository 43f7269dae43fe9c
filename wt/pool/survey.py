"""What is on disk now: every slot of a pool with its state, from files alone (contract sections 2 and 9).

A survey decides nothing and changes nothing. The disk is the truth: no index of slots is kept anywhere.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout
from wt.model import LockRecord, Slot, record, replaced
from wt.pool import lock, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


@record
class Survey:
    """`slots` are ours, `foreign` the names of what else lies in the pool root, `strays` admin dirs without a slot."""

    slots: tuple[Slot, ...]
    foreign: tuple[str, ...]

    def named(self, name: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.lock and slot.lock.name == name), None)

    def by_id(self, slot_id: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.slot == slot_id), None)

    def of_group(self, group: str | None) -> list[Slot]:
        return [slot for slot in self.slots if slot.group == group]


def take(pool: Pool) -> Survey:
    """Read the pool root and the source's admin dirs."""
    slots: list[Slot] = []
    foreign: list[str] = []
    admins: set[str] = set()
    for name in files.list_directory(pool.real):
        path = f"{pool.real}/{name}"
        if name.startswith((".", names.BIRTH_PREFIX)) or not os.path.isdir(path) or os.path.islink(path):
            continue
        slot = _at(pool, path, name)
        if slot is None:
            foreign.append(name)
        else:
            slots.append(slot)
            admins.add(slot.admin or "")
    slots.extend(_without_directory(pool, admins))
    return Survey(tuple(sorted(slots, key=_order)), tuple(foreign))


def at_admin(pool: Pool, slot: Slot) -> Slot | None:
    """Return a slot as it is now, wherever a rename has brought it: its admin dir is what stays."""
    return next((now for now in take(pool).slots if now.admin == slot.admin), None)


def _order(slot: Slot) -> tuple[str, int, str]:
    return slot.group or "", slot.number, slot.path or ""


def _at(pool: Pool, path: str, name: str) -> Slot | None:
    admin = layout.read_link(path)
    if admin is None:
        return _broken_directory(pool, path, name)
    made_for = provenance(admin)
    if made_for.get("pool_id") != pool.config.pool_id:
        return None
    if is_copy(admin, path):
        return None
    record_ = lock.read(admin)
    identity = names.parse_slot_id(name, pool.config.groups)
    if identity is None:
        identity = _recorded_identity(pool, record_, made_for)
    slot_id = names.slot_id(*identity)
    slot = Slot(slot_id, *identity, "idle", path, admin, record_)
    return replaced(slot, state=_state(slot, name), unreadable=record_ is None and lock.exists(admin))


def _state(slot: Slot, directory: str) -> str:
    if slot.lock is not None:
        return slot.lock.state
    if slot.admin is not None and lock.exists(slot.admin):
        return "held"
    # provenance, not named like a slot id, no lock: what is left of a release is finished (section 9)
    return "idle" if directory == slot.slot else "releasing"


def provenance(admin: str) -> dict[str, str]:
    """Return what `created` says: pool_id, key, root, slot."""
    text = files.read_text(f"{admin}/worktree-pool/created", 8192)
    return lock.fields(text) if text else {}


def _recorded_identity(pool: Pool, held: LockRecord | None, made_for: dict[str, str]) -> tuple[str | None, int]:
    for text in (held.slot if held else "", made_for.get("slot", "")):
        if (identity := names.parse_slot_id(text, pool.config.groups)) is not None:
            return identity
    return pool.groups[0], 0


def is_copy(admin: str, path: str) -> bool:
    """Whether another directory owns the admin dir that this one's `.git` names (`cp -a` of a slot)."""
    pointed = layout.back_pointer(admin)
    if pointed is None or os.path.realpath(pointed) == path or not os.path.isdir(pointed):
        return False
    return layout.read_link(pointed) == admin


def _broken_directory(pool: Pool, path: str, name: str) -> Slot | None:
    """Tell a slot whose link is gone from a directory that was never ours: git's own words for ours are in `.git`."""
    text = files.read_text(f"{path}/.git", 8192)
    ours = text is not None and text.startswith("gitdir: ") and f"{pool.common}/worktrees/" in text
    identity = names.parse_slot_id(name, pool.config.groups)
    if not ours or identity is None:
        return None
    return Slot(name, *identity, "broken", path, None, problem="its .git link names an admin dir that is gone")


def _without_directory(pool: Pool, seen: set[str]) -> list[Slot]:
    found = []
    for name in files.list_directory(f"{pool.common}/worktrees"):
        admin = f"{pool.common}/worktrees/{name}"
        if admin in seen:
            continue
        made_for = provenance(admin)
        pointed = layout.back_pointer(admin)
        if made_for.get("pool_id") != pool.config.pool_id or (pointed and layout.read_link(pointed) == admin):
            continue
        found.append(_stray(pool, admin, made_for, pointed))
    return found


def _stray(pool: Pool, admin: str, made_for: dict[str, str], pointed: str | None) -> Slot:
    held = lock.read(admin)
    identity = _recorded_identity(pool, held, made_for)
    where = pointed or "its directory"
    here = pointed if pointed and os.path.isdir(pointed) else None
    problem = f"{where} has lost its .git link" if here else f"{where} is gone"
    unreadable = held is None and lock.exists(admin)
    return Slot(names.slot_id(*identity), *identity, "broken", here, admin, held, unreadable, problem)
