"""Refs and reflogs of a repository that keeps them in tables, not in files (`extensions.refStorage = reftable`): read only.

The format is git's own (its Documentation/technical/reftable). A stack is the directory `reftable` of a git dir: that
of the common dir holds what all worktrees share, that of a linked worktree its HEAD and its own refs. `tables.list` names
the tables, the newest last, and each says what changed. A table is never written to again, so that nothing is locked here.
What is written, git writes.
"""

from __future__ import annotations

import zlib

from wt.errors import GitError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    _Block = tuple[bytes, int, int]  # bytes, and where the records in them begin and end

_HEADER = {1: 24, 2: 28}  # bytes, by version
_FOOTER = 44  # bytes besides the header, which it repeats
_REF, _LOG = ord("r"), ord("g")
_OTHERS = b"gio"  # what may come after blocks of one kind: logs, indexes, objects
_TRIES = 50


def text(git_dir: str, ref: str) -> str | None:
    """Return what the file of a ref would say, an object id or `ref: NAME`; None where there is no such ref."""
    wanted = ref.encode("utf-8", "surrogateescape")
    with _Reading(git_dir):
        for table in reversed(_stack(git_dir)):
            for name, value in table.refs(wanted):
                if name == wanted:
                    return value
    return None


def below(git_dir: str, *prefixes: str) -> dict[str, str]:
    """Return the same of every ref whose name begins with one of these."""
    found: dict[bytes, str | None] = {}
    with _Reading(git_dir):
        for table in _stack(git_dir):
            for wanted in (prefix.encode("utf-8", "surrogateescape") for prefix in prefixes):
                found.update((name, value) for name, value in table.refs(wanted) if name.startswith(wanted))
    return {
        name.decode("utf-8", "surrogateescape"): value
        for name, value in sorted(found.items())
        if value is not None
    }


def log(git_dir: str, ref: str) -> str:
    """Return what the reflog's file of a ref would say, the oldest entry first; empty where it has none."""
    wanted = ref.encode("utf-8", "surrogateescape") + b"\0"
    found: dict[bytes, str | None] = {}
    with _Reading(git_dir):
        for table in _stack(git_dir):
            found.update(table.log(wanted))
    return "".join(line for _key, line in sorted(found.items(), reverse=True) if line)


def _stack(git_dir: str) -> list[_Table]:
    """Return the tables of a git dir, the oldest first."""
    directory, tries = f"{git_dir}/reftable", 0
    while True:
        try:
            names = _read(f"{directory}/tables.list").decode().split()
            return [_Table(_read(f"{directory}/{name}")) for name in names]
        except FileNotFoundError:  # compacted meanwhile, unless the list still names it
            tries += 1
            if tries == _TRIES:
                raise


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


class _Reading:
    """What goes wrong while tables are read is a GitError: whoever can do without an answer of git's can do without this one."""

    def __init__(self, git_dir: str) -> None:
        self.git_dir = git_dir

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if isinstance(error, (OSError, ValueError, IndexError, zlib.error)):
            found = GitError(("for-each-ref",), self.git_dir, 128, str(error))
            found.sentence = f"The refs in {self.git_dir}/reftable cannot be read."
            found.args = (found.sentence,)
            found.hint(
                f"to see what git says: git -C {quoted(self.git_dir)} for-each-ref --include-root-refs"
            )
            raise found from error


