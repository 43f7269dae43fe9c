"""Takes back what an acquire that was not finished wrote into a slot: by content, so that nobody's work can be meant.

What git wrote of the new commit is removed where the old one had nothing, and put back as it was where it had a file.
An empty file is removed, too: git makes a file before it writes it. Any other that is neither's is somebody's, or torn: it
stays, and the next acquire sets it aside.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError
from wt.git import alive, layout, refs
from wt.git.run import Git
from wt.model import Slot, record

_NOTHING = "0"
_OFTEN = 200


@record
class Written:
    """One path that the checkout was about: its object before and after, zeros where there is none."""

    path: str
    old: str
    new: str

    @property
    def added(self) -> bool:
        return not self.old.strip(_NOTHING)


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
            _take_back(git, _all_of(git, sha))
        elif git.ask_ok("diff-index", "--cached", "--quiet", "--no-ext-diff", sha):
            refs.detach_head(git, slot.admin_dir, sha)  # HEAD is all that was left to write
        else:
            _take_back(git, _between(git, str(here), sha))
    except GitError:
        return  # what git cannot take back is set aside by whoever comes next


def _all_of(git: Git, sha: str) -> list[Written]:
    lines = (line.partition("\t") for line in git.ask_fields("ls-tree", "-r", "-z", "--full-tree", sha))
    return [Written(path, _NOTHING, meta.split(" ")[2]) for meta, _, path in lines]


def _between(git: Git, old: str, new: str) -> list[Written]:
    fields = git.ask_fields("diff-tree", "-r", "-z", "--no-renames", old, new)
    pairs = zip((meta.split(" ") for meta in fields[0::2]), fields[1::2], strict=True)
    return [Written(path, meta[2], meta[3]) for meta, path in pairs]


def _take_back(git: Git, written: list[Written]) -> None:
    watch = alive.Watch("taking back what was written")
    found = _objects_on_disk(git, [one.path for one in written])
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
    back = "".join(f"{one.path}\0" for one in ours if not one.added and not _is_blocked(git.cwd, one.path))
    if back:
        git.do("checkout-index", "-f", "-q", "-z", "--stdin", data=back.encode("utf-8", "surrogateescape"))


def _is_torn(top: str, one: Written, found: dict[str, str]) -> bool:
    """Whether git made a file and died before it wrote into it; an empty file has nothing that could be lost."""
    return one.added and bool(found.get(one.path)) and os.lstat(f"{top}/{one.path}").st_size == 0


def _objects_on_disk(git: Git, paths: list[str]) -> dict[str, str]:
    """Return the object ids of those paths that are regular files or links."""
    there = [
        path for path in paths if files.is_reached(git.cwd, path) and os.path.lexists(f"{git.cwd}/{path}")
    ]
    links = {path: os.readlink(f"{git.cwd}/{path}") for path in there if os.path.islink(f"{git.cwd}/{path}")}
    plain = [
        path
        for path in there
        if path not in links and os.path.isfile(f"{git.cwd}/{path}") and "\n" not in path
    ]
    data = "".join(f"{path}\n" for path in plain).encode("utf-8", "surrogateescape")
    shas = git.ask("hash-object", "--stdin-paths", data=data).split("\n") if plain else []
    found = dict.fromkeys(there, "")
    found.update(zip(plain, shas, strict=True))
    found.update(
        (path, git.ask("hash-object", "--stdin", data=os.fsencode(target))) for path, target in links.items()
    )
    return found


def _is_blocked(top: str, path: str) -> bool:
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
