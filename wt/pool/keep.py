"""Set aside, contract section 13: commits and uncommitted work under `refs/wt/kept/` before anything destructive.

Every object is written with `core.fsync=all` and reachable from a ref before the caller goes on. Dates and names are
the lock's, so a repeat after a crash makes the same commit and finds its own ref.
"""

from __future__ import annotations

import os

from wt import files, times
from wt.errors import GitError, WtError, quoted
from wt.git import layout, refs, status
from wt.git.run import Git
from wt.model import Slot, record
from wt.pool import sourcelock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wt.pool.location import Pool

_WHO = "wt <wt@localhost>"
_SYNCED = ("-c", "core.fsync=all")
_SET_ASIDE = ": set aside by wt"
PREFIX = "refs/wt/kept/"
# in the store of a submodule: the commit that an acquire brought it to (wt/pool/submodules)
PIN = "refs/wt/pin"


@record
class Label:
    """Under which name and moment something is kept; `moment` as in a lock's started_at."""

    name: str
    moment: str

    def ref(self, sha: str) -> str:
        return f"{PREFIX}{self.name}/{times.compact(self.moment)}-{sha[:8]}"


def label_of(slot: Slot) -> Label:
    """Return the label of a held slot's leavings: its name and the moment it was acquired."""
    if slot.lock is None:
        return Label(slot.slot, times.now_text())
    moment = slot.lock.started_at if times.parse(slot.lock.started_at) is not None else times.now_text()
    return Label(slot.lock.name, moment)


def commits(pool: Pool, git: Git, label: Label, tips: Iterable[str], *, besides: str = "") -> list[str]:
    """Keep those commits that no ref but `besides` reaches; returns the refs made (or found, after a crash)."""
    source = pool.git(git.keep)
    lonely = (tip for tip in dict.fromkeys(tips) if not is_reached(pool, source, tip, besides=besides))
    return [_point(pool, git, label, tip) for tip in lonely]


def way_back(pool: Pool, name: str, ref: str) -> str:
    """Return the arguments of the `wt new` that has again what was set aside: commits as commits, the rest as it was."""
    subject = pool.git().ask("log", "-1", "--format=%s", ref)
    is_snapshot = subject.startswith("On ") and subject.endswith(_SET_ASIDE)
    stays = is_snapshot and branch_tip(pool.common, f"refs/heads/{name}") is not None
    start = "--adopt" if stays else f"--from {quoted(f'{ref}^' if is_snapshot else ref)}"
    return f"{quoted(name)} {start}" + (f" -- git stash apply --index {quoted(ref)}" if is_snapshot else "")


def is_reached(pool: Pool, source: Git, commit: str, *, besides: str) -> bool:
    """Return whether any ref but `besides` reaches a commit; for the base's own tip, or a pin, without asking git.

    One that is gone cannot be kept: an ORIG_HEAD is nothing to git's own gc.
    """
    base = f"refs/heads/{pool.config.base}"
    if any(commit == refs.read_file(pool.common, ref) for ref in (base, PIN) if ref != besides):
        return True
    try:
        return refs.is_reachable(source, commit, besides=besides)
    except GitError:
        if source.ask_ok("cat-file", "-e", commit):
            raise
        return True


def _point(pool: Pool, git: Git, label: Label, sha: str) -> str:
    ref = label.ref(sha)
    with sourcelock.of_ref(pool, git.keep, ref) as source:
        source.do(*_SYNCED, "update-ref", ref, sha)
    return ref


def tips(slot: Slot, common: str, tip: str | None) -> list[str]:
    """Return every commit that a slot alone may hold: HEAD, its branch's `tip`, what an operation in progress remembers."""
    if slot.admin is None:
        return []
    found = [head_commit(slot, common) or "", tip or ""]
    for name in refs.OPERATION_REFS:
        found.extend(refs.pseudo_ref(slot.admin, name))
    for name in (
        "rebase-merge/orig-head",
        "rebase-merge/autostash",
        "rebase-apply/orig-head",
        "rebase-apply/autostash",
    ):
        found.extend(refs.pseudo_ref(slot.admin, name))
    found.extend(refs.of_worktree(slot.admin))
    return [tip for tip in dict.fromkeys(found) if tip]


