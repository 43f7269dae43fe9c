"""A slot without a directory in the pool: what became of it, and the way back (contract section 9: broken, never removed)."""

from __future__ import annotations

import os

from wt.errors import quoted
from wt.git import layout
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
    from wt.pool.location import Pool


def loss(admin: str) -> str:
    """Say what became of the directory that an admin dir knows."""
    pointed = layout.back_pointer(admin)
    if pointed is None or not os.path.isdir(pointed):
        return f"{pointed or 'its directory'} is gone"
    return f"it was moved to {pointed}" if _is_linked(pointed, admin) else f"{pointed} has lost its .git link"


def way_back(pool: Pool, slot: Slot) -> str | None:
    """Return the hint that makes a directory which is somewhere a slot's again; None where there is none."""
    where = layout.back_pointer(slot.admin_dir)
    if where is None or not os.path.isdir(where):
        return None
    if not _is_linked(where, slot.admin_dir):
        return f"to give it back its link: echo {quoted(f'gitdir: {slot.admin_dir}')} > {quoted(where)}/.git"
    held = slot.lock
    home = names.slug(held.name) if held is not None and held.layout == "rename" else slot.slot
    return f"to bring it back: mv {quoted(where)} {quoted(f'{pool.real}/{home}')}"


def _is_linked(where: str, admin: str) -> bool:
    return layout.read_link(where) == os.path.realpath(admin)
