"""Step 8 as it is without options: the base merged into the slot, parents in mainline order."""

from __future__ import annotations

from wt.errors import GitError
from wt.git import commits, refs, trial
from wt.session.land import advance, conflict, move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.session.base import Base
    from wt.session.land.task import Task

_GENERATED = (b"Merge branch '", b"Merge commit '", b"Merge remote-tracking branch '")


def merged(task: Task, base: Base) -> str:
    """Make the slot's branch contain the base; returns its new tip. ConflictError where the two disagree."""
    head = task.git.ask("rev-parse", "HEAD")
    if refs.is_ancestor(task.git, base.tip, head):
        return _mainline_order(task, base, head)
    if refs.is_ancestor(task.git, head, base.tip):
        conflict.refuse_overwriting(task, base, head, base.tip)
        return arrived(task, base, head, base.tip)
    tree = tree_with_base(task, base, head)
    new = commits.made(task.git, tree, [base.tip, head], subject(task, base))
    return arrived(task, base, head, new)


def tree_with_base(task: Task, base: Base, head: str) -> str:
    """Return the tree of the two merged; ConflictError, left in the slot, where that cannot be had."""
    found = trial.merge(task.git, head, base.tip)
    conflict.refuse_overwriting(task, base, head, found.tree)
    if not found.clean:
        raise conflict.by_merge(task, base, head)
    return found.tree


def arrived(task: Task, base: Base, head: str, new: str) -> str:
    """Bring the slot to where step 8 ends; returns that commit."""
    advance.refuse_overwriting(base, new)
    try:
        move.slot_to(task, head, new)
    except GitError as error:
        raise conflict.refused(task, base, error) from error
    return new


def subject(task: Task, base: Base) -> bytes:
    return f"Merge {task.name} into {base.branch}\n".encode("utf-8", "surrogateescape")


def _mainline_order(task: Task, base: Base, head: str) -> str:
    """Swap the parents of a merge whose second is the base's tip, however it came about; else leave HEAD alone.

    Tree, author, committer and an own message stay; a generated subject is put right; a signed merge is left alone.
    """
    old = commits.read(task.git, head)
    if len(old.parents) != 2 or old.parents[1] != base.tip or old.parents[0] == base.tip:
        return head
    if old.signed:
        task.tell(
            f"the merge {head[:9]} is signed: it stays as it is, and `{base.branch}` is its second parent."
        )
        return head
    _first, newline, rest = old.message.partition(b"\n")
    message = old.message
    if message.startswith(_GENERATED):
        message = subject(task, base).rstrip(b"\n") + newline + rest
    new = commits.reparented(task.git, old, old.tree, [old.parents[1], old.parents[0]], message=message)
    move.slot_to(task, head, new)
    return new
