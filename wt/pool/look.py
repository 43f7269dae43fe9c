"""What lies in an idle slot: git's answers about tracked changes and hidden bits, asked side by side."""

from __future__ import annotations

import os

from wt import files
from wt.git import status
from wt.model import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git
    from wt.model import Config, Slot


def is_fresh(slot: Slot) -> bool:
    """Whether nothing was ever checked out here: no index means fresh, not dirty (contract section 9)."""
    return slot.admin is not None and not os.path.lexists(f"{slot.admin}/index")


COLD = "worktree-pool/cold"  # in the admin dir, until the slot is held for the first time


def is_cold(slot: Slot) -> bool:
    """Whether nobody ever held this slot, so that no hook and no build has warmed it, whatever was checked out."""
    return is_fresh(slot) or os.path.lexists(f"{slot.admin}/{COLD}")


def still_cold(slot: Slot) -> None:
    """Take note that a slot was held, but that nothing came of it."""
    if not os.path.lexists(path := f"{slot.admin}/{COLD}"):
        files.write_exclusive(path, "")


class Look:
    """Two readers under way; the caller holds the slot's mutex, so that a refreshed index may be written."""

    def __init__(self, git: Git, config: Config) -> None:
        self._git = git
        self._found: tuple[status.Status, tuple[str, ...] | None] | None = None
        self._flags = git.start("ls-files", "-v", "-z")
        mode = "no" if config.recycle == "keep" else "all"
        self._status = git.start_refresh(*status.arguments(untracked=mode, submodules="dirty"))

    def answer(self) -> tuple[status.Status, tuple[str, ...] | None]:
        """Return what was there, and the edits behind hidden bits (None: there are no such bits)."""
        if self._found is None:
            self._found = self._answered()
        return self._found

    def _answered(self) -> tuple[status.Status, tuple[str, ...] | None]:
        # the longer answer first: its writer waits for us once the pipe is full, and is done before the other is
        flags = self._flags.answer()
        found = status.answered(self._status)
        # a nested repository is not git's to clean, either
        untracked = tuple(path for path in found.untracked if not path.endswith("/"))
        hidden = status.hidden_edits(self._git) if status.has_hidden(flags) else None
        return replaced(found, untracked=untracked), hidden

    def abandon(self) -> None:
        self._flags.abandon()
        self._status.abandon()


class Clean:
    """What a look says of a slot that its holder has just made clean."""

    def answer(self) -> tuple[status.Status, tuple[str, ...] | None]:
        return status.Status(), None
