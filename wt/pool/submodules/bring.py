"""acquire, the submodules of step 6: each at its pin, on a branch of the slot's name, outer before inner, side by side."""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError, quoted
from wt.git import layout, refs
from wt.git.run import Git
from wt.model import record
from wt.pool import keep, materialise, sourcelock
from wt.pool.submodules import clean, fetch, kept, stores, urls
from wt.pool.submodules.crew import Crew, Piece, said
from wt.pool.submodules.declared import configured, inactive
from wt.pool.submodules.declared import read as read_declared
from wt.pool.submodules.leave import Leaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.submodules.declared import Declared


@record
class Level:
    """The slot, or one submodule: what its submodules are part of. `path` leads to it from the slot, with a slash behind."""

    git_dir: str
    top: str
    commit: str
    path: str = ""
    chain: str = ""

    @property
    def words(self) -> str:
        """As stores.Store.words."""
        return self.chain.removeprefix("modules/").replace("/modules/", "/")

    def inner(self, sub: Declared) -> Level:
        """Return the level that a submodule is, at its pin."""
        return Level(
            f"{self.git_dir}/modules/{sub.name}",
            f"{self.top}/{sub.path}",
            sub.pin,
            f"{self.path}{sub.path}/",
            f"{self.chain}/modules/{sub.name}".lstrip("/"),
        )


def _label(slot: Slot) -> keep.Label:
    """What lies in an idle slot goes under the slot's id: nobody held it."""
    held = slot.lock
    return keep.Label(slot.slot, held.started_at if held else "", held.nonce if held else "")


def _is_excluded(one: Declared, exclude: tuple[str, ...]) -> bool:
    return bool(set(exclude).intersection(one.tags))


