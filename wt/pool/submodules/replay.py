"""restore, in the submodules: commits that were set aside come back as commits, uncommitted work as uncommitted.

Each submodule was brought to its pin before, as in any acquire. What an acquire cannot know is done here, outer before
inner: where a submodule's HEAD was, what it had uncommitted, which ones were added, moved or taken out and never committed.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout, refs
from wt.git.run import Git
from wt.model import replaced
from wt.pool import keep, materialise, putback, sourcelock
from wt.pool import kept as entries
from wt.pool.submodules import fetch, kept, stores
from wt.pool.submodules.bring import Level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import LockRecord, Slot
    from wt.pool.acquire import Restoring
    from wt.pool.location import Pool
    from wt.pool.submodules.bring import Bringing
    from wt.pool.submodules.declared import Declared
    from wt.pool.submodules.kept import Kept


def put_back(bringing: Bringing, slot: Slot, sha: str, wish: Restoring) -> None:
    """Make the submodules of a slot, whose files are back, what they were; notes in `wish` which refs that took.

    WtError where one could not be had.
    """
    found = kept.of_one(bringing.pool, wish.name, wish.moment, wish.hold)
    work = _Replay(bringing, slot, found)
    work.level(Level(slot.admin_dir, slot.directory, wish.snapshot or sha), sha)
    wish.replayed.update(work.replayed)
    if found:
        _forget_pins(bringing, slot)


def _forget_pins(bringing: Bringing, slot: Slot) -> None:
    """What was had from kept.git alone is nothing that an acquire brought from elsewhere: it is somebody's work."""
    where = kept.repository(bringing.pool)
    for one in stores.of_slot(slot):
        pin = fetch.pinned(one.git_dir)
        git = Git(one.git_dir, bringing.keep_open)
        if pin and fetch.has(where, pin) and git.ask("rev-list", "-1", pin, "--not", "--remotes"):
            git.do("update-ref", "-d", fetch.PIN, pin)


class _Replay:
    def __init__(self, bringing: Bringing, slot: Slot, found: dict[str, Kept]) -> None:
        self.bringing, self.slot, self.found = bringing, slot, found
        self.replayed: set[str] = set()

    def level(self, at: Level, before: str) -> None:
        """Put back what is in one repository, which is at commit `before`; `at.commit` says what it had, uncommitted or not."""
        bringing = self.bringing
        if at.commit != before:
            bringing.clear_level(at)
            there = {sub.name for sub in bringing.declared(at.top, before) if _is_there(at, sub)}
            new = {sub.name for sub in bringing.declared(at.top, at.commit)} - there
            bringing.bring_level(at, new)
        for sub in bringing.declared(at.top, at.commit):
            if _is_there(at, sub):
                self._one(at, sub)

    def _one(self, at: Level, sub: Declared) -> None:
        inner = at.inner(sub)
        found = self.found.get(inner.words)
        head = found.head if found is not None else sub.pin
        tip = _tip(inner.git_dir)
        if found is not None:
            Git(inner.git_dir, self.bringing.keep_open).do(
                *fetch.LOCALLY, kept.repository(self.bringing.pool), found.sha, env=kept.LOCAL
            )
            self.replayed.add(found.ref)
        elif tip != head and not fetch.has(inner.git_dir, head):
            self.bringing.fetch_pin(at, sub, inner)
        note(inner.git_dir, self.slot.held, head, found.sha if found is not None and found.parents else "")
        if tip != head:
            self._move(inner, head)
        record = self._record(inner, found)
        self._attach(inner, head, record.commit_of("branch") or head)
        now = replaced(inner, commit=head)
        if tip != head:
            self.bringing.clear_level(now)
            self.bringing.bring_level(now)
        if found is not None and found.parents:
            self._put_back(inner, found)
            now = replaced(inner, commit=found.sha)
        if os.path.lexists(f"{inner.top}/.gitmodules") or os.path.isdir(f"{inner.git_dir}/modules"):
            self.level(now, head)

    def _record(self, inner: Level, found: Kept | None) -> entries.Record:
        if found is None or not found.parents:
            return entries.Record()
        return entries.read_record(Git(inner.git_dir), entries.Entry("", found.sha, "", "", found.parents))

    def _as_slot(self, inner: Level, lock: LockRecord) -> tuple[Pool, Slot]:
        slot = replaced(stores.as_slot(self.slot, inner.top, inner.git_dir), lock=lock)
        return stores.as_pool(self.bringing.pool, inner.git_dir), slot

    def _move(self, inner: Level, head: str) -> None:
        pool, slot = self._as_slot(inner, self.slot.held)
        materialise.checkout(pool, slot, self.bringing.held, head, _silent)

    def _attach(self, inner: Level, head: str, branch: str) -> None:
        """Our branch goes to where it was; HEAD is on it unless it was not."""
        held = self.slot.held
        ours = refs.read_file(inner.git_dir, f"refs/heads/{held.name}")
        if ours is None or not refs.born_with(inner.git_dir, held.name, held.nonce):
            return
        git = Git(inner.top, self.bringing.keep_open)
        if branch != head:
            refs.detach_head(git, inner.git_dir, head)
        if branch != ours:
            pool = stores.as_pool(self.bringing.pool, inner.git_dir)
            with sourcelock.of_ref(pool, git.keep, f"refs/heads/{held.name}") as source:
                source.do("update-ref", "-m", "wt: restore", f"refs/heads/{held.name}", branch, ours)
        if branch == head:
            refs.attach_head(git, inner.git_dir, held.name)

    def _put_back(self, inner: Level, found: Kept) -> None:
        pool, slot = self._as_slot(inner, replaced(self.slot.held, restores=found.sha))
        putback.put_back(pool, slot, Git(inner.top, self.bringing.keep_open), _silent)
        self.bringing.leaving.hand_over(
            stores.Store(inner.path.rstrip("/"), inner.git_dir, inner.top, inner.top)
        )


def _silent(_sentence: str) -> None:
    return


def _is_there(at: Level, sub: Declared) -> bool:
    inner = at.inner(sub)
    return os.path.isdir(inner.git_dir) and stores.leads_to(inner.top, inner.git_dir)


def _tip(store: str) -> str | None:
    ref, sha = layout.head(store)
    return sha or (keep.branch_tip(store, ref) if ref else None)


# --- for whoever has to take it back


def _path(store: str) -> str:
    return f"{store}/worktree-pool/restores"


def note(store: str, lock: LockRecord, head: str, snapshot: str) -> None:
    """Say in a store what this acquire is about to put back in it."""
    files.replace_text(_path(store), f"{lock.nonce} {head} {snapshot}\n")


def take_back(pool: Pool, slot: Slot, git: Git) -> None:
    """Take out of one submodule what a restore that died put into it; `slot` is the submodule's."""
    from wt.pool import undo

    words = (files.read_text(_path(slot.admin_dir), 4096) or "").rstrip("\n").split(" ")
    if len(words) != 3 or words[0] != slot.held.nonce:
        return
    put = replaced(slot, lock=replaced(slot.held, full_sha=words[1], restores=words[2]))
    if _tip(slot.admin_dir) != words[1]:
        undo.checkout(put, git)
    elif words[2]:
        refs.detach_head(git, slot.admin_dir, words[1])
        putback.take_back(pool, put, git)
