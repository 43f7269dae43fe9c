"""Set aside, contract section 13: commits under `refs/wt/kept/` before anything destructive.

Every object is written with `core.fsync=all` and reachable from a ref before the caller goes on. Dates and names are
the lock's, so a repeat after a crash makes the same commit and finds its own ref. What is more than a commit that
stands by itself (uncommitted work, several commits, an operation in progress) is snapshot.py's.
"""

from __future__ import annotations

import os

from wt import files, times
from wt.errors import GitError
from wt.git import layout, refs, worktrees
from wt.git.run import Git
from wt.model import Slot, record
from wt.pool import sourcelock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wt.pool.location import Pool

SYNCED = refs.SYNCED
PREFIX = "refs/wt/kept/"
# in the store of a submodule: the commit that an acquire brought it to (wt/pool/submodules)
PIN = "refs/wt/pin"
_OF_REBASE = (
    "rebase-merge/orig-head",
    "rebase-merge/autostash",
    "rebase-apply/orig-head",
    "rebase-apply/autostash",
)


@record
class Label:
    """Under which name and moment something is kept; `moment` as in a lock's started_at, `hold` is its nonce.

    The hold tells apart what was kept of two holders of one name within one second.
    """

    name: str
    moment: str
    hold: str = ""

    @property
    def prefix(self) -> str:
        return f"{PREFIX}{self.name}/{times.compact(self.moment)}-"

    def ref(self, sha: str) -> str:
        return f"{self.prefix}{sha[:8]}"


def label_of(slot: Slot) -> Label:
    """Return the label of a held slot's leavings: its name and the moment it was acquired."""
    if slot.lock is None:
        return Label(slot.slot, times.now_text())
    moment = slot.lock.started_at if times.parse(slot.lock.started_at) is not None else times.now_text()
    return Label(slot.lock.name, moment, slot.lock.nonce)


def commits(pool: Pool, git: Git, label: Label, tips: Iterable[str], *, besides: str = "") -> list[str]:
    """Keep those commits that no ref but `besides` reaches; returns the refs made (or found, after a crash)."""
    return [point(pool, git, label, tip) for tip in lonely(pool, git, tips, besides)]


def of_slot(
    pool: Pool,
    slot: Slot,
    git: Git,
    label: Label,
    tip: str | None,
    *,
    besides: str = "",
) -> list[str]:
    """Keep what only a slot reaches, the `tip` of its own branch included: HEAD's commit as it is; others, or an operation
    in progress, as one that names them, so that they do not come back as HEAD."""
    objects(pool, slot, git, label)
    alone = lonely(pool, git, tips(slot, pool.common, tip), besides)
    if alone in ([], [head_commit(slot, pool.common)]) and not has_operation(slot):
        return [point(pool, git, label, one) for one in alone]
    from wt.pool import snapshot

    return snapshot.of_commits(pool, slot, git, label, alone, tip)


def objects(pool: Pool, slot: Slot, git: Git, label: Label) -> None:
    """Keep what a slot's own refs (`refs/worktree/`) name and is no commit: no commit can have that for a parent."""
    named = refs.of_worktree(slot.admin) if slot.admin is not None else []
    own = [sha for ref, sha in named if ref.startswith("refs/worktree/")]
    if own:
        kinds = git.ask(
            "cat-file", "--batch-check=%(objecttype)", data="".join(f"{one}\n" for one in own).encode()
        )
        for one, kind in zip(own, kinds.split("\n"), strict=True):
            if kind in ("tag", "tree", "blob"):
                point(pool, git, label, one)


def has_operation(slot: Slot) -> bool:
    return slot.admin is not None and worktrees.operation(slot.admin) is not None


def lonely(pool: Pool, git: Git, tips: Iterable[str], besides: str) -> list[str]:
    """Return the tips that nothing else reaches, neither a ref but `besides` nor one that comes before."""
    source = pool.git(git.keep)
    found: list[str] = []
    for tip in dict.fromkeys(tips):
        reached = is_reached(pool, source, tip, besides=besides, also=found)
        found.extend([] if reached else [tip])
    return found


