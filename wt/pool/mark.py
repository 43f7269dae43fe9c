"""The last known verdict of a held slot, for the prompt: one line, `green 1f2e…`, in its admin dir.

A hint that costs nothing to write and decides nothing: it is neither synced nor locked. The second word is the nonce
of the lock that it was judged under, so that a later holder's prompt does not show it.
"""

from __future__ import annotations

from wt import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot


def path_of(admin: str) -> str:
    return f"{admin}/worktree-pool/mark"


def note(slot: Slot, mark: str) -> None:
    """Remember a verdict's mark; where that cannot be, it is not known, and nothing else is amiss."""
    if slot.admin is not None and slot.lock is not None and slot.lock.nonce:
        files.write_hint(path_of(slot.admin), f"{mark} {slot.lock.nonce}\n")


def read(slot: Slot) -> str | None:
    """Return the last known mark of this very holder's slot."""
    text = files.read_text(path_of(slot.admin_dir), 256) or ""
    mark, _, nonce = text.strip().partition(" ")
    return mark if slot.lock is not None and nonce and nonce == slot.lock.nonce else None
