"""What a slot holds at a glance, for people: its last commits, and how much each file differs from where it began.

Asked of git itself, not of GitPython (inspect.py), whose import alone takes longer than the answers.
"""

from __future__ import annotations

from wt.model import Commit, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git, Running


@record
class Change:
    """Lines added to and taken from one file; None where it is binary."""

    path: str
    added: int | None
    removed: int | None


def start_log(git: Git, limit: int) -> Running:
    form = "--format=%H%x00%an%x00%ct%x00%s"
    return git.start("log", "--no-show-signature", "--no-color", f"--max-count={limit}", form, "HEAD", "--")


def read_log(running: Running) -> list[Commit]:
    out = running.answer().decode("utf-8", "replace")
    fields = (line.split("\0", 3) for line in out.split("\n") if line)
    return [Commit(sha, subject, author, int(when)) for sha, author, when, subject in fields]


def changes(git: Git, base: str) -> list[Change]:
    """Return what the files of a worktree, committed or not, differ in from the commit where it left the base."""
    fork = git.ask("merge-base", base, "HEAD", allowed=(0, 1)).split("\n")[0]
    if not fork:
        return []
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--no-relative")
    fields = git.ask_fields("diff", *options, "--numstat", "-z", fork, "--")
    return [_change(*field.split("\t", 2)) for field in fields]


def _change(added: str, removed: str, path: str) -> Change:
    return Change(path, _number(added), _number(removed))


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