def is_reached(pool: Pool, source: Git, commit: str, *, besides: str, also: Iterable[str] = ()) -> bool:
    """Return whether any ref but `besides` (or a commit of `also`) reaches one; for the base's own tip, or a pin, without asking git.

    One that is gone cannot be kept: an ORIG_HEAD is nothing to git's own gc.
    """
    base = f"refs/heads/{pool.config.base}"
    if any(commit == refs.read_file(pool.common, ref) for ref in (base, PIN) if ref != besides):
        return True
    try:
        return refs.is_reachable(source, commit, besides=besides, also=also)
    except GitError:
        if source.ask_ok("cat-file", "-e", commit):
            raise
        return True


def point(pool: Pool, git: Git, label: Label, sha: str) -> str:
    """Make the ref that keeps an object; returns its name."""
    ref = label.ref(sha)
    with sourcelock.of_ref(pool, git.keep, ref) as source:
        refs.point(source, ref, sha, "set aside", SYNCED)
    return ref


def made_at(common: str, ref: str, moment: str) -> float:
    """Return when something was set aside; the `moment` of its name is when its slot was acquired, which may be long before."""
    return refs.made_at(common, ref) or times.parse(times.expanded(moment)) or 0.0


def tips(slot: Slot, common: str, tip: str | None) -> list[str]:
    """Return every commit that a slot alone may hold: HEAD, its branch's `tip`, what an operation in progress remembers."""
    return list(dict.fromkeys(sha for _role, sha in roles(slot, common, tip)))


def roles(slot: Slot, common: str, tip: str | None) -> list[tuple[str, str]]:
    """Return the same with what each of them is: `HEAD`, `branch`, `MERGE_HEAD`, `refs/bisect/bad`."""
    if slot.admin is None:
        return []
    found = [("HEAD", head_commit(slot, common) or ""), ("branch", tip or "")]
    for name in (*refs.OPERATION_REFS, *_OF_REBASE):
        found.extend((name, sha) for sha in refs.pseudo_ref(slot.admin, name))
    found.extend(refs.of_worktree(slot.admin))
    return [(role, sha) for role, sha in found if sha]


def head_commit(slot: Slot, common: str) -> str | None:
    """Return the commit of a slot's HEAD; where its branch has none, or was deleted under it, the last one its reflog knows."""
    if slot.admin is None:
        return None
    ref, sha = layout.head(slot.admin)
    if sha is not None:
        return sha
    if ref is not None and (tip := branch_tip(common, ref)) is not None:
        return tip
    log = refs.log(slot.admin, "HEAD").rstrip("\n").split("\n")[-1].split(" ")
    # of a branch that was deleted git notes here that nothing came after its last commit
    last = next((sha for sha in reversed(log[:2]) if layout.is_object_id(sha) and sha.strip("0")), None)
    if last is not None:
        return last
    return slot.lock.full_sha if slot.lock is not None and ref is not None else None


def branch_tip(common: str, ref: str) -> str | None:
    """Return a ref's commit: from its loose file, else by asking git (packed, or no files at all)."""
    return (
        refs.read_file(common, ref)
        or Git(common).ask("rev-parse", "--verify", "--quiet", ref, allowed=(0, 1))
        or None
    )


def is_any(common: str) -> bool:
    """Return whether anything may be kept at all: without git, for those who have nothing to do otherwise."""
    return refs.is_any_below(common, PREFIX)


def scratch(admin: str) -> str:
    return f"{admin}/worktree-pool/kept-index"


def remove_scratch(admin: str) -> None:
    """Remove the temporary index, and the lock of a git that died writing it; the caller holds the slot's mutex."""
    for path in (scratch(admin), f"{scratch(admin)}.lock"):
        if os.path.lexists(path):
            files.unlink(path)
