"""The stores of a slot's submodules: where they are, which directory each belongs to, and the links between the two.

`<admin dir>/modules/<name>` is a repository whose `core.worktree` names its directory, which has a `.git` file that names
the store. A renamed slot makes every core.worktree stale; both are healed here, whatever they say, at every depth.
"""

from __future__ import annotations

import os

from wt import files
from wt.git import layout
from wt.model import record, replaced
from wt.pool import gitlocks, giveback, parked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wt.model import Slot
    from wt.pool.location import Pool

_SPECIAL = frozenset('#;"\\')


@record
class Store:
    """One store. `top` is its directory, None where it is checked out nowhere; `parked`: that is not in the slot now.

    `above` is the directory of the slot, or submodule, that it is part of (None where that is checked out nowhere).
    """

    name: str
    git_dir: str
    top: str | None
    above: str | None
    parked: bool = False
    said: str | None = None  # its core.worktree, as it was found

    @property
    def path(self) -> str | None:
        """Where it is in what it is part of; None where it is not there now."""
        if self.top is None or self.above is None or self.parked:
            return None
        return os.path.relpath(self.top, self.above)

    @property
    def words(self) -> str:
        """What people are told: names down to this one."""
        return _inside(self.git_dir).partition("/modules/")[2].replace("/modules/", "/")


def exist(slot: Slot) -> bool:
    """Whether a slot ever had a submodule: one look, for the verbs that must be fast."""
    return slot.admin is not None and os.path.isdir(f"{slot.admin}/modules")


def of_slot(slot: Slot) -> Iterator[Store]:
    """Yield the stores of a slot, outer before inner."""
    return walk(slot.admin_dir, slot.path, _root(slot))


def _root(slot: Slot) -> str | None:
    return None if slot.path is None else os.path.dirname(slot.path)


def walk(git_dir: str, above: str | None, root: str | None) -> Iterator[Store]:
    for one in directly_in(git_dir, above, root):
        yield one
        yield from walk(one.git_dir, one.top, root)


def directly_in(git_dir: str, above: str | None, root: str | None) -> Iterator[Store]:
    """Yield the stores of one repository, not those inside them; `root` is the pool root."""
    modules = f"{git_dir}/modules"
    for name in names(modules, ""):
        store = f"{modules}/{name}"
        said = worktree_setting(store)
        top = directory_of(store, above, said or "")
        place = parking_place(root, store) if top is None and root is not None else None
        if place is not None and leads_to(place, store):
            yield Store(name, store, place, above, parked=True, said=said)
        else:
            yield Store(name, store, top, above, said=said)


def parking_place(root: str, store: str) -> str:
    """Where the directory of a submodule waits that the slot's commit does not have: beside the slots, so that it can be renamed."""
    admin, _, inside = _inside(store).partition("/")
    return parked.place(root, admin, inside)


def staging(slot: Slot) -> str:
    """Where stores are born, and go to be removed: what is found there is of no use to anybody."""
    return f"{slot.admin}/worktree-pool/submodules"


def names(modules: str, prefix: str) -> Iterator[str]:
    """Yield the names of stores that begin with a prefix (empty, or with a slash at its end).

    A name may hold slashes: what is no repository is looked into.
    """
    for entry in files.list_subdirectories(f"{modules}/{prefix}" if prefix else modules):
        name = f"{prefix}{entry}"
        if is_one(f"{modules}/{name}"):
            yield name
        else:
            yield from names(modules, f"{name}/")


def is_one(directory: str) -> bool:
    """Whether a directory is a store, or what is left of one."""
    return any(os.path.lexists(f"{directory}/{part}") for part in ("HEAD", "config", "objects"))


def is_sound(git_dir: str) -> bool:
    """Whether a store is a repository with a HEAD: what a clone that died left is not."""
    there = all(os.path.isdir(f"{git_dir}/{name}") for name in ("objects", "refs"))
    ref, sha = layout.head(git_dir)
    return there and (ref is not None or sha is not None)