class _Table:
    """One table: blocks of refs, and blocks of log entries, each sorted by name."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.header = _HEADER.get(data[4], 0)
        self.end = len(data) - self.header - _FOOTER
        footer = data[self.end :]
        if (
            data[:4] != b"REFT"
            or not self.header
            or self.end < 0
            or footer[: self.header] != data[: self.header]
        ):
            raise ValueError("it is no table of a version that is known")
        if zlib.crc32(footer[:-4]) != int.from_bytes(footer[-4:], "big"):
            raise ValueError("its checksum is wrong")
        self.width = 32 if data[24 : self.header] == b"s256" else 20
        self.block_size = int.from_bytes(data[5:8], "big")
        logs = int.from_bytes(footer[self.header + 24 : self.header + 32], "big")
        self.logs = logs or (0 if data[self.header] == _LOG else self.end)

    def refs(self, wanted: bytes) -> Iterator[tuple[bytes, str | None]]:
        """Yield name and text (None: deleted) of the refs in those blocks that may hold names which begin with `wanted`."""
        for block, at, end in _holding(self._ref_blocks(), wanted):
            yield from self._refs_in(block, at, end)

    def _ref_blocks(self) -> Iterator[_Block]:
        at = 0
        while at < self.end:
            start = at or self.header
            if self.data[start] != _REF:
                _expect(self.data[start] in _OTHERS)
                return
            after = at + int.from_bytes(self.data[start + 1 : start + 4], "big")
            _expect(start + 4 < after <= self.end)
            yield self.data, start + 4, _records_end(self.data, after)
            # a block is filled up with zeros, unless it is the last one
            padded = self.block_size and after < self.end and not self.data[after]
            at = at + self.block_size if padded else after

    def _refs_in(self, block: bytes, at: int, end: int) -> Iterator[tuple[bytes, str | None]]:
        name = b""
        while at < end:
            name, kind, at = _key(block, at, name)
            _index, at = _varint(block, at)
            value: str | None = None
            if kind in (1, 2):
                value = block[at : at + self.width].hex()
                at += self.width * kind
            elif kind == 3:
                target, at = _string(block, at)
                value = f"ref: {target}"
            yield name, value
        _expect(at == end)

    def log(self, wanted: bytes) -> Iterator[tuple[bytes, str | None]]:
        """Yield key and line (None: deleted) of the log entries whose key begins with `wanted`."""
        for block, start, end in _holding(self._log_blocks(), wanted):
            at, key = start, b""
            while at < end:
                key, kind, at = _key(block, at, key)
                line: str | None = None
                if kind == 1:
                    line, at = self._line(block, at)
                if key.startswith(wanted):
                    yield key, line
            _expect(at == end)

    def _log_blocks(self) -> Iterator[_Block]:
        at = self.logs
        while at < self.end:
            start = at or self.header
            if self.data[start] != _LOG:
                _expect(self.data[start] in _OTHERS)
                return
            size = int.from_bytes(self.data[start + 1 : start + 4], "big")
            inflater = zlib.decompressobj()
            piece = self.data[start + 4 : min(start + 4 + size + size // 8 + 64, self.end)]
            block = inflater.decompress(piece)
            _expect(inflater.eof)
            yield block, 0, _records_end(block, len(block))
            at = start + 4 + len(piece) - len(inflater.unused_data)

    def _line(self, block: bytes, at: int) -> tuple[str, int]:
        """Return a log entry as the line of a file; empty for the mark of a log that has no entry yet."""
        old, new = block[at : at + self.width].hex(), block[at + self.width : at + 2 * self.width].hex()
        name, at = _string(block, at + 2 * self.width)
        mail, at = _string(block, at)
        when, at = _varint(block, at)
        zone = int.from_bytes(block[at : at + 2], "big", signed=True)
        message, at = _string(block, at + 2)
        if not (old + new).strip("0"):
            return "", at
        return f"{old} {new} {name} <{mail}> {when} {zone:+05d}\t{message.rstrip()}\n", at


def _expect(true: bool) -> None:  # noqa: FBT001  # what is expected is all that is said
    if not true:
        raise ValueError("a table is not as it should be")


def _holding(blocks: Iterator[_Block], wanted: bytes) -> Iterator[_Block]:
    """Yield the blocks that may hold a key which is `wanted`, or begins with it: keys are sorted."""
    before: _Block | None = None
    for block in blocks:
        first, _kind, _at = _key(block[0], block[1], b"")
        if before is not None and first > wanted:
            yield before
        if first > wanted and not first.startswith(wanted):
            return
        before = block
    if before is not None:
        yield before


def _records_end(data: bytes, end: int) -> int:
    """Where a block's records end: offsets of some of them follow, and how many these are."""
    return end - 2 - 3 * int.from_bytes(data[end - 2 : end], "big")


def _key(data: bytes, at: int, before: bytes) -> tuple[bytes, int, int]:
    """Return a record's key, its kind, and where its value begins."""
    prefix, at = _varint(data, at)
    rest, at = _varint(data, at)
    return before[:prefix] + data[at : at + (rest >> 3)], rest & 7, at + (rest >> 3)


def _string(data: bytes, at: int) -> tuple[str, int]:
    length, at = _varint(data, at)
    return data[at : at + length].decode("utf-8", "surrogateescape"), at + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 127
    while data[at] & 128:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 127)
    return value, at + 1
