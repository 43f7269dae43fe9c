"""Step 6 of acquire: a slot's files become those of a commit, and nothing that lay there is lost for it.

A slot that is known to be at the commit is verified, not rewritten. On a race with somebody who edits an idle slot the
verb is one of git's that refuses (`checkout --no-overwrite-ignore`), not one that overwrites.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, quoted
from wt.git import alive, layout, refs, status, worktrees
from wt.git.run import Git
from wt.model import Slot, replaced
from wt.pool import giveback, keep
from wt.pool.look import Clean, Look, is_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

_TRIES = 3


def checkout(
    pool: Pool,
    slot: Slot,
    mutex: Mutex,
    sha: str,
    tell: Callable[[str], None],
    look: Look | Clean | None = None,
) -> None:
    """Make HEAD (detached), index and tracked files of a slot those of `sha`; what is in the way is set aside.

    `look` is a look at this slot that began under its mutex.
    """
    git = Git(slot.directory, (mutex.descriptor,))
    if is_fresh(slot):
        giveback.remove_dead_locks(slot.admin_dir)
        _reset(pool, slot, git, sha, tell)
        return
    found, hidden = (look or Look(git, pool.config)).answer()
    # not before: a look of ours that is under way has a lock file that is not dead
    giveback.remove_dead_locks(slot.admin_dir)
    _end_operation(pool, slot, git)
    _clear_away(pool, slot, git, found, hidden, tell)
    _switch(pool, slot, git, sha, tell)


def _end_operation(pool: Pool, slot: Slot, git: Git) -> None:
    """A merge that somebody began in an idle slot, or what a reset there left behind, is not the next holder's."""
    if worktrees.operation(slot.admin_dir) is not None or os.path.lexists(f"{slot.admin}/ORIG_HEAD"):
        keep.of_slot(pool, slot, git, _label(slot), None)
        giveback.clear_operation_state(slot.admin_dir)


def _clear_away(
    pool: Pool,
    slot: Slot,
    git: Git,
    found: status.Status,
    hidden: tuple[str, ...] | None,
    tell: Callable[[str], None],
) -> None:
    """Set aside and undo tracked changes; with `recycle: clean` untracked files, too. Ignored files survive."""
    found = _without_ours(git.cwd, found) if found.moved else found
    if found.clean and hidden is None:
        return
    covered = buried(git.cwd, (*found.tracked, *found.conflicted))
    every = replaced(found, untracked=(*found.untracked, *covered))
    set_aside(pool, slot, git, every, tell, hidden or ())
    if hidden is not None:
        status.unhide(git)
    put_back(git, every, hidden)
    files.unlink(f"{slot.admin}/ORIG_HEAD")  # of the reset just done


def _without_ours(top: str, found: status.Status) -> status.Status:
    """A submodule at a commit that an acquire brought it to, but the slot's commit does not have: one died between the two."""
    from wt.pool.submodules.bring import head_is_ours

    ours = {path for path in found.moved if head_is_ours(top, path)}
    tracked = tuple(path for path in found.tracked if path not in ours)
    return replaced(found, tracked=tracked)


def put_back(git: Git, kept: status.Status, hidden: tuple[str, ...] | None) -> None:
    """Make of exactly the files that were kept what HEAD says; what somebody else changes meanwhile stays.

    With hidden bits (None: there were none), files that a sparse checkout left out are to be there again.
    """
    drop(git.cwd, kept.untracked)
    changed = [*kept.tracked, *kept.conflicted, *(hidden or ())]
    if not changed and hidden is None:
        return
    git.do("reset", "-q")
    recorded = set(git.ask_fields("ls-files", "-z"))
    drop(git.cwd, [path for path in changed if path not in recorded])
    lost = git.ask_fields("ls-files", "-d", "-z") if hidden is not None else []
    back = "".join(f"{path}\0" for path in dict.fromkeys((*changed, *lost)) if path in recorded)
    if back:
        git.do(
            "checkout-index", "-f", "-u", "-q", "-z", "--stdin", data=back.encode("utf-8", "surrogateescape")
        )


def drop(top: str, paths: Iterable[str]) -> None:
    """Remove files that were set aside, and the directories that this leaves empty."""
    for path in paths:
        full = f"{top}/{path}"
        if files.is_reached(top, path) and (os.path.islink(full) or not os.path.isdir(full)):
            files.unlink(full)
            above = os.path.dirname(path)
            while above and files.remove_directory(f"{top}/{above}"):
                above = os.path.dirname(above)


