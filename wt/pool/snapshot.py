"""What a stash can hold, and more: the commit under which uncommitted work is set aside (contract section 13).

`git stash apply --index REF` restores it without us. Its parents are HEAD, the index, the untracked files (a tree that
may be empty) and, where there is more to say than a stash can, the record: a commit whose parents are the other commits
that only this slot had, whose message names all of them, and whose tree holds

    operation/…      the files of an operation in progress, as they were in the admin dir
    stages/1|2|3/…   the sides of conflicted paths
    flags            `N path`: intent to add; `h`, `S`, `s`: a change that git was told to overlook; NUL-terminated
    nested           where repositories inside of the slot were moved to, and their paths; NUL-terminated
"""

from __future__ import annotations

import os
import stat

from wt import files, times
from wt.errors import ContendedError, WtError, again, quoted
from wt.git import changes, layout, refs, status, worktrees
from wt.git.run import Git
from wt.pool import giveback, keep, sourcelock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool

_WHO = "wt <wt@localhost>"
SET_ASIDE = ": set aside by wt"


def identity(label: Label) -> dict[str, str]:
    """Return who commits what is set aside, and when: the same for a repeat, so that it makes the same commit."""
    moment = f"{int(times.parse(label.moment) or 0)} +0000"
    name, _, mail = _WHO.partition(" ")
    fields = (("NAME", name), ("EMAIL", mail.strip("<>")), ("DATE", moment))
    return {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in fields}


def uncommitted(
    pool: Pool,
    slot: Slot,
    git: Git,
    label: Label,
    found: status.Status,
    hidden: tuple[str, ...] = (),
    tip: str | None = None,
    nested: Mapping[str, str] | None = None,
) -> str | None:
    """Keep what `found` lists, edits behind hidden bits, an operation in progress, and the commits that nothing else
    reaches; returns the ref, None where there is nothing to keep.

    `tip` is that of the slot's own branch; `nested` says for repositories inside of the slot where the caller will move them.
    """
    head = keep.head_commit(slot, pool.common)
    if not (hidden or nested or not found.clean or keep.has_operation(slot)):
        return None
    if head is None:
        raise WtError(f"HEAD of {slot.slot} names no commit, so that its files cannot be set aside; nothing was dropped.",
                      f"to see it: git -C {quoted(slot.directory)} status")  # fmt: skip
    work = Snapshot(slot, Git(slot.directory, git.keep), label, head)
    work.others = _others(pool, slot, git, label, head, tip)
    try:
        work.take(found, hidden)
        work.remember(keep.roles(slot, pool.common, tip), found, hidden, nested or {})
        return _kept(pool, git, work)
    finally:
        keep.remove_scratch(work.admin)


def of_index(pool: Pool, slot: Slot, git: Git, label: Label, tip: str | None) -> str | None:
    """Keep what a slot whose directory is gone has staged; returns the ref, None where the index is HEAD's."""
    head = keep.head_commit(slot, pool.common)
    if head is None:
        return None
    work = Snapshot(slot, git, label, head)
    work.others = _others(pool, slot, git, label, head, tip)
    try:
        conflicted = work.take_index()
        unchanged = work.made_of[0] == git.ask("rev-parse", f"{head}^{{tree}}")
        if unchanged and not conflicted and not keep.has_operation(slot):
            return None
        work.remember(keep.roles(slot, pool.common, tip), status.Status(conflicted=conflicted), (), {})
        return _kept(pool, git, work)
    finally:
        keep.remove_scratch(work.admin)


def _others(pool: Pool, slot: Slot, git: Git, label: Label, head: str, tip: str | None) -> list[str]:
    """Return the commits besides HEAD that nothing but the slot and its own branch reaches; what is no commit is kept at once."""
    keep.objects(pool, slot, git, label)
    besides = f"refs/heads/{slot.name}" if tip else ""
    tips = keep.tips(slot, pool.common, tip)
    return [one for one in keep.lonely(pool, git, tips, besides) if one != head]


