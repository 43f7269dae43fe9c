"""A worktree made ready for one hypothesis: its patch, its files, its set-up commands. Each failure names the hypothesis."""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, SetupError, quoted
from wt.git import layout
from wt.git.run import Git
from wt.parallel import job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.parallel.records import Hypothesis, TestResult


def set_up(worktree: str, hypothesis: Hypothesis, logs: str, timeout_s: float | None, token: str) -> None:
    """Apply patch, files and set-up in this order; SetupError at the first that fails."""
    if hypothesis.patch:
        apply(worktree, hypothesis.patch, f"hypothesis `{hypothesis.id}`")
    for name, text in hypothesis.files.items():
        _write(worktree, name, text, hypothesis.id)
    for number, command in enumerate(hypothesis.setup):
        log_path = f"{logs}-setup-{number}.log"
        done = job.run(
            job.Job(hypothesis.id, worktree, command, log_path, dict(hypothesis.env), timeout_s, token)
        )
        if not done.passed:
            raise SetupError(
                f"The set-up of hypothesis `{hypothesis.id}` failed: `{' '.join(job.argv(command)[-1:])}` {_ended(done)}.",
                f"to read all it said: cat {quoted(log_path)}", details=done.tail[-2000:],
            )  # fmt: skip


def _ended(done: TestResult) -> str:
    if done.timed_out:
        return "took too long"
    return "could not be started" if done.returncode is None else f"ended with {done.returncode}"


def apply(worktree: str, patch: str, what: str) -> None:
    """Apply a patch to files and index, by a three-way merge where it does not fit as it is."""
    text = patch if patch.endswith("\n") else f"{patch}\n"
    if layout.at(worktree) is None:  # else git would patch the repository around it
        raise SetupError(f"{worktree} is no worktree; the patch of {what} was not applied.")
    try:
        Git(worktree).do(
            "apply", "--3way", "--whitespace=nowarn", "-", data=text.encode("utf-8", "surrogateescape")
        )
    except GitError as error:
        raise SetupError(
            f"The patch of {what} does not apply in {worktree}.", details=error.stderr.strip()
        ) from error


def _write(worktree: str, name: str, text: str, who: str) -> None:
    """Write one file below the worktree, and nowhere else."""
    if not _is_inside(worktree, name):
        raise SetupError(
            f"The file `{name}` of hypothesis `{who}` would not be inside {worktree}; it was not written."
        )
    try:
        files.ensure_directory(os.path.dirname(f"{worktree}/{name}"))
        files.replace_text(f"{worktree}/{name}", text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SetupError(f"The file `{name}` of hypothesis `{who}` could not be written: {why}.") from error


def _is_inside(worktree: str, name: str) -> bool:
    """Whether only real directories, or ones yet to be made, lead to a file; links may lead anywhere."""
    parts = name.split("/")
    if {"", ".", ".."} & set(parts) or parts[0].casefold() == ".git":
        return False
    above = ("/".join((worktree, *parts[:depth])) for depth in range(1, len(parts)))
    return all(os.path.isdir(one) and not os.path.islink(one) for one in above if os.path.lexists(one))
