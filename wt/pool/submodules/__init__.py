"""Submodules of a slot, contract section 10. Loaded only where a commit has a .gitmodules or a slot has stores.

A submodule of a linked worktree has its repository (here: its store) in `<admin dir>/modules/<name>`, one inside it in
`<store>/modules/<name>`. To the code of the pool a store with its files is a small pool with one slot: what sets aside,
checks out and detaches there is what does so in the slot itself (`stores.as_pool`, `stores.as_slot`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
    from wt.pool.kept import Entry
    from wt.pool.location import Pool


def is_any_kept(pool: Pool) -> bool:
    """Whether anything was ever set aside in submodules: one look."""
    return os.path.isdir(f"{pool.common}/worktree-pool/kept.git")


def ways_back(pool: Pool, label: str, moment: str, slot: Slot | None, besides: set[str]) -> list[str]:
    """Say how to have again what is kept of submodules under a label, but for some refs; empty, and nothing loaded, where
    there is nothing."""
    if not is_any_kept(pool):
        return []
    from wt.pool.submodules import kept

    return kept.ways_back(pool, label, moment, slot, besides)


def kept_alone(pool: Pool, word: str) -> Entry | None:
    """Return an entry of no commit for NAME[@TIME] under which work in submodules alone is kept."""
    if not is_any_kept(pool):
        return None
    from wt.pool.submodules import kept

    return kept.entry_of(pool, word)
