"""land --dry-run: what it would do, conflicts forecast included; nothing is touched.

What is not committed yet is taken into account: it is committed in a scratch directory, with an index and an object
store of its own.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import commits, refs, status, trial
from wt.git.run import Git, settings
from wt.model import Slot
from wt.session import base as base_branch
from wt.session.land import advance, conflict, refuse
from wt.session.land.task import Task
from wt.session.land.wish import Wish, resumed
from wt.session.release import require_held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.session.base import Base

_CONFLICT = "conflict in "


def plan(pool: Pool, name: str, wish: Wish, tell: Callable[[str], None]) -> list[str]:
    """Return what a land would do, a line each; raises what it would refuse with."""
    slot = require_held(pool, name)
    wish = resumed(slot, wish, tell)
    found = refuse.looked(pool, slot)
    if refuse.has_landed(pool, slot, wish, found):
        return [f"`{name}` has landed already; nothing is to be moved", _of_slot(slot, wish)]
    refuse.untracked(slot, wish, found)
    refuse.without_message(slot, wish, found)
    base = base_branch.find(pool)
    base_branch.refuse_unready(base, slot)
    commit = _of_commit(slot, wish, found)
    place = files.scratch_directory("wt-land-")
    try:
        task = Task(pool, slot, _scratch(pool, slot, place), wish, tell)
        onto_base, end = _of_merge(task, base, uncommitted=bool(commit))
        if end is None:
            return [*commit, *onto_base, f"stop there, {base.branch} where it is, for you to resolve that"]
        advance.refuse_overwriting(base, end, task.git.more)
        inside = _of_submodules(task, base, end)
    finally:
        files.remove_tree(place)
    return [*commit, *onto_base, *inside, _of_advance(base), _of_slot(slot, wish)]


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
            # or git would put its half of the index beside the real one
            **settings({"core.splitIndex": "false"}),
        },
    )


def _of_merge(task: Task, base: Base, *, uncommitted: bool) -> tuple[list[str], str | None]:
    """Say how the commits get onto the base, and where that would stop; and what the base would be then, None if it does."""
    git = task.git
    head = git.ask("rev-parse", "HEAD")
    if uncommitted:
        git.do("add", "-A" if task.wish.add else "-u", "--", ":/")
        head = commits.stone(git, git.do("write-tree"), head)
    if task.wish.how == "rebase":
        return _of_rebase(task, base, head)
    many = len(git.ask("rev-list", "--no-merges", f"{base.tip}..{head}").split())
    squash = many and task.wish.how == "squash"
    how = (
        f"make one commit of {many} on top of {base.branch}"
        if squash
        else f"merge {base.branch} into {task.name}"
    )
    if refs.is_ancestor(git, base.tip, head):
        return [how] if squash and many > 1 else [], head
    merged = trial.merge(git, head, base.tip)
    conflict.refuse_overwriting(task, base, head, merged.tree)
    stops = _conflicts(task, base, head, merged)
    return [how, *stops], None if stops else merged.tree


def _of_submodules(task: Task, base: Base, new: str) -> list[str]:
    if not refuse.has_submodules(task.slot):
        return []
    from wt.pool.submodules import follow
    from wt.session.land import inside

    return follow.foresee(*inside.trees(task.slot, base), task.git, base.tip, new)


def _of_rebase(task: Task, base: Base, head: str) -> tuple[list[str], str | None]:
    from wt.session.land import rebase

    if rebase.is_on_top(task.git, base.tip, head):
        return [], head
    line = f"replay the commits of {task.name} on {base.branch}"
    new = rebase.replay(task.git, base.tip, head, sign=False)
    if new is not None:
        conflict.refuse_overwriting(task, base, head, new)
        return [line], new
    rebase.refuse_in_way(task, base, head)
    merged = trial.merge(task.git, head, base.tip)
    if merged.clean:
        return [line, f"{_CONFLICT}one of them"], None
    stops = _conflicts(task, base, head, merged)
    return [line, *stops], None if stops else merged.tree


def _conflicts(task: Task, base: Base, head: str, merged: trial.Trial) -> list[str]:
    if merged.clean:
        return []
    if not merged.conflicts:
        return [f"{_CONFLICT}the names of directories"]
    return [f"{_CONFLICT}{path}" for path in merged.conflicts if not _is_forward(task, base, head, path)]


def _is_forward(task: Task, base: Base, head: str, path: str) -> bool:
    """Whether git will merge two pins once the land has brought the base's into the slot's clone."""
    pins = [
        entry.split("\t")[0].split(" ")
        for commit in (base.tip, head)
        if (entry := task.git.ask("ls-tree", "--full-tree", commit, "--", path)).startswith("160000")
    ]
    if len(pins) != 2:
        return False
    from wt.pool.submodules import follow
    from wt.session.land import inside

    there = inside.trees(task.slot, base)
    old, new = pins[0][2], pins[1][2]
    return follow.is_forward(*there, path, old, new) or follow.is_forward(*there, path, new, old)


def _of_advance(base: Base) -> str:
    where = base.checkout.path if base.checkout else None
    return f"move {base.branch} forward" + (f" in {where}" if where else " (checked out nowhere)")


def _of_slot(slot: Slot, wish: Wish) -> str:
    if wish.keep:
        return f"keep {slot.slot} for {slot.name}"
    if wish.next is not None:
        return f"hand {slot.slot} on to {wish.next} if nothing is left in it"
    return f"recycle {slot.slot} if nothing is left in it"
