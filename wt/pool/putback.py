"""Uncommitted work put back into a slot that is being acquired, and taken out again if that acquire died.

The bytes are those that were on disk (no filters, no line ends); each file appears whole, by a rename, so that what a
dead restore left is told by content. The index is put back as it was, flags included.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import changes, layout, obstacles, status
from wt.git.changes import GITLINK, LINK, Change
from wt.git.run import Git
from wt.pool import kept, materialise, undo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool


class _Work:
    """What a snapshot says of the files: which are to be there, and which are gone."""

    def __init__(self, git: Git, sha: str) -> None:
        parents = git.ask("rev-list", "--parents", "-1", sha).split(" ")[1:]
        self.entry = kept.Entry("", sha, "", "", tuple(parents))
        self.tracked = changes.between(git, self.entry.head, sha)
        untracked = changes.all_of(git, parents[2]) if len(parents) > 2 else []
        there = {one.path for one in untracked}
        self.gone = [one for one in self.tracked if one.removed and one.path not in there]
        self.files = [
            one for one in (*self.tracked, *untracked) if not one.removed and one.new_mode != GITLINK
        ]

    @property
    def known(self) -> set[str]:
        """The changed paths that the commit has."""
        return {one.path for one in self.tracked if not one.added}


def _staging(pool: Pool, slot: Slot) -> str:
    return f"{pool.real}/.meta/restore-{slot.slot}"


def put_back(pool: Pool, slot: Slot, git: Git, tell: Callable[[str], None]) -> None:
    """Make files and index of a slot, which is at the snapshot's HEAD, what they were."""
    work = _Work(git, slot.held.restores)
    _make_way(pool, slot, git, work, tell)
    materialise.drop(git.cwd, [one.path for one in work.gone])
    _write(pool, slot, git, work.files)
    git.do("read-tree", "--reset", work.entry.parents[1])
    record = kept.read_record(git, work.entry)
    _intend(git, [flag[2:] for flag in record.flags if flag[0] == "N"])
    git.start_refresh("update-index", "-q", "--refresh").wait()
    _hide(git, record.flags)


def _make_way(pool: Pool, slot: Slot, git: Git, work: _Work, tell: Callable[[str], None]) -> None:
    """What lies there and is nobody's, since the commit does not have it, is set aside."""
    known = work.known
    new = [(one.new_mode, one.path) for one in work.files if one.path not in known]
    in_way = obstacles.in_way(git.cwd, new, known)
    if in_way:
        found = status.Status(untracked=tuple(in_way))
        materialise.drop(git.cwd, materialise.set_aside(pool, slot, git, found, tell).untracked)
    for _mode, path in new:
        _remove_empty(f"{git.cwd}/{path}")


def _remove_empty(full: str) -> None:
    """A directory that holds nothing but directories may stand in a file's place: no commit knows of it."""
    if os.path.isdir(full) and not os.path.islink(full):
        for directory, _names, _plain in os.walk(full, topdown=False):
            files.remove_directory(directory)


def _write(pool: Pool, slot: Slot, git: Git, wanted: list[Change]) -> None:
    staging = _staging(pool, slot)
    _clear(staging)
    files.make_directory(staging, 0o700)
    by_object: dict[str, list[Change]] = {}
    for one in wanted:
        by_object.setdefault(one.new, []).append(one)
    for sha, data in changes.blobs(git, by_object):
        for one in by_object[sha]:
            _place(git, f"{staging}/file", one, data)
    files.remove_tree(staging)


def _clear(staging: str) -> None:
    if os.path.isdir(staging):
        files.remove_tree(staging)


def _place(git: Git, temp: str, one: Change, data: bytes | None) -> None:
    full, mode = f"{git.cwd}/{one.path}", 0o777 if one.new_mode == "100755" else 0o666
    files.ensure_directory(os.path.dirname(full))
    if data is None:
        files.write_from(temp, mode, lambda write: changes.pour(git, one.new, write))
    elif one.new_mode == LINK:
        files.symlink(os.fsdecode(data), temp)
    else:
        files.write_bytes(temp, data, mode)
    files.rename(temp, full)


def _intend(git: Git, paths: list[str]) -> None:
    if paths:
        git.do("add", "-N", "-f", "--pathspec-from-file=-", "--pathspec-file-nul",
               data=_fields(paths), env={"GIT_LITERAL_PATHSPECS": "1"})  # fmt: skip


def _hide(git: Git, flags: tuple[str, ...]) -> None:
    overlooked = [flag[2:] for flag in flags if flag[0] in "hs"]
    skipped = [flag[2:] for flag in flags if flag[0] in "Ss"]
    if overlooked:
        git.do("update-index", "--assume-unchanged", "-z", "--stdin", data=_fields(overlooked))
    if skipped:
        git.do("update-index", "--skip-worktree", "-z", "--stdin", data=_fields(skipped))


def _fields(paths: list[str]) -> bytes:
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")


def take_back(pool: Pool, slot: Slot, git: Git) -> None:
    """Undo a `put_back` that was not finished: what has the snapshot's content is ours, and it is kept; all else stays."""
    _clear(_staging(pool, slot))
    _ref, here = layout.head(slot.admin_dir)
    if here is None and _ref is not None:
        here = git.ask("rev-parse", "HEAD")
    if here != slot.held.full_sha or not os.path.lexists(f"{slot.admin}/index"):
        return  # its checkout did not come to its end, so that nothing was put back
    work = _Work(git, slot.held.restores)
    found = changes.on_disk(git, [one.path for one in work.files], filtered=False)
    known = work.known
    ours = [one for one in work.files if found.get(one.path) == one.new or _is_torn(git.cwd, one, found)]
    materialise.drop(git.cwd, [one.path for one in ours if one.path not in known])
    if status.has_hidden(git.start("ls-files", "-v", "-z").answer()):
        status.unhide(git)
    git.do("read-tree", "--reset", slot.held.full_sha)
    back = [one.path for one in ours if one.path in known]
    back += [
        one.path
        for one in work.tracked
        if one.path in known and one.path not in found and one.path not in back
    ]
    back = [path for path in back if not undo.is_blocked(git.cwd, path)]
    if back:
        git.do("checkout-index", "-f", "-u", "-q", "-z", "--stdin", data=_fields(back))


def _is_torn(top: str, one: Change, found: dict[str, str]) -> bool:
    """An empty file, which a power cut may leave of one that was just written, has nothing that could be lost."""
    return bool(found.get(one.path)) and os.lstat(f"{top}/{one.path}").st_size == 0