def _switch(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    _ref, here = layout.head(slot.admin_dir)
    if here == sha:
        return
    keep.commits(pool, git, _label(slot), [here] if here else [])
    for left in reversed(range(_TRIES)):
        try:
            git.do("checkout", "-q", *alive.flag(), "--detach", "--no-overwrite-ignore", sha)
        except GitError as error:
            if error.returncode != 1 or not left:  # it failed in the middle, or somebody keeps editing
                raise
        else:
            return
        _make_way(pool, slot, git, sha, tell)


def _make_way(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    """Git refuses: untracked files are in the way, or somebody changed tracked ones since they were looked at."""
    found, hidden = Look(git, pool.config).answer()
    _clear_away(pool, slot, git, found, hidden, tell)
    blocking = obstacles(git, sha)
    if blocking:
        set_aside(pool, slot, git, status.Status(untracked=tuple(blocking)), tell)
        drop(git.cwd, blocking)


def _reset(pool: Pool, slot: Slot, git: Git, sha: str, tell: Callable[[str], None]) -> None:
    """Write a commit over whatever is there, after setting aside the files that are in its way."""
    blocking = obstacles(git, sha)
    if blocking:
        set_aside(pool, slot, git, status.Status(untracked=tuple(blocking)), tell)
    git.do("reset", *(() if alive.wanted() else ("-q",)), "--hard", sha)
    refs.detach_head(git, slot.admin_dir, sha)
    files.unlink(f"{slot.admin}/ORIG_HEAD")


def set_aside(
    pool: Pool,
    slot: Slot,
    git: Git,
    found: status.Status,
    tell: Callable[[str], None],
    hidden: tuple[str, ...] = (),
) -> None:
    """What lay in an idle slot goes under the slot's id: nobody held it. Not so what a test of ours left (`discard`)."""
    if pool.config.recycle == "discard":
        return
    from wt.pool import kept, snapshot

    ref = snapshot.uncommitted(pool, slot, git, _label(slot), found, hidden)
    if ref is not None:
        back = f"wt restore {quoted(kept.word_of(ref))} --pool {quoted(pool.key)} --as from-{slot.slot}"
        tell(f"{slot.slot} had changes that nobody held; they are set aside: {back}")


def _label(slot: Slot) -> keep.Label:
    return keep.Label(
        slot.slot, slot.lock.started_at if slot.lock else "", slot.lock.nonce if slot.lock else ""
    )


def buried(top: str, changed: tuple[str, ...]) -> list[str]:
    """Return the files that restoring changed tracked paths would bury: a directory stands in a file's place, or a file in a directory's."""
    tracked = set(changed)
    return [found for path in changed for found in in_way(top, path, tracked) if found not in tracked]


def obstacles(git: Git, sha: str) -> list[str]:
    """Return the untracked and ignored files that checking out `sha` would overwrite or remove."""
    if os.listdir(git.cwd) == [".git"]:
        return []
    tracked = set(git.ask_fields("ls-files", "-z"))
    found: list[str] = []
    for path in git.ask_fields("ls-tree", "-r", "-z", "--name-only", "--full-tree", sha):
        if path not in tracked:
            found.extend(in_way(git.cwd, path, tracked))
    return list(dict.fromkeys(found))


def obstacles_between(git: Git, old: str, new: str) -> list[str]:
    """Return the same for going from `old`, which index and files are at, to `new`: it looks only at what differs."""
    fields = git.ask_fields("diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new)
    added = [path for kind, path in zip(fields[0::2], fields[1::2], strict=True) if kind == "A"]
    gone = set(fields[1::2]).difference(added)
    return list(dict.fromkeys(found for path in added for found in in_way(git.cwd, path, gone)))


def in_way(top: str, path: str, tracked: set[str]) -> list[str]:
    """Look at a path and at each directory above it: a file or a link in the place of one of these is in the way."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        if os.path.islink(f"{top}/{above}") or os.path.isfile(f"{top}/{above}"):
            return [] if above in tracked else [above]
    full = f"{top}/{path}"
    if os.path.isdir(full) and not os.path.islink(full):
        return [name for name in _files_below(top, path) if name not in tracked]
    return [path] if os.path.lexists(full) else []


def _files_below(top: str, path: str) -> list[str]:
    found: list[str] = []
    for directory, names, plain in os.walk(f"{top}/{path}"):
        if ".git" in (
            *names,
            *plain,
        ):  # a repository of its own, a submodule for one: its files are not this one's
            names.clear()
            continue
        links = [name for name in names if os.path.islink(f"{directory}/{name}")]
        found.extend(os.path.relpath(f"{directory}/{name}", top) for name in (*plain, *links))
    return found
