"""What the pool says of itself: the rows of `ls`, and `inspect` (contract section 3). Answers, never effects."""

from __future__ import annotations

import time

from wt.errors import GitError
from wt.git import layout, status
from wt.git.run import Git
from wt.model import Slot, record
from wt.pool import choose, keep, lock, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool

_RANK = {"held": 0, "acquiring": 0, "releasing": 0, "idle": 1, "fresh": 2, "broken": 3}


@record
class Row:
    """One line of `ls`; what is not there is None. `age_s` is in whole seconds since `started_at`."""

    id: str
    state: str
    name: str | None
    branch: str | None
    group: str | None
    sha: str | None
    full_sha: str | None
    path: str | None
    layout: str
    started_at: str | None
    age_s: int | None


def rows(pool: Pool) -> list[tuple[Row, Slot]]:
    """Return every slot, in contract order: held, idle, fresh (up to max_slots a group), broken."""
    seen = survey.take(pool)
    slots = list(seen.slots)
    for group in pool.groups:
        slots.extend(choose.fresh(pool, seen, group))
    order = {group: place for place, group in enumerate(pool.groups)}
    slots.sort(key=lambda slot: (_RANK[slot.state], order.get(slot.group, 0), slot.number))
    return [(row(pool, slot), slot) for slot in slots]


def row(pool: Pool, slot: Slot) -> Row:
    held = slot.lock
    age = None if held is None or slot.admin is None else max(0, int(time.time() - lock.since(slot)))
    branch, sha = _head(pool, slot)
    return Row(
        id=slot.slot, state=slot.state, name=held.name if held else None, branch=branch,
        group=slot.group, sha=sha, full_sha=held.full_sha if held else None, path=slot.path,
        layout=held.layout if held else pool.config.layout, started_at=held.started_at if held else None, age_s=age,
    )  # fmt: skip


def _head(pool: Pool, slot: Slot) -> tuple[str | None, str | None]:
    """Return branch and commit of a slot's HEAD; one that cannot be read hides no other slot."""
    if slot.admin is None:
        return None, None
    try:
        ref, sha = layout.head(slot.admin)
        branch = ref[11:] if ref and ref.startswith("refs/heads/") else None
        return branch, sha or (keep.branch_tip(pool.common, ref) if ref else None)
    except GitError:
        return None, None


def base_commit(pool: Pool) -> str:
    """Return the commit that `ahead` and logs are counted from: the base, or the configured default_commit."""
    default = pool.config.default_commit
    return f"refs/heads/{pool.config.base}" if default == "auto" else default


def git_status(pool: Pool, path: str) -> dict[str, int]:
    """Return the counts of `ls --git-status` for one slot."""
    git = Git(path)
    found = status.read(git)
    ahead = int(git.ask("rev-list", "--count", f"{base_commit(pool)}..HEAD"))
    return {
        "dirty": len(found.tracked) + len(found.conflicted),
        "untracked": len(found.untracked),
        "ahead": ahead,
    }


def inspect(pool: Pool, slot: Slot) -> dict[str, object]:
    """Return what `inspect` adds to a row; GitError where git cannot be asked."""
    extra = {**inspect_files(slot), "status": [], "log": []}
    if slot.path is not None and slot.admin is not None and slot.state != "broken":
        git = Git(slot.path)
        found = git.ask("status", "--porcelain", "--no-renames", "--untracked-files=normal", "-z")
        extra["status"] = [line for line in found.split("\0") if line]
        extra["log"] = _log(git, f"{base_commit(pool)}..HEAD")
    return extra


def inspect_files(slot: Slot) -> dict[str, object]:
    """Return what of it is known without git."""
    held = slot.admin is not None and lock.exists(slot.admin)
    return {
        "admin_dir": slot.admin,
        "lock_path": lock.path_of(slot.admin_dir) if held else None,
        "status": None,
        "log": None,
    }


def _log(git: Git, span: str) -> list[dict[str, str]]:
    out = git.ask("log", "-z", "-20", "--format=%H %s", "--end-of-options", span)
    return [
        dict(zip(("sha", "subject"), line.split(" ", 1), strict=True)) for line in out.split("\0") if line
    ]
