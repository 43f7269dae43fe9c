"""release, in every submodule: what only it reaches is set aside, HEAD detached, our branch deleted; the clone stays warm."""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError
from wt.git import refs
from wt.git.run import Git
from wt.model import replaced
from wt.pool import giveback, keep, undo
from wt.pool.submodules import fetch, stores
from wt.pool.submodules.crew import Crew, Piece, said
from wt.pool.submodules.leave import Leaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.submodules.stores import Store


def let_go(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Bring the submodules of a slot back to idle. What fails in one is said, and stays for the next acquire to meet."""
    crew = Crew()
    leaving = Leaving(pool, slot, held, keep.label_of(slot), tell)
    sound = [one for one in stores.of_slot(slot) if stores.is_sound(one.git_dir)]
    ours = _ours(slot, sound)
    crew.run([Piece(one.words, _releaser(leaving, one, owned=one.words in ours)) for one in sound])
    files.remove_tree_if_there(stores.staging(slot))
    for path, error in sorted(crew.failed, key=lambda one: one[0]):
        tell(f"submodule `{path}` could not be brought back to idle: {said(error)}")
    if not crew.failed and os.path.lexists(_journal(slot)):
        files.unlink(_journal(slot))


def _journal(slot: Slot) -> str:
    return f"{slot.admin}/worktree-pool/submodule-branches"


def _ours(slot: Slot, sound: list[Store]) -> set[str]:
    """Return in which stores the branch of the slot's name is ours: its reflog says so.

    Written down before any is deleted, for git deletes the reflog before the branch.
    """
    held = slot.held
    found = {one.words for one in sound if refs.born_with(one.git_dir, held.name, held.nonce)}
    known = set((files.read_text(_journal(slot), 1 << 20) or "").split("\n")) - {""}
    if found - known:
        files.replace_text(_journal(slot), "".join(f"{words}\n" for words in sorted(found | known)))
    return found | known


def _releaser(leaving: Leaving, store: Store, *, owned: bool) -> Callable[[], list[Piece]]:
    def release() -> list[Piece]:
        _release(leaving, store, owned=owned)
        return []

    return release


def _release(leaving: Leaving, store: Store, *, owned: bool) -> None:
    held = leaving.slot.held
    stores.remove_dead_locks(store.git_dir)
    git = Git(store.top or store.git_dir, leaving.keep_open)
    lock = replaced(held, branch="created" if owned else "none")
    slot = replaced(leaving.slot, path=store.top, admin=store.git_dir, lock=lock)
    pin = fetch.pinned(store.git_dir)
    if leaving.slot.state == "acquiring" and store.top is not None and pin is not None:
        undo.checkout(replaced(slot, lock=replaced(held, full_sha=pin)), git)
    pool = stores.as_pool(leaving.pool, store.git_dir)
    if (
        leaving.slot.state == "acquiring"
        and store.top is not None
        and os.path.lexists(f"{store.git_dir}/worktree-pool/restores")
    ):
        from wt.pool.submodules import replay

        replay.take_back(pool, slot, git)
    leaving.keep_commits(store)
    giveback.let_go_of_commits(
        pool, slot, git, lambda sentence: leaving.tell(f"submodule `{store.words}`: {sentence}")
    )
    giveback.clear_operation_state(git, store.git_dir)
    stores.repair_one(store)
    leaving.hand_over(store)


def refuse_unreachable(admin: str) -> None:
    """WtError where a store of an admin dir that is to be dropped holds a commit that only it reaches."""
    for one in stores.walk(admin, None, None):
        stores.repair_one(one)
        if not stores.is_sound(one.git_dir):
            continue
        if Git(one.git_dir).ask(
            "rev-list", "-1", "HEAD", "--all", "--not", "--remotes", f"--glob={fetch.PIN}*"
        ):
            raise WtError(f"the submodule `{one.words}` has commits that are nowhere else")
