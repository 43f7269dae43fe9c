"""WorktreeOrchestrator: several hypotheses side by side, each in a worktree of its own (contract section 17)."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait

from wt.errors import PoolExhausted, UsageError, WtError
from wt.parallel import direct, environment, job, logs, naming
from wt.parallel.pool import WorktreePool, default_directory
from wt.parallel.records import Hypothesis, OrchestratorConfig, TestResult
from wt.pool import holder

_TICK = 0.2  # seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor, Future
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Self

    from wt.parallel.records import Command


class WorktreeOrchestrator:
    """Worktrees for hypotheses, their set-up, and one command run in all of them.

    Used with `with`: leaving it, on an exception too, ends what still runs, gives every worktree back and writes the
    pool's state file.
    """

    def __init__(self, config: OrchestratorConfig) -> None:
        self.config = config
        where = config.pool_dir or default_directory(os.path.abspath(config.base_repo))
        self._root = os.path.abspath(where)
        self._pool = WorktreePool(config.base_repo, where, config.max_size) if config.use_pool else None
        self._direct = direct.Direct(os.path.abspath(config.base_repo), self._root)
        self._lock = threading.Lock()
        self._active: dict[str, Path] = {}
        self._hypotheses: dict[str, Hypothesis] = {}
        self._runs: list[job.Running] = []
        self._logs, self._number = "", itertools.count(1)

    def __repr__(self) -> str:
        return f"WorktreeOrchestrator({self.config})"

    def create_worktrees(self, hypotheses: Iterable[Hypothesis]) -> dict[str, Path]:
        """Return a clean worktree for each hypothesis, at its `ref`, by id.

        They come from the pool; where that is exhausted, or is not used, a plain worktree is made that is removed
        afterwards. Raises what `WorktreePool.acquire` raises, but for `PoolExhausted`; those that were made are given
        back by `cleanup_worktrees` or at the end of the `with`. Hooks run in the pool's worktrees alone; those of every
        `ref` must be approved before any worktree is touched.
        """
        wanted = list(hypotheses)
        if len({one.id for one in wanted}) != len(wanted):
            raise UsageError("Two hypotheses have the same id.")
        if self._pool is not None:
            self._pool.check_hooks(*dict.fromkeys(one.ref for one in wanted))
        made: dict[str, Future[Path]] = {}
        try:
            self._make(wanted, made)
        finally:
            with self._lock:
                for one in wanted:
                    done = made.get(one.id)
                    if done is not None and not done.cancelled() and done.exception() is None:
                        self._active[one.id], self._hypotheses[one.id] = done.result(), one
        return {wanted_id: future.result() for wanted_id, future in made.items()}

    def _make(self, wanted: Sequence[Hypothesis], made: dict[str, Future[Path]]) -> None:
        """Make worktrees side by side; an interrupt ends what is under way, and all threads are waited for."""
        threads = ThreadPoolExecutor(os.cpu_count() or 1)
        stopping = self._pool.stopping if self._pool is not None else threading.Event()
        try:
            for one in wanted:
                made[one.id] = threads.submit(self._create, one)
            # not for the threads: Python 3.11 takes one whose join was interrupted for ended
            _wait(made.values())
        except BaseException:
            stopping.set()
            threads.shutdown(wait=False, cancel_futures=True)
            _wait(one for one in made.values() if not one.cancelled())
            raise
        finally:
            stopping.clear()
            threads.shutdown()

    def _create(self, hypothesis: Hypothesis) -> Path:
        return self._acquired(hypothesis) or self._direct.create(hypothesis.id, hypothesis.ref)

    def _acquired(self, hypothesis: Hypothesis) -> Path | None:
        if self._pool is None or hypothesis.id in self._direct.paths:
            return None
        try:
            return self._pool.acquire(hypothesis.id, hypothesis.ref)
        except PoolExhausted:
            return None

    def setup_test_environment(self, worktree: str | os.PathLike[str], hypothesis: Hypothesis) -> None:
        """Apply the hypothesis's patch (three-way), write its files and run its set-up commands in a worktree.

        Raises `wt.errors.SetupError`, which names the hypothesis, at the first that fails.
        """
        with self._lock:
            self._hypotheses[hypothesis.id] = hypothesis
        logs = self._log_path(hypothesis.id).removesuffix(".log")
        environment.set_up(os.fspath(worktree), hypothesis, logs, self.config.timeout_s, self._token)

    def run_tests(self, command: Command, executor: Executor | None = None) -> dict[str, TestResult]:
        """Run a command in every worktree that was created, side by side; returns the results by id.

        `command` is a string for `sh -c`, or an argv; it gets the hypothesis's `env`. `executor` is any executor of
        `concurrent.futures`' kind whose workers see the same files; default: as many threads as there are processors.
        A command that takes longer than `timeout_s`, or writes more than a gigabyte into its log, is ended with all that it
        started. An interrupt ends them all.
        """
        jobs, running = [self._job(wanted, command) for wanted in self._active], job.Running()
        self._runs.append(running)
        if executor is not None:
            return self._gathered(jobs, lambda one: executor.submit(job.run, one), running)
        with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1) or 1) as threads:
            return self._gathered(jobs, lambda one: threads.submit(job.run, one, running), running)

    def _gathered(
        self, jobs: Sequence[job.Job], submit: Callable[[job.Job], Future[TestResult]], running: job.Running
    ) -> dict[str, TestResult]:
        """Submit all and wait for them; an interrupt at any moment of that ends what was begun."""
        futures: list[Future[TestResult]] = []
        try:
            for one in jobs:
                futures.append(submit(one))  # noqa: PERF401 (those that were submitted are known at any moment)
            _wait(futures)
            return {one.id: future.result() for one, future in zip(jobs, futures, strict=True)}
        except BaseException:
            for future in futures:
                future.cancel()
            running.stop_all()
            holder.end_children(self._direct.token)
            raise

    def _job(self, wanted: str, command: Command) -> job.Job:
        hypothesis = self._hypotheses[wanted]
        return job.Job(wanted, os.fspath(self._active[wanted]), command, self._log_path(wanted), dict(hypothesis.env),
                       self.config.timeout_s, self._token)  # fmt: skip

    @property
    def _token(self) -> str:
        """Mark what runs as this orchestrator's, for whoever takes the slots or the plain worktrees back if it dies."""
        return ",".join(
            filter(None, (self._direct.token, self._pool.token if self._pool is not None else ""))
        )

    def _log_path(self, wanted: str) -> str:
        with self._lock:
            if not self._logs:
                self._logs = logs.begin(f"{self._root}/.logs", self._direct.token)
            return f"{self._logs}/{naming.file_name(wanted)}-{next(self._number)}.log"

    def cleanup_worktrees(self, ids: Iterable[str]) -> None:
        """Give the worktrees of these ids back; an id that has none is no error."""
        for wanted in list(ids):
            if wanted in self._direct.paths:
                self._direct.remove(wanted)
            elif self._pool is not None:
                self._pool.release(wanted)
            with self._lock:
                self._active.pop(wanted, None)
                self._hypotheses.pop(wanted, None)

    def get_pool_stats(self) -> dict[str, int]:
        """Return the pool's statistics (see `WorktreePool.get_stats`); empty in direct mode."""
        return self._pool.get_stats() if self._pool is not None else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for running in self._runs:
            running.stop_all()
        failed: list[WtError | OSError] = []
        for wanted in list(self._active):
            try:
                self.cleanup_worktrees([wanted])
            except (WtError, OSError) as problem:  # the others are given back all the same
                failed.append(problem)
        self._direct.close()
        if self._pool is not None:
            self._pool.__exit__(kind, error, at)
        if failed and error is None:
            raise failed[0]


def _wait(futures: Iterable[Future[Any]]) -> None:
    """Wait for all of them; looking up now and then, for a signal that another thread got would wake nobody."""
    every = list(futures)
    while wait(every, timeout=_TICK).not_done:
        continue


def try_hypothesis(config: OrchestratorConfig, hypothesis: Hypothesis, command: Command) -> TestResult:
    """Take one hypothesis through all of it, on the machine where this runs: a worktree of that machine's own pool over
    its own clone, set-up, command, and the worktree back.

    For executors whose workers are other hosts: `executor.submit(try_hypothesis, config, hypothesis, command)`.
    """
    with WorktreeOrchestrator(config) as orchestrator:
        path = orchestrator.create_worktrees([hypothesis])[hypothesis.id]
        orchestrator.setup_test_environment(path, hypothesis)
        return orchestrator.run_tests(command)[hypothesis.id]
