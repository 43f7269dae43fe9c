"""Submodule directories that follow what is recorded: of a slot that is landed, and of the base's checkout (section 12)."""

from __future__ import annotations

import os

from wt.errors import GitError, WtError, quoted
from wt.git import layout, refs, status, worktrees
from wt.git.run import Git
from wt.model import record
from wt.pool import gitlocks, keep
from wt.pool.submodules import declared, fetch, kept, stores, urls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wt.pool.location import Pool
    from wt.pool.submodules.declared import Declared

_FORWARD = ("merge", "-q", "--ff-only", "--no-overwrite-ignore", "--no-autostash")


@record
class Tree:
    """A worktree or submodule: its git dir and directory; `path` leads to it, with a slash behind."""

    git_dir: str
    top: str
    path: str = ""

    def inner(self, sub: Declared) -> Tree:
        return Tree(f"{self.git_dir}/modules/{sub.name}", f"{self.top}/{sub.path}", f"{self.path}{sub.path}/")

    @property
    def is_there(self) -> bool:
        return os.path.isdir(self.git_dir) and stores.leads_to(self.top, self.git_dir)

    @property
    def head(self) -> str:
        ref, sha = layout.head(self.git_dir)
        return sha or (keep.branch_tip(self.git_dir, ref) if ref else None) or ""


def operations(tree: Tree) -> list[str]:
    """Return, for each operation in progress in a checkout's submodules, the command that gives it up."""
    found = []
    for one in stores.walk(tree.git_dir, tree.top, None):
        operation = worktrees.operation(one.git_dir) if one.top is not None else None
        if operation is not None:
            found.append(f"git -C {quoted(str(one.top))} {operation.abort.removeprefix('git ')}")
    return found


def differs_only_by_land(
    tree: Tree, landing: Tree | None, path: str, commits: tuple[str, ...] = ("HEAD",)
) -> bool:
    """Whether a submodule that is not at its pin lags behind it, or is where a land was about to bring it, and nothing
    in it is changed but for that. `commits` are those whose pin counts."""
    store = layout.read_link(f"{tree.top}/{path}")
    if store is None:
        return False
    inner = Tree(store, f"{tree.top}/{path}")
    theirs = layout.read_link(f"{landing.top}/{path}") if landing is not None else None
    other = Tree(theirs, f"{landing.top}/{path}") if landing is not None and theirs is not None else None
    pins = [pin for commit in commits if (pin := _pin(tree, commit, path))]
    # a land that died may not have fetched the pin yet: then the slot's own clone knows both
    places = [store, *([other.git_dir] if other is not None else [])]
    lags = any(_lags(place, inner.head, pin) for place in places for pin in pins)
    if not lags and not (other is not None and inner.head == other.head):
        return False
    found = status.read(Git(inner.top), untracked="no", submodules="untracked")
    moved = set(found.moved)
    return not found.conflicted and all(
        one in moved and differs_only_by_land(inner, other, one, ("HEAD", *pins)) for one in found.tracked
    )


def _lags(place: str, head: str, pin: str) -> bool:
    return fetch.has(place, head) and fetch.has(place, pin) and refs.is_ancestor(Git(place), head, pin)


def _pin(tree: Tree, commit: str, path: str) -> str:
    entry = Git(tree.top).ask("ls-tree", "-z", "--full-tree", commit, "--", path, allowed=(0, 128))
    meta = entry.partition("\t")[0].split(" ")
    return meta[-1] if meta[0] == "160000" else ""


def locks(tree: Tree) -> list[str]:
    """Return the lock files that git may leave in the submodules of a checkout that a land brings forward."""
    found = []
    for one in stores.walk(tree.git_dir, tree.top, None):
        branch = refs.branch_of(one.git_dir)
        found += gitlocks.of_worktree(one.git_dir)
        found += gitlocks.of_ref(one.git_dir, f"refs/heads/{branch}") if branch else []
    return found


