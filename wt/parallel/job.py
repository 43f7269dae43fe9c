"""One command in one worktree: a process group of its own, a log, a time limit; nothing of it is left afterwards.

`run` takes and returns plain values, so that any executor can carry it to a thread, another process or another host.
"""

from __future__ import annotations

import math
import os
import select
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

from wt import files
from wt.git.run import clean_environment
from wt.parallel.records import Command, TestResult
from wt.pool import holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GRACE = 2.0  # between SIGTERM and SIGKILL
_DYING = 0.5  # for the kernel, and for whoever has to reap
_POLL = 0.02  # where the system has no pidfd
_TAIL = 16_384
LOG_LIMIT = 1 << 30  # bytes; who writes more fills the disk of everybody
_LOOK = 1.0  # seconds between two looks at a log
_OVER, _LATE, _FULL = "over", "late", "full"


@dataclass(frozen=True)
class Job:
    """What to run, where, and for how long; `token` marks whatever it starts (wt/pool/holder.py)."""

    id: str
    path: str
    command: Command
    log_path: str
    env: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    token: str = ""


class Running:
    """The process groups that this process has under way, by their logs, so that somebody else can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[str, int] = {}
        self._closed = False

    def add(self, job: Job, group: int) -> None:
        with self._lock:
            self._groups[job.log_path] = group
            late = self._closed
        if late:
            self.stop(job.log_path)

    def remove(self, job: Job) -> None:
        """The leader is about to be reaped, and its number free for others."""
        with self._lock:
            self._groups.pop(job.log_path, None)

    def stop(self, log_path: str) -> None:
        """End a job's group: asked first, and then not. Its `run` returns soon."""
        self._end(log_path, signal.SIGTERM)
        later = threading.Timer(_GRACE, self._end, (log_path, signal.SIGKILL))
        later.daemon = True
        later.start()

    def stop_all(self) -> None:
        """End all of them, and whatever is begun after this."""
        with self._lock:
            self._closed = True
            every = list(self._groups)
        for log_path in every:
            self.stop(log_path)

    def _end(self, log_path: str, signum: int) -> None:
        with self._lock:
            if log_path in self._groups:
                _signal(self._groups[log_path], signum)


def run(job: Job, running: Running | None = None) -> TestResult:
    """Run a job to its end, or to its time limit; its whole process group is ended then."""
    began = time.monotonic()
    log = files.open_log(job.log_path)
    try:
        leader = _start(job, log)
        if leader is None:
            return _result(job, None, began, timed_out=False)
        watched = running or Running()
        watched.add(job, leader.pid)
        try:
            ended = _wait(leader, job.timeout_s, log)
        finally:
            _end_group(leader, lambda: watched.remove(job))
        if ended == _FULL:
            os.write(log, f"\nended: its log is over {LOG_LIMIT >> 20} MB.\n".encode())
    finally:
        os.close(log)
    return _result(job, leader.returncode, began, timed_out=ended == _LATE)


def argv(command: Command) -> list[str]:
    return ["sh", "-c", command] if isinstance(command, str) else list(command)


def _shown(command: Command) -> str:
    return command if isinstance(command, str) else " ".join(command)


def environment(job: Job) -> dict[str, str]:
    """Return the worker's environment, without what would lead git elsewhere, and the job's own."""
    return {
        **clean_environment(os.environ),
        "PWD": job.path,
        **job.env,
        holder.VARIABLE: holder.marks(job.token),
    }


def _start(job: Job, log: int) -> subprocess.Popen[bytes] | None:
    """Start the command; None, and the reason in its log, where that cannot be done."""
    try:
        return subprocess.Popen(
            argv(job.command), cwd=job.path, env=environment(job), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError, TypeError, IndexError) as error:  # the last one of an argv without a word
        why = getattr(error, "strerror", None) or error
        os.write(log, f"{_shown(job.command)}: could not be started: {why}\n".encode("utf-8", "replace"))
        return None


def _wait(leader: subprocess.Popen[bytes], timeout_s: float | None, log: int | None = None) -> str:
    """Wait until the leader is a zombie, which keeps its group's number; or time is up, or the log too long."""
    until = time.monotonic() + (math.inf if timeout_s is None else timeout_s)
    watch = _watched(leader.pid)
    try:
        while not _is_over(leader.pid):
            left = until - time.monotonic()
            if left <= 0:
                return _LATE
            if log is not None and os.fstat(log).st_size > LOG_LIMIT:
                return _FULL
            if watch is None:
                time.sleep(min(_POLL, left))
            else:
                select.select([watch], [], [], min(_LOOK, left))
        return _OVER
    finally:
        if watch is not None:
            os.close(watch)


def _watched(pid: int) -> int | None:
    """Return a descriptor that is readable once a process is over, None where there is no such thing."""
    opened = getattr(os, "pidfd_open", None)
    if opened is None:
        return None
    try:
        return int(opened(pid))
    except OSError:
        return None


def _is_over(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(leader: subprocess.Popen[bytes], done: Callable[[], None]) -> None:
    """End what is left of the group, asked first and then not, before its number is free for somebody else."""
    if not _is_over(leader.pid):
        _signal(leader.pid, signal.SIGTERM)
        _wait(leader, _GRACE)
    _signal(leader.pid, signal.SIGKILL)
    while not _is_over(leader.pid):
        time.sleep(_POLL)
    done()
    leader.wait()
    until = time.monotonic() + _DYING
    while _signal(leader.pid, 0) and time.monotonic() < until:
        time.sleep(_POLL)


def _signal(group: int, signum: int) -> bool:
    """Signal a group; returns whether anybody is left of it (macOS denies permission where only zombies are)."""
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _result(job: Job, returncode: int | None, began: float, *, timed_out: bool) -> TestResult:
    return TestResult(
        job.id, job.path, returncode, round(time.monotonic() - began, 3), timed_out, job.log_path,
        socket.gethostname(), tail(job.log_path),
    )  # fmt: skip


def tail(log_path: str) -> str:
    """Return the end of a log as text."""
    with open(log_path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        return file.read().decode("utf-8", "replace")
