"""What people are shown of a repository, read with GitPython; the only importer of it.

It changes nothing and decides nothing about safety. Repositories are opened by explicit path, and closed again.
"""

from __future__ import annotations

from wt.git.run import Git
from wt.model import Commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from git import Repo


def _open(path: str) -> Repo:
    import os

    # GitPython asks `git version` at import and refuses where that fails; quiet is enough, we need no more of it
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git import Repo

    return Repo(path, expand_vars=False)


def commits(path: str, span: str, limit: int) -> list[Commit]:
    """Return at most `limit` commits of a revision range, newest first; GitError where git knows none such."""
    repository = _open(path)
    from git.exc import GitCommandError

    try:
        return list(_records(repository, span, limit))
    except (
        ValueError,
        GitCommandError,
    ):  # it cannot read the 64 digits of a SHA-256 repository; git says what is wrong
        return _asked(path, span, limit)
    finally:
        repository.close()


def _records(repository: Repo, span: str, limit: int) -> Iterator[Commit]:
    for commit in repository.iter_commits(span, max_count=limit):
        summary = (
            commit.summary if isinstance(commit.summary, str) else commit.summary.decode("utf-8", "replace")
        )
        yield Commit(commit.hexsha, summary, commit.author.name or "", commit.committed_date)


def _asked(path: str, span: str, limit: int) -> list[Commit]:
    out = Git(path).ask(
        "log", "-z", f"--max-count={limit}", "--format=%H%n%an%n%ct%n%s", "--end-of-options", span
    )
    fields = (entry.split("\n", 3) for entry in out.split("\0") if entry)
    return [Commit(sha, subject, author, int(when)) for sha, author, when, subject in fields]
