"""What stands in a worktree where git is about to write: files and repositories that it would overwrite or remove.

git itself refuses for untracked files only; what is ignored, or a repository in the place of a file, it removes.
"""

from __future__ import annotations

import os

from wt.git import status
from wt.model import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wt.git.run import Git

_LINK = "160000"  # the mode of a submodule


def with_buried(git: Git, found: status.Status, hidden: tuple[str, ...] | None) -> status.Status:
    """Count among the untracked what putting tracked files back would bury: files where a directory stands in a file's
    place, or the other way round; and repositories (`path/`), a submodule left out.

    With hidden bits (`hidden` None: there are none), a file that is away may have something else in its place.
    """
    changed = [*found.tracked, *found.conflicted]
    changed += [path for _tag, path in status.flagged(git)] if hidden is not None else []
    known = set(changed)
    there = dict.fromkeys(one for path in changed for one in _in_way(git.cwd, path, known))
    homes = [one[:-1] for one in there if one[:-1] in known]
    submodules = {path for mode, path in _modes(git, "HEAD", *homes) if mode == _LINK} if homes else set()
    buried = (one for one in there if one[:-1] not in submodules)
    return replaced(found, untracked=tuple(dict.fromkeys((*found.untracked, *buried))))


def _modes(git: Git, tree: str, *paths: str) -> list[tuple[str, str]]:
    """Return mode and path of what a tree has, at all or at these paths."""
    lines = git.ask_fields("ls-tree", "-r", "-z", "--full-tree", tree, *(("--", *paths) if paths else ()))
    return [(line[:6], line.partition("\t")[2]) for line in lines]


def links(git: Git, commit: str) -> list[str]:
    """Return where a commit has submodules."""
    return [path for mode, path in _modes(git, commit) if mode == _LINK]


def of_commit(git: Git, sha: str) -> list[str]:
    """Return the untracked and ignored files, and repositories (`path/`), that checking out `sha` would overwrite or remove."""
    if os.listdir(git.cwd) == [".git"]:
        return []
    tracked = set(git.ask_fields("ls-files", "-z"))
    added = [(mode, path) for mode, path in _modes(git, sha) if path not in tracked]
    return in_way(git.cwd, added, tracked)


def between(git: Git, old: str, new: str) -> list[str]:
    """Return the same for going from `old`, which index and files are at, to `new`: it looks only at what differs."""
    fields = git.ask_fields("diff-tree", "-r", "-z", "--no-renames", "--raw", old, new)
    pairs = list(zip(fields[0::2], fields[1::2], strict=True))
    added = [(meta.split(" ")[1], path) for meta, path in pairs if meta.endswith(" A")]
    return in_way(git.cwd, added, set(fields[1::2]).difference(path for _mode, path in added))


def in_way(top: str, added: Iterable[tuple[str, str]], tracked: set[str]) -> list[str]:
    """Return what is in the way of new paths (each with its mode).

    No repository is in the way of a submodule: whether it is that submodule's own, is for others to say.
    """
    found = (
        one
        for mode, path in added
        for one in _in_way(top, path, tracked)
        if not one.endswith("/") or (mode != _LINK and one[:-1] not in tracked)
    )
    return list(dict.fromkeys(found))


def _in_way(top: str, path: str, tracked: set[str]) -> list[str]:
    """Look at a path and at each directory above it: a file or a link in the place of one of these is in the way; and
    what is in a directory in the place of the path: files, and repositories (`path/`).
    """
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        if os.path.islink(f"{top}/{above}") or os.path.isfile(f"{top}/{above}"):
            return [] if above in tracked else [above]
    full = f"{top}/{path}"
    if os.path.isdir(full) and not os.path.islink(full):
        return [one for one in _below(top, path) if one not in tracked]
    return [path] if os.path.lexists(full) and path not in tracked else []


def is_home(top: str, path: str) -> bool:
    """Whether a repository stands at a path, or below it."""
    return not os.path.islink(f"{top}/{path}") and any(one.endswith("/") for one in _below(top, path))


def _below(top: str, path: str) -> list[str]:
    """Return the files and links below a directory, and the repositories there, whose files are their own (`path/`)."""
    found: list[str] = []
    for directory, names, plain in os.walk(f"{top}/{path}"):
        here = os.path.relpath(directory, top)
        if ".git" in (*names, *plain):
            names.clear()
            found.append(f"{here}/")
            continue
        links = [name for name in names if os.path.islink(f"{directory}/{name}")]
        found.extend(f"{here}/{name}" for name in (*plain, *links))
    return found
