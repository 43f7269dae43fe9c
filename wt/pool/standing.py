"""Processes that stand in a slot: whoever has its cwd there would lose the ground under its feet.

psutil answers; on Linux a look at `/proc/*/cwd` comes first, since nearly always nobody stands there, and importing
psutil costs more than a release. A process that may not be looked into does not count, though it may be this user's: agents
that hide their memory (ssh-agent, gpg-agent) are always there, and would stand in every slot. One whose directory cannot
be told for another reason counts in each.
"""

from __future__ import annotations

import os

from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import psutil


@record
class Standing:
    """`cwd` is empty where it cannot be told."""

    pid: int
    command: str
    cwd: str

    def is_in(self, directory: str) -> bool:
        return not self.cwd or f"{self.cwd}/".startswith(f"{directory}/")


def one(pid: int) -> Standing:
    """Return a process by its pid; what cannot be told of it is `?`."""
    import psutil

    try:
        process = psutil.Process(pid)
        return Standing(pid, process.name(), _cwd(process) or "?")
    except psutil.Error:
        return Standing(pid, "?", "?")


def is_here(directory: str) -> bool:
    """Whether this process, and so the shell that started it, stands in a directory."""
    try:
        return f"{os.getcwd()}/".startswith(f"{directory}/")
    except OSError:  # it stands nowhere any more
        return False


def standing(below: str) -> list[Standing]:
    """Return this user's processes with their cwd below a directory; not this one, nor those that it descends from, nor
    the rest of its pipeline.

    The ancestors are the shell that is about to be moved, and its terminal. What reads what this one says ends with it.
    """
    pids = _by_links(below)
    if pids is not None and not pids - {os.getpid()}:
        return []
    return _asked(below, pids)


def _by_links(below: str) -> set[int] | None:
    """Return the pids whose cwd link leads below a directory; None where there are no such links."""
    found = set()
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    for pid in pids:
        try:
            if f"{os.readlink(f'/proc/{pid}/cwd')}/".startswith(f"{below}/"):
                found.add(pid)
        except (PermissionError, FileNotFoundError, ProcessLookupError):  # another user's, or it has ended
            continue
        except OSError:  # of a path longer than a page nothing is told
            found.add(pid)
    return found if pids else None


def _asked(below: str, pids: set[int] | None) -> list[Standing]:
    import psutil

    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    mine = os.geteuid()
    found = []
    others = (set(psutil.pids()) if pids is None else pids) - spared
    for pid in sorted(others - _readers(others)):
        try:
            process = psutil.Process(pid)
            one = Standing(pid, process.name(), _cwd(process))
            if process.uids().effective == mine and one.is_in(below):
                found.append(one)
        except psutil.Error:
            continue
    return found


def _readers(pids: set[int]) -> set[int]:
    """Return those whose input is what this process prints, or what such a one prints in its turn."""
    pipes = {_pipe(os.getpid(), 1), _pipe(os.getpid(), 2)} - {""}
    found: set[int] = set()
    while more := {pid for pid in pids - found if _pipe(pid, 0) in pipes}:
        found |= more
        pipes |= {_pipe(pid, number) for pid in more for number in (1, 2)} - {""}
    return found


def _pipe(pid: int, number: int) -> str:
    """Return which pipe a descriptor of a process is; empty where it is none, or that cannot be told."""
    try:
        found = os.readlink(f"/proc/{pid}/fd/{number}")
    except OSError:
        return ""
    return found if found.startswith("pipe:") else ""


def _cwd(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except OSError:
        return ""
