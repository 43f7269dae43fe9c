"""Step 8 with --rebase: the slot's commits replayed on the base, one by one, instead of a merge.

They are replayed as objects, nothing of the slot touched, so that a land that dies leaves it as it was; only where a
conflict is foreseen does git's own rebase do it in the slot, and stops there for the user.
"""

from __future__ import annotations

import os

from wt.git import commits, obstacles, refs, trial
from wt.session.land import conflict, merge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git
    from wt.session.base import Base
    from wt.session.land.task import Task


def rebased(task: Task, base: Base) -> str:
    """Replay the slot's commits on the base's tip; returns the last. ConflictError where one does not apply."""
    git = task.git
    head = git.ask("rev-parse", "HEAD")
    if refs.is_ancestor(git, head, base.tip):
        return merge.merged(task, base)
    if is_on_top(git, base.tip, head):
        return head
    new = replay(git, base.tip, head, sign=commits.wants_signing(git))
    if new is None:
        refuse_in_way(task, base, head)
        stopped = conflict.by_rebase(task, base, head)
        if stopped is not None:
            raise stopped
        return git.ask("rev-parse", "HEAD")
    conflict.refuse_overwriting(task, base, head, new)
    return merge.arrived(task, base, head, new)


def is_on_top(git: Git, onto: str, head: str) -> bool:
    """Whether there is nothing to replay: what `head` has is a line of commits on top of `onto` already."""
    return refs.is_ancestor(git, onto, head) and not git.ask("rev-list", "-1", "--merges", f"{onto}..{head}")


def replay(git: Git, onto: str, head: str, *, sign: bool) -> str | None:
    """Replay what `head` has and `onto` has not, merges and what is in there by content left out; None on a conflict."""
    wanted = ("--reverse", "--topo-order", "--no-merges", "--right-only", "--cherry-pick", f"{onto}...{head}")
    tip = onto
    for sha in git.ask("rev-list", *wanted).split():
        picked = _picked(git, tip, sha, sign=sign)
        if picked is None:
            return None
        tip = picked
    return tip


def _picked(git: Git, tip: str, sha: str, *, sign: bool) -> str | None:
    """Return the commit as it is on top of `tip`, `tip` itself where it changes nothing there, None on a conflict."""
    old = commits.read(git, sha)
    if old.parents == [tip]:
        return sha
    if not old.parents:  # of a history of its own
        return None
    before, here = (git.ask("rev-parse", f"{one}^{{tree}}") for one in (old.parents[0], tip))
    # git-merge-tree(1) of 2.38 takes no merge base: so one side gets the wanted one for its parent
    found = trial.merge(git, commits.stone(git, here, old.parents[0]), sha)
    if not found.clean:
        return None
    if found.tree == here and old.tree != before:
        return tip
    return commits.replayed(git, old, found.tree, tip, sign=sign)


def refuse_in_way(task: Task, base: Base, head: str) -> None:
    """Look for the untracked files, ignored ones above all, that a rebase in the slot would write over on its way."""
    git = task.git
    tracked = set(git.ask_fields("ls-files", "-z"))
    touched = git.ask_fields(
        "log", "--no-merges", "--format=", "--name-only", "-z", "--no-renames", f"{base.tip}..{head}"
    )
    passed = [
        path
        for path in dict.fromkeys(touched)
        if path not in tracked and os.path.lexists(f"{git.cwd}/{path}")
    ]
    conflict.refuse_in_way(task, base, [*obstacles.between(git, head, base.tip), *passed])
