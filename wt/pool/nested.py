"""Repositories of their own inside of a slot: no commit can hold them, so they are moved to the pool's `.meta/kept/`.

One rename(2) each, so that a repository is at one of the two places whole, whenever the process dies.
"""

from __future__ import annotations

import os

from wt import files, times
from wt.errors import WtError, quoted
from wt.git import layout
from wt.model import replaced
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wt.git.run import Git
    from wt.git.status import Status
    from wt.model import Slot
    from wt.pool.keep import Label
    from wt.pool.location import Pool


def directory(pool: Pool) -> str:
    return f"{pool.real}/.meta/kept"


def places(pool: Pool, slot: Slot, label: Label, paths: Iterable[str], inside: str = "") -> dict[str, str]:
    """Return for each repository (a path in the slot) where it is to go; WtError where one must not be moved.

    `inside` is the submodule that the slot is, as stores.Store.words.
    """
    found = {}
    moment = f"{times.compact(label.moment)}-{label.hold[:8]}"
    for path in paths:
        full = f"{slot.directory}/{path.rstrip('/')}"
        _refuse_known_elsewhere(full)
        place = os.path.join(directory(pool), names.slug(label.name), moment, inside, path.rstrip("/"))
        if os.path.lexists(place):
            raise WtError(f"`{full}` cannot be set aside: {place} is there already; nothing was dropped.",
                          f"to move it away: mv {quoted(full)} ~/")  # fmt: skip
        found[path.rstrip("/")] = place
    return found


def moved_from(pool: Pool, path: str) -> list[str]:
    """Return the repositories that were moved away from a path of a slot, whoever held it."""
    top = directory(pool)
    places = (
        f"{top}/{name}/{moment}/{path}"
        for name in files.list_directory(top)
        for moment in files.list_directory(f"{top}/{name}")
    )
    return [place for place in places if layout.at(place) is not None]


def _refuse_known_elsewhere(full: str) -> None:
    """A git dir that lies elsewhere may know its worktree by this very path; a copy of a worktree is known nowhere."""
    target = layout.read_link(full)
    if target is not None and layout.back_pointer(target) == full:
        raise WtError(f"`{full}` is a worktree of another repository, which cannot be set aside; nothing was dropped.",
                      f"to move it away: git -C {quoted(full)} worktree move . ~/{quoted(os.path.basename(full))}")  # fmt: skip
    if target is not None and _worktree_of(target) == full:
        raise WtError(f"`{full}` is the worktree of {target}, which knows it by this place; nothing was dropped.",
                      f"to see what is in it: git -C {quoted(full)} status")  # fmt: skip


def _worktree_of(git_dir: str) -> str | None:
    """Where a git dir that is not `.git` itself says that its files are."""
    from wt.pool.submodules import stores

    said = stores.worktree_setting(git_dir)
    return os.path.normpath(os.path.join(git_dir, said)) if said else None


def _is_submodule(slot: Slot, path: str) -> bool:
    """Whether a directory is a submodule that somebody added by hand; a copy of one is not."""
    full = f"{slot.directory}/{path.rstrip('/')}"
    target = layout.read_link(full) or ""
    return target.startswith(f"{slot.admin}/modules/") and _worktree_of(target) == full


def told_apart(
    pool: Pool, slot: Slot, label: Label, found: Status, inside: str = ""
) -> tuple[Status, dict[str, str]]:
    """Return what a look found without the repositories that are untracked in the slot, and where those are to go.

    Submodules stay: theirs is the business of wt/pool/submodules.
    """
    homes = tuple(path for path in found.untracked if path.endswith("/"))
    moves = places(pool, slot, label, [path for path in homes if not _is_submodule(slot, path)], inside)
    return replaced(
        found, untracked=tuple(path for path in found.untracked if not path.startswith(homes))
    ), moves


def among_tracked(git: Git) -> list[str]:
    """Return the repositories that no list of untracked files has: one at a gitlink, whole; of one among tracked files its store."""
    found = {}
    for line in git.ask_fields("ls-files", "-s", "-z"):
        meta, _, path = line.partition("\t")
        if meta.startswith("160000"):
            found[path] = f"{path}/"
        while (path := os.path.dirname(path)) and path not in found:
            found[path] = f"{path}/.git/"
    return [place for top, place in found.items() if os.path.isdir(f"{git.cwd}/{top}/.git")]


def move(slot: Slot, moves: Mapping[str, str]) -> None:
    """Move them, and remove the directories that this leaves empty."""
    for path, place in moves.items():
        files.ensure_directory(os.path.dirname(place), 0o700)
        files.rename(f"{slot.directory}/{path}", place)
        files.sync_directory(os.path.dirname(place))
        above = os.path.dirname(path)
        while above and files.remove_directory(f"{slot.directory}/{above}"):
            above = os.path.dirname(above)


def drop(pool: Pool, gone: set[str], stay: set[str]) -> None:
    """Remove the repositories of refs that are about to go; what another ref of the same name and moment names stays."""
    from wt.pool.kept import parse_ref

    alive = {parse_ref(ref) for ref in stay}
    for name, moment in {parsed for ref in gone if (parsed := parse_ref(ref)) is not None} - alive:
        top = f"{directory(pool)}/{names.slug(name)}"
        for entry in files.list_directory(top):
            if entry.partition("-")[0] == moment:
                files.remove_tree(f"{top}/{entry}")
        files.remove_directory(top)
