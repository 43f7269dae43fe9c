"""Processes that stand in a slot: whoever has its cwd there would lose the ground under its feet."""

from __future__ import annotations

import os

from wt.model import record


@record
class Standing:
    pid: int
    command: str
    cwd: str


def standing(below: str) -> list[Standing]:
    """Return this user's processes with their cwd below a directory; not this one, nor those that it descends from.

    The ancestors are the shell that is about to be moved, and its terminal.
    """
    import psutil

    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    mine = os.geteuid()
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in spared or process.uids().effective != mine:
                continue
            cwd = process.cwd()
            if f"{cwd}/".startswith(f"{below}/"):
                found.append(Standing(process.pid, process.name(), cwd))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
