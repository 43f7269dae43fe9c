"""How long one process holds a flock, seen from outside through the kernel's own list of locks (Linux)."""

import os
import threading
import time
from types import TracebackType
from typing import Self

LOCKS = "/proc/locks"


class HoldWatch:
    """Polls while the body runs; `longest` is None where the system does not say who holds a lock.

    A holder that lets go and takes the lock again between two looks counts as one: the figure errs upwards.
    """

    def __init__(self, path: str) -> None:
        self.longest: float | None = None
        self.polls = 0
        self._path = path
        self._inode: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def holder(self) -> int | None:
        """`1: FLOCK  ADVISORY  WRITE 4711 00:2a:1234 0 EOF`; a waiter's line has `->` in second place."""
        if not self._found():
            return None
        with open(LOCKS, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[1] == "FLOCK" and words[5].endswith(f":{self._inode}"):
                    return int(words[4])
        return None

    def _found(self) -> bool:
        """The first taker of the lock makes its file, so it may not be there when the watch begins."""
        if self._inode is None and os.path.exists(LOCKS):
            try:
                self._inode = os.stat(self._path).st_ino
            except FileNotFoundError:
                return False
        return self._inode is not None

    def _watch(self) -> None:
        since, last = 0.0, None
        while not self._stop.is_set():
            now, pid = time.perf_counter(), self.holder()
            self.polls += 1
            if pid != last:
                since, last = now, pid
            if pid is not None:
                self.longest = max(self.longest or 0.0, now - since)
