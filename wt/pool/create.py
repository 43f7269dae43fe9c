"""A fresh slot: a git worktree made under a name of its own, journalled, then renamed to its slot id.

`git worktree add` is not safe against being killed; so it works on a directory and an admin dir that bear a nonce which
the slot's mutex file recorded before, and what a dead one left behind can be told and removed as files.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout
from wt.model import Slot
from wt.pool import names, rename

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex



def nonce() -> str:
    return os.urandom(8).hex()


def fresh_slot(pool: Pool, group: str | None, number: int, mutex: Mutex, sha: str) -> Slot:
    """Make slot `number` of a group, nothing checked out yet: milliseconds, for it runs under the pool mutex."""
    slot_id = names.slot_id(group, number)
    birth_name = f"{names.BIRTH_PREFIX}{nonce()}"
    mutex.note("acquire", creating=birth_name)
    path = f"{pool.real}/{birth_name}"
    pool.git((mutex.descriptor,)).do(
        "worktree", "add", "--quiet", "--no-checkout", "--detach", "--lock", "--reason", rename.REASON.strip(), path, sha
    )
    admin = layout.read_link(path) or f"{pool.common}/worktrees/{birth_name}"
    _record_provenance(pool, slot_id, admin)
    slot = rename.move(Slot(slot_id, group, number, "idle", path, admin), f"{pool.real}/{slot_id}")
    mutex.note("acquire")
    return slot


def _record_provenance(pool: Pool, slot_id: str, admin: str) -> None:
    files.make_directory(f"{admin}/worktree-pool")
    text = f"pool_id: {pool.config.pool_id}\nkey: {pool.key}\nroot: {pool.real}\nslot: {slot_id}\n"
    files.replace_text(f"{admin}/worktree-pool/created", text)


def journalled(pool: Pool, slot_id: str) -> str | None:
    """Return the birth name that a slot's mutex file still records."""
    from wt.pool.lock import fields

    text = files.read_text(pool.slot_mutex_path(slot_id), 4096)
    name = fields(text or "").get("creating", "")
    return name if name.startswith(names.BIRTH_PREFIX) and "/" not in name else None


def undo(pool: Pool, slot_id: str, birth_name: str, mutex: Mutex) -> None:
    """Remove what a creation that died left, before git is asked anything; what became a slot stays one."""
    admin = f"{pool.common}/worktrees/{birth_name}"
    final, born = f"{pool.real}/{slot_id}", f"{pool.real}/{birth_name}"
    if layout.read_link(final) == admin:
        rename.repair(Slot(slot_id, None, 0, "idle", final, admin))
    else:
        _remove_newborn(born)
        if os.path.isdir(admin):
            files.remove_tree(admin)
        files.remove_directory(f"{pool.common}/worktrees")
    mutex.note("recovery")


def _remove_newborn(path: str) -> None:
    """Remove the directory if it holds nothing but `.git` (nothing was checked out into it)."""
    files.unlink(f"{path}/.git")
    files.remove_directory(path)
