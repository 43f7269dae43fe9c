"""A worktree whose branch goes from A to B: journalled, so that whoever finds it half done can finish it.

The base's checkout is moved so (contract section 12, step 11), and the slot when it is brought up to the base (step 8).
"""

from __future__ import annotations

from wt import files
from wt.errors import GitError
from wt.git import commits, refs, status
from wt.git.run import Git, settings
from wt.model import record
from wt.pool import keep
from wt.pool.lock import fields, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.session.land.task import Task


@record
class Move:
    """`branch` goes from commit `old` to its descendant `new` in the worktree `checkout`.

    `then` is a commit with the files of `new`, for the branch alone to go to afterwards. Where git merges or replays in
    `checkout` and is to stop at a conflict, `old` and `new` are the same.
    """

    branch: str
    old: str
    new: str
    checkout: str
    then: str = ""

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"

    @property
    def end(self) -> str:
        """Where the branch is to be in the end."""
        return self.then or self.new


_KEYS = {
    "branch": "base",
    "old": "from",
    "new": "to",
    "checkout": "checkout",
    "then": "then",
}


def journal_of_base(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/land"


def journal_of_slot(admin: str) -> str:
    return f"{admin}/worktree-pool/merging"


def read(journal: str) -> Move | None:
    found = fields(files.read_text(journal) or "")
    if not found.get("from") or not found.get("to") or not found.get("checkout"):
        return None
    return Move(**{name: found.get(key, "") for name, key in _KEYS.items()})


def write(journal: str, move: Move) -> None:
    values = ((key, getattr(move, name)) for name, key in _KEYS.items())
    files.replace_text(journal, "".join(f"{key}: {scalar(value)}\n" for key, value in values if value))


def no_merge_options(branch: str) -> dict[str, str]:
    """The options that the user set for merges into a branch (`--squash`, `-s ours`) are not for ours."""
    return settings({f"branch.{branch}.mergeOptions": ""})


def forward(pool: Pool, journal: str, move: Move, keep: tuple[int, ...]) -> None:
    """Fast-forward a worktree; GitError where git refuses, and nothing was touched then."""
    write(journal, move)
    git = Git(move.checkout, keep)
    try:
        git.do(
            "merge",
            "-q",
            "--ff-only",
            "--no-overwrite-ignore",
            "--no-autostash",
            "--no-verify-signatures",
            move.new,
            env=no_merge_options(move.branch),
        )
        if move.then:
            git.do("update-ref", "-m", "wt: land", move.ref, move.then, move.new)
    finally:
        if _settled(pool, git, move):
            files.unlink(journal)


def _settled(pool: Pool, git: Git, move: Move) -> bool:
    """Whether the worktree is whole at one of the two: what lies between them is for recovery."""
    now = refs.read_file(pool.common, move.ref)
    try:
        return now in (None, move.old, move.end) and status.read(git, untracked="no", submodules="all").clean
    except GitError:
        return False


def slot_to(task: Task, head: str, new: str) -> None:
    """Bring the slot from its HEAD to any commit: its files, index and branch. GitError where git refuses.

    A tip that this leaves behind is set aside first.
    """
    if head == new:
        return
    label = keep.label_of(task.slot)
    forward_only = refs.is_ancestor(task.git, head, new)
    if not forward_only:
        for ref in keep.commits(task.pool, task.git, label, [head], besides=f"refs/heads/{task.branch}"):
            task.tell(f"the commits as they were are set aside: {ref}")
    tree = task.git.ask("rev-parse", f"{new}^{{tree}}")
    if not forward_only and tree == task.git.ask("rev-parse", f"{head}^{{tree}}"):
        task.git.do("update-ref", "-m", "wt: land", f"refs/heads/{task.branch}", new, head)
        return
    # git's fast-forward is what spares ignored files and can be finished: so a commit with the files of `new` follows HEAD
    stone = new if forward_only else commits.stone(task.git, tree, head)
    journal = journal_of_slot(task.slot.admin_dir)
    move = Move(task.branch, head, stone, task.slot.directory, "" if forward_only else new)
    forward(task.pool, journal, move, task.git.keep)
