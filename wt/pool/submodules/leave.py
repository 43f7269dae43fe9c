"""What happens to the work in a submodule before its directory is taken away, overwritten or cleaned: it is set aside.

The directory of a submodule that a commit does not have (or that was excluded) is parked, not deleted: renamed beside the
slots with all that git ignores in it, and renamed back when a commit has the submodule again. So its caches stay warm.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, quoted
from wt.git import layout, obstacles, refs, status
from wt.git.run import Git
from wt.pool import keep, materialise, nested, snapshot
from wt.pool.submodules import declared, kept, stores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.submodules.stores import Store


class Leaving:
    """One slot whose submodules are left; the caller holds its mutex. `label` is under which all is kept."""

    def __init__(
        self, pool: Pool, slot: Slot, held: Mutex, label: Label, tell: Callable[[str], None]
    ) -> None:
        self.pool, self.slot, self.held, self.label, self.tell = pool, slot, held, label, tell
        self.keep_open = (held.descriptor,)

    def clear(self, git_dir: str, top: str, wanted: dict[str, str]) -> None:
        """Park the submodules of one repository (the slot's, or a submodule's) that are not `wanted` (path by name).

        Only those that the commit it is at declares: whatever else somebody put there is not ours to remove.
        """
        leaving = [one for one in self._there(git_dir, top) if wanted.get(one.name) != one.path]
        if not leaving:
            return
        ref, head = layout.head(git_dir)
        if ref is not None:
            head = keep.branch_tip(self.pool.common if git_dir == self.slot.admin else git_dir, ref)
        before = {one.name: one.path for one in declared.read(Git(top), head)} if head else {}
        for one in leaving:
            if before.get(one.name) == one.path or one.name in wanted:
                self.park(one)

    def _there(self, git_dir: str, top: str) -> list[Store]:
        found = stores.directly_in(git_dir, top, os.path.dirname(self.slot.directory))
        return [one for one in found if one.path is not None]

    def park(self, store: Store) -> None:
        """Set aside the work in a submodule and those inside it, and take its directory out of the slot."""
        if store.top is None or store.above is None:
            return
        for one in (store, *stores.walk(store.git_dir, store.top, os.path.dirname(self.slot.directory))):
            if one.path is not None:
                self.keep_all(one, clean=True)
        place = stores.parking_place(os.path.dirname(self.slot.directory), store.git_dir)
        files.make_directory(os.path.dirname(place))
        if os.path.lexists(place):  # of an earlier directory of the same store; its work was kept then
            files.remove_tree(place)
        files.rename(store.top, place)
        parked = stores.Store(store.name, store.git_dir, place, store.above, parked=True)
        stores.repair_one(parked)
        for inner in stores.walk(store.git_dir, place, os.path.dirname(self.slot.directory)):
            stores.repair_one(inner)
        above = os.path.dirname(store.top)
        while above != store.above and files.remove_directory(above):
            above = os.path.dirname(above)

    def keep_all(self, store: Store, *, clean: bool) -> list[str]:
        """Set aside commits, staged, changed and untracked files of one submodule; `clean`: the files leave it, too."""
        if store.top is None:
            return []
        slot, pool = (
            stores.as_slot(self.slot, store.top, store.git_dir),
            stores.as_pool(self.pool, store.git_dir),
        )
        stores.remove_dead_locks(store.git_dir)
        files.ensure_directory(f"{store.git_dir}/worktree-pool")
        git, tip = Git(store.top, self.keep_open), self._own_tip(store)
        kept_ref = None
        if os.path.lexists(f"{store.git_dir}/index"):
            found, hidden = _changes(git)
            found, moves = nested.told_apart(self.pool, slot, self.label, found, store.words)
            kept_ref = snapshot.uncommitted(pool, slot, git, self.label, found, hidden or (), tip, moves)
            nested.move(slot, moves)
            if clean and kept_ref is not None:
                if hidden is not None:
                    status.unhide(git)
                materialise.put_back(git, found, hidden)
        if kept_ref is None:
            self.keep_commits(store)
        return self.hand_over(store)

    def _own_tip(self, store: Store) -> str | None:
        """Where the branch is that this acquire made in a submodule."""
        held = self.slot.lock
        ours = held is not None and refs.born_with(store.git_dir, held.name, held.nonce)
        return refs.read_file(store.git_dir, f"refs/heads/{held.name}") if ours and held is not None else None

    def keep_commits(self, store: Store) -> None:
        """Set aside what only a submodule reaches: HEAD as it is; as soon as there is more, in a commit that says what each is."""
        slot = stores.as_slot(self.slot, store.top or store.git_dir, store.git_dir)
        pool, git = stores.as_pool(self.pool, store.git_dir), Git(store.top or store.git_dir, self.keep_open)
        tip, head = self._own_tip(store), keep.head_commit(slot, store.git_dir)
        besides = f"refs/heads/{slot.name}" if tip else ""
        alone = keep.lonely(pool, git, keep.tips(slot, store.git_dir, tip), besides)
        if alone == [head] and tip in (None, head) and not keep.has_operation(slot):
            keep.point(pool, git, self.label, alone[0])
        elif alone or keep.has_operation(slot):
            snapshot.of_commits(pool, slot, git, self.label, alone, tip)

    def hand_over(self, store: Store) -> list[str]:
        """Bring what was set aside in a store into kept.git, and say how to have it again."""
        new = kept.transfer(self.pool, store.git_dir, store.words, self.keep_open)
        for ref in new:
            where = self.slot.path if store.parked or store.top is None else store.top
            self.tell(f"submodule `{store.words}`: work that no branch has is set aside: "
                      f"{kept.way_to(self.pool, ref, where or self.pool.config.source)}")  # fmt: skip
        return new

    def make_room(self, top: str, store: str, path: str) -> None:
        """Take a repository that is not the submodule's store out of a submodule's place, whole."""
        dot_git = f"{top}/.git"
        if not os.path.lexists(dot_git) or stores.leads_to(top, store):
            return
        for other in stores.of_slot(self.slot):
            if other.top == top:
                self.park(other)
                return
        place = f"{self.pool.real}/.meta/kept/{self.label.name.replace('/', '-')}"
        files.make_directory(place)
        target = f"{place}/{self.label.moment.replace(':', '')}-{os.path.basename(path)}"
        if os.path.lexists(target):
            raise WtError(f"{top} is a repository of its own in the place of the submodule `{path}`; it stays.",
                          f"to move it away: mv {quoted(top)} ~/")  # fmt: skip
        files.rename(top, target)
        self.tell(f"a repository of its own stood in the place of the submodule `{path}`; it is now {target}")


def _changes(git: Git) -> tuple[status.Status, tuple[str, ...] | None]:
    found = status.read(git, untracked="all", submodules="dirty")
    flags = git.start("ls-files", "-v", "-z").answer()
    hidden = status.hidden_edits(git) if status.has_hidden(flags) else None
    return obstacles.with_buried(git, found, hidden), hidden
