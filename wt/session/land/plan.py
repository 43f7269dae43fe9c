"""land --dry-run: what it would do, conflicts forecast included; nothing is touched.

What is not committed yet is taken into account: it is committed in a scratch directory, with an index and an object
store of its own.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import commits, refs, status, trial
from wt.git.run import Git, setting
from wt.model import Slot
from wt.session import base as base_branch
from wt.session.land import refuse
from wt.session.land.wish import Wish, resumed
from wt.session.release import require_held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.session.base import Base

_CONFLICT = "conflict in "


def plan(pool: Pool, name: str, wish: Wish) -> list[str]:
    """Return what a land would do, a line each; raises what it would refuse with."""
    slot = require_held(pool, name)
    wish = resumed(slot, wish)
    refuse.unlandable(pool, slot)
    found = status.read(Git(slot.directory))
    if refuse.has_landed(pool, slot, wish, found):
        return [f"`{name}` has landed already; nothing is to be moved", _of_slot(slot, wish)]
    refuse.untracked(slot, wish, found)
    refuse.without_message(slot, wish, found)
    base = base_branch.find(pool)
    base_branch.refuse_unready(base, slot)
    commit = _of_commit(slot, wish, found)
    place = files.scratch_directory("wt-land-")
    try:
        onto_base = _of_merge(_scratch(pool, slot, place), slot, wish, base, uncommitted=bool(commit))
    finally:
        files.remove_tree(place)
    if any(line.startswith(_CONFLICT) for line in onto_base):
        return [*commit, *onto_base, f"stop there, {base.branch} where it is, for you to resolve that"]
    return [*commit, *onto_base, _of_advance(base), _of_slot(slot, wish)]


def _of_commit(slot: Slot, wish: Wish, found: status.Status) -> list[str]:
    count = len(found.tracked) + (len(found.untracked) if wish.add else 0)
    many = "1 changed file" if count == 1 else f"{count} changed files"
    return [f"commit {many} in {slot.path} as `{wish.message}`"] if wish.message and count else []


def _scratch(pool: Pool, slot: Slot, place: str) -> Git:
    """Return git in the slot whose index and new objects are in a directory of our own."""
    files.make_directory(f"{place}/objects")
    if os.path.exists(f"{slot.admin}/index"):
        files.copy(f"{slot.admin}/index", f"{place}/index")
    store = f"{pool.common}/objects".replace("\\", "\\\\").replace('"', '\\"')
    return Git(
        slot.directory,
        more={
            "GIT_INDEX_FILE": f"{place}/index",
            "GIT_OBJECT_DIRECTORY": f"{place}/objects",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{store}"',
            **setting(
                "core.splitIndex", "false"
            ),  # or git would put its half of the index beside the real one
        },
    )


def _of_merge(git: Git, slot: Slot, wish: Wish, base: Base, *, uncommitted: bool) -> list[str]:
    """Say how the commits get onto the base, and where that would stop."""
    head = git.ask("rev-parse", "HEAD")
    if uncommitted:
        git.do("add", "-A" if wish.add else "-u", "--", ":/")
        head = commits.stone(git, git.do("write-tree"), head)
    contains = refs.is_ancestor(git, base.tip, head)
    if wish.how == "rebase":
        return _of_rebase(git, slot, base, head)
    many = len(git.ask("rev-list", "--no-merges", f"{base.tip}..{head}").split())
    squash = [f"make one commit of {many} on top of {base.branch}"] if wish.how == "squash" and many else []
    if contains:
        return squash if many > 1 else []
    return [*(squash or [f"merge {base.branch} into {slot.name}"]), *_conflicts(git, head, base.tip)]


def _of_rebase(git: Git, slot: Slot, base: Base, head: str) -> list[str]:
    from wt.session.land.rebase import is_on_top, replay

    if is_on_top(git, base.tip, head):
        return []
    line = f"replay the commits of {slot.name} on {base.branch}"
    if replay(git, base.tip, head, sign=False) is not None:
        return [line]
    return [line, *(_conflicts(git, head, base.tip) or [f"{_CONFLICT}one of them"])]


def _conflicts(git: Git, head: str, base: str) -> list[str]:
    merged = trial.merge(git, head, base)
    if merged.clean:
        return []
    return [f"{_CONFLICT}{path}" for path in merged.conflicts] or [f"{_CONFLICT}the names of directories"]


def _of_advance(base: Base) -> str:
    where = base.checkout.path if base.checkout else None
    return f"move {base.branch} forward" + (f" in {where}" if where else " (checked out nowhere)")


def _of_slot(slot: Slot, wish: Wish) -> str:
    if wish.keep:
        return f"keep {slot.slot} for {slot.name}"
    if wish.next is not None:
        return f"hand {slot.slot} on to {wish.next} if nothing is left in it"
    return f"recycle {slot.slot} if nothing is left in it"