def remove_dead_locks(git_dir: str) -> None:
    """Remove the lock files of gits that died in a store; the caller holds its slot's mutex.

    A fetch over the network does not hold that mutex: a lock of refs or config that a git still uses stays.
    """
    giveback.remove_dead_locks(git_dir)
    names = ("config.lock", "packed-refs.lock", "packed-refs.new", "shallow.lock")
    own = [*(f"{git_dir}/{name}" for name in names), *gitlocks.of_tables(git_dir)]
    of_refs = [
        f"{directory}/{name}"
        for directory, _names, plain in os.walk(f"{git_dir}/refs")
        for name in plain
        if name.endswith(".lock")
    ]
    gitlocks.remove([path for path in (*own, *of_refs) if os.path.lexists(path)], lambda _sentence: None)


def as_pool(pool: Pool, store: str) -> Pool:
    """Return the pool that a store is to the code which works on a slot's refs and commits."""
    return replaced(pool, common=store)


def as_slot(slot: Slot, top: str, store: str) -> Slot:
    """Return the slot that a submodule is to the code which works on a slot's files."""
    return replaced(slot, path=top, admin=store)


# --- which directory a store belongs to


def directory_of(store: str, above: str | None, said: str) -> str | None:
    """Return the directory whose `.git` file names a store: where core.worktree says, or anything like it, below `above`."""
    if above is None:
        return None
    said_path = os.path.normpath(os.path.join(store, said))
    if said and f"{said_path}/".startswith(f"{above}/") and leads_to(said_path, store):
        return said_path
    return next((path for path in _guesses(said, store, above) if leads_to(path, store)), None)


