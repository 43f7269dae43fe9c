"""The submodules of a slot that people give back (nothing may stay in it), and of one that goes for good."""

from __future__ import annotations

import os

from wt.errors import WtError, quoted
from wt.git import layout
from wt.git.run import Git
from wt.pool import keep, materialise, snapshot
from wt.pool.submodules import declared, fetch, stores
from wt.pool.submodules.leave import Leaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.submodules.stores import Store


def empty(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Set aside the uncommitted work in every submodule, and take it out of the slot; inner ones first."""
    leaving = Leaving(pool, slot, held, keep.label_of(slot), tell)
    for one in reversed(list(stores.of_slot(slot))):
        if one.path is not None and stores.is_sound(one.git_dir):
            leaving.keep_all(one, clean=True)
    _park_undeclared(leaving)


def _park_undeclared(leaving: Leaving) -> None:
    """Take out what somebody added by hand and never committed as a submodule; to git it is an untracked repository."""
    slot = leaving.slot
    recorded = {one.name: one.path for one in declared.read(Git(slot.directory), "HEAD")}
    for one in stores.directly_in(slot.admin_dir, slot.directory, None):
        if one.path is not None and recorded.get(one.name) != one.path:
            leaving.park(one)


def settle(pool: Pool, slot: Slot, held: Mutex) -> None:
    """Bring every submodule to what the slot's commit records, where its store has that: HEAD is kept by now."""
    _settle(pool, slot, held, slot.admin_dir, slot.directory)


def _settle(pool: Pool, slot: Slot, held: Mutex, git_dir: str, top: str) -> None:
    there = {one.name: one for one in stores.directly_in(git_dir, top, None) if one.path is not None}
    if not there:
        return
    for sub in declared.read(Git(top), "HEAD"):
        store = there.get(sub.name)
        if (
            store is None
            or store.top is None
            or store.path != sub.path
            or not fetch.has(store.git_dir, sub.pin)
        ):
            continue
        ref, sha = layout.head(store.git_dir)
        tip = sha or (keep.branch_tip(store.git_dir, ref) if ref else None)
        if tip != sub.pin:
            at = stores.as_slot(slot, store.top, store.git_dir)
            materialise.checkout(stores.as_pool(pool, store.git_dir), at, held, sub.pin, _silent)
        _settle(pool, slot, held, store.git_dir, store.top)


def _silent(_sentence: str) -> None:
    return


def keep_for_good(pool: Pool, slot: Slot, held: Mutex, label: Label, tell: Callable[[str], None]) -> None:
    """Set aside all work in the stores of a slot that is to be removed; WtError where it cannot be accounted for.

    Here a store's own branches and stashes count, too: they go with it. What a remote has, or an acquire brought, does not.
    """
    leaving = Leaving(pool, slot, held, label, tell)
    stores.repair(slot)
    for one in stores.of_slot(slot):
        if not stores.is_sound(one.git_dir):
            if os.path.isdir(f"{one.git_dir}/objects/pack") and os.listdir(f"{one.git_dir}/objects/pack"):
                raise WtError(f"The submodule `{one.words}` of {slot.slot} has no HEAD; nothing was removed.",
                              f"to see it: ls -la {quoted(one.git_dir)}")  # fmt: skip
            continue
        stores.remove_dead_locks(one.git_dir)
        _keep_own(leaving, one)
        leaving.keep_all(one, clean=False)
        leaving.hand_over(one)
    if slot.path is not None and os.path.lexists(f"{slot.admin}/index"):
        _park_undeclared(leaving)


def _keep_own(leaving: Leaving, store: Store) -> None:
    """Point kept refs of the store at what nobody else has: branches, stashes, HEAD; without files, the index, too."""
    pool, git = stores.as_pool(leaving.pool, store.git_dir), Git(store.git_dir, leaving.keep_open)
    tips = git.ask("for-each-ref", "--format=%(objectname)", "refs/heads", "refs/stash").split("\n")
    if os.path.lexists(f"{store.git_dir}/logs/refs/stash"):
        tips += git.ask("log", "-g", "--format=%H", "refs/stash", "--").split("\n")
    slot = stores.as_slot(leaving.slot, store.top or store.git_dir, store.git_dir)
    tips += keep.tips(slot, store.git_dir, None)
    if store.top is None:
        snapshot.of_index(pool, slot, git, leaving.label, None)
    for tip in dict.fromkeys(tip for tip in tips if tip):
        if git.ask(
            "rev-list",
            "-1",
            tip,
            "--not",
            "--remotes",
            "--tags",
            f"--glob={fetch.PIN}*",
            f"--glob={keep.PREFIX}*",
        ):
            keep.point(pool, git, leaving.label, tip)
