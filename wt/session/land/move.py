"""A worktree whose branch goes forward from A to B: journalled, so that whoever finds it half done can finish it.

The base's checkout is moved so (contract section 12, step 11), and the slot when the base is merged into it (step 8).
"""

from __future__ import annotations

from wt import files
from wt.errors import GitError
from wt.git import refs, status
from wt.git.run import Git, setting
from wt.model import record
from wt.pool.lock import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


@record
class Move:
    """`branch` goes from commit `old` to `new` in the worktree `checkout`."""

    branch: str
    old: str
    new: str
    checkout: str

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"


def journal_of_base(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/land"


def journal_of_slot(admin: str) -> str:
    return f"{admin}/worktree-pool/merging"


def read(journal: str) -> Move | None:
    found = fields(files.read_text(journal) or "")
    if not found.get("from") or not found.get("to") or not found.get("checkout"):
        return None
    return Move(found.get("base", ""), found["from"], found["to"], found["checkout"])


def write(journal: str, move: Move) -> None:
    text = f"base: {move.branch}\nfrom: {move.old}\nto: {move.new}\ncheckout: {move.checkout}\n"
    files.replace_text(journal, text)


def no_merge_options(branch: str) -> dict[str, str]:
    """The options that the user set for merges into a branch (`--squash`, `-s ours`) are not for ours."""
    return setting(f"branch.{branch}.mergeOptions", "")


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
            move.new,
            env=no_merge_options(move.branch),
        )
    finally:
        if _settled(pool, git, move):
            files.unlink(journal)


def _settled(pool: Pool, git: Git, move: Move) -> bool:
    """Whether the worktree is whole at one of the two: what lies between them is for recovery."""
    now = refs.read_file(pool.common, move.ref)
    try:
        return now in (None, move.old, move.new) and status.read(git, untracked="no").clean
    except GitError:
        return False