def of_commits(
    pool: Pool, slot: Slot, git: Git, label: Label, lonely: list[str], tip: str | None
) -> list[str]:
    """Keep several commits, and the files of an operation in progress, as one commit; returns its ref."""
    head = keep.head_commit(slot, pool.common)
    if head is None:
        return [keep.point(pool, git, label, one) for one in lonely]
    work = Snapshot(slot, Git(slot.path or pool.common, git.keep), label, head)
    work.others = [one for one in lonely if one != head]
    try:
        work.take_nothing()
        work.remember(keep.roles(slot, pool.common, tip), status.Status(), (), {})
        return [_kept(pool, git, work)]
    finally:
        keep.remove_scratch(work.admin)


def _kept(pool: Pool, git: Git, work: Snapshot) -> str:
    """Make the ref of a snapshot; where this hold has the very same already, that is it."""
    group = _group(git, work.label)
    if not work.others:
        for ref, made_of in group.items():
            if made_of[:4] == work.made_of[:4]:
                return ref
    sha = work.commit(after=len(group))
    ref = keep.point(pool, git, work.label, sha)
    if changed := work.changed_since():
        with sourcelock.of_ref(pool, git.keep, ref) as source:
            refs.delete(source, ref, sha)
        raise ContendedError(f"{changed} is being written to at this moment; nothing was dropped.",
                             again("to try again"))  # fmt: skip
    return ref


def _group(git: Git, label: Label) -> dict[str, list[str]]:
    """Return what was kept under a label before: by ref, the tree and the parents."""
    form = "--format=%(refname) %(tree) %(parent)"
    lines = git.ask("for-each-ref", form, f"{label.prefix}*").split("\n")
    return {words[0]: words[1:] for words in (line.split(" ") for line in lines if line)}


