"""What a land is asked for, what came of it, and what one that stopped remembers until it is resumed."""

from __future__ import annotations

from wt import files
from wt.git import refs
from wt.git.run import Git
from wt.model import Slot, record
from wt.pool.lock import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.session.base import Base


@record
class Wish:
    """What the caller asks for; `message` commits tracked changes first, `add` takes untracked files along."""

    message: str | None = None
    add: bool = False
    keep: bool = False
    next: str | None = None


@record
class Landed:
    """`commits` is how many the base gained; `go` is where the shell goes; `kept_because` says why the slot stays, `next`
    who has it now."""

    name: str
    slot: str
    base: str
    before: str
    after: str
    commits: int
    go: str
    recycled: bool
    kept_because: str = ""
    next: str = ""


def _path(slot: Slot) -> str:
    return f"{slot.admin}/worktree-pool/stopped-land"


def remember_stop(slot: Slot, git: Git, wish: Wish, base: Base) -> None:
    text = f"base: {base.tip}\nhead: {git.ask('rev-parse', 'HEAD')}\n"
    text += f"keep: {'yes' if wish.keep else 'no'}\n" + (f"next: {wish.next}\n" if wish.next else "")
    files.replace_text(_path(slot), text)


def forget_stop(slot: Slot) -> None:
    files.unlink(_path(slot))


def stopped_at(slot: Slot) -> str | None:
    """Return the base's tip that a land of this slot stopped at, None where none has."""
    return fields(files.read_text(_path(slot)) or "").get("base")


def resumed(slot: Slot, wish: Wish) -> Wish:
    """Return the wish with what a land that stopped was first asked for, unless its merge was given up since."""
    first = fields(files.read_text(_path(slot)) or "")
    if slot.path is None or not _is_under_way(slot, first.get("base", ""), first.get("head", "")):
        return wish
    return Wish(
        wish.message, wish.add, wish.keep or first.get("keep") == "yes", wish.next or first.get("next")
    )


def _is_under_way(slot: Slot, base: str, head: str) -> bool:
    """Whether the merge of the two that stopped is not finished yet, or is in HEAD."""
    if not base or not head:
        return False
    git = Git(slot.directory)
    merging = base in refs.pseudo_ref(slot.admin_dir, "MERGE_HEAD")
    return merging or (refs.is_ancestor(git, base, "HEAD") and refs.is_ancestor(git, head, "HEAD"))
