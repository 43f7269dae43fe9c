"""A fresh slot: a git worktree whose entry git never sees half made.

`git worktree add` can be killed at some eighty points after which git itself stumbles over what it left. The files that
make a linked worktree are few and documented (gitrepository-layout(5), `worktrees/`), so they are written aside and
renamed into place; what a dead creation left is found by the nonce that the slot's mutex file recorded before.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout, refs
from wt.model import Slot
from wt.pool import lock, look, names, rename

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
    final, born = f"{pool.real}/{slot_id}", f"{pool.real}/{birth_name}"
    admin, staged = _admin(pool, birth_name), _staged(pool, birth_name)
    files.make_directory(born)
    files.write_exclusive(f"{born}/.git", f"gitdir: {admin}\n")
    files.make_directory(f"{staged}/worktree-pool")
    for name, text in (
        ("commondir", "../..\n"), ("gitdir", f"{final}/.git\n"), ("locked", rename.REASON),
        ("worktree-pool/created", _provenance(pool, slot_id)), (look.COLD, ""),
    ):  # fmt: skip
        files.write_exclusive(f"{staged}/{name}", text)
    refs.begin_head(pool.git((mutex.descriptor,)), staged, pool.common, sha)
    files.make_directory(f"{pool.common}/worktrees")
    files.rename(staged, admin)
    files.rename(born, final)
    files.sync_directory(f"{pool.common}/worktrees")
    mutex.note("acquire")
    return Slot(slot_id, group, number, "idle", final, admin)


def _admin(pool: Pool, birth_name: str) -> str:
    return f"{pool.common}/worktrees/{birth_name}"


def _staged(pool: Pool, birth_name: str) -> str:
    return f"{pool.common}/worktree-pool/{birth_name}"


def _provenance(pool: Pool, slot_id: str) -> str:
    values = {"pool_id": pool.config.pool_id, "key": pool.key, "root": pool.real, "slot": slot_id}
    return "".join(f"{key}: {lock.scalar(value)}\n" for key, value in values.items())


def journal(pool: Pool, slot_id: str) -> dict[str, str]:
    """Return what a slot's mutex file says: who had it last, and what that one had under way."""
    return lock.fields(files.read_text(pool.slot_mutex_path(slot_id), 4096) or "")


def journalled(pool: Pool, slot_id: str) -> str | None:
    """Return the birth name that a slot's mutex file still records."""
    name = journal(pool, slot_id).get("creating", "")
    return name if name.startswith(names.BIRTH_PREFIX) and "/" not in name else None


def undo(pool: Pool, slot_id: str, birth_name: str, mutex: Mutex) -> None:
    """Remove what a creation that died left, as files, before git is asked anything; what became a slot stays one."""
    admin = _admin(pool, birth_name)
    if layout.read_link(f"{pool.real}/{slot_id}") != admin:
        born = f"{pool.real}/{birth_name}"
        for directory in (_staged(pool, birth_name), admin):
            if os.path.isdir(directory):
                files.remove_tree(directory)
        # nothing was checked out into it: with anything but `.git` inside it stays
        files.unlink(f"{born}/.git")
        files.remove_directory(born)
    mutex.note("recovery")
