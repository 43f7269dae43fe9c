"""The flocks of contract section 9: pool, slot, land, source. The files are never unlinked; a SIGKILL frees them.

An uncontended mutex costs one flock(2); filelock is loaded by whoever has to wait. The holder's note in the file is for
messages alone: what counts is the flock.
"""

from __future__ import annotations

import fcntl
import os
import time

from wt import files, times
from wt.pool.lock import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

JOURNAL = "locks"  # the lock files of git's that wt/pool/gitlocks.py records
_LOWEST = 20  # our descriptors live above those that git children get them as (wt/git/run.py)
_TELL_AFTER = 0.5
_POLL = 0.003


class Mutex:
    """A flock that is held until `release`, or until this process and the git children that inherited it are gone."""

    __slots__ = ("descriptor", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    def note(self, verb: str, **more: str) -> None:
        """Say in the file who holds it, and journal what recovery must know; `locks` stay until they are given anew."""
        lines = {"pid": str(os.getpid()), "verb": verb, "since": times.now_text(), **more}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
        files.rewrite(self.descriptor, text + ("" if JOURNAL in more else self._journal()))

    def _journal(self) -> str:
        text = os.pread(self.descriptor, 1 << 20, 0)
        at = text.find(b"\n%s: " % JOURNAL.encode())
        return (
            text[at + 1 : text.find(b"\n", at + 1) + 1].decode("utf-8", "surrogateescape") if at >= 0 else ""
        )

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Mutex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.release()


def _open(path: str) -> int:
    low = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _LOWEST)
    finally:
        os.close(low)


def try_take(path: str) -> Mutex | None:
    """Take a mutex, None where somebody holds it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return Mutex(path, descriptor)


def take(path: str, tell: Callable[[str], None], *, what: str, each: bool = False) -> Mutex:
    """Take a mutex, waiting for its turn; after half a second `tell` says who holds it, and with `each` who does next."""
    if (mutex := try_take(path)) is not None:
        return mutex
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path, tell, what, each=each)
    except BaseException:
        os.close(descriptor)
        raise
    return Mutex(path, descriptor)


def _wait_for(descriptor: int, path: str, tell: Callable[[str], None], what: str, *, each: bool) -> None:
    from filelock import lock_descriptor

    began, told = time.monotonic(), ""
    while not lock_descriptor(descriptor, blocking=False):
        if time.monotonic() - began > _TELL_AFTER and (each or not told):
            now, began = holder(path), time.monotonic()
            if now != told:
                tell(f"waiting for {what}: {now}")
                told = now
        time.sleep(_POLL)


def holder(path: str) -> str:
    """Say which command of which pid holds a mutex, and since when, as far as its note tells."""
    note = fields(files.read_text(path, 4096) or "")
    if "verb" not in note:
        return "somebody holds it"
    pid, since = note.get("pid", "?"), note.get("since", "?")
    return f"`{_command_of(pid, since) or note['verb']}` of pid {pid} holds it since {since}"


def _command_of(pid: str, since: str) -> str | None:
    """Return the command line that holds a mutex; None where it has ended (a git of its still writes), or is another's."""
    import psutil

    began = times.parse(since)
    try:
        process = psutil.Process(int(pid))
        words = process.cmdline() if began is None or process.create_time() < began + 1 else []
    except (psutil.Error, ValueError):
        return None
    ours = [place for place, word in enumerate(words) if os.path.basename(word) in ("wt", "worktree-pool")]
    return " ".join([os.path.basename(words[ours[0]]), *words[ours[0] + 1 :]]) if ours else None


def is_held(path: str) -> bool:
    """Look without leaving a trace: a mutex file that is not there is not created."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