def _guesses(said: str, store: str, above: str) -> Iterator[str]:
    """A stale path has the true one as its end; one that says nothing leaves what .gitmodules declares."""
    parts = [part for part in said.split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        yield f"{above}/{'/'.join(parts[start:])}"
    for line in (files.read_text(f"{above}/.gitmodules") or "").split("\n"):
        key, equals, value = line.partition("=")
        if equals and key.strip().lower() == "path":
            yield os.path.normpath(f"{above}/{_unescaped(value.strip())}")
    yield f"{above}/{store.rpartition('/modules/')[2]}"


def leads_to(directory: str, store: str) -> bool:
    """Whether a directory's `.git` names the store, or would if the link were not broken by a move."""
    text = files.read_text(f"{directory}/.git", 8192)
    if text is None or not text.startswith("gitdir: "):
        return False
    target = os.path.normpath(os.path.join(directory, text[8:].rstrip("\r\n")))
    if target == store:
        return True
    if os.path.isdir(target):
        return os.path.realpath(target) == os.path.realpath(store)
    return _inside(target) == _inside(store)


def _inside(git_dir: str) -> str:
    """Return what follows the admin dir's own name: the same before and after anything above was moved."""
    return git_dir.rpartition("/worktrees/")[2]


# --- links


def disagree(slot: Slot) -> bool:
    """Whether a store's core.worktree, or a directory's link, is not what it should be."""
    return any(_is_stale(one) for one in of_slot(slot))


def _is_stale(store: Store) -> bool:
    return store.said is not None if store.top is None else _wanted_setting(store, store.said) is not None


def repair(slot: Slot) -> None:
    """Make every store of a slot name its directory, and be named by it; inner ones once the outer ones are right."""
    for one in of_slot(slot):
        repair_one(one)


def repair_one(store: Store) -> None:
    said = worktree_setting(store.git_dir)
    if store.top is None:
        if said is not None:  # git goes there first, and fails
            set_worktree(store.git_dir, None)
        return
    wanted = _wanted_setting(store, said)
    if wanted is not None:
        set_worktree(store.git_dir, wanted)
    text = files.read_text(f"{store.top}/.git", 8192) or ""
    target = text[8:].rstrip("\r\n")
    if os.path.normpath(os.path.join(store.top, target)) != store.git_dir and not _is_another_way(
        store, target
    ):
        made = store.git_dir if target.startswith("/") else os.path.relpath(store.git_dir, store.top)
        _write_link(store.git_dir, store.top, made)


def _is_another_way(store: Store, target: str) -> bool:
    """Whether a link leads to its store by way of a symlink: then it is left as it is."""
    return os.path.realpath(os.path.join(store.top or "", target)) == os.path.realpath(store.git_dir)


def link(store: str, top: str) -> None:
    """Make an empty directory (or one without a `.git`) that of a store."""
    files.make_directory(top)
    set_worktree(store, os.path.relpath(top, store))
    _write_link(store, top, os.path.relpath(store, top))


def _write_link(store: str, top: str, target: str) -> None:
    """Write a directory's `.git`; what a kill leaves is in the store, where recovery looks, if that is on the same file system."""
    files.remove_leftovers(top)
    scratch = store if os.stat(store).st_dev == os.stat(top).st_dev else None
    files.replace_text(f"{top}/.git", f"gitdir: {target}\n", scratch=scratch)


def _wanted_setting(store: Store, said: str | None) -> str | None:
    """Return what core.worktree should be, in the form that it has; None where it is that."""
    if store.top is None or (said and os.path.normpath(os.path.join(store.git_dir, said)) == store.top):
        return None
    wanted = store.top if said and said.startswith("/") else os.path.relpath(store.top, store.git_dir)
    return None if said == wanted else wanted


def worktree_setting(git_dir: str) -> str | None:
    """Return core.worktree, as it is written."""
    found = worktree_in(files.read_text(f"{git_dir}/config.worktree") or "")
    return found if found is not None else worktree_in(files.read_text(f"{git_dir}/config", 1 << 22) or "")


def _config_of(git_dir: str) -> str:
    """`git sparse-checkout` moves core.worktree to a file of its own."""
    own = f"{git_dir}/config.worktree"
    return own if worktree_in(files.read_text(own) or "") is not None else f"{git_dir}/config"


def worktree_in(text: str) -> str | None:
    """Return core.worktree of a config file's text, None where it has none."""
    found, core = None, False
    if "worktree" not in text.lower():
        return None
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("["):
            core = stripped.lower().replace(" ", "") == "[core]"
        elif core and (value := _value_of(stripped)) is not None:
            found = value
    return found


def _value_of(line: str) -> str | None:
    key, equals, value = line.partition("=")
    return _unescaped(value.strip()) if equals and key.strip().lower() == "worktree" else None


def set_worktree(git_dir: str, path: str | None) -> None:
    """Write (None: take out) core.worktree into a store's config, the whole file replaced: its slot is ours at this moment."""
    config = _config_of(git_dir)
    files.replace_text(config, with_worktree(files.read_text(config, 1 << 22) or "", path))


def with_worktree(text: str, path: str | None) -> str:
    """Return a config file's text with exactly this core.worktree."""
    lines, core = [], False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("["):
            core = stripped.lower().replace(" ", "") == "[core]"
        if not (core and _value_of(stripped) is not None):
            lines.append(line)
    if path is None:
        return "\n".join(lines)
    entry = f"\tworktree = {written(path)}"
    for number, line in enumerate(lines):
        if line.strip().lower().replace(" ", "") == "[core]":
            return "\n".join([*lines[: number + 1], entry, *lines[number + 1 :]])
    return f"[core]\n{entry}\n" + "\n".join(lines)


def written(value: str) -> str:
    """Return a value as git writes it (git-config(1), Syntax)."""
    if not _SPECIAL.intersection(value) and value == value.strip() and value.isprintable():
        return value
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        value = value.replace(plain, written)
    return f'"{value}"'


def _unescaped(value: str) -> str:
    if "\\" not in value and '"' not in value:
        return value
    out, escaped = [], False
    for character in value:
        if escaped:
            out.append({"n": "\n", "t": "\t"}.get(character, character))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character != '"':
            out.append(character)
    return "".join(out)