def catch_up(pool: Pool, tree: Tree, keep_open: tuple[int, ...], besides: Tree | None) -> None:
    """Bring submodule directories that lag behind what the index records up to it; WtError where the two have diverged.

    What is ahead is somebody's bump, and stays. `besides` is where else the commits may be: the base's checkout.
    """
    git = Git(tree.top)
    for sub in _recorded(git):
        inner = tree.inner(sub)
        if not inner.is_there:
            continue
        if inner.head != sub.pin:
            other = besides.inner(sub) if besides is not None else None
            _catch_up_one(pool, sub, inner, keep_open, other)
        if inner.head == sub.pin:
            catch_up(pool, inner, keep_open, besides.inner(sub) if besides is not None else None)


def _recorded(git: Git) -> Iterator[Declared]:
    """Yield what HEAD declares, at the pins that the index has."""
    staged = {}
    for line in git.ask_fields("ls-files", "-s", "-z"):
        meta, _, path = line.partition("\t")
        if meta.startswith("160000"):
            staged[path] = meta.split(" ")[1]
    if not staged:
        return
    from wt.model import replaced

    for sub in declared.read(git, "HEAD"):
        if sub.path in staged:
            yield replaced(sub, pin=staged[sub.path])


def _catch_up_one(
    pool: Pool, sub: Declared, inner: Tree, keep_open: tuple[int, ...], other: Tree | None
) -> None:
    git = Git(inner.top, keep_open)
    _obtain(pool, sub, inner, keep_open, other)
    if refs.is_ancestor(git, sub.pin, inner.head):
        return
    if not refs.is_ancestor(git, inner.head, sub.pin):
        raise WtError(f"The submodule `{inner.path.rstrip('/')}` and what is recorded for it have diverged; nothing was landed.",
                      f"to see both: git -C {quoted(inner.top)} log --oneline --graph HEAD {sub.pin[:12]}")  # fmt: skip
    git.do(*_FORWARD, sub.pin)


def _obtain(pool: Pool, sub: Declared, inner: Tree, keep_open: tuple[int, ...], other: Tree | None) -> None:
    """Bring a pin into the store of a submodule, from another checkout of it or from where it comes from."""
    if fetch.has(inner.git_dir, sub.pin):
        return
    if other is not None and os.path.isdir(other.git_dir) and fetch.has(other.git_dir, sub.pin):
        Git(inner.top, keep_open).do(*fetch.LOCALLY, other.git_dir, sub.pin, env=kept.LOCAL)
        return
    url = Git(inner.git_dir).ask("config", "--get", "remote.origin.url", allowed=(0, 1)) or sub.url
    chain = f"modules/{inner.git_dir.partition('/modules/')[2]}"
    fetcher = fetch.Fetcher(keep_open, lambda _running: None, fetch.set_aside(pool))
    fetcher.remember(inner.git_dir)
    fetcher.fetch(sub, fetch.origin_of(pool, url, chain), inner.git_dir)


def obtain_pins(pool: Pool, slot: Tree, base: Tree | None, commit: str, keep_open: tuple[int, ...]) -> None:
    """Bring what a commit records into the slot's stores: git merges two pins of which one contains the other, if it has both.

    What cannot be had is a conflict then, as it is to git.
    """
    for sub in declared.read(Git(slot.top), commit):
        inner = slot.inner(sub)
        if inner.is_there:
            try:
                _obtain(pool, sub, inner, keep_open, base.inner(sub) if base is not None else None)
            except WtError:
                continue


