"""What is on disk now: every slot of a pool with its state, from files alone (contract sections 2 and 9).

A survey decides nothing and changes nothing. The disk is the truth: no index of slots is kept anywhere.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout
from wt.model import LockRecord, Slot, record
from wt.pool import lock, missing, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import State
    from wt.pool.location import Pool


@record
class Survey:
    """`slots` are ours, `foreign` the names of what else lies in the pool root."""

    slots: tuple[Slot, ...]
    foreign: tuple[str, ...]

    def named(self, name: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.lock and slot.lock.name == name), None)

    def by_id(self, slot_id: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.slot == slot_id), None)

    def of_group(self, group: str | None) -> list[Slot]:
        return [slot for slot in self.slots if slot.group == group]


def take(pool: Pool) -> Survey:
    """Read the source's admin dirs, which never move, and the pool root, where others may be renaming at this moment."""
    names_seen, where = _links(pool)
    found = (one(pool, admin, where.get(admin, [])) for admin in admin_dirs(pool))
    slots = [slot for slot in found if slot is not None]
    known = {slot.path for slot in slots}
    foreign = []
    for path in names_seen:
        if path not in known and not _is_transient(path, slots):
            broken = _broken_directory(pool, path)
            slots.extend([broken] if broken else [])
            foreign.extend([] if broken else [os.path.basename(path)])
    return Survey(tuple(sorted(slots, key=_order)), tuple(foreign))


def admin_dirs(pool: Pool) -> list[str]:
    """Return the admin dirs of the source, this pool's and all others."""
    return admin_dirs_of(pool.common)


def admin_dirs_of(common: str) -> list[str]:
    return [f"{common}/worktrees/{name}" for name in files.list_directory(f"{common}/worktrees")]


def held(pool: Pool) -> list[Slot]:
    """Return the slots that are held, in order, without a look at what else lies in the pool root: for lists."""
    slots = (one(pool, admin, None) for admin in admin_dirs(pool))
    return sorted(
        (slot for slot in slots if slot is not None and slot.state not in ("idle", "fresh")), key=_order
    )


def _links(pool: Pool) -> tuple[list[str], dict[str, list[str]]]:
    """Return the directories in the pool root, and by admin dir those whose `.git` names it."""
    seen: list[str] = []
    where: dict[str, list[str]] = {}
    for name in files.list_subdirectories(pool.real):
        if name.startswith((".", names.BIRTH_PREFIX)):
            continue
        path = f"{pool.real}/{name}"
        seen.append(path)
        admin = layout.read_link(path, f"{pool.common}/worktrees")
        if admin is not None:
            where.setdefault(admin, []).append(path)
    return seen, where


def _is_transient(path: str, slots: list[Slot]) -> bool:
    """Whether a directory was renamed between two looks: it is gone, or its admin dir is that of a slot seen."""
    admin = layout.read_link(path)
    if admin is None:
        return not os.path.isdir(path)
    return any(slot.admin == admin and slot.path is None for slot in slots)


def at_admin(pool: Pool, slot: Slot) -> Slot | None:
    """Return a slot as it is now, wherever a rename has brought it: its admin dir is what stays."""
    return None if slot.admin is None else one(pool, slot.admin, None)


def one(pool: Pool, admin: str, candidates: list[str] | None) -> Slot | None:
    """Return the slot of an admin dir, None if it is not this pool's.

    `candidates` are the directories that name it; None: they are looked for only if it is not where it says.
    """
    made_for = provenance(admin)
    if made_for.get("pool_id") != pool.config.pool_id or _is_of_twin(pool, admin, made_for.get("root", "")):
        return None
    held = lock.read(admin)
    path = _expected(pool, admin, held, made_for) or _directory(pool, admin, candidates)
    identity = names.parse_slot_id(os.path.basename(path or ""), pool.config.groups)
    identity = identity or _recorded_identity(pool, held, made_for)
    slot_id = names.slot_id(*identity)
    unreadable = held is None and lock.exists(admin)
    state, problem = _state(slot_id, path, admin, held, unreadable=unreadable)
    return Slot(slot_id, *identity, state, path, admin, held, unreadable, problem)


