"""Takes back what an acquire that was not finished wrote into a slot: by content, so that nobody's work can be meant.

What git wrote of the new commit is removed where the old one had nothing, and put back as it was where it had a file.
An empty file is removed, too: git makes a file before it writes it. Any other that is neither's is somebody's, or torn: it
stays, and the next acquire sets it aside.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError
from wt.git import alive, changes, layout, refs
from wt.git.changes import Change
from wt.git.run import Git
from wt.model import Slot

_OFTEN = 200


def checkout(slot: Slot, git: Git) -> None:
    """Make index and files what they were before the checkout of the lock's commit, if it did not come to its end."""
    if slot.lock is None:
        return
    sha = slot.lock.full_sha
    fresh = not os.path.lexists(f"{slot.admin}/index")
    _ref, here = layout.head(slot.admin_dir)
    if not fresh and here in (None, sha):
        return
    try:
        if fresh:
            _take_back(git, changes.all_of(git, sha))
        elif git.ask_ok("diff-index", "--cached", "--quiet", "--no-ext-diff", sha):
            refs.detach_head(git, slot.admin_dir, sha)  # HEAD is all that was left to write
        else:
            _take_back(git, changes.between(git, str(here), sha))
    except GitError:
        return  # what git cannot take back is set aside by whoever comes next


def _take_back(git: Git, written: list[Change]) -> None:
    watch = alive.Watch("taking back what was written")
    found = changes.on_disk(git, [one.path for one in written])
    watch.tick()
    ours = [
        one
        for one in written
        if found.get(one.path, one.new if not one.added else "") == one.new or _is_torn(git.cwd, one, found)
    ]
    for count, one in enumerate(ours):
        if count % _OFTEN == 0:
            watch.tick()
        if one.added:
            files.unlink(f"{git.cwd}/{one.path}")
            _remove_empty(git.cwd, os.path.dirname(one.path))
    watch.end()
    back = "".join(f"{one.path}\0" for one in ours if not one.added and not is_blocked(git.cwd, one.path))
    if back:
        git.do("checkout-index", "-f", "-q", "-z", "--stdin", data=back.encode("utf-8", "surrogateescape"))


def _is_torn(top: str, one: Change, found: dict[str, str]) -> bool:
    """Whether git made a file and died before it wrote into it; an empty file has nothing that could be lost."""
    return one.added and bool(found.get(one.path)) and os.lstat(f"{top}/{one.path}").st_size == 0


def is_blocked(top: str, path: str) -> bool:
    """Whether a directory stands where a file is to be put back, or something else where one of its directories was."""
    return (os.path.isdir(f"{top}/{path}") and not os.path.islink(f"{top}/{path}")) or bool(
        _something_above(top, path)
    )


def _something_above(top: str, path: str) -> str | None:
    """Return the first thing on the way to `path` that is no real directory."""
    parts = path.split("/")
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return next(
        (one for one in above if os.path.islink(f"{top}/{one}") or os.path.isfile(f"{top}/{one}")), None
    )


def _remove_empty(top: str, directory: str) -> None:
    while directory and files.remove_directory(f"{top}/{directory}"):
        directory = os.path.dirname(directory)
