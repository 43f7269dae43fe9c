"""What the verdict asks of submodules (section 11): an operation under way, changes, commits that no landed pin holds."""

from __future__ import annotations

from wt.git import layout, refs, status, worktrees
from wt.git.run import Git
from wt.model import record
from wt.pool import keep
from wt.pool.submodules import fetch, stores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wt.model import Slot
    from wt.pool.submodules.stores import Store


@record
class Inside:
    """One submodule with something in it: its path in the slot, the reason's word (busy, dirty, unlanded), and why."""

    path: str
    reason: str
    why: str


def look(slot: Slot, landed: list[str]) -> list[Inside]:
    """Return what stands in the way of recycling, busy ones first; `landed` are the slot's commits that the base has."""
    found = list(_looked(slot, slot.admin_dir, slot.directory, "", landed))
    return sorted(found, key=lambda one: ("busy", "unlanded", "dirty").index(one.reason))


def _looked(slot: Slot, git_dir: str, top: str, above: str, landed: list[str]) -> Iterator[Inside]:
    for one in stores.directly_in(git_dir, top, None):
        if one.top is None or one.path is None:
            continue
        path = f"{above}{one.path}"
        pins = _pins(Git(top), one.path, landed)
        yield from _of_one(slot, one, path, pins)
        yield from _looked(slot, one.git_dir, one.top, f"{path}/", pins)


def _of_one(slot: Slot, one: Store, path: str, pins: list[str]) -> Iterator[Inside]:
    operation = worktrees.operation(one.git_dir)
    if operation is not None:
        yield Inside(path, "busy", f"a {operation.name} is in progress in {path}")
    count = sum(1 for tip in _tips(slot, one) if not _is_held(one.git_dir, tip, pins))
    if count:
        yield Inside(path, "unlanded", f"{path} has commits that no landed commit records")
    changed = _changed(str(one.top))
    if changed:
        yield Inside(path, "dirty", f"{changed} changed or untracked in {path}")


def _tips(slot: Slot, one: Store) -> set[str]:
    """HEAD, and the branch of the slot's name."""
    ref, sha = layout.head(one.git_dir)
    name = slot.name or ""
    found = {sha, keep.branch_tip(one.git_dir, ref) if ref else None}
    found.add(refs.read_file(one.git_dir, f"refs/heads/{name}") if name else None)
    return {tip for tip in found if tip}


def _is_held(store: str, tip: str, pins: list[str]) -> bool:
    """Whether an acquire brought a commit here, or a landed pin has it; a pin that is not here cannot be asked."""
    if tip == fetch.pinned(store) or tip in pins:
        return True
    here = [pin for pin in pins if fetch.has(store, pin)]
    return not Git(store).ask("rev-list", "-1", tip, "--not", f"--glob={fetch.PIN}*", *here)


def _pins(git: Git, path: str, commits: list[str]) -> list[str]:
    """Return what those of some commits that are here record for a path."""
    found = []
    for commit in commits:
        entry = git.ask("ls-tree", "-z", "--full-tree", commit, "--", path, allowed=(0, 128))
        meta = entry.partition("\t")[0].split(" ")
        if meta[0] == "160000":
            found.append(meta[2])
    return list(dict.fromkeys(found))


def _changed(top: str) -> int:
    """The submodule's own configuration may hide untracked files from the slot's status; and bits may hide edits."""
    git = Git(top)
    looking = git.start(*status.arguments(untracked="normal", submodules="dirty"))
    hidden = status.hidden_edits(git) if status.has_hidden(git.start("ls-files", "-v", "-z").answer()) else ()
    found = status.answered(looking)
    return len(found.tracked) + len(found.conflicted) + len(found.untracked) + len(hidden)
