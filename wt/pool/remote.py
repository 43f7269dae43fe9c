"""`--delete-remote`, contract section 8: a released branch deleted on its remote, too; nothing that was not fetched is lost.

Found before the release (which takes the branch's settings along), deleted after the slot is idle.
"""

from __future__ import annotations

import time

from wt import times
from wt.errors import WtError, quoted
from wt.git import layout, refs
from wt.model import record
from wt.pool import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.git.run import Git
    from wt.pool.location import Pool

_SECONDS = 10.0
_GONE = 2  # of `ls-remote --exit-code`


@record
class Far:
    """A branch on a remote: its short name there, its commit as far as is known here, and the ref that says so."""

    remote: str
    branch: str
    sha: str
    tracking: str


def of(pool: Pool, name: str) -> Far | None:
    """Return where a branch lives on a remote: its upstream, else the one remote that has its name; None if nowhere."""
    git = pool.git()
    remote = git.ask("config", "--get", f"branch.{name}.remote", allowed=(0, 1))
    merge = git.ask("config", "--get", f"branch.{name}.merge", allowed=(0, 1)).removeprefix("refs/heads/")
    if remote in ("", ".") or merge != name:  # the upstream of a topic is often the base: never that
        remotes = [one for one in git.ask("remote").split("\n") if one]
        having = [one for one in remotes if refs.read_file(pool.common, f"refs/remotes/{one}/{name}")]
        remote = (having or remotes or [""])[0] if len(having or remotes) == 1 else ""
    if not remote:
        return None
    tracking = f"refs/remotes/{remote}/{name}"
    known = refs.read_file(pool.common, tracking)
    tip = known or refs.read_file(pool.common, f"refs/heads/{name}")
    return Far(remote, name, tip, tracking if known else "") if tip and layout.is_object_id(tip) else None


def delete(pool: Pool, name: str, far: Far | None, tell: Callable[[str], None]) -> None:
    """Delete it there, if it is still at the commit that is known here; WtError where it is not, or nobody answers."""
    if far is None:
        tell(f"no remote is known to have `{name}`; nothing was deleted there.")
        return
    git = pool.git()
    for ref in keep.commits(pool, git, keep.Label(name, times.now_text()), [far.sha], besides=far.tracking):
        tell(f"set aside: {ref}")
    deadline = time.monotonic() + _SECONDS
    push = ("push", "--no-verify", "--quiet", f"--force-with-lease=refs/heads/{far.branch}:{far.sha}", far.remote,
            f":refs/heads/{far.branch}")  # fmt: skip
    status = git.distant(*push, seconds=_SECONDS)
    if status == 0:
        tell(f"`{far.branch}` is deleted on {far.remote}.")
        return
    _raise_unless_gone(pool, git, far, deadline, answered=status is not None, tell=tell)


def _raise_unless_gone(
    pool: Pool, git: Git, far: Far, deadline: float, *, answered: bool, tell: Callable[[str], None]
) -> None:
    left = deadline - time.monotonic()
    source = quoted(pool.config.source)
    if answered and left > 0:
        status = git.distant("ls-remote", "--exit-code", far.remote, f"refs/heads/{far.branch}", seconds=left)
        if status == _GONE:
            tell(f"`{far.branch}` is not on {far.remote} any more.")
            return
        if status == 0:
            raise WtError(
                f"The slot is released; `{far.branch}` was not deleted on {far.remote}, which refused, or has commits that "
                "were not fetched.",
                f"to see them: git -C {source} fetch {quoted(far.remote)}",
            )
    why = "could not be reached" if answered else "did not answer within 10 s"
    raise WtError(
        f"The slot is released; `{far.branch}` was not deleted: {far.remote} {why}.",
        f"to delete it yourself: git -C {source} push {quoted(far.remote)} --delete {quoted(far.branch)}",
    )