class Bringing:
    """One acquire's submodules: `clear` before the slot is checked out at its commit, `bring` after that."""

    def __init__(
        self, pool: Pool, slot: Slot, held: Mutex, exclude: tuple[str, ...], tell: Callable[[str], None]
    ) -> None:
        self.pool, self.slot, self.held, self.exclude, self.tell = pool, slot, held, exclude, tell
        self.keep_open = (held.descriptor,)
        self.crew = Crew()
        self.fetcher = fetch.Fetcher(self.keep_open, self.crew.watch, fetch.set_aside(pool))
        self.leaving = Leaving(pool, slot, held, _label(slot), tell)
        self._known: dict[str, list[Declared]] = {}
        self._settings: dict[str, dict[str, list[str]]] = {}

    def clear(self, commit: str) -> None:
        """Take out of the slot the submodules that a commit does not have, or that are excluded: work set aside, parked."""
        if not os.path.lexists(f"{self.slot.admin}/index"):
            return
        stores.repair(self.slot)
        self.clear_level(Level(self.slot.admin_dir, self.slot.directory, commit))

    def clear_level(self, level: Level) -> None:
        left_out = self._left_out(level)
        wanted = {
            one.name: one.path for one in self.declared(level.top, level.commit) if one.name not in left_out
        }
        self.leaving.clear(level.git_dir, level.top, wanted)

    def bring(self, slot: Slot, commit: str, only: set[str] | None = None) -> None:
        """Bring every submodule to its pin; WtError that shows every error, where one could not be brought.

        `slot` is the slot where it is now; `only` names those of its own to be brought (land).
        """
        self.slot = self.leaving.slot = slot
        files.remove_tree_if_there(stores.staging(slot))
        self.bring_level(Level(slot.admin_dir, slot.directory, commit), only)
        files.remove_tree_if_there(stores.staging(slot))

    def bring_level(self, level: Level, only: set[str] | None = None) -> None:
        """Bring the submodules of one repository, and all inside them; `only` names those of its own that are wanted."""
        self.crew.run(self._pieces(level, only))
        failed = sorted(self.crew.failed, key=lambda one: one[0])
        if failed:
            listed = ", ".join(f"`{path}`" for path, _ in failed)
            raise WtError(
                f"{len(failed)} of the submodules of {level.commit[:12]} could not be checked out: {listed}.",
                f"to see what is declared: git -C {quoted(level.top if level.path else self.pool.config.source)} show {level.commit[:12]}:.gitmodules",
                details=urls.masked("\n".join(f"{path}: {said(error)}" for path, error in failed)),
            )

    def declared(self, top: str, commit: str) -> list[Declared]:
        if commit not in self._known:
            self._known[commit] = read_declared(Git(top), commit)
        return self._known[commit]

    def _pieces(self, level: Level, only: set[str] | None = None) -> list[Piece]:
        """Return what is to be done for the submodules of one level, those left out being left out at once."""
        subs = [one for one in self.declared(level.top, level.commit) if only is None or one.name in only]
        if not subs:
            return []
        left_out = self._left_out(level)
        for sub in subs:
            if sub.name in left_out:
                files.ensure_directory(f"{level.top}/{sub.path}")
        subs = [sub for sub in subs if sub.name not in left_out]
        if os.path.isdir(f"{level.git_dir}/modules"):
            clean.make_way(self.leaving, level.git_dir, level.top, [sub.name for sub in subs])
        return [
            Piece(f"{level.path}{sub.path}", self._bringer(level, sub, self._url(level, sub))) for sub in subs
        ]

    def _url(self, level: Level, sub: Declared) -> str:
        own = self._configured(level)
        parent = own.get("remote.origin.url", [""])[-1] or (self.pool.config.source if not level.path else "")
        return own.get(f"submodule.{sub.name}.url", [""])[-1] or urls.resolved(
            parent, sub.url, self.pool.config.source
        )

    def _configured(self, level: Level) -> dict[str, list[str]]:
        if level.git_dir not in self._settings:
            self._settings[level.git_dir] = configured(Git(level.top))
        return self._settings[level.git_dir]

    def _left_out(self, level: Level) -> set[str]:
        """Return the names left out: by tag, at the top; where the repository says so, or the user's own configuration."""
        subs = self.declared(level.top, level.commit)
        tagged = {sub.name for sub in subs if not level.path and _is_excluded(sub, self.exclude)}
        return (
            tagged | inactive(Git(level.top), level.commit, subs, self._configured(level)) if subs else set()
        )

    def _bringer(self, level: Level, sub: Declared, url: str) -> Callable[[], list[Piece]]:
        return lambda: self._bring(level, sub, url)

    def _bring(self, level: Level, sub: Declared, url: str) -> list[Piece]:
        """One submodule: its store, its directory, its files, its branch; returns what is inside it."""
        _refuse_links(level.top, sub.path)
        inner = level.inner(sub)
        self._ready_store(sub, fetch.origin_of(self.pool, url, inner.chain), inner.git_dir)
        self._ready_directory(level, sub, inner.top, inner.git_dir)
        self._check_out(inner)
        self._attach(inner)
        return self._pieces(inner) if os.path.lexists(f"{inner.top}/.gitmodules") else []

    def fetch_pin(self, level: Level, sub: Declared, inner: Level) -> None:
        """Bring the pin of a submodule into its store."""
        self.fetcher.remember(inner.git_dir)
        self.fetcher.fetch(sub, fetch.origin_of(self.pool, self._url(level, sub), inner.chain), inner.git_dir)

    def _ready_store(self, sub: Declared, origin: fetch.Origin, store: str) -> None:
        """Clone what is missing, and what a clone that died left; else fetch the pin where it is missing."""
        if os.path.isdir(store) and not stores.is_sound(store):
            self._remove_dead(store)
        if not os.path.isdir(store):
            self.fetcher.clone(sub, origin, store, f"{stores.staging(self.slot)}/{os.urandom(8).hex()}")
            return
        stores.remove_dead_locks(store)
        fetch.set_origin(store, origin.url)
        if fetch.pinned(store) == sub.pin:
            return
        self.fetcher.remember(store)
        if fetch.has(store, sub.pin):
            Git(store, self.keep_open).do("update-ref", fetch.PIN, sub.pin)
        else:
            self.fetcher.fetch(sub, origin, store)

    def _remove_dead(self, store: str) -> None:
        """Remove what a clone that died left; a store that ever was one, though its HEAD is gone, is moved aside."""
        parts = ("modules", "logs", "index", "refs/wt", "refs/stash", "reftable")
        if not any(os.path.lexists(f"{store}/{name}") for name in parts):
            files.remove_tree(store)
            return
        place = f"{self.pool.common}/worktree-pool/broken"
        files.make_directory(place)
        target = f"{place}/{os.path.basename(stores.parking_place(place, store))}-{os.urandom(4).hex()}"
        files.rename(store, target)
        self.tell(f"the repository {store} has no HEAD; it is now {target}, and is cloned again.")

    def _ready_directory(self, level: Level, sub: Declared, top: str, store: str) -> None:
        """Make the submodule's place that of its store: as it is, back from where it was parked, or empty."""
        self.leaving.make_room(top, store, f"{level.path}{sub.path}")
        if stores.leads_to(top, store):
            stores.repair_one(stores.Store(sub.name, store, top, level.top))
            return
        parked = stores.parking_place(self.pool.real, store)
        if stores.leads_to(parked, store) and (not os.path.lexists(top) or files.remove_directory(top)):
            files.make_directory(os.path.dirname(top))
            files.rename(parked, top)
            stores.repair_one(stores.Store(sub.name, store, top, level.top))
            for inner in stores.walk(store, top, self.pool.real):
                stores.repair_one(inner)
            return
        if os.path.lexists(f"{store}/index"):  # it would say that the files of an empty directory are deleted
            files.unlink(f"{store}/index")
        stores.link(store, top)

    def _check_out(self, at: Level) -> None:
        slot, pool = stores.as_slot(self.slot, at.top, at.git_dir), stores.as_pool(self.pool, at.git_dir)
        if os.path.isdir(f"{at.git_dir}/modules") and os.path.lexists(f"{at.git_dir}/index"):
            self.clear_level(at)
        files.ensure_directory(f"{at.git_dir}/worktree-pool")
        materialise.checkout(pool, slot, self.held, at.commit, _silent)
        self.leaving.hand_over(stores.Store(at.path.rstrip("/"), at.git_dir, at.top, at.top))
        kept.forget_in_store(self.pool, at.git_dir, self.keep_open)

    def _attach(self, at: Level) -> None:
        """Put the submodule on a new branch of the slot's name; one that is there already is somebody's."""
        held = self.slot.lock
        if held is None or refs.branch_of(at.git_dir) == held.name:
            return
        ref = f"refs/heads/{held.name}"
        ours = refs.read_file(at.git_dir, ref) if refs.born_with(at.git_dir, held.name, held.nonce) else None
        try:
            with sourcelock.of_ref(stores.as_pool(self.pool, at.git_dir), self.keep_open, ref) as source:
                if ours is None:
                    refs.create(source, ref, at.commit, f"wt: acquire {held.nonce}")
                else:  # a restore brings what is inside a submodule twice: for its pin, and for where it was
                    source.do("update-ref", "-m", "wt: restore", ref, at.commit, ours)
        except GitError:
            self.tell(
                f"submodule `{at.path.rstrip('/')}` has a branch in the way of `{held.name}`; its HEAD is detached."
            )
            return
        refs.attach_head(Git(at.git_dir, self.keep_open), at.git_dir, held.name)


def _refuse_links(top: str, path: str) -> None:
    """A link, or a file, on the way to a submodule would lead what is checked out elsewhere."""
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        place = f"{top}/{'/'.join(parts[:depth])}"
        if os.path.islink(place) or os.path.isfile(place):
            raise WtError(
                f"{place} is in the way of the submodule `{path}`.", f"to look at it: ls -l {quoted(place)}"
            )


def _silent(_sentence: str) -> None:
    """What the code for slots says of a kept ref is said anew for kept.git, where it ends up."""


def head_is_ours(top: str, path: str) -> bool:
    """Whether a submodule is at the commit to which an acquire brought it (or was about to)."""
    store = layout.read_link(f"{top}/{path}")
    return store is not None and layout.head(store)[1] == fetch.pinned(store) is not None
