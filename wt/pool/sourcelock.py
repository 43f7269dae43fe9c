"""source.lock, contract section 9: one writer of refs and shared config, of ours, per source.

It is the last lock in the order, and is held for one git at a time; a step that died is cleared up by the next.
"""

from __future__ import annotations

from wt import files
from wt.git import layout
from wt.git.run import settings
from wt.pool import gitlocks, mutex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from wt.git.run import Git
    from wt.pool.location import Pool


def path_of(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/source.lock"


class Step:
    """One change of refs or shared config: `with Step(...) as git` is git at the source, its lock files recorded."""

    def __init__(self, pool: Pool, keep: tuple[int, ...], locks: list[str]) -> None:
        self.pool, self.keep, self.locks = pool, keep, locks

    def __enter__(self) -> Git:
        files.ensure_directory(f"{self.pool.common}/worktree-pool")
        held = mutex.take(path_of(self.pool), self.pool.tell, what="the source's refs")
        self.recorded = gitlocks.Recorded(held, "refs", self.locks, self.pool.tell)
        self.recorded.__enter__()
        git = self.pool.git((*self.keep, held.descriptor))
        if layout.has_tables(self.pool.common):
            # git puts what was synced into a new table, with what is written now
            git.more = settings({"core.fsync": "reference", "core.fsyncMethod": "fsync"})
        return git

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.recorded.__exit__(kind, error, at)


def of_ref(pool: Pool, keep: tuple[int, ...], ref: str) -> Step:
    """Return the step that creates, moves or deletes one ref."""
    return Step(pool, keep, gitlocks.of_ref(pool.common, ref))


def of_config(pool: Pool, keep: tuple[int, ...]) -> Step:
    """Return the step that writes the shared config."""
    return Step(pool, keep, [f"{pool.common}/config.lock"])
