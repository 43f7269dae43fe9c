"""A land that died while the base's checkout was being moved from A to B is finished here (contract section 9).

Only paths whose content is A's, B's or torn between them are touched; anything else is somebody's edit and stops it.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, again, quoted
from wt.git import refs, status
from wt.git.run import Git
from wt.model import record
from wt.pool import gitlocks, sourcelock
from wt.session.land import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.session.land.move import Move


@record
class Change:
    """One path that differs between A and B; an object id of zeros means that it is not there."""

    path: str
    old: str
    new: str
    new_mode: str


def unfinished(pool: Pool, journal: str, keep: tuple[int, ...], tell: Callable[[str], None]) -> None:
    """Finish what a dead land's journal records; the caller holds the land lock, and the slot's mutex for a slot's."""
    files.remove_leftovers(os.path.dirname(journal))
    found = move.read(journal)
    if found is not None and found.old != found.new and os.path.isdir(found.checkout):
        _finish(pool, found, keep, tell)
    if os.path.lexists(journal):
        files.unlink(journal)


def unfinished_in(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """The same for the journal of a slot, whose mutex the caller holds."""
    journal = move.journal_of_slot(slot.admin_dir)
    found = move.read(journal)
    if found is not None and found.old == found.new:
        from wt.session.land import torn

        torn.undo(pool, slot, held, found, tell)
    unfinished(pool, journal, (held.descriptor,), tell)


def _finish(pool: Pool, journal: Move, keep: tuple[int, ...], tell: Callable[[str], None]) -> None:
    git = Git(journal.checkout, keep)
    tip = refs.resolve(git, journal.ref)
    if tip != journal.old and _settled(git, journal, tip):
        _go_on(pool, git, journal, tip)
        return
    if tip not in (journal.old, journal.new, journal.end):
        if status.read(
            git, untracked="no", submodules="all"
        ).clean:  # whoever moved the branch on put the files right
            return
        raise _stop(journal, [f"{journal.branch} has moved on to {tip[:12]}"])
    gitlocks.remove(gitlocks.of_worktree(git.ask("rev-parse", "--absolute-git-dir")), tell)
    changes = _changes(git, journal)
    git.start_refresh("update-index", "-q", "--refresh").wait()
    if tip == journal.old and _untouched(git, journal, changes):
        return
    foreign = _staged_by_others(git, journal, changes)
    names = {one.path for one in changes}
    foreign += [one.path for one in changes if not _between(git, one, names)]
    if foreign:
        raise _stop(journal, foreign)
    _write(git, journal, changes)
    _go_on(pool, git, journal, tip)
    tell(f"a land that died is finished: {journal.branch} is at {journal.end[:12]} in {journal.checkout}.")


def _go_on(pool: Pool, git: Git, journal: Move, tip: str) -> None:
    """The files are B's: the branch follows, to what comes after B where something does."""
    if tip != journal.end and tip in (journal.old, journal.new):
        with sourcelock.of_ref(pool, git.keep, journal.ref) as source:
            source.do("update-ref", "-m", "wt: land, finished", journal.ref, journal.end, tip)


def _settled(git: Git, journal: Move, tip: str) -> bool:
    """Whether git was done: it moves the ref last, after files and index; what came later is not ours."""
    if tip in (journal.new, journal.end):
        return git.ask_ok("diff-index", "--cached", "--quiet", "--no-ext-diff", journal.new)
    return refs.is_ancestor(git, journal.new, tip)


def _stop(journal: Move, what: list[str]) -> WtError:
    error = WtError(
        f"A land died while it moved {journal.checkout} from {journal.old[:12]} to {journal.new[:12]}, and somebody changed "
        "files there since; nothing was touched.", details="\n".join(what[:20]),
    )  # fmt: skip
    return error.hint(f"to put the changes aside: git -C {quoted(journal.checkout)} stash", again("then"))


def _changes(git: Git, journal: Move) -> list[Change]:
    fields = git.ask_fields("diff-tree", "-r", "-z", "--no-renames", journal.old, journal.new)
    found = []
    for meta, path in zip(fields[0::2], fields[1::2], strict=True):
        _mode, new_mode, old, new, _kind = meta.removeprefix(":").split(" ")
        found.append(Change(path, old, new, new_mode))
    return found


def _untouched(git: Git, journal: Move, changes: list[Change]) -> bool:
    """Whether index and files are still A's: the land died before git began.

    A file that B adds and that is there already is git's work, or somebody's own: then git would have refused to begin.
    """
    if not git.ask_ok("diff-index", "--quiet", "--no-ext-diff", journal.old, "--"):
        return False
    there = [one for one in changes if not one.old.strip("0") and os.path.lexists(f"{git.cwd}/{one.path}")]
    names = {one.path for one in changes}
    return not there or not all(_between(git, one, names) for one in there)


def _staged_by_others(git: Git, journal: Move, changes: list[Change]) -> list[str]:
    ours = {one.path for one in changes}
    staged = git.ask_fields("diff-index", "--cached", "-z", "--name-only", "--no-renames", journal.old)
    differ = set(git.ask_fields("diff-index", "--cached", "-z", "--name-only", "--no-renames", journal.new))
    return [path for path in staged if path not in ours or path in differ]


def _between(git: Git, one: Change, changes: set[str]) -> bool:
    """Whether a path's content is A's, B's, gone, or a beginning of B's (git writes a new file from its start).

    Behind a link or below a file there is nothing of ours: what stands there is judged itself, or is somebody's.
    """
    full = f"{git.cwd}/{one.path}"
    if not files.is_reached(git.cwd, one.path):
        parts = one.path.split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        there = [
            path
            for path in above
            if os.path.islink(f"{git.cwd}/{path}") or os.path.isfile(f"{git.cwd}/{path}")
        ]
        return not there or there[0] in changes
    if not os.path.lexists(full) or one.new_mode == "160000":
        return True
    if os.path.islink(full):
        return git.ask("hash-object", "--stdin", data=os.fsencode(os.readlink(full))) in (one.old, one.new)
    if os.path.isdir(full):
        return False
    if git.ask("hash-object", f"--path={one.path}", "--", full) in (one.old, one.new):
        return True
    if not one.new.strip("0"):
        return False
    wanted = git.start("cat-file", "--filters", f"--path={one.path}", one.new).answer()
    return wanted.startswith((files.read_text(full, 1 << 30) or "").encode("utf-8", "surrogateescape"))


def _write(git: Git, journal: Move, changes: list[Change]) -> None:
    git.do("read-tree", journal.new)
    for one in changes:
        if not one.new.strip("0") and files.is_reached(git.cwd, one.path):
            files.unlink(f"{git.cwd}/{one.path}")
    written = "".join(f"{one.path}\0" for one in changes if one.new.strip("0"))
    if written:
        git.do("checkout-index", "-f", "-q", "-z", "--stdin", data=written.encode("utf-8", "surrogateescape"))
    git.start_refresh("update-index", "-q", "--refresh").wait()
