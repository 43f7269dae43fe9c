"""Moving a slot between its id and its name: rename(2), then git's links. Idempotent, so recovery calls it too.

`git worktree move` is not used: it refuses worktrees with submodules and grows with the number of files.
"""

from __future__ import annotations

import os

from wt import files
from wt.model import Slot, replaced

REASON = "a slot of a worktree pool; see `wt doctor`\n"


def move(slot: Slot, target: str) -> Slot:
    """Bring a slot's directory to `target` and make git's links say so; a no-op where it is there already."""
    if slot.path is not None and slot.path != target:
        files.rename(slot.path, target)
    moved = replaced(slot, path=target)
    repair(moved)
    return moved


def repair(slot: Slot) -> None:
    """Make the admin dir's back pointer name the directory, in the form (absolute or relative) that git chose."""
    if slot.admin is None or slot.path is None:
        return
    if os.path.isdir(f"{slot.admin}/modules"):
        from wt.pool.submodules import stores

        stores.repair(slot)
    # last, for it is what tells a repair that came to its end
    text = files.read_text(f"{slot.admin}/gitdir", 8192)
    relative = text is not None and not text.startswith("/") and text.strip() != ""
    target = f"{slot.path}/.git"
    wanted = os.path.relpath(target, slot.admin) if relative else target
    if text != f"{wanted}\n":
        files.replace_text(f"{slot.admin}/gitdir", f"{wanted}\n")
    if not os.path.lexists(f"{slot.admin}/locked"):
        files.replace_text(f"{slot.admin}/locked", REASON)


def link(root: str, name: str, slot_id: str) -> None:
    """Put the symlink `<name>` beside a slot of layout `stable`."""
    path = f"{root}/{name}"
    if os.path.islink(path) and os.readlink(path) == slot_id:
        return
    files.symlink(slot_id, path)


def unlink(root: str, name: str, slot_id: str) -> None:
    """Remove that symlink, if it is still ours."""
    path = f"{root}/{name}"
    if os.path.islink(path) and os.readlink(path) == slot_id:
        files.unlink(path)
