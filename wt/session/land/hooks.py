"""The hooks of land, contract section 12, steps 9 and 12: the gate before the base moves, and the word after it.

The gate's file is that of the base's tip, so that a branch cannot weaken its own gate; the word's is that of the slot's HEAD.
"""

from __future__ import annotations

from wt.errors import UntrustedError, WtError, quoted
from wt.git import layout, refs, status, worktrees
from wt.git.run import Git
from wt.pool import hooking, keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.trust import Policy


def foresee(pool: Pool, policy: Policy | None) -> None:
    """Before step 1: UntrustedError where the base's hooks are not approved; nothing is touched yet."""
    hooking.due(pool, policy, refs.resolve(pool.git(), f"refs/heads/{pool.config.base}"), "land")


def before(pool: Pool, slot: Slot, policy: Policy | None, base: str, tip: str) -> None:
    """Step 9: wt_pre_land of the base's commit `base`, in the slot at `tip`. WtError leaves the base where it is."""
    try:
        due = hooking.due(pool, policy, base, "land")
    except UntrustedError as error:  # the base moved since it was foreseen
        error.sentence = error.sentence.replace("nothing was touched", f"`{pool.config.base}` was not moved")
        raise
    if due is None:
        return
    branch = refs.branch_of(slot.admin_dir)
    hooking.pre_land(due, slot)
    if layout.read_link(slot.directory) != slot.admin:
        raise WtError(
            f"`{slot.name}` was not landed: wt_pre_land has taken {slot.path} away.", "to see more: wt doctor"
        )
    changed = _changed(pool, slot, tip, branch)
    if changed:
        raise WtError(
            f"`{slot.name}` was not landed: wt_pre_land has changed {changed}, and what it looked at is no more what would land.",
            f"to see what it did: git -C {quoted(slot.directory)} status",
        )


def _changed(pool: Pool, slot: Slot, tip: str, branch: str | None) -> str:
    """Return what of HEAD and tree is not what it was; what a build leaves untracked beside them is no part of it."""
    if refs.branch_of(slot.admin_dir) != branch or keep.head_commit(slot, pool.common) != tip:
        return "HEAD"
    if worktrees.operation(slot.admin_dir) is not None:
        return "the state of an operation of git's"
    found = status.read(Git(slot.directory), untracked="no")
    paths = (*found.conflicted, *found.tracked)
    return f"tracked files ({', '.join(paths[:5])})" if paths else ""


def after(pool: Pool, slot: Slot, policy: Policy | None, first: str, now: str) -> None:
    """Step 12: wt_post_land; what goes wrong is said, the land is done."""
    due = hooking.at_head(pool, slot, policy, "land")
    hooking.notify(due, "wt_post_land", slot, {"WT_BASE_BEFORE": first, "WT_BASE_AFTER": now})
