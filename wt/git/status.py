"""`git status --porcelain=v2 -z` as a record: what is staged, modified, conflicted, untracked."""

from __future__ import annotations

import os
import stat

from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git, Running

_COMMON = ("--porcelain=v2", "-z", "--no-renames", "--no-ahead-behind")


@record
class Status:
    """Paths as git names them (surrogates for bytes that are not UTF-8), each list in git's order.

    `moved` are those of `tracked` that are submodules whose HEAD is not what the index has, nothing being staged.
    """

    tracked: tuple[str, ...] = ()
    conflicted: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    intended: tuple[str, ...] = ()  # those of the tracked of which nothing but the name is staged

    @property
    def clean(self) -> bool:
        return not (self.tracked or self.conflicted or self.untracked)


def arguments(*, untracked: str, submodules: str = "none") -> tuple[str, ...]:
    """Return the argv for `parse`; `untracked` is git's own mode: no, normal or all.

    `submodules` is what git overlooks in them: none, untracked, dirty (their files: no process in each), or all.
    """
    return ("status", *_COMMON, f"--untracked-files={untracked}", f"--ignore-submodules={submodules}")


def read(git: Git, *, untracked: str = "normal", submodules: str = "none") -> Status:
    """Ask git, without touching the index."""
    return answered(git.start(*arguments(untracked=untracked, submodules=submodules)))


def answered(running: Running) -> Status:
    """Return what git found; GitError also where it could not look into a directory, of which it only warns."""
    return parse(running.answer(never=b"could not open directory"))


def parse(answer: bytes) -> Status:
    """Read git's records: `1`/`2` changed, `u` unmerged, `?` untracked (git-status(1), Porcelain Format Version 2)."""
    tracked, conflicted, untracked, moved, intended = [], [], [], [], []
    for entry in answer.decode("utf-8", "surrogateescape").split("\0"):
        kind = entry[:2]
        if kind == "1 ":
            tracked.append(entry.split(" ", 8)[8])
            if (
                entry[2] == "." and entry[5:7] == "SC" and entry[17:23] == "160000"
            ):  # a repository in its own place
                moved.append(tracked[-1])
            intended.extend(tracked[-1:] if entry[3] == "A" else [])
        elif kind == "u ":
            conflicted.append(entry.split(" ", 10)[10])
        elif kind == "? ":
            untracked.append(entry[2:])
    return Status(tuple(tracked), tuple(conflicted), tuple(untracked), tuple(moved), tuple(intended))


def has_hidden(answer: bytes) -> bool:
    """Whether `ls-files -v -z` names a file that git was told to overlook: a lower-case tag, or S (skip-worktree)."""
    answer = b"\0" + answer
    return any(b"\0%c " % tag in answer for tag in b"hsmrckS")


def hidden_edits(git: Git) -> tuple[str, ...]:
    """Return the files that git was told to overlook and that are not what is recorded: content, kind, or gone.

    One that is skipped and not there is none: that is what a sparse checkout looks like.
    """
    overlooked = flagged(git)
    if not overlooked:
        return ()
    recorded = {}
    for line in git.ask_fields("ls-files", "-s", "-z"):
        meta, path = line.split("\t", 1)
        recorded[path] = (meta.split(" ")[0], meta.split(" ")[1])
    return tuple(
        path for tag, path in overlooked if path in recorded and _differs(git, tag, path, *recorded[path])
    )


def flagged(git: Git) -> list[tuple[str, str]]:
    """Return tag and path of each file that git was told to overlook."""
    lines = git.ask_fields("ls-files", "-v", "-z")
    return [(line[0], line[2:]) for line in lines if line[0].islower() or line[0] == "S"]


def unhide(git: Git) -> None:
    """Take both bits off every file, so that git sees again what is there."""
    data = "".join(f"{path}\0" for _, path in flagged(git)).encode("utf-8", "surrogateescape")
    git.do("update-index", "--no-assume-unchanged", "-z", "--stdin", data=data)
    git.do("update-index", "--no-skip-worktree", "-z", "--stdin", data=data)


def _differs(git: Git, tag: str, path: str, mode: str, sha: str) -> bool:
    full = f"{git.cwd}/{path}"
    if not os.path.lexists(full):
        return tag == "h"
    if os.path.isdir(full) and not os.path.islink(full):
        return mode != "160000"
    if os.path.islink(full):
        return (
            mode != "120000" or git.ask("hash-object", "--stdin", data=os.fsencode(os.readlink(full))) != sha
        )
    found = os.stat(full).st_mode
    if not stat.S_ISREG(found) or mode == "120000" or bool(found & 0o100) != (mode == "100755"):
        return True
    return git.ask("hash-object", "--path", path, "--", full) != sha