def _is_of_twin(pool: Pool, admin: str, root: str) -> bool:
    """Whether a slot was made for another directory that is a pool of the same id: one of the two is a copy.

    A pool that was moved has left nothing where it was; one that is mounted twice is the same there.
    """
    if root == pool.real:
        return False
    if f"pool_id: {pool.config.pool_id}\n" in (files.read_text(f"{root}/.meta/config.yaml") or ""):
        return not files.is_same(f"{root}/.meta", f"{pool.real}/.meta")
    # moved and then copied: git's link tells which of two directories is the slot
    pointed = layout.back_pointer(admin) or ""
    here = f"{pool.real}/{os.path.basename(pointed)}"
    both = layout.read_link(pointed) == layout.read_link(here) == admin
    return both and not files.is_same(pointed, here)


def _expected(pool: Pool, admin: str, held: LockRecord | None, made_for: dict[str, str]) -> str | None:
    """Where nearly every slot is, found with one read: where its lock or its provenance says, in git's usual words."""
    name = made_for.get("slot", "")
    if held is not None:
        name = names.slug(held.name) if held.layout == "rename" else held.slot
    path = f"{pool.real}/{name}"
    return path if name and files.read_text(f"{path}/.git", 8192) == f"gitdir: {admin}\n" else None


def _directory(pool: Pool, admin: str, candidates: list[str] | None) -> str | None:
    """Where else a slot may be: where its back pointer says, or where an unfinished rename has brought it.

    Of several directories that name one admin dir, the others are copies. One that was moved out of the pool is not ours
    to use, or to fetch back, any more.
    """
    pointed = layout.back_pointer(admin)
    if candidates is not None and pointed in candidates:
        return pointed
    if pointed is not None and layout.read_link(pointed, f"{pool.common}/worktrees") == admin:
        if not files.is_same(os.path.dirname(pointed), pool.real):
            return None
        return f"{pool.real}/{os.path.basename(pointed)}"
    if candidates is None:
        candidates = _links(pool)[1].get(admin, [])
    return next((path for path in candidates if os.path.isdir(path)), None)


def _order(slot: Slot) -> tuple[str, int, str]:
    return slot.group or "", slot.number, slot.path or ""


def provenance(admin: str) -> dict[str, str]:
    """Return what `created` says: pool_id, key, root, slot."""
    text = files.read_text(f"{admin}/worktree-pool/created", 8192)
    return lock.fields(text) if text else {}


def _recorded_identity(
    pool: Pool, held: LockRecord | None, made_for: dict[str, str]
) -> tuple[str | None, int]:
    for text in (held.slot if held else "", made_for.get("slot", "")):
        if (identity := names.parse_slot_id(text, pool.config.groups)) is not None:
            return identity
    return pool.groups[0], 0


def _state(
    slot_id: str, path: str | None, admin: str, held: LockRecord | None, *, unreadable: bool
) -> tuple[State, str | None]:
    """Return the state and, if broken, the problem. In transition somebody is at it: the directory may be anywhere."""
    if held is not None and held.state != "held":
        return held.state, None
    if path is None:
        return "broken", missing.loss(admin)
    if held is not None or unreadable:
        return "held", None
    # provenance, not named like a slot id, no lock: what is left of a release is finished (section 9)
    return ("idle", None) if os.path.basename(path) == slot_id else ("releasing", None)


def _broken_directory(pool: Pool, path: str) -> Slot | None:
    """Tell a slot whose link is gone from a directory that was never ours: git's own words for ours are in `.git`."""
    text = files.read_text(f"{path}/.git", 8192)
    ours = text is not None and text.startswith("gitdir: ") and f"{pool.common}/worktrees/" in text
    identity = names.parse_slot_id(os.path.basename(path), pool.config.groups)
    if not ours or identity is None or layout.read_link(path) is not None:
        return None
    slot_id = names.slot_id(*identity)
    return Slot(
        slot_id, *identity, "broken", path, None, problem="its .git link names an admin dir that is gone"
    )
