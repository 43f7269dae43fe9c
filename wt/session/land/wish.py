"""What a land is asked for, what came of it, and what one that stopped remembers until it is resumed."""

from __future__ import annotations

from wt import files
from wt.errors import GitError, quoted
from wt.git import refs
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool.lock import fields, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from wt.session.base import Base
    from wt.trust import Policy

    How = Literal["merge", "squash", "rebase"]


@record
class Wish:
    """What the caller asks for; `message` commits tracked changes first, `add` takes untracked files along.

    `how` the commits get onto the base; None leaves it to what a land that stopped was asked for, else it is a merge.
    `squash_message` is the message of a land that stopped, whose commit is made already, for the one commit of --squash.
    `hooks` None: none are run.
    """

    message: str | None = None
    add: bool = False
    keep: bool = False
    next: str | None = None
    how: How | None = None
    squash_message: str | None = None
    hooks: Policy | None = None

    @property
    def options(self) -> str:
        """The options that are to be given again to the same land once its changes are committed."""
        how = f" --{self.how}" if self.how in ("squash", "rebase") else ""
        return how + (" --keep" if self.keep else "") + (f" --next {quoted(self.next)}" if self.next else "")


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


def remember_stop(slot: Slot, head: str, stopped: str, wish: Wish, base: Base) -> None:
    """Note what is to be done yet; `head` is the slot's tip before, `stopped` its HEAD where git stopped."""
    found = {"base": base.tip, "head": head, "stopped": stopped, "add": "yes" if wish.add else "no",
             "keep": "yes" if wish.keep else "no", "next": wish.next, "how": wish.how, "hooks": _asked_of_hooks(wish),
             "message": wish.message or wish.squash_message}  # fmt: skip
    text = "".join(f"{key}: {scalar(value)}\n" for key, value in found.items() if value)
    files.replace_text(_path(slot), text)


def _asked_of_hooks(wish: Wish) -> str | None:
    """`off` where this land is to run none; what WT_HOOKS says is asked of the environment each time."""
    policy = wish.hooks
    return "off" if policy is not None and policy.off and policy.env.get("WT_HOOKS") != "off" else None


def forget_stop(slot: Slot) -> None:
    files.unlink(_path(slot))


def stopped_at(slot: Slot) -> str | None:
    """Return HEAD as it was where the last land of this slot stopped."""
    return fields(files.read_text(_path(slot)) or "").get("stopped")


def is_stopped(slot: Slot) -> str | None:
    """Return which operation of git's a land of this slot has stopped in, None where it is in none of its own."""
    first = fields(files.read_text(_path(slot)) or "")
    base, head, admin = first.get("base", ""), first.get("head", ""), slot.admin_dir
    if base and base in refs.pseudo_ref(admin, "MERGE_HEAD"):
        return "merge"
    if base and refs.pseudo_ref(f"{admin}/rebase-merge", "onto") == [base]:
        return "rebase" if head in refs.pseudo_ref(f"{admin}/rebase-merge", "orig-head") else None
    return None


def resumed(slot: Slot, wish: Wish, tell: Callable[[str], None]) -> Wish:
    """Return the wish with what a land that stopped was first asked for, unless it was given up since.

    What is asked for now goes first. The message is not remembered but for --squash: its commit is made, and what a merge
    tool left behind must not be taken along by --add without another. Content that is to be approved for one call is for that.
    """
    first = fields(files.read_text(_path(slot)) or "")
    if slot.path is None or not _is_under_way(slot, first):
        return wish
    hooks = wish.hooks
    if first.get("hooks") == "off" and hooks is not None and not (hooks.off or hooks.approved):
        tell("no hooks are run: this land was begun without.")
        hooks = replaced(hooks, off=True)
    keep = wish.keep or (first.get("keep") == "yes" and wish.next is None)
    return replaced(
        wish, add=wish.add or first.get("add") == "yes", keep=keep, next=wish.next or (None if keep else first.get("next")),
        how=wish.how or first.get("how"), squash_message=first.get("message"), hooks=hooks,
    )  # fmt: skip


def _is_under_way(slot: Slot, first: dict[str, str]) -> bool:
    """Whether the operation that stopped is not finished yet, or came to its end in HEAD."""
    base, head = first.get("base"), first.get("head")
    if not base or not head:
        return False
    if is_stopped(slot):
        return True
    git = Git(slot.directory)
    try:  # a rebase leaves the old tip behind, a merge has it
        has_old = refs.is_ancestor(git, head, "HEAD")
        return refs.is_ancestor(git, base, "HEAD") and has_old == (first.get("how") != "rebase")
    except GitError:  # one of the two is gone: that was long ago
        return False
