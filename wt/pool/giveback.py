"""A slot goes back to idle: what release, a failed acquire and recovery have in common (contract sections 8 and 9).

Each step looks first and can be repeated; the lock goes last. So whoever finds the lock of a dead process calls
`to_idle` again and ends where the dead one would have.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError
from wt.git import layout, refs, worktrees
from wt.git.run import Git
from wt.model import Slot
from wt.pool import gitlocks, keep, lock, missing, names, rename, sourcelock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

OPERATION_STATE = ("MERGE_HEAD", "MERGE_MODE", "MERGE_MSG", "MERGE_RR", "AUTO_MERGE",
                    "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD",
                    "ORIG_HEAD", "FETCH_HEAD", "SQUASH_MSG", "BISECT_LOG", "BISECT_START", "BISECT_NAMES",
                    "BISECT_TERMS", "BISECT_EXPECTED_REV", "BISECT_RUN", "BISECT_ANCESTORS_OK", "REBASE_HEAD",
                    "COMMIT_EDITMSG", "config.worktree", "info/sparse-checkout", "worktree-pool/stopped-land",
                    "worktree-pool/merging")  # fmt: skip
OPERATION_DIRECTORIES = (
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "refs/worktree",
    "refs/bisect",
    "refs/rewritten",
)


def to_idle(pool: Pool, slot: Slot, mutex: Mutex, tell: Callable[[str], None]) -> list[str]:
    """Undo what an acquire attached, lock last; returns the refs under which commits were set aside.

    Files stay as they are: nothing is lost by a release, and whoever overwrites them later sets aside first. Only what
    an acquire that did not come to its end wrote itself is taken back.
    """
    if slot.admin is None:
        return []
    if not _is_there_or_gone(pool, slot):
        hints = [way] if (way := missing.way_back(pool, slot)) else []
        raise WtError(f"{slot.slot} stays {slot.state}: {missing.loss(slot.admin)}.", *hints)
    remove_dead_locks(slot.admin)
    rename.repair(slot)
    git = Git(slot.path or slot.admin, (mutex.descriptor,))
    if slot.state == "acquiring" and slot.path is not None:
        _take_back(pool, slot, git)
    kept = let_go_of_commits(pool, slot, git, tell)
    if slot.path is not None and os.path.isdir(f"{slot.admin}/modules"):
        from wt.pool.submodules import let_go

        let_go.let_go(pool, slot, mutex, tell)
    clear_operation_state(git, slot.admin)
    _go_home(pool, slot)
    lock.remove(slot.admin)
    return kept


def _take_back(pool: Pool, slot: Slot, git: Git) -> None:
    """Take back what an acquire that did not come to its end wrote; once a hook ran, its checkout had been whole."""
    if not slot.held.hook_group:
        from wt.pool import undo

        undo.checkout(slot, git)
    if slot.held.restores:
        from wt.pool import putback

        putback.take_back(pool, slot, git)


def _is_there_or_gone(pool: Pool, slot: Slot) -> bool:
    """Whether a slot has its directory, or none at all (a hook may have removed it): then only its entry is given back.

    A directory that has lost its link holds somebody's files, and is left.
    """
    places = (layout.back_pointer(slot.admin_dir), f"{pool.real}/{slot.slot}")
    gone = os.path.isdir(pool.real) and not any(place and os.path.lexists(place) for place in places)
    return slot.path is not None or gone


def let_go_of_commits(pool: Pool, slot: Slot, git: Git, tell: Callable[[str], None]) -> list[str]:
    """Keep what only this slot reaches, detach its HEAD, and delete its branch if it is ours."""
    branch = owned_branch(pool, slot)
    ref = f"refs/heads/{branch}" if branch else ""
    tip = keep.branch_tip(pool.common, ref) if ref else None
    kept = keep.of_slot(pool, slot, git, keep.label_of(slot), tip, besides=ref)
    _detach(pool, slot, git)
    if branch is not None:
        kept += _delete_branch(pool, slot, git, branch, tip, tell)
    return kept


def remove_dead_locks(admin: str) -> None:
    """Remove the lock files of a git that died; the caller holds the slot's mutex, so no git of ours is alive.

    The reftable of a submodule is left: it is no worktree's alone, and a fetch holds no mutex.
    """
    for path in (*gitlocks.of_worktree(admin), f"{admin}/config.worktree.lock"):
        if not os.path.lexists(path):
            continue
        if not path.startswith(f"{admin}/reftable/") or layout.common_dir(admin) != admin:
            files.unlink(path)
    files.remove_leftovers(f"{admin}/worktree-pool")
    files.remove_leftovers(admin)
    keep.remove_scratch(admin)


def owned_branch(pool: Pool, slot: Slot) -> str | None:
    """Return the branch that this acquire created: the lock says so, or the branch's first reflog entry does.

    One that was deleted, and that somebody made anew, is theirs.
    """
    held = slot.lock
    if held is None:
        return None
    if held.branch == "created":
        return None if refs.born_without(pool.common, held.name, held.nonce) else held.name
    if held.branch == "none" and refs.born_with(pool.common, held.name, held.nonce):
        return held.name
    return None


def _detach(pool: Pool, slot: Slot, git: Git) -> None:
    ref, _sha = layout.head(slot.admin_dir)
    if ref is None:
        return
    commit = keep.head_commit(slot, pool.common) or (slot.lock.full_sha if slot.lock else None)
    if commit is not None:
        refs.detach_head(git, slot.admin_dir, commit)


def detach_unborn(pool: Pool, slot: Slot, git: Git) -> bool:
    """Bring a HEAD whose branch has no commit back to the last one that was there, from which files can differ."""
    ref, _sha = layout.head(slot.admin_dir)
    if ref is None or keep.branch_tip(pool.common, ref) is not None:
        return False
    _detach(pool, slot, git)
    return True


def _delete_branch(
    pool: Pool, slot: Slot, git: Git, branch: str, tip: str | None, tell: Callable[[str], None]
) -> list[str]:
    """Delete our branch unless somebody else has it out, or it has moved since `tip` was kept; returns what else was kept."""
    kept: list[str] = []
    if tip is not None:
        # what the slot itself still remembers of an operation goes with it
        others = [one for one in worktrees.holders_of(pool.common, branch) if one.git_dir != slot.admin]
        if others:
            tell(f"branch `{branch}` stays: it is checked out in {others[0].path or pool.common}.")
            return kept
        try:
            kept = _delete_ref(pool, slot, git, f"refs/heads/{branch}", tip)
        except GitError as error:
            tell(f"branch `{branch}` stays: {error.details or error.sentence}")
            return kept
    if refs.has_branch_config(pool.common, branch):
        try:
            with sourcelock.of_config(pool, git.keep) as source:
                refs.drop_branch_config(source, branch)
        except GitError as error:
            tell(f"the config of branch `{branch}` stays: {error.details or error.sentence}")
    return kept


def _delete_ref(pool: Pool, slot: Slot, git: Git, ref: str, tip: str) -> list[str]:
    """Delete a ref under the one lock of all that delete refs here, after a last look whether another reaches its commit.

    The branch of another slot may have reached it when it was looked at, and may have been deleted since.
    """
    with sourcelock.of_ref(pool, git.keep, ref) as source:
        lonely = not keep.is_reached(pool, source, tip, besides=ref)
        if not lonely:
            refs.delete(source, ref, tip)
            return []
    kept = keep.commits(pool, git, keep.label_of(slot), [tip], besides=ref)
    with sourcelock.of_ref(pool, git.keep, ref) as source:
        refs.delete(source, ref, tip)
    return kept


def clear_operation_state(git: Git, admin: str) -> None:
    """Leave in an admin dir what a new worktree has: no operation, no refs, no settings of the last holder's."""
    below = (
        f"{sub}/{name}"
        for sub in ("info", "worktree-pool")
        for name in files.list_directory(f"{admin}/{sub}")
    )
    present = {*files.list_directory(admin), *below}
    for name in OPERATION_STATE:
        if name in present:
            files.unlink(f"{admin}/{name}")
    for name in OPERATION_DIRECTORIES:
        if name.split("/")[0] in present and os.path.isdir(f"{admin}/{name}"):
            files.remove_tree(f"{admin}/{name}")
    refs.drop_own(git, admin, (*OPERATION_STATE, *refs.OWN))


def _go_home(pool: Pool, slot: Slot) -> None:
    """Rename the directory back to its slot id, or to the smallest free one of its group; drop a `stable` link."""
    if slot.lock is not None:
        rename.unlink(pool.real, names.slug(slot.lock.name), os.path.basename(slot.path or slot.slot))
    if slot.path is None:
        return
    if names.parse_slot_id(os.path.basename(slot.path), pool.config.groups) is not None:
        rename.repair(slot)
        return
    wanted = f"{pool.real}/{slot.slot}"
    rename.move(slot, wanted if not os.path.lexists(wanted) else _free_home(pool, slot.group))


def _free_home(pool: Pool, group: str | None) -> str:
    number = 0
    while os.path.lexists(path := f"{pool.real}/{names.slot_id(group, number)}"):
        number += 1
    return path
