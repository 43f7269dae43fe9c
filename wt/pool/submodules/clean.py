"""The submodules of a slot that people give back (nothing may stay in it), and of one that goes for good."""

from __future__ import annotations

import os

from wt import files, times
from wt.errors import WtError, quoted
from wt.git import layout, refs
from wt.git.run import Git
from wt.pool import keep, look, materialise, snapshot
from wt.pool.submodules import declared, fetch, is_any_kept, kept, stores
from wt.pool.submodules.leave import Leaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.submodules.stores import Store


def empty(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> bool:
    """Set aside all work in every submodule, and take what is not committed out of the slot, inner ones first; returns
    whether there was any."""
    leaving = Leaving(pool, slot, held, keep.label_of(slot), tell)
    for one in reversed(list(stores.of_slot(slot))):
        if one.path is not None and stores.is_sound(one.git_dir):
            leaving.keep_all(one, clean=True)
    label = leaving.label
    return is_any_kept(pool) and bool(kept.of_one(pool, label.name, times.compact(label.moment), label.hold))


def _park_undeclared(leaving: Leaving) -> None:
    """Take out what somebody added by hand and never committed as a submodule; to git it is an untracked repository."""
    slot = leaving.slot
    recorded = {one.name: one.path for one in declared.read(Git(slot.directory), "HEAD")}
    for one in stores.directly_in(slot.admin_dir, slot.directory, None):
        if one.path is not None and recorded.get(one.name) != one.path:
            leaving.park(one)


def settle(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Bring every submodule to what the slot's commit records, where its store has that: HEAD is kept by now. What it does
    not record leaves the slot."""
    _settle(Leaving(pool, slot, held, keep.label_of(slot), tell), slot.admin_dir, slot.directory)


def _settle(leaving: Leaving, git_dir: str, top: str) -> None:
    pool, slot, held = leaving.pool, leaving.slot, leaving.held
    there = {one.name: one for one in stores.directly_in(git_dir, top, None) if one.path is not None}
    if not there:
        return
    subs = declared.read(Git(top), "HEAD")
    recorded = {one.name: one.path for one in subs}
    for one in there.values():
        if recorded.get(one.name) != one.path:
            leaving.park(one)
    for sub in subs:
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
            materialise.checkout(
                stores.as_pool(pool, store.git_dir), at, held, sub.pin, _silent, look.Clean()
            )
        _settle(leaving, store.git_dir, store.top)


def _silent(_sentence: str) -> None:
    return


def keep_for_good(pool: Pool, slot: Slot, held: Mutex, label: Label, tell: Callable[[str], None]) -> None:
    """Set aside all work in the stores of a slot that is to be removed; WtError where it cannot be accounted for."""
    leaving = Leaving(pool, slot, held, label, tell)
    stores.repair(slot)
    for one in stores.of_slot(slot):
        _keep_store(leaving, one)
    if slot.path is not None and os.path.lexists(f"{slot.admin}/index"):
        _park_undeclared(leaving)


def make_way(leaving: Leaving, git_dir: str, top: str, names: list[str]) -> None:
    """Remove the stores in which one of those names would lie, or which would lie in its own, after setting all aside.

    No commit has both (declared.read refuses it), but one may have `libs/a` and another `libs`.
    """
    modules, root = f"{git_dir}/modules", os.path.dirname(leaving.slot.directory)
    in_way = {found for name in names for found in _in_way(modules, name)}
    there = [one for one in stores.directly_in(git_dir, top, root) if one.name in in_way] if in_way else []
    for one in there:
        if one.path is not None:
            leaving.park(one)
    for one in [one for one in stores.directly_in(git_dir, top, root) if one.name in in_way] if there else []:
        for store in (one, *stores.walk(one.git_dir, one.top, root)):
            _keep_store(leaving, store)
        staged = stores.staging(leaving.slot)
        files.remove_tree_if_there(stores.parking_place(root, one.git_dir))
        files.make_directory(staged)
        files.rename(one.git_dir, f"{staged}/{os.urandom(8).hex()}")  # a half of it would look like a store


def _in_way(modules: str, name: str) -> list[str]:
    if not os.path.isdir(modules):
        return []
    parts = name.split("/")
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    inside = [] if stores.is_one(f"{modules}/{name}") else stores.names(modules, f"{name}/")
    return [*(one for one in above if stores.is_one(f"{modules}/{one}")), *inside]


def _keep_store(leaving: Leaving, store: Store) -> None:
    """Set aside all that a store has, which is to go: its own branches, tags and stashes, too."""
    if not stores.is_sound(store.git_dir):
        if os.path.isdir(f"{store.git_dir}/objects/pack") and os.listdir(f"{store.git_dir}/objects/pack"):
            raise WtError(f"The submodule `{store.words}` of {leaving.slot.slot} has no HEAD; nothing was removed.",
                          f"to see it: ls -la {quoted(store.git_dir)}")  # fmt: skip
        return
    stores.remove_dead_locks(store.git_dir)
    _keep_own(leaving, store)
    leaving.keep_all(store, clean=False)
    leaving.hand_over(store)


# what a remote has, what an acquire brought, and what is kept already; a tag that no remote branch reaches is a holder's
KNOWN = ("--remotes", f"--glob={fetch.PIN}*", f"--glob={keep.PREFIX}*")
_TIPS = ("for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(refname)", "refs/heads", "refs/tags", "refs/stash")  # fmt: skip


def _keep_own(leaving: Leaving, store: Store) -> None:
    """Point kept refs of the store at what nobody else has: branches, tags, stashes, HEAD; without files, the index, too."""
    pool, git = stores.as_pool(leaving.pool, store.git_dir), Git(store.git_dir, leaving.keep_open)
    listed = (line.split(" ", 3) for line in git.ask(*_TIPS).split("\n") if line)
    tips = [sha for kind, sha, of, _ref in listed if "commit" in (kind, of)]
    if refs.log(store.git_dir, "refs/stash"):
        tips += git.ask("log", "-g", "--format=%H", "refs/stash", "--").split("\n")
    slot = stores.as_slot(leaving.slot, store.top or store.git_dir, store.git_dir)
    tips += keep.tips(slot, store.git_dir, None)
    if store.top is None:
        snapshot.of_index(pool, slot, git, leaving.label, None)
    for tip in dict.fromkeys(tip for tip in tips if tip):
        if git.ask("rev-list", "-1", tip, "--not", *KNOWN):
            keep.point(pool, git, leaving.label, tip)
