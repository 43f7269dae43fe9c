"""Submodules in a land: steps 5, 6, 10, 11 and 12 of contract section 12. Loaded only where there are any."""

from __future__ import annotations

from wt.errors import WtError, again, quoted
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import mutex, nested
from wt.pool.submodules import declared, follow, judge
from wt.pool.submodules.bring import Bringing
from wt.pool.submodules.follow import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.status import Status
    from wt.session.base import Base
    from wt.session.land.task import Task


@record
class Inside:
    """The submodules of a slot and of the base's checkout (None: checked out nowhere)."""

    task: Task
    slot: Tree
    base: Tree | None
    forward: follow.Forward | None

    def catch_up(self) -> None:
        """Step 6, in the slot and in the base's checkout."""
        for tree, other in ((self.slot, self.base), (self.base, self.slot)):
            if tree is not None:
                follow.catch_up(self.task.pool, tree, self.task.git.keep, other)

    def refresh(self, before: str) -> None:
        """Step 12, before anybody looks at the slot: pins that the base brought in, and submodules that it brought."""
        git = self.task.git
        self.catch_up_slot()
        head = git.ask("rev-parse", "HEAD")
        known = {one.name for one in declared.read(git, before)}
        absent = {one.name for one in declared.read(git, head) if not self.slot.inner(one).is_there}
        if absent - known:
            held = mutex.Mutex(self.task.pool.slot_mutex_path(self.task.slot.slot), git.keep[0])
            bringing = Bringing(self.task.pool, self.task.slot, held, (), self.task.tell)
            bringing.bring(self.task.slot, head, only=absent - known)

    def catch_up_slot(self) -> None:
        follow.catch_up(self.task.pool, self.slot, self.task.git.keep, self.base)

    def obtain(self, tip: str) -> None:
        """For step 8: the pins of the base's tip."""
        follow.obtain_pins(self.task.pool, self.slot, self.base, tip, self.task.git.keep)

    def bring(self, old: str, new: str) -> None:
        """Step 10."""
        git = self.task.git
        follow.keep_landed(self.task.pool, self.slot, self.base, git, (old, new), git.keep)
        if self.forward is not None:
            self.forward.bring(new)

    def undo(self) -> None:
        """Step 11 failed: what step 10 did is taken back."""
        if self.forward is not None:
            self.forward.undo()

    def clone_new(self, old: str, new: str) -> None:
        """Step 11, its end."""
        follow.note_landed(self.slot, self.task.git, new, self.task.git.keep)
        if self.forward is not None:
            self.forward.clone_new(old, new, self.task.tell)


def trees(slot: Slot, base: Base) -> tuple[Tree, Tree | None]:
    """Return where the submodules of a slot are, and those of the base's checkout."""
    checkout = base.checkout
    there = (
        Tree(checkout.git_dir, checkout.path) if checkout is not None and checkout.path is not None else None
    )
    return Tree(slot.admin_dir, slot.directory), there


def of(task: Task, base: Base) -> Inside:
    slot, there = trees(task.slot, base)
    forward = follow.Forward(there, slot, task.git.keep) if there is not None else None
    return Inside(task, slot, there, forward)


def refuse_dirty(slot: Slot) -> None:
    """Steps 1 to 3: changes and operations inside a submodule are not part of what a land can commit."""
    found = [one for one in judge.look(slot, []) if one.reason in ("busy", "dirty")]
    if found:
        top = f"{slot.path}/{found[0].path}"
        raise WtError(
            f"`{slot.name}` was not landed: {'; '.join(one.why for one in found)}.",
            f"to see it: git -C {quoted(top)} status",
            again("when it is committed there"),
        )


def refuse_embedded(slot: Slot, base: Base) -> None:
    """A submodule whose repository is its own directory cannot be brought to the base: its commits are in this slot alone."""
    git = Git(slot.directory)
    paths = [path[:-1] for path in nested.among_tracked(git) if not path.endswith("/.git/")]
    if paths and (
        new := git.ask_fields("diff", "--cached", "--name-only", "-z", "--no-renames", base.tip, "--", *paths)
    ):
        raise WtError(
            f"`{slot.name}` was not landed: the repository of the submodule `{new[0]}` is in its own directory, in this slot alone.",
            f"to move it where git keeps those of submodules: git -C {quoted(slot.directory)} submodule absorbgitdirs {quoted(new[0])}",
            again("then"),
        )


def refuse_operations(base: Base) -> None:
    """Step 5: an operation in progress in a submodule of the base's checkout."""
    checkout = base.checkout
    if checkout is None or checkout.path is None:
        return
    commands = follow.operations(Tree(checkout.git_dir, checkout.path))
    if commands:
        error = WtError(
            f"`{base.branch}` was not moved: an operation is in progress in a submodule of {checkout.path}."
        )
        raise error.hint(*(f"to give it up: {command}" for command in commands))


def without_lagging(base: Base, landing: Slot | None, found: Status) -> Status:
    """Return what a look at the base's checkout found without the submodules that a land brings to their pins itself."""
    checkout = base.checkout
    if checkout is None or checkout.path is None:
        return found
    there = Tree(checkout.git_dir, checkout.path)
    slot = Tree(landing.admin_dir, landing.directory) if landing is not None else None
    return _without(there, slot, found)


def without_lagging_of(slot: Slot, found: Status) -> Status:
    """The same for the slot: a plain merge leaves submodule directories behind, which is no change of anybody's."""
    return _without(Tree(slot.admin_dir, slot.directory), None, found)


def _without(there: Tree, slot: Tree | None, found: Status) -> Status:
    fine = {path for path in found.moved if follow.differs_only_by_land(there, slot, path)}
    return replaced(found, tracked=tuple(path for path in found.tracked if path not in fine))
