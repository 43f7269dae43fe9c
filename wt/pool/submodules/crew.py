"""Work on many submodules side by side: threads that start and await git; inline where a thread cannot be had.

Every error is kept, for all are shown. A piece of work may find more of it: the submodules of a submodule.
"""

from __future__ import annotations

import os

from wt.errors import GitError, WtError
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from wt.git.run import Running
_MOST = 8


@record
class Piece:
    """One piece of work: what it is about, and what does it and returns what is to be done after it."""

    what: str
    do: Callable[[], list[Piece]]


class Crew:
    """`run` does each piece and those that it returns; `failed` are (what, error), in no order."""

    def __init__(self) -> None:
        self.failed: list[tuple[str, WtError | OSError]] = []
        self._todo: list[Piece] = []
        self._busy = 0
        self._stopped = False
        self._bugs: list[BaseException] = []
        self._running: set[Running] = set()
        self._changed: threading.Condition | None = None

    def watch(self, running: Running) -> None:
        """Note a git that may take long: an interrupt ends it."""
        self._running.add(running)

    def run(self, pieces: list[Piece]) -> None:
        """Do it all; an interrupt stops the others first."""
        if not pieces:
            return
        import threading

        self._todo = list(reversed(pieces))
        self._changed = threading.Condition()
        helpers: list[threading.Thread] = []
        try:
            self._hire(helpers, min(_MOST, max(4, os.cpu_count() or 1)) - 1)
            self._toil(self._changed)
        except BaseException:
            self._stop(self._changed)
            raise
        finally:
            for one in helpers:
                one.join()
        if self._bugs:
            raise self._bugs[0]

    def _hire(self, helpers: list[threading.Thread], number: int) -> None:
        import threading

        for _ in range(min(number, max(len(self._todo) - 1, 0))):
            one = threading.Thread(target=self._help, daemon=True)
            try:
                one.start()
            except RuntimeError:  # no thread is to be had: those that are here do it all
                return
            helpers.append(one)

    def _help(self) -> None:
        changed = self._changed
        if changed is None:
            return
        try:
            self._toil(changed)
        except BaseException as error:
            self._bugs.append(error)
            self._stop(changed)

    def _stop(self, changed: threading.Condition) -> None:
        with changed:
            self._stopped = True
            changed.notify_all()
        for running in list(self._running):
            running.stop()

    def _toil(self, changed: threading.Condition) -> None:
        while True:
            with changed:
                while not self._todo and self._busy and not self._stopped:
                    changed.wait()
                if self._stopped or not self._todo:
                    return
                piece = self._todo.pop()
                self._busy += 1
            more: list[Piece] = []
            try:
                more = piece.do()
            except (WtError, OSError) as error:
                self.failed.append((piece.what, error))
            finally:
                with changed:
                    self._busy -= 1
                    self._todo.extend(reversed(more))
                    changed.notify_all()


def said(error: WtError | OSError) -> str:
    """Return what went wrong in full: for a git, what it printed."""
    if isinstance(error, GitError) and error.details:
        return error.details
    return "\n".join(part for part in (str(error), getattr(error, "details", "")) if part)
