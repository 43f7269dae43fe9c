"""land --dry-run: what it would do, conflicts forecast included; nothing is touched."""

from __future__ import annotations

from wt.git import refs, status, trial
from wt.git.run import Git
from wt.model import Slot
from wt.session import base as base_branch
from wt.session.land import refuse
from wt.session.land.wish import Wish
from wt.session.release import require_held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.session.base import Base


def plan(pool: Pool, name: str, wish: Wish) -> list[str]:
    """Return what a land would do, a line each; raises what it would refuse with."""
    slot = require_held(pool, name)
    refuse.unlandable(pool, slot)
    found = status.read(Git(slot.directory))
    if refuse.has_landed(pool, slot, wish, found):
        return [f"`{name}` has landed already; {slot.slot} would be recycled."]
    refuse.untracked(slot, wish, found)
    refuse.without_message(slot, wish, found)
    base = base_branch.find(pool)
    base_branch.refuse_unready(base)
    return [*_of_commit(slot, wish, found), *_of_merge(slot, base), *_of_advance(base)]


def _of_commit(slot: Slot, wish: Wish, found: status.Status) -> list[str]:
    count = len(found.tracked) + (len(found.untracked) if wish.add else 0)
    many = "1 changed file" if count == 1 else f"{count} changed files"
    return [f"commit {many} in {slot.path} as `{wish.message}`"] if wish.message and count else []


def _of_merge(slot: Slot, base: Base) -> list[str]:
    git = Git(slot.directory)
    if refs.is_ancestor(git, base.tip, "HEAD"):
        return []
    merged = trial.merge(git, "HEAD", base.tip)
    conflicts = [f"conflict in {path}" for path in merged.conflicts]
    if not merged.clean and not conflicts:
        conflicts = ["conflict in the names of directories"]
    return [f"merge {base.branch} into {slot.name}", *conflicts]


def _of_advance(base: Base) -> list[str]:
    where = base.checkout.path if base.checkout else None
    return [
        f"move {base.branch} forward in {where}"
        if where
        else f"move {base.branch} forward (checked out nowhere)",
        "recycle the slot if nothing is left in it",
    ]
