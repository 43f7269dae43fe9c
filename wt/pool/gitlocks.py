"""Lock files of a git that was killed: who they belonged to is recorded before they can be there.

A git that dies leaves `index.lock`, `HEAD.lock`, `refs/heads/x.lock`; every later git stumbles over it. So whoever is
about to let git write where others write, too, notes in the file of the mutex that it holds which lock files its git
may create and that are not there now. Whoever finds such a note in a mutex that is free removes exactly those.
"""

from __future__ import annotations

import os

from wt import files
from wt.pool import mutex
from wt.pool.lock import escaped, fields, unescaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from wt.pool.mutex import Mutex

OF_WORKTREE = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock", "MERGE_RR.lock", "AUTO_MERGE.lock", "REBASE_HEAD.lock",
               "CHERRY_PICK_HEAD.lock", "MERGE_MSG.lock")  # fmt: skip
OF_TABLES = "reftable/tables.list.lock"  # of all refs of a git dir that are kept in a reftable


def of_ref(common: str, ref: str) -> list[str]:
    """Return the lock files with which git changes a ref; `packed-refs.new` is written under the lock beside it.

    The source's own HEAD is locked, too, where it points to that ref.
    """
    return [
        f"{common}/{name}"
        for name in (f"{ref}.lock", "HEAD.lock", "packed-refs.lock", "packed-refs.new", OF_TABLES)
    ]


def of_worktree(git_dir: str) -> list[str]:
    return [*(f"{git_dir}/{name}" for name in OF_WORKTREE), *of_tables(git_dir)]


def of_tables(git_dir: str) -> list[str]:
    """Return the lock file of a reftable's list, and those that lie beside its tables, whose names nobody can foretell.

    git holds the latter while it makes one table of several; it does no harm to two that do so at once.
    """
    there = (f"{git_dir}/reftable/{name}" for name in files.list_directory(f"{git_dir}/reftable"))
    return list(
        dict.fromkeys((f"{git_dir}/{OF_TABLES}", *(path for path in there if path.endswith(".lock"))))
    )


class Recorded:
    """A stretch of work under a mutex whose git may create `locks`; at its end the mutex is let go."""

    def __init__(self, held: Mutex, verb: str, locks: Iterable[str], tell: Callable[[str], None]) -> None:
        self.held, self.verb, self.locks, self.tell = held, verb, locks, tell

    def __enter__(self) -> Mutex:
        try:
            self.foreign = remove_dead(self.held.path, self.tell)
            absent = [path for path in self.locks if not os.path.lexists(path)]
            _note(self.held, self.verb, [*self.foreign, *absent])
        except BaseException:
            self.held.release()
            raise
        return self.held

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            if self.held.descriptor >= 0:
                _note(self.held, self.verb, self.foreign)
        finally:
            self.held.release()


def _note(held: Mutex, verb: str, locks: list[str]) -> None:
    held.note(verb, **{mutex.JOURNAL: "\t".join(escaped(path) for path in locks)})


def recorded(mutex_path: str) -> list[str]:
    """Return the lock files that a mutex's file still records."""
    text = fields(files.read_text(mutex_path) or "").get(mutex.JOURNAL, "")
    paths = (unescaped(path) for path in text.split("\t"))
    return [path for path in paths if path.startswith("/") and path.endswith((".lock", ".new"))]


def remove_dead(mutex_path: str, tell: Callable[[str], None]) -> list[str]:
    """Remove what a dead one recorded; returns what stays, for it is in use, and is to be recorded on.

    The caller holds that mutex, so no git of the dead one's lives. A git that somebody else started meanwhile may have
    made the same file anew: then it stays.
    """
    paths = recorded(mutex_path)
    tables = [path for path in paths if path.endswith(OF_TABLES)]
    beside = (one for path in tables for one in of_tables(path.removesuffix(f"/{OF_TABLES}")))
    return remove(dict.fromkeys((*paths, *beside)), tell)


def finish_dead(held: Mutex, verb: str, tell: Callable[[str], None]) -> None:
    """Remove what a dead one recorded in a mutex that the caller took, and note what stays."""
    _note(held, verb, remove_dead(held.path, tell))


def remove(paths: Iterable[str], tell: Callable[[str], None]) -> list[str]:
    """Remove lock files that nobody uses; returns those that somebody does."""
    left = {path: seen for path in paths if (seen := _identity(path)) is not None}
    if not left:
        return []
    used = _used(left)
    stays = []
    for path, identity in left.items():
        if path in used or _identity(path) != identity:
            tell(f"{path} is in use by a git that is at work; it stays.")
            stays.append(path)
        else:
            files.unlink(path)
    return stays


def _identity(path: str) -> tuple[int, int, int] | None:
    """Tell a lock file from one that was made anew while processes were looked at."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):  # beside a reftable `refs/heads` is a file
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _used(paths: Iterable[str]) -> set[str]:
    """Return those that a process has open, or that a git standing in their worktree may have made and closed."""
    import psutil

    worktrees = {path: _worktree_of(path) for path in paths}
    used: set[str] = set()
    for process in psutil.process_iter():
        try:
            if process.name().startswith("git"):
                used |= {one.path for one in process.open_files()} & worktrees.keys()
                where = f"{process.cwd()}/"
                used |= {path for path, top in worktrees.items() if top and where.startswith(f"{top}/")}
        except psutil.Error:
            continue
    return used


def _worktree_of(path: str) -> str | None:
    """Return the worktree that an index.lock and its like belong to; None for refs, which git holds for a moment."""
    git_dir = os.path.dirname(path)
    if os.path.basename(path) not in OF_WORKTREE:
        return None
    pointed = files.read_text(f"{git_dir}/gitdir", 8192)
    return os.path.dirname(pointed.rstrip("\n")) if pointed else os.path.dirname(git_dir)
