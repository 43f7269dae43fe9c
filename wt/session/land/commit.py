"""Step 7: tracked changes are committed by plain `git commit`, so that the user's own git hooks, signing and identity apply."""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, again
from wt.git import status
from wt.pool import keep, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.session.land.task import Task


def changes(task: Task) -> None:
    """Commit what is changed, and with `--add` what is new; WtError where git does not, the index as it was."""
    wish, git = task.wish, task.git
    if wish.message is None or status.read(git).clean:
        return
    message = "WIP via land" if wish.message == "wip" else wish.message
    stage = ("add", "-A" if wish.add else "-u", "--", ":/")
    if not _committed(task, message, stage):
        _refuse_unless_nothing(task, stage)


def _committed(task: Task, message: str, stage: tuple[str, ...]) -> bool:
    """`--all` leaves the index as it was where a hook refuses; what `--add` put into it is taken out again.

    A git that was interrupted may have made its commit already, and left the index behind it.
    """
    git, index = task.git, f"{task.slot.admin}/index"
    before = files.temp_path(f"{task.slot.admin}/worktree-pool", "index")
    head, done = git.ask("rev-parse", "HEAD"), False
    try:
        if task.wish.add:
            files.copy(index, before)
            git.do(*stage)
        done = git.plain("commit", "-q", "-a", "-m", message) == 0
    finally:
        if not done and git.ask("rev-parse", "HEAD") != head:
            git.do(*stage)
            done = True
        elif not done and os.path.exists(before):
            files.rename(before, index)
    files.remove_leftovers(f"{task.slot.admin}/worktree-pool")
    return done


def _refuse_unless_nothing(task: Task, stage: tuple[str, ...]) -> None:
    """Where the files are HEAD's there was nothing to commit: the index alone differed, and is set aside."""
    git, slot = task.git, task.slot
    staged = f"{slot.admin}/index"
    scratch = files.temp_path(f"{slot.admin}/worktree-pool", "index")
    files.copy(staged, scratch)
    try:
        env = {"GIT_INDEX_FILE": scratch}
        git.do(*stage, env=env)
        same = git.do("write-tree", env=env) == git.ask("rev-parse", "HEAD^{tree}")
    finally:
        files.remove_leftovers(f"{slot.admin}/worktree-pool")
    if not same:
        raise WtError(
            f"`{task.name}` was not landed: git commit did not succeed.", again("when that is put right")
        )
    ref = snapshot.uncommitted(task.pool, slot, git, keep.label_of(slot), status.read(git, untracked="no"))
    task.tell(f"nothing is changed but the index, which is set aside: {ref}")
    git.do(*stage)
