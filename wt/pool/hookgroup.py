"""The process group that a hook runs in, as the lock records it: whether anything of it still lives.

A pid alone would be no evidence, since numbers come back: the leader's start, and which boot it was in, tell it from
another. What cannot be told apart counts as alive (contract section 9).
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import ContendedError
from wt.pool import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot


def identity(group: int) -> str:
    """Return what the lock records of a group whose leader lives: `<id>/<start>`."""
    return f"{group}/{_start(group) or '?'}"


def is_alive(recorded: str) -> bool:
    """Whether a process of the recorded group may still be there."""
    word, _, start = recorded.partition("/")
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        return False
    group = int(word)
    now = _start(group)
    if now is not None and "?" not in (now, start) and now != start:
        return False  # the number has come back, which it cannot while the group lives
    boot = _boot()
    if boot and "." in start and not start.startswith(f"{boot}."):
        return False
    return _has_members(group)


def of_slot(slot: Slot) -> bool:
    """Whether a hook of a command that is gone still runs in a slot."""
    return slot.lock is not None and bool(slot.lock.hook_group) and is_alive(slot.lock.hook_group)


def refuse(slot: Slot) -> None:
    """Raise ContendedError where a hook of a command that is gone still runs in a slot; the caller holds its mutex.

    The lock is read anew: that command may have died since the slot was looked at.
    """
    now = lock.read(slot.admin_dir)
    if now is not None and now.hook_group and is_alive(now.hook_group):
        group = now.hook_group.partition("/")[0]
        raise ContendedError(
            f"{slot.slot} (`{slot.name}`) is busy: a hook of a command that died still runs in it, as process group {group}.",
            f"to look at it: ps -o pid,pgid,command -g {group}",
            f"to end it: kill -- -{group}",
        )


def _boot() -> str:
    return (files.read_text("/proc/sys/kernel/random/boot_id") or "")[:8]


def _start(pid: int) -> str | None:
    """Return when a process began, comparable on this host alone; None where there is no such process."""
    stat = _stat(pid)
    if stat is not None:
        return f"{_boot()}.{stat[19]}" if len(stat) > 19 else "?"
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return "?"


def _stat(pid: int) -> list[str] | None:
    """Return the fields of Linux's /proc/PID/stat from the state on (the third)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(") ")[2].split()
    except OSError:
        return None


def _has_members(group: int) -> bool:
    """Whether a process is in the group, other than those that wait for nobody to collect them."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    import psutil

    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
        except (psutil.Error, PermissionError):
            return True
    return False