def head_commit(slot: Slot, common: str) -> str | None:
    """Return the commit of a slot's HEAD; where its branch was deleted under it, the last one its reflog knows."""
    if slot.admin is None:
        return None
    ref, sha = layout.head(slot.admin)
    if sha is not None:
        return sha
    if ref is not None and (tip := branch_tip(common, ref)) is not None:
        return tip
    log = (files.read_text(f"{slot.admin}/logs/HEAD", 1 << 22) or "").rstrip("\n").split("\n")[-1].split(" ")
    return log[1] if len(log) > 1 and layout.is_object_id(log[1]) else None


def branch_tip(common: str, ref: str) -> str | None:
    """Return a ref's commit: from its loose file, else by asking git (packed, or no files at all)."""
    return (
        refs.read_file(common, ref)
        or Git(common).ask("rev-parse", "--verify", "--quiet", ref, allowed=(0, 1))
        or None
    )


def _scratch(admin: str) -> str:
    return f"{admin}/worktree-pool/kept-index"


def remove_scratch(admin: str) -> None:
    """Remove the temporary index, and the lock of a git that died writing it; the caller holds the slot's mutex."""
    for path in (_scratch(admin), f"{_scratch(admin)}.lock"):
        if os.path.lexists(path):
            files.unlink(path)


def identity(label: Label) -> dict[str, str]:
    """Return who commits what is set aside, and when: the same for a repeat, so that it makes the same commit."""
    moment = f"{int(times.parse(label.moment) or 0)} +0000"
    name, _, mail = _WHO.partition(" ")
    fields = (("NAME", name), ("EMAIL", mail.strip("<>")), ("DATE", moment))
    return {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in fields}