class Snapshot:
    """The stash-shaped commit of one worktree in the making; bytes are taken as they are on disk."""

    def __init__(self, slot: Slot, git: Git, label: Label, head: str) -> None:
        self.path, self.admin, self.label, self.head = slot.path or "", slot.admin_dir, label, head
        self.git = git
        self.note = f"{label.name}: {head[:8]}"
        self.env = identity(label)
        self.nothing = "0" * len(head)
        self.index = keep.scratch(self.admin)
        self.others: list[str] = []  # the other commits that nothing else reaches
        self.made_of: list[str] = []  # tree, then parents
        self.seen: dict[str, tuple[int, ...]] = {}  # what was read from the disk, as it was before

    def take(self, found: status.Status, hidden: tuple[str, ...]) -> None:
        """Write index, changed files and untracked files of the worktree as trees."""
        self._copy_index()
        self._enter(self._stage_of_ours(found.conflicted))
        staged = self._commit_tree(self._write_tree(), [self.head], f"index on {self.note}")
        # a file taken out of the index alone is untracked: git restores it from one place, and fails where it is in two
        untracked = set(found.untracked)
        self._enter([("0", self.nothing, path) for path in found.tracked if path in untracked])
        still = [path for path in found.tracked if path not in untracked]
        self._enter(self._from_disk((*still, *found.conflicted, *hidden)))
        self.made_of = [self._write_tree(), self.head, staged]
        if found.untracked:
            self._begin_empty()
            self._enter(self._from_disk(found.untracked))
            self._add_untracked()

    def take_index(self) -> tuple[str, ...]:
        """Write the index alone, where the files are gone; returns the conflicted paths."""
        self._copy_index()
        conflicted = tuple(dict.fromkeys(path for *_, path in self._unmerged()))
        self._enter(self._stage_of_ours(conflicted))
        tree = (
            self._write_tree()
            if os.path.exists(self.index)
            else self.git.ask("rev-parse", f"{self.head}^{{tree}}")
        )
        self.made_of = [tree, self.head, self._commit_tree(tree, [self.head], f"index on {self.note}")]
        return conflicted

    def take_nothing(self) -> None:
        """The worktree is of no matter: a snapshot that changes nothing."""
        tree = self.git.ask("rev-parse", f"{self.head}^{{tree}}")
        self.made_of = [tree, self.head, self._commit_tree(tree, [self.head], f"index on {self.note}")]

    def remember(
        self,
        roles: list[tuple[str, str]],
        found: status.Status,
        hidden: tuple[str, ...],
        nested: Mapping[str, str],
    ) -> None:
        """Add the record as fourth parent, where there is something in it."""
        operation = worktrees.operation(self.admin)
        entries = self._stages() if found.conflicted else []
        entries += self._operation() if operation else []
        flags = self._flags(found, hidden) if found.intended or hidden else []
        entries += [("100644", self._store_fields(flags), "flags")] if flags else []
        moved = [f"{place}\0{path}" for path, place in nested.items()]
        entries += [("100644", self._store_fields(moved), "nested")] if moved else []
        if not entries and not self.others:
            return
        self._begin_empty()
        if len(self.made_of) == 3:
            self._add_untracked()
        self._enter(entries)
        lines = [f"operation: {operation.name}"] if operation else []
        lines += [f"{role}: {sha}" for role, sha in roles]
        text = "\n".join([f"more on {self.note}", "", *lines])
        self.made_of.append(self._commit_tree(self._write_tree(), self.others, text))

    def commit(self, *, after: int) -> str:
        """Return the id of the commit; `after` others of the same hold and moment."""
        lines = [f"hold: {self.label.hold}"] if self.label.hold else []
        lines += [f"after: {after}"] if after else []
        text = "\n".join([f"On {self.note}{SET_ASIDE}", *(["", *lines] if lines else [])])
        return self._commit_tree(self.made_of[0], self.made_of[1:], text)

    def _copy_index(self) -> None:
        keep.remove_scratch(self.admin)
        if os.path.exists(f"{self.admin}/index"):
            files.copy(f"{self.admin}/index", self.index)

    def _begin_empty(self) -> None:
        if os.path.lexists(self.index):
            files.unlink(self.index)

    def _add_untracked(self) -> None:
        self.made_of.append(self._commit_tree(self._write_tree(), [], f"untracked files on {self.note}"))

    def _do(self, *args: str, data: bytes = b"") -> str:
        return self.git.do(*keep.SYNCED, *args, data=data, env={**self.env, "GIT_INDEX_FILE": self.index})

    def _write_tree(self) -> str:
        return self._do("write-tree")

    def _commit_tree(self, tree: str, parents: list[str], message: str) -> str:
        flags = [word for parent in parents for word in ("-p", parent)]
        return self._do("commit-tree", *flags, "-m", message, tree)

    def _enter(self, entries: list[tuple[str, str, str]]) -> None:
        """Put (mode, object, path) into the temporary index; mode 0 takes the path out."""
        if entries:
            lines = "".join(f"{mode} {sha}\t{path}\0" for mode, sha, path in entries)
            self._do("update-index", "-z", "--index-info", data=_bytes(lines))

    def _unmerged(self) -> list[tuple[str, str, str, str]]:
        """Return mode, object, stage and path of each side of each conflict."""
        lines = (line.partition("\t") for line in self.git.ask_fields("ls-files", "-u", "-z"))
        return [(*meta.split(" "), path) for meta, _, path in lines]  # type: ignore[misc]  # three words

    def _stage_of_ours(self, conflicted: tuple[str, ...]) -> list[tuple[str, str, str]]:
        """A tree has no stages: where the index has a conflict, its tree gets our side, the disk's bytes come after."""
        if not conflicted:
            return []
        gone = [("0", self.nothing, path) for path in conflicted]
        return gone + [(mode, sha, path) for mode, sha, stage, path in self._unmerged() if stage == "2"]

    def _stages(self) -> list[tuple[str, str, str]]:
        return [(mode, sha, f"stages/{stage}/{path}") for mode, sha, stage, path in self._unmerged()]

    def _operation(self) -> list[tuple[str, str, str]]:
        found = []
        for name in (*giveback.OPERATION_STATE, *giveback.OPERATION_DIRECTORIES):
            found.extend(files.plain_below(f"{self.admin}/{name}"))
        shas = self._hashed(found)
        entries = [("100644", sha, f"operation/{path[len(self.admin) + 1 :]}") for path, sha in shas.items()]
        own = refs.in_tables(self.admin).items()
        return entries + [
            ("100644", self._store(f"{sha}\n".encode()), f"operation/{name}") for name, sha in own
        ]

    def _flags(self, found: status.Status, hidden: tuple[str, ...]) -> list[str]:
        """Return what no tree can say of index entries: what of a file is intended alone is in no tree of the index."""
        staged = set(
            self.git.ask_fields("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.made_of[2])
        )
        intended = [path for path in (*found.intended, *hidden) if path not in staged]
        wanted = set(hidden)
        lines = self.git.ask_fields("ls-files", "-v", "-z") if hidden else []
        bits = [line for line in lines if line[2:] in wanted and (line[0].islower() or line[0] == "S")]
        return [*(f"N {path}" for path in intended), *bits]

    def _store_fields(self, fields: list[str]) -> str:
        return self._store(_bytes("".join(f"{field}\0" for field in fields)))

    def _from_disk(self, paths: Iterable[str]) -> list[tuple[str, str, str]]:
        todo = list(dict.fromkeys(paths))
        self.seen.update((path, files.identity(f"{self.path}/{path}")) for path in todo)
        shas = self._hashed([path for path in todo if self._is_regular(path)])
        return [self._entry(path, shas.get(path)) for path in todo]

    def changed_since(self) -> str | None:
        """Return a file that somebody has changed since it was read."""
        same = (
            (full := f"{self.path}/{path}", files.identity(full) == was) for path, was in self.seen.items()
        )
        return next((full for full, is_same in same if not is_same), None)

    def _hashed(self, paths: list[str]) -> dict[str, str]:
        if not paths:
            return {}
        lines = changes.path_lines(paths)
        stored = self._do("hash-object", "-w", "--no-filters", "--stdin-paths", data=lines).split("\n")
        return dict(zip(paths, stored, strict=True))

    def _is_regular(self, path: str) -> bool:
        full = f"{self.path}/{path}"
        return os.path.isfile(full) and not os.path.islink(full) and files.is_reached(self.path, path)

    def _entry(self, path: str, sha: str | None) -> tuple[str, str, str]:
        full = f"{self.path}/{path}"
        if not files.is_reached(self.path, path) or not os.path.lexists(full):
            return "0", self.nothing, path
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            return "120000", self._store(os.fsencode(os.readlink(full))), path
        if stat.S_ISDIR(mode):
            return self._nested(full, path)
        if not stat.S_ISREG(mode):
            raise WtError(f"{full} is neither a file nor a link, so that it cannot be set aside; nothing was dropped.",
                          f"to see what it is: ls -l {quoted(full)}")  # fmt: skip
        kind = "100755" if mode & 0o100 else "100644"
        return kind, sha or self._do("hash-object", "-w", "--no-filters", "--", full), path

    def _nested(self, full: str, path: str) -> tuple[str, str, str]:
        """A submodule is recorded by its commit; a directory in the place of a file means that the file is gone."""
        place = layout.at(full)
        ref, sha = layout.head(place.git_dir) if place else (None, None)
        if place is not None and ref is not None:
            sha = keep.branch_tip(place.common, ref)
        return ("160000", sha, path) if sha else ("0", self.nothing, path)

    def _store(self, data: bytes) -> str:
        if data:
            return self._do("hash-object", "-w", "--stdin", data=data)
        return self._do("hash-object", "-w", "--", "/dev/null")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
