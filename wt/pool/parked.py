"""`.meta/parked`: directories of submodules that a slot's commit does not have (wt/pool/submodules/leave.py)."""

from __future__ import annotations

from wt import files


def place(root: str, admin: str, inside: str = "") -> str:
    """Return where a store's directory waits; `inside` is the store's path in the admin dir of that name."""
    flat = f"{admin}/{inside}".replace("%", "%25").replace("/", "%2F")
    return f"{root}/.meta/parked/{flat}"


def remove(root: str, admin: str) -> int:
    """Remove what waits for a slot that is gone for good; returns the bytes freed."""
    freed, mine = 0, place(root, admin).rpartition("/")
    for name in files.list_directory(mine[0]):
        if name.startswith(mine[2]):
            freed += files.disk_used(f"{mine[0]}/{name}")
            files.remove_tree(f"{mine[0]}/{name}")
    if freed:
        files.remove_directory(mine[0])
    return freed