class Snapshot:
    """Builds the stash-shaped commit of one worktree: HEAD, index, and (with `untracked`) a third parent."""

    def __init__(self, slot: Slot, git: Git, label: Label) -> None:
        self.path, self.admin, self.label = slot.directory, slot.admin_dir, label
        self.git = Git(slot.directory, git.keep)
        self.env = identity(label)
        self.nothing = ""  # the id of no object, as long as this repository's ids
        self.index = _scratch(self.admin)

    def commit(self, found: status.Status, hidden: tuple[str, ...], head: str) -> str:
        """Return the id of the commit that holds `found` (and edits behind hidden bits), bytes as they are on disk."""
        try:
            return self._commit(found, hidden, head)
        finally:
            remove_scratch(self.admin)

    def _commit(self, found: status.Status, hidden: tuple[str, ...], head: str) -> str:
        note = f"{self.label.name}: {head[:8]}"
        self.nothing = "0" * len(head)
        self._copy_index()
        self._enter(self._stage_of_ours(found.conflicted))
        staged = self._commit_tree(self._write_tree(), [head], f"index on {note}")
        # a file taken out of the index alone is untracked: git restores it from one place, and fails where it is in two
        untracked = set(found.untracked)
        self._enter([("0", self.nothing, path) for path in found.tracked if path in untracked])
        still = [path for path in found.tracked if path not in untracked]
        self._enter(self._from_disk((*still, *found.conflicted, *hidden)))
        tracked = self._write_tree()
        parents = [head, staged]
        if found.untracked:
            files.unlink(self.index)
            self._enter(self._from_disk(found.untracked))
            parents.append(self._commit_tree(self._write_tree(), [], f"untracked files on {note}"))
        return self._commit_tree(tracked, parents, f"On {note}{_SET_ASIDE}")

    def _copy_index(self) -> None:
        remove_scratch(self.admin)
        if os.path.exists(f"{self.admin}/index"):
            files.copy(f"{self.admin}/index", self.index)

    def _do(self, *args: str, data: bytes = b"") -> str:
        return self.git.do(*_SYNCED, *args, data=data, env={**self.env, "GIT_INDEX_FILE": self.index})

    def _write_tree(self) -> str:
        return self._do("write-tree")

    def _commit_tree(self, tree: str, parents: list[str], message: str) -> str:
        flags = [word for parent in parents for word in ("-p", parent)]
        return self._do("commit-tree", *flags, "-m", message, tree)

    def _enter(self, entries: list[tuple[str, str, str]]) -> None:
        """Put (mode, object, path) into the temporary index; mode 0 takes the path out."""
        if entries:
            lines = "".join(f"{mode} {sha}\t{path}\0" for mode, sha, path in entries)
            self._do("update-index", "-z", "--index-info", data=lines.encode("utf-8", "surrogateescape"))

    def _stage_of_ours(self, conflicted: tuple[str, ...]) -> list[tuple[str, str, str]]:
        """A tree has no stages: where the index has a conflict, its tree gets our side, the disk's bytes come after."""
        if not conflicted:
            return []
        entries = [("0", self.nothing, path) for path in conflicted]
        for line in self.git.ask_fields("ls-files", "-u", "-z"):
            meta, path = line.split("\t", 1)
            mode, sha, stage = meta.split(" ")
            if stage == "2":
                entries.append((mode, sha, path))
        return entries

    def _from_disk(self, paths: Iterable[str]) -> list[tuple[str, str, str]]:
        todo = list(dict.fromkeys(paths))
        plain = [path for path in todo if "\n" not in path and self._is_regular(path)]
        data = "".join(f"{path}\n" for path in plain).encode("utf-8", "surrogateescape")
        stored = (
            self._do("hash-object", "-w", "--no-filters", "--stdin-paths", data=data).split("\n")
            if plain
            else []
        )
        shas = dict(zip(plain, stored, strict=True))
        return [self._entry(path, shas.get(path)) for path in todo]

    def _is_regular(self, path: str) -> bool:
        full = f"{self.path}/{path}"
        return os.path.isfile(full) and not os.path.islink(full) and files.is_reached(self.path, path)

    def _entry(self, path: str, sha: str | None) -> tuple[str, str, str]:
        full = f"{self.path}/{path}"
        if not files.is_reached(self.path, path):
            return "0", self.nothing, path
        if os.path.islink(full):
            return "120000", self._store(os.fsencode(os.readlink(full))), path
        if os.path.isdir(full):
            return self._nested(full, path)
        if not os.path.lexists(full):
            return "0", self.nothing, path
        mode = "100755" if os.stat(full).st_mode & 0o100 else "100644"
        return mode, sha or self._do("hash-object", "-w", "--no-filters", "--", full), path

    def _nested(self, full: str, path: str) -> tuple[str, str, str]:
        """A submodule is recorded by its commit; a directory in the place of a file means that the file is gone."""
        place = layout.at(full)
        _ref, sha = layout.head(place.git_dir) if place else (None, None)
        return ("160000", sha, path) if sha else ("0", self.nothing, path)

    def _store(self, data: bytes) -> str:
        if data:
            return self._do("hash-object", "-w", "--stdin", data=data)
        return self._do("hash-object", "-w", "--", "/dev/null")


def uncommitted(
    pool: Pool, slot: Slot, git: Git, label: Label, found: status.Status, hidden: tuple[str, ...] = ()
) -> str | None:
    """Keep what `found` lists as a commit of the shape of a stash; returns its ref, None where nothing is found."""
    head = head_commit(slot, pool.common)
    if (found.clean and not hidden) or head is None:
        return None
    nested = [path for path in found.untracked if path.endswith("/")]
    if nested:
        raise WtError(f"`{slot.path}/{nested[0]}` is a repository of its own, which cannot be set aside.",
                      f"to move it away: mv {quoted(f'{slot.path}/{nested[0]}')} ~/")  # fmt: skip
    return _point(pool, git, label, Snapshot(slot, git, label).commit(found, hidden, head))