def is_forward(slot: Tree, base: Tree | None, path: str, old: str, new: str) -> bool:
    """Whether a pin contains another, as far as the slot's and the base's clone know together; nothing is fetched."""
    store = layout.read_link(f"{slot.top}/{path}")
    if store is None:
        return False
    theirs = layout.read_link(f"{base.top}/{path}") if base is not None else None
    git = Git(
        store, more={"GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(f"{theirs}/objects")} if theirs else None
    )
    try:
        return refs.is_ancestor(git, old, new)
    except GitError:
        return False


def _quoted(path: str) -> str:
    """As git reads a list of object directories: in double quotes, what is special escaped."""
    text = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def foresee(slot: Tree, base: Tree | None, git: Git, old: str, new: str) -> list[str]:
    """Say what happens to submodules of the base's checkout when it goes from a commit to another, or to a tree."""
    before = {one.name: one.pin for one in declared.read(git, old)}
    lines = []
    for sub in declared.read(git, new):
        was = before.get(sub.name, "")
        if sub.pin == was or (was and is_forward(slot, base, sub.path, sub.pin, was)):
            continue
        there = base.inner(sub) if base is not None else None
        if there is not None and there.is_there:
            lines.append(f"bring the submodule {sub.path} to {sub.pin[:12]} in {there.top}")
        elif there is not None and sub.name not in before and slot.inner(sub).is_there:
            lines.append(f"clone the new submodule {sub.path} into {there.top}")
        else:
            lines.append(f"record {sub.pin[:12]} for the submodule {sub.path}")
    return lines


def keep_landed(
    pool: Pool, slot: Tree, base: Tree | None, git: Git, commits: tuple[str, str], keep_open: tuple[int, ...]
) -> None:
    """Before the base goes from one commit to another: pins that it gains and that only the slot's clones have are kept
    for as long as there is a base to record them."""
    for inner, sub, there in _gained(slot, base, git, *commits):
        if (there is None or not there.is_there) and Git(inner.git_dir).ask(
            "rev-list", "-1", sub.pin, "--not", "--remotes"
        ):
            kept.keep_landed(pool, inner.git_dir, sub.pin, keep_open)


def note_landed(slot: Tree, git: Git, commit: str, keep_open: tuple[int, ...]) -> None:
    """After that: what the base records is not this slot's work any more."""
    fetcher = fetch.Fetcher(keep_open, lambda _running: None)
    for sub in declared.read(git, commit):
        inner = slot.inner(sub)
        if inner.head == sub.pin != fetch.pinned(inner.git_dir):
            fetcher.remember(inner.git_dir)
            Git(inner.git_dir, keep_open).do("update-ref", fetch.PIN, sub.pin)
            note_landed(inner, Git(inner.top), sub.pin, keep_open)


def _gained(
    slot: Tree, base: Tree | None, git: Git, old: str, new: str
) -> Iterator[tuple[Tree, Declared, Tree | None]]:
    """Yield the submodules whose pin differs between two commits, and that the slot has, with those inside them."""
    before = {one.name: one.pin for one in declared.read(git, old)} if old else {}
    for sub in declared.read(git, new):
        inner, there = slot.inner(sub), base.inner(sub) if base is not None else None
        was = before.get(sub.name, "")
        if was == sub.pin or not inner.is_there or not fetch.has(inner.git_dir, sub.pin):
            continue
        yield inner, sub, there
        inside = Git(inner.top)
        yield from _gained(
            inner, there, inside, was if was and fetch.has(inner.git_dir, was) else "", sub.pin
        )


class Forward:
    """The submodules of the base's checkout, brought forward before it; `undo` takes that back."""

    def __init__(self, base: Tree, slot: Tree, keep_open: tuple[int, ...]) -> None:
        self.base, self.slot, self.keep_open = base, slot, keep_open
        self._moved: list[tuple[str, str]] = []

    def bring(self, new: str) -> None:
        """Bring them to what `new` records, from the slot's clones; WtError, all as it was, where one cannot be."""
        try:
            self._level(self.base, self.slot, Git(self.slot.top), new)
        except (WtError, GitError):
            self.undo()
            raise

    def undo(self) -> None:
        while self._moved:
            top, head = self._moved.pop()
            Git(top, self.keep_open).do("reset", "-q", "--keep", head)

    def _level(self, base: Tree, slot: Tree, git: Git, new: str) -> None:
        for sub in declared.read(git, new):
            there, here = base.inner(sub), slot.inner(sub)
            if not there.is_there:
                continue
            head = there.head
            if head == sub.pin:  # by a land that died, perhaps before what is inside
                if os.path.lexists(f"{there.top}/.gitmodules"):
                    self._level(there, here, Git(there.top), sub.pin)
                continue
            if not fetch.has(there.git_dir, sub.pin):
                Git(there.top, self.keep_open).do(*fetch.LOCALLY, here.git_dir, sub.pin, env=kept.LOCAL)
            # from the outside in: then one that died has left what the next one takes for its own
            self._one(there, sub, head)
            self._level(there, here, Git(there.top), sub.pin)

    def _one(self, there: Tree, sub: Declared, head: str) -> None:
        git = Git(there.top, self.keep_open)
        attached = refs.branch_of(there.git_dir)
        try:
            if refs.is_ancestor(git, head, sub.pin):
                git.do(*_FORWARD, sub.pin)
            elif attached is None and head == self._recorded_pin(there):
                git.do("checkout", "-q", "--detach", "--no-overwrite-ignore", sub.pin)
            else:
                raise _diverged(there, sub)
        except GitError as error:
            raise WtError(
                f"The base was not moved: its submodule `{there.path.rstrip('/')}` cannot be brought to {sub.pin[:12]}.",
                f"git -C {quoted(there.top)} status",
                details=error.details,
            ) from error
        self._moved.append((there.top, head))

    def _recorded_pin(self, there: Tree) -> str:
        """What the base's checkout records for a submodule of its own; nested ones are somebody's own affair."""
        path = there.path.rstrip("/")
        entry = Git(self.base.top).ask("ls-tree", "-z", "--full-tree", "HEAD", "--", path)
        return entry.partition("\t")[0].split(" ")[-1]

    def clone_new(self, old: str, new: str, tell: Callable[[str], None]) -> None:
        """After the base moved: clone the submodules that it did not have; what fails is said."""
        self._clone_level(self.base, self.slot, Git(self.slot.top), old, new, tell)

    def _clone_level(
        self, base: Tree, slot: Tree, git: Git, old: str, new: str, tell: Callable[[str], None]
    ) -> None:
        before = {one.name: one for one in declared.read(git, old)} if old else {}
        for sub in declared.read(git, new):
            there, here = base.inner(sub), slot.inner(sub)
            was = before[sub.name].pin if sub.name in before else ""
            try:
                if not there.is_there and not was and here.is_there:
                    self._clone(there, here, sub)
                if there.is_there and there.head == sub.pin:
                    self._clone_level(there, here, Git(here.top), was, sub.pin, tell)
            except (WtError, OSError) as error:
                tell(
                    f"the base's submodule `{there.path.rstrip('/')}` could not be cloned: {urls.masked(str(error))}"
                )

    def _clone(self, there: Tree, here: Tree, sub: Declared) -> None:
        url = Git(here.git_dir).ask("config", "--get", "remote.origin.url", allowed=(0, 1)) or sub.url
        if not os.path.isdir(there.git_dir):
            fetcher = fetch.Fetcher(self.keep_open, lambda _running: None)
            staged = f"{here.git_dir}/worktree-pool/for-base-{os.urandom(4).hex()}"
            fetcher.clone(sub, fetch.Origin(url, here.git_dir, tracks=True), there.git_dir, staged)
        if os.path.isdir(there.top) and os.listdir(there.top):
            raise WtError(f"{there.top} holds files")
        stores.link(there.git_dir, there.top)
        Git(there.top, self.keep_open).do("reset", "-q", "--hard", sub.pin)


def _diverged(there: Tree, sub: Declared) -> WtError:
    return WtError(
        f"The base was not moved: its submodule `{there.path.rstrip('/')}` has commits that {sub.pin[:12]} does not have.",
        f"to see both: git -C {quoted(there.top)} log --oneline --graph HEAD {sub.pin[:12]}",
    )
