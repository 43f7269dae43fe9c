"""Which process holds a slot for the library or for `wt run`, and whether it still lives.

A holder is a file below `.meta/holders/` that its process keeps locked (flock). The kernel lets go of it when the process
dies, however it dies; a pid or an age is never asked. What the dead one started is told by a variable in its
environment, and is ended before its slots go to somebody else.
"""

from __future__ import annotations

import os
import time

from wt import files
from wt.pool import mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    import psutil

    from wt.pool.mutex import Mutex

VARIABLE = "WT_HOLDER"
_PATIENCE, _POLL = 5, 0.02  # seconds
# Not the object's own: a slot whose pool object was collected is held until its process ends.
_ALIVE: dict[str, Mutex] = {}


def _forget_in_child() -> None:
    """A forked child is another process: what its parent holds must not outlive the parent through it."""
    for held in list(_ALIVE.values()):
        held.release()
    _ALIVE.clear()


os.register_at_fork(after_in_child=_forget_in_child)


def directory(root: str) -> str:
    return f"{root}/.meta/holders"


def path_of(root: str, token: str) -> str:
    return f"{directory(root)}/{token}"


def begin(root: str) -> str:
    """Become a holder; returns its token."""
    files.ensure_directory(directory(root), 0o700)
    while True:
        token = f"h{os.urandom(8).hex()}"
        held = mutex.try_take(path_of(root, token))
        # whoever sweeps up after the dead may have met the file before it was locked
        if held is not None and os.path.lexists(path_of(root, token)):
            held.note("hold")
            _ALIVE[token] = held
            return token
        if held is not None:
            held.release()


def end(root: str, token: str) -> None:
    """Cease to be one; the caller holds no slot as this holder any more."""
    held = _ALIVE.pop(token, None)
    if held is not None:
        files.unlink(path_of(root, token))
        held.release()


def is_alive(root: str, token: str) -> bool | None:
    """Whether the process of a holder lives; None where nothing tells."""
    if not _is_known(root, token):
        return None
    return token in _ALIVE or mutex.is_held(path_of(root, token))


def claim_dead(root: str, token: str) -> Mutex | None:
    """Return the mutex of a holder whose process is gone; None where it lives, or where nothing tells."""
    if token in _ALIVE or not _is_known(root, token):
        return None
    return mutex.try_take(path_of(root, token))


def _is_known(root: str, token: str) -> bool:
    return "/" not in token and os.path.lexists(path_of(root, token))


def tokens(root: str) -> list[str]:
    return files.list_directory(directory(root))


def above() -> list[str]:
    """Return the tokens of the holders that started this process."""
    return [token for token in os.environ.get(VARIABLE, "").split(",") if token]


def marks(*tokens: str) -> str:
    """Return the variable's value for what holders start: their tokens beside those that they were started with."""
    return ",".join(filter(None, (*above(), *tokens)))


def end_children(token: str) -> int:
    """SIGKILL whatever of this user's bears the token in its environment; returns how many there were."""
    import psutil

    ended, until = set[int](), time.monotonic() + _PATIENCE
    while found := _children(token):
        for process in found:
            try:
                process.kill()  # psutil looks whether the pid is still the same process
            except psutil.Error:
                continue
        ended.update(process.pid for process in found)
        if time.monotonic() > until:  # in the kernel, and not to be ended by us
            break
        time.sleep(_POLL)  # psutil's own wait would reap what a thread of ours waits for
    return len(ended)


def _children(token: str) -> list[psutil.Process]:
    import psutil

    found, mine = [], os.geteuid()
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        try:
            bears = (
                process.pid not in spared
                and process.uids().effective == mine
                and process.status() != psutil.STATUS_ZOMBIE
                and token in process.environ().get(VARIABLE, "").split(",")
            )
        except (psutil.Error, OSError):
            continue
        if bears:
            found.append(process)
    return found
