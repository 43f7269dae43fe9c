"""The few things that both modes of the orchestrator do with git; each takes and returns plain paths.

All of them run git without hooks, prompts and whatever the environment says about repositories. What git refuses raises
`wt.errors.GitError`, which holds what git said.
"""

from __future__ import annotations

import os
from pathlib import Path

from wt.errors import WtError, quoted
from wt.git import layout, refs
from wt.git.run import Git
from wt.parallel import reset

PathLike = str | os.PathLike[str]


def _git(repo: PathLike) -> Git:
    Git.look_again()
    return Git(os.path.abspath(repo))


def create_worktree(repo: PathLike, path: PathLike, branch: str | None = None, ref: str = "HEAD") -> Path:
    """Make a worktree of `repo` at `path`; returns its path.

    `branch` is checked out in it, begun at `ref` where it does not exist yet; without one HEAD is detached at `ref`.
    """
    git = _git(repo)
    where = os.path.abspath(path)
    if branch is None:
        git.do("worktree", "add", "-q", "--detach", where, refs.resolve(git, ref))
    elif git.ask_ok("show-ref", "--verify", "--quiet", f"refs/heads/{branch}"):
        git.do("worktree", "add", "-q", where, branch)
    else:
        git.do("worktree", "add", "-q", "--no-track", "-b", branch, where, refs.resolve(git, ref))
    return Path(where)


def remove_worktree(repo: PathLike, path: PathLike, force: bool = False) -> None:  # noqa: FBT001, FBT002 (the public signature)
    """Remove a worktree of `repo`, its branch not; with `force` also one that has changes, or whose directory is damaged.

    A worktree that is gone already is no error. A slot of a pool is refused: it is the pool's to remove.
    """
    git, where = _git(repo), os.path.abspath(path)
    place = layout.at(os.path.realpath(where))
    if place is not None and layout.is_slot(place):
        raise WtError(
            f"{where} is a slot of a pool and was not removed.",
            f"to see what holds it: wt info {quoted(where)}",
        )
    listed = git.ask_fields("worktree", "list", "--porcelain", "-z")
    if f"worktree {os.path.realpath(where)}" in listed or f"worktree {where}" in listed:
        git.do("worktree", "remove", *(("--force", "--force") if force else ()), where)


def reset_worktree(path: PathLike) -> None:
    """Restore tracked files and remove untracked ones; what git ignores stays."""
    where = os.path.realpath(path)
    place = layout.at(where)
    if place is None or place.top is None:
        raise WtError(f"{where} is no worktree; nothing was reset.", f"to look at it: ls -la {quoted(where)}")
    reset.worktree(_git(where), place.git_dir)


def get_current_branch(repo: PathLike) -> str | None:
    """Return the branch that `repo` (a repository or any worktree) is on, None if HEAD is detached."""
    place = layout.find(os.fspath(repo))
    if place is None:
        raise WtError(f"{os.fspath(repo)} is in no git repository.", "git init")
    return refs.branch_of(place.git_dir)
