"""Failpoints: every effect of ours passes a door, and a test can kill the process on either side of it.

`WT_DOORS_LOG=FILE` appends the label of each door that is crossed; `WT_DOORS_KILL=N` ends the process with SIGKILL at
the N-th crossing (each effect has two: before, after); `WT_DOORS_KILL_GROUP=1` takes its whole process group along.
`WT_DOORS_FULL=N` is a disk that is full from the N-th crossing on: no write to a file succeeds, ours or a child's.
Without these variables a crossing is one call of an empty function.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _open(label: str, /) -> None:
    del label


class _Counter:
    def __init__(self, log: str, kill_at: int, full_at: int) -> None:
        self.log = log
        self.kill_at = kill_at
        self.full_at = full_at
        self.count = 0

    def cross(self, label: str, /) -> None:
        self.count += 1
        if self.log:
            descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(descriptor, f"{self.count} {label}\n".encode(errors="replace"))
            os.close(descriptor)
        if self.count == self.kill_at:
            os.kill(0 if os.environ.get("WT_DOORS_KILL_GROUP") else os.getpid(), 9)
        if self.count == self.full_at:
            _fill()


def _fill() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


cross: Callable[[str], None] = _open
if any(name in os.environ for name in ("WT_DOORS_LOG", "WT_DOORS_KILL", "WT_DOORS_FULL")):
    cross = _Counter(
        os.environ.get("WT_DOORS_LOG", ""),
        int(os.environ.get("WT_DOORS_KILL", "0")),
        int(os.environ.get("WT_DOORS_FULL", "0")),
    ).cross
