"""Signs of life: what a person sees while a git is at work for more than a second.

The edge gives a place to show a line that is replaced in place, where there is a terminal; without one nothing is shown
and nothing is asked of git. git's own progress goes first; where it has none, its verb and the seconds.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_AFTER = 1.0
_EVERY = 0.25


class _Screen:
    """One terminal per process: every runner of git would have to be handed it."""

    show: Callable[[str], None] | None = None


def show_on(show: Callable[[str], None] | None) -> None:
    """Say where signs of life go: `show` gets a line that replaces the one before, and an empty one at the end."""
    _Screen.show = staticmethod(show) if show is not None else None


def wanted() -> bool:
    return _Screen.show is not None


def flag() -> tuple[str, ...]:
    """Return the option that asks a git command for its progress, nothing where nobody would see it."""
    return ("--progress",) if wanted() else ()


class Watch:
    """One piece of work under way, nearly always a git; `what` is what it is called where it says nothing itself."""

    __slots__ = ("_began", "_last", "_shown", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._last = self._shown = ""

    def patience(self) -> int | None:
        """Return how many milliseconds to wait for git before the next `tick`; None: as long as it takes."""
        return None if _Screen.show is None else int(_EVERY * 1000)

    def heard(self, data: bytes) -> None:
        """Take what git says on stderr: a progress is a line that ends in a carriage return."""
        if _Screen.show is not None and b"\r" in data:
            pieces = data.decode("utf-8", "replace").replace("\n", "\r").split("\r")
            self._last = next((piece for piece in reversed(pieces) if piece.strip()), self._last)
            self.tick()

    def tick(self) -> None:
        seconds = time.monotonic() - self._began
        if _Screen.show is None or seconds < _AFTER:
            return
        line = self._last.strip() or f"{self._what}: {int(seconds)} s"
        if line != self._shown:
            self._shown = line
            _Screen.show(line)

    def end(self) -> None:
        if self._shown and _Screen.show is not None:
            _Screen.show("")
            self._shown = ""


def without_progress(text: str) -> str:
    """Return what git said, its progress left out: for the details of an error."""
    lines = [line.rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(line for line in lines if not line.rstrip().endswith(", done."))
