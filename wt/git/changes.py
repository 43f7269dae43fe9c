"""What differs between two commits, and raw objects: the bytes themselves, no filter applied."""

from __future__ import annotations

import os

from wt import files
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wt.git.run import Git

GITLINK, LINK = "160000", "120000"
_AT_ONCE = 1 << 26  # bytes of blobs that are read at once


@record
class Change:
    """One path that differs between two trees; an object id of zeros means that it is not there."""

    path: str
    old: str
    new: str
    old_mode: str
    new_mode: str

    @property
    def added(self) -> bool:
        return not self.old.strip("0")

    @property
    def removed(self) -> bool:
        return not self.new.strip("0")


def between(git: Git, old: str, new: str) -> list[Change]:
    """Return the paths that differ between two trees or commits, renames told as what they are made of."""
    fields = git.ask_fields("diff-tree", "-r", "-z", "--no-renames", old, new)
    found = []
    for meta, path in zip(fields[0::2], fields[1::2], strict=True):
        old_mode, new_mode, before, after, _kind = meta.removeprefix(":").split(" ")
        found.append(Change(path, before, after, old_mode, new_mode))
    return found


def all_of(git: Git, tree: str) -> list[Change]:
    """Return every path of a tree, as what comes to be from nothing."""
    found = []
    for line in git.ask_fields("ls-tree", "-r", "-z", "--full-tree", tree):
        meta, _, path = line.partition("\t")
        mode, _kind, sha = meta.split(" ")
        found.append(Change(path, "0" * len(sha), sha, "000000", mode))
    return found


def on_disk(git: Git, paths: Iterable[str], *, filtered: bool = True) -> dict[str, str]:
    """Return the object ids of those paths that are regular files or links, "" for what else is there."""
    there = [
        path for path in paths if files.is_reached(git.cwd, path) and os.path.lexists(f"{git.cwd}/{path}")
    ]
    links = {path: os.readlink(f"{git.cwd}/{path}") for path in there if os.path.islink(f"{git.cwd}/{path}")}
    plain = [path for path in there if path not in links and os.path.isfile(f"{git.cwd}/{path}")]
    raw = () if filtered else ("--no-filters",)
    shas = git.ask("hash-object", *raw, "--stdin-paths", data=path_lines(plain)).split("\n") if plain else []
    found = dict.fromkeys(there, "")
    found.update(zip(plain, shas, strict=True))
    found.update(
        (path, git.ask("hash-object", "--stdin", data=os.fsencode(to))) for path, to in links.items()
    )
    return found


def path_lines(paths: Iterable[str]) -> bytes:
    """Return paths as `hash-object --stdin-paths` reads them back, which unquotes a line and cuts off a carriage return."""
    return "".join(f"{_line(path)}\n" for path in paths).encode("utf-8", "surrogateescape")


def _line(path: str) -> str:
    if not (path.startswith('"') or path.endswith("\r") or "\n" in path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def blobs(git: Git, shas: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield id and bytes of blobs, a bounded amount of them in memory at once; None for one that is too long for that."""
    wanted = list(dict.fromkeys(shas))
    if not wanted:
        return
    lines = git.ask("cat-file", "--batch-check=%(objectsize)", data=_lines(wanted)).split("\n")
    batch: list[str] = []
    size = 0
    for sha, length in zip(wanted, lines, strict=True):
        if int(length) > _AT_ONCE:
            yield sha, None
            continue
        batch.append(sha)
        size += int(length)
        if size > _AT_ONCE:
            yield from _read(git, batch)
            batch, size = [], 0
    yield from _read(git, batch)


def pour(git: Git, sha: str, write: Callable[[bytes], None]) -> None:
    """Read a blob that is too long to be held, piece by piece."""
    running = git.start("cat-file", "blob", sha)
    running.into = write
    running.answer()


def _lines(shas: list[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()


def _read(git: Git, shas: list[str]) -> Iterator[tuple[str, bytes]]:
    if not shas:
        return
    out = git.start("cat-file", "--batch=%(objectsize)", data=_lines(shas)).answer()
    at = 0
    for sha in shas:
        end = out.index(b"\n", at)
        size = int(out[at:end])
        yield sha, out[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
