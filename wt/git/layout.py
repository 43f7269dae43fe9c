"""Where a repository's directories are, read from its files: no process, so that a hot verb can afford it.

The forms are those of gitrepository-layout(5): a `.git` directory, a `.git` file (`gitdir: PATH`), `commondir`.
"""

from __future__ import annotations

import os

from wt import files
from wt.model import record

_ELSEWHERE = "ref: refs/heads/.invalid"  # what HEAD says where refs are kept as a reftable


@record
class Place:
    """A worktree (or bare repository) and its directories, all absolute, symlinks resolved. `top` is None if bare."""

    top: str | None
    git_dir: str
    common: str

    @property
    def linked(self) -> bool:
        return self.git_dir != self.common


def find(path: str) -> Place | None:
    """Return the repository that a directory is in, as git would find it from there; None outside of any."""
    directory = os.path.realpath(path)
    while True:
        if place := at(directory):
            return place
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def at(directory: str) -> Place | None:
    """Return the repository whose top (or bare directory) is exactly here."""
    dot_git = f"{directory}/.git"
    if os.path.isdir(dot_git) and _is_git_dir(dot_git):
        return Place(directory, os.path.realpath(dot_git), common_dir(os.path.realpath(dot_git)))
    if linked := read_link(directory):
        return Place(directory, linked, common_dir(linked))
    if _is_git_dir(directory):
        return Place(None, directory, common_dir(directory))
    return None


def is_slot(place: Place) -> bool:
    """Whether a worktree is a slot of some pool: its admin dir bears our provenance."""
    return place.linked and os.path.lexists(f"{place.git_dir}/worktree-pool/created")


def _is_git_dir(path: str) -> bool:
    if os.path.isfile(f"{path}/commondir"):
        return os.path.lexists(f"{path}/HEAD")
    return (
        os.path.lexists(f"{path}/HEAD") and os.path.isdir(f"{path}/objects") and os.path.isdir(f"{path}/refs")
    )


def read_link(directory: str, under: str | None = None) -> str | None:
    """Return the admin dir that a worktree's `.git` file names, symlinks resolved; None without a valid link.

    `under` is a directory known to have no symlink in its path: an admin dir right below it needs no resolving.
    """
    text = files.read_text(f"{directory}/.git", 8192)
    if text is None or not text.startswith("gitdir: "):
        return None
    target = text[8:].rstrip("\r\n")
    if under is None or os.path.dirname(target) != under or os.path.islink(target):
        target = os.path.realpath(os.path.join(directory, target))
    return target if os.path.isdir(target) else None


def common_dir(git_dir: str) -> str:
    text = files.read_text(f"{git_dir}/commondir", 8192)
    return git_dir if text is None else os.path.realpath(os.path.join(git_dir, text.rstrip("\r\n")))


def back_pointer(admin: str) -> str | None:
    """Return the worktree directory that an admin dir's `gitdir` file names (it need not exist)."""
    text = files.read_text(f"{admin}/gitdir", 8192)
    if text is None:
        return None
    return os.path.dirname(os.path.normpath(os.path.join(admin, text.rstrip("\r\n"))))


def head(git_dir: str) -> tuple[str | None, str | None]:
    """Return (full ref name, None) of an attached HEAD, (None, commit id) of a detached one, else (None, None)."""
    text = files.read_text(f"{git_dir}/HEAD", 4096)
    if text is None:
        return _linked_head(git_dir), None
    text = text.strip()
    if text == _ELSEWHERE:
        from wt.git import reftable

        text = reftable.text(git_dir, "HEAD") or ""
    if text.startswith("ref: "):
        return text[5:].strip(), None
    return (None, text) if is_object_id(text) else (None, None)


def _linked_head(git_dir: str) -> str | None:
    """Return the ref of a HEAD that is a symbolic link, git's oldest form (core.preferSymlinkRefs)."""
    try:
        return os.readlink(f"{git_dir}/HEAD")
    except OSError:
        return None


def has_tables(git_dir: str) -> bool:
    """Whether refs are kept as a reftable, of which files say nothing."""
    return (
        os.path.isdir(f"{git_dir}/reftable")
        and (files.read_text(f"{git_dir}/HEAD", 64) or "").strip() == _ELSEWHERE
    )


def be_tables(git_dir: str) -> None:
    """Make of a new, empty git dir one that keeps its refs as a reftable, as git itself does."""
    files.make_directory(f"{git_dir}/reftable")
    files.make_directory(f"{git_dir}/refs")
    files.write_exclusive(f"{git_dir}/refs/heads", "this repository uses the reftable format\n")
    files.write_exclusive(f"{git_dir}/HEAD", f"{_ELSEWHERE}\n")


def is_object_id(text: str) -> bool:
    return len(text) in (40, 64) and not text.strip("0123456789abcdef")
