"""What an earlier list found out about a slot, and what it found it from: so that the next list need not ask git again.

For lists alone: what decides about recycling always asks. A line is `what key value`, the key being all that the value
depends on; the file, in the slot's admin dir, may be deleted at any time.
"""

from __future__ import annotations

import os

from wt import files
from wt.git.landed import Ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot


class Memory:
    """Of one slot; `store` writes it if something was learnt."""

    def __init__(self, slot: Slot) -> None:
        self._path = f"{slot.admin}/worktree-pool/seen"
        text = files.read_text(self._path, 4096) or ""
        self._known = {
            words[0]: (words[1], words[2]) for line in text.split("\n") if len(words := line.split(" ")) == 3
        }
        self._learnt = False

    def recall(self, what: str, key: str) -> str | None:
        known = self._known.get(what)
        return known[1] if known and known[0] == key else None

    def learn(self, what: str, key: str, value: str) -> None:
        self._known[what] = (key, value)
        self._learnt = True

    def store(self) -> None:
        if self._learnt:
            lines = (f"{what} {key} {value}\n" for what, (key, value) in self._known.items())
            files.write_hint(self._path, "".join(lines))


def identity(path: str) -> str | None:
    """Return what changes whenever a file is replaced or written: git does not do either without."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return f"{found.st_ino},{found.st_size},{found.st_mtime_ns},{found.st_ctime_ns}"


def ahead_to_text(ahead: Ahead) -> str:
    return f"{ahead.count},{ahead.by or ''}"


def ahead_from_text(text: str) -> Ahead | None:
    count, _, by = text.partition(",")
    return Ahead(int(count), by or None) if count.isascii() and count.isdigit() else None
