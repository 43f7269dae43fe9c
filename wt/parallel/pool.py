"""WorktreePool: the pool's slots for Python programs (contract section 17). A face: slots, locks and recovery are wt/pool's."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

from wt.errors import NameHeld, UsageError, WtError, quoted
from wt.git import layout, refs
from wt.git.run import Git
from wt.model import replaced
from wt.parallel import growth, naming, reclaim, state
from wt.parallel.taking import Taker, is_for
from wt.pool import config as config_file
from wt.pool import init, location, survey
from wt.pool import release as releasing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from wt.model import Slot
    from wt.pool.location import Pool

LOG = logging.getLogger("wt")


class WorktreePool:
    """A pool of reusable git worktrees over one repository, for threads and processes alike.

    `base_repo` is the repository (any worktree of it, or a bare one). `pool_dir` is where the worktrees live; default:
    `<base_repo>.worktrees` beside it. `max_size` bounds how many this object makes. With `auto_load` what an earlier
    process left is put in order at once (see `load_state`). All but the last can be read as attributes, paths absolute.

    Raises `wt.errors.WtError` where `base_repo` is no repository, or `pool_dir` is a pool over another one. What the
    pool does by itself it tells the logger `wt`.
    """

    def __init__(
        self,
        base_repo: str | os.PathLike[str],
        pool_dir: str | os.PathLike[str] | None = None,
        max_size: int = 10,
        auto_load: bool = True,  # noqa: FBT001, FBT002 (the public signature)
    ) -> None:
        if max_size < 1:
            raise UsageError(f"max_size is {max_size}; a pool needs one worktree at least.")
        if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
            raise WtError("SIGCHLD is ignored in this process, so that every program would look as if it had succeeded.")  # fmt: skip
        Git.look_again()
        self.base_repo = Path(os.path.abspath(base_repo))
        self.pool_dir = Path(os.path.abspath(pool_dir or default_directory(os.fspath(self.base_repo))))
        self.max_size = max_size
        self._pool = _opened(os.fspath(self.pool_dir), os.fspath(self.base_repo), max_size)
        self._created = self._reused = 0
        self._begin_in_this_process()
        if auto_load:
            self.load_state()

    def __repr__(self) -> str:
        where = f"{os.fspath(self.base_repo)!r}, {os.fspath(self.pool_dir)!r}"
        return f"WorktreePool({where}, max_size={self.max_size})"

    def _begin_in_this_process(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._taker = Taker(self._pool, LOG.info, LOG.warning, hooks=True)

    def _here(self) -> None:
        """What a parent holds is the parent's, also in the child that it forked."""
        if self._pid != os.getpid():
            self._begin_in_this_process()

    @property
    def token(self) -> str:
        """What marks this object as the holder of its slots; empty while it holds none."""
        return self._taker.token

    @property
    def stopping(self) -> threading.Event:
        """Set, it ends what acquires in other threads wait for, and the hooks that they run: no signal reaches those."""
        return self._taker.stopping

    @contextmanager
    def _turn(self, wanted: str) -> Iterator[None]:
        """One thread at a time for an id."""
        if not isinstance(wanted, str):
            raise TypeError(f"an id is a str, not {type(wanted).__name__}")
        self._here()
        with self._lock:
            turn = self._turns.setdefault(wanted, threading.Lock())
        with turn:
            yield

    # Acquire and release.

    def acquire(self, id: str, ref: str | None = None, *, wait: float = 0.0) -> Path:  # noqa: A002 (the public name)
        """Return the directory of a clean worktree, held under an id until `release`.

        An idle one is taken if there is one, else a new one is made while there are fewer than `max_size`. Its tracked
        files are those of `ref` (any revision; default: the HEAD of `base_repo`), untracked files are gone, what git
        ignores is still there from the last time. It is on a branch of its own, named after the id.

        An id that this object holds already gets the same directory, untouched. `wait` is how many seconds to wait for
        a free worktree. Raises `PoolExhausted` (a RuntimeError) where none is to be had, `NameHeld` where another
        process or another pool object holds the id, `wt.errors.UsageError` where `ref` names no commit.

        Hooks of the repository and of the user run as for `wt acquire`: `HooksNotTrusted` where those of the commit are
        not approved, before anything is touched; `wt.errors.WtError` where one fails, the worktree free again. What they
        print goes to the logger. `WT_HOOKS=off` in the environment runs none, `WT_TRUST` approves.
        """
        with self._turn(id):
            mine = self._still_mine(id)
            if mine is not None and mine.state == "held" and mine.path is not None:
                return Path(mine.path)
            taken = self._taker.take(id, self._resolve(ref), wait)
            with self._lock:
                self._created += taken.made
                self._reused += not taken.made
            return Path(taken.path)

    def _still_mine(self, wanted: str) -> Slot | None:
        """Return the slot of an id, as it is on disk: somebody may have released it behind our back."""
        return next((slot for slot in self._taker.mine() if is_for(slot, wanted)), None)

    def _resolve(self, ref: str | None) -> str:
        return refs.resolve(Git(os.fspath(self.base_repo)), ref or "HEAD")

    def release(self, id: str) -> bool:  # noqa: A002 (the public name)
        """Give the worktree of an id back; returns whether it was held.

        What tests left in it is discarded (tracked files restored, untracked ones removed), what git ignores stays.
        Commits that nothing else reaches are kept under `refs/wt/kept/`. The hooks of a release run before and after;
        those that are not approved are skipped. Raises `NameHeld` where another process or pool object holds the id.
        """
        with self._turn(id):
            slot = self._still_mine(id)
            if slot is None:
                self._refuse_others(id)
                return False
            if slot.path is not None:
                releasing.warn_of_processes(slot, LOG.warning)
            self._taker.give_back(slot)
            return True

    def check_hooks(self, *refs: str | None) -> None:
        """Raise `HooksNotTrusted` where the hooks of any of these revisions (None: HEAD) are not approved; else nothing."""
        self._taker.require_trust([self._resolve(ref) for ref in refs])

    def _refuse_others(self, wanted: str) -> None:
        for slot in survey.take(self._pool).slots:
            if is_for(slot, wanted) and slot.state == "held":
                error = self._taker.held(wanted, slot)
                if isinstance(error, NameHeld):
                    raise error

    # Size.

    def expand_pool(self, n: int) -> int:
        """Make `n` more idle worktrees, up to `max_size` in all; returns how many were made."""
        self._here()
        sha = self._resolve(None)
        made = 0
        while made < n and growth.add(self._pool, sha, LOG.info):
            made += 1
        with self._lock:
            self._created += made
        return made

    def shrink_pool(self, n: int) -> int:
        """Remove `n` idle worktrees for good, the highest numbers first; returns how many were removed.

        Changes that somebody made in an idle worktree are set aside first.
        """
        self._here()
        return growth.remove(self._pool, n, LOG.info)

    def cleanup_all(self) -> None:
        """Release what this object holds, remove every idle worktree, and write the state file.

        Worktrees that others hold stay.
        """
        self._release_mine()
        self.shrink_pool(len(survey.take(self._pool).slots))
        self.persist_state()

    # State.

    def persist_state(self) -> None:
        """Write `<pool_dir>/.worktree_pool.json`: a reader sees the old or the new file, whole."""
        self._here()
        state.write(self._pool, os.fspath(self.base_repo), self.max_size, LOG.info)

    def load_state(self) -> list[str]:
        """Put in order what earlier processes left; returns what was said of it (also to the logger `wt`).

        Worktrees of processes that are gone are free again, whatever of theirs still ran is ended, an acquire or a
        release that was cut short is finished. The disk is the truth: a state file that is stale, damaged, or names
        worktrees of another tool is corrected.
        """
        self._here()
        said: list[str] = []

        def tell(sentence: str, level: int = logging.WARNING) -> None:
            said.append(sentence)
            LOG.log(level, sentence)

        state.sweep(self._pool, LOG.info)
        self._taker.last.update(reclaim.of_the_dead(self._pool, tell))
        reclaim.unfinished(self._pool, tell)
        self._taker.mend(tell)
        found = state.now(self._pool, os.fspath(self.base_repo), self.max_size)
        wrong, behind = state.faults(self._pool, found)
        for sentence in wrong:
            tell(f"{sentence[:-1]}; {state.in_words(found)}", logging.INFO if behind else logging.WARNING)
        if wrong:
            self.persist_state()
        return said

    def get_stats(self) -> dict[str, int]:
        """Return total, available, allocated (all as on disk now), max_size, and how many worktrees this object got
        newly made (`created`) and used again (`reused`).
        """
        slots = survey.take(self._pool).slots
        return {
            "total": len(slots),
            "available": sum(slot.state == "idle" for slot in slots),
            "allocated": sum(slot.lock is not None for slot in slots),
            "max_size": self.max_size,
            "created": self._created,
            "reused": self._reused,
        }

    # With.

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Release what this object holds, and write the state file; an exception goes on its way."""
        try:
            self._release_mine()
        finally:
            self.persist_state()

    def _release_mine(self) -> None:
        """Release all; one that cannot be released does not keep the others."""
        self._here()
        failed: list[WtError | OSError] = []
        for slot in self._taker.mine():
            try:
                self.release(naming.caller(slot))
            except (WtError, OSError) as error:
                failed.append(error)
        self._taker.end()
        if failed:
            raise failed[0]


def default_directory(base_repo: str) -> str:
    """Return `<repository>.worktrees` beside the repository, from any of its worktrees."""
    place = layout.find(base_repo)
    if place is None or not os.path.isdir(base_repo):
        raise WtError(f"{base_repo} is no git repository.", f"to make it one: git init {quoted(base_repo)}")
    common = place.common
    return (os.path.dirname(common) if os.path.basename(common) == ".git" else common) + ".worktrees"


def _opened(pool_dir: str, base_repo: str, max_size: int) -> Pool:
    """Open the pool of a directory, or make it; WtError where it serves another repository."""
    path = f"{pool_dir}/.meta/config.yaml"
    if not os.path.lexists(path):
        init.init_at(pool_dir, base_repo, max_size)
    config = config_file.load(path, LOG.warning)
    pool = location.at(pool_dir, replaced(config, max_slots=max_size, layout="stable", recycle="clean"))
    place = layout.find(base_repo)
    if place is None or place.common != pool.common:
        raise WtError(f"{pool_dir} is a pool over {config.source}, not over {base_repo}.")
    if config.groups:
        raise WtError(f"{pool_dir} is a pool with groups, which the library does not serve.")
    return pool
