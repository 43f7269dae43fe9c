"""The hooks around what is done with a slot (contract section 14): which files, whether they may run, in which environment.

Nothing here costs a process, or an import worth the name, where neither the repository nor the user has a hooks file.
"""

from __future__ import annotations

import os

from wt import files, trust
from wt.errors import ContendedError, UntrustedError, WtError, again, quoted
from wt.git import layout
from wt.model import Slot, record, replaced
from wt.pool import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wt.hooks import HooksFile, Ran
    from wt.pool.location import Pool
    from wt.pool.resolve import Target
    from wt.trust import Policy

NONE = "none"  # what a lock says of a commit without a hooks file


@record
class Due:
    """The hooks files that an operation on a slot may run, the user's own first."""

    pool: Pool
    policy: Policy
    files: tuple[HooksFile, ...]
    op: str


def due(pool: Pool, policy: Policy | None, commit: str, op: str, *, absent: bool = False) -> Due | None:
    """Return the hooks of a commit; UntrustedError where the repository's are not approved, None where there are none.

    `absent` says that the commit is known to have no hooks file.
    """
    if policy is None or policy.off:
        return None
    found = []
    if not absent:
        from wt import hooks

        theirs = hooks.at_commit(pool.git(), commit)
        if theirs is not None:
            _require(pool, policy, theirs, commit)
            found.append(theirs)
    if os.path.lexists(trust.user_file(policy.env)):
        from wt import hooks

        own = hooks.of_user(policy.env, policy.warn)
        found[:0] = [own] if own is not None else []
    return Due(pool, policy, tuple(found), op) if found else None


def of_commits(pool: Pool, policy: Policy | None, commits: Iterable[str], op: str) -> dict[str, Due | None]:
    """Return the hooks of each of many commits; UntrustedError where those of any are not approved."""
    if policy is None or policy.off:
        return {}
    from wt import hooks

    found: dict[str, Due | None] = {}
    by_blob: dict[str, Due | None] = {}
    for commit, blob in hooks.blobs(pool.git(), commits).items():
        if blob not in by_blob:
            by_blob[blob] = due(pool, policy, commit, op, absent=not blob)
        found[commit] = by_blob[blob]
    return found


def _require(pool: Pool, policy: Policy, theirs: HooksFile, commit: str) -> None:
    if trust.is_approved(policy, pool.common, theirs.sha256):
        return
    key = f"--pool {quoted(pool.key)}"
    error = UntrustedError(
        f"The hooks of {pool.config.source} ({theirs.origin}) are not approved; nothing was touched.",
        f"to read and approve them: wt trust {key} --from {commit[:12]}",
        f"to approve exactly these without a terminal: wt trust {key} --sha256 {theirs.sha256}",
        again("to go on without hooks", {"--no-hooks": None}, without=("--trust-hooks",)),
    )
    error.content = theirs.content
    raise error


def at_acquire(pool: Pool, policy: Policy | None, target: Target) -> Due | None:
    """Step 1 of acquire: the hooks of the commit acquired."""
    return due(pool, policy, target.sha, "acquire", absent=target.hooks == NONE)


def at_head(pool: Pool, slot: Slot, policy: Policy | None, op: str) -> Due | None:
    """Return the hooks of a slot's HEAD, for what goes on without them where they are not approved: that is said."""
    if policy is None or policy.off or slot.admin is None or slot.path is None:
        return None
    head, absent = _head(pool, slot)
    if head is None:
        return None
    try:
        return due(pool, policy, head, op, absent=absent)
    except UntrustedError as error:
        policy.warn(f"{error.sentence.rpartition(';')[0]}; they are skipped.")
        return due(pool, policy, head, op, absent=True)
    except WtError as error:  # a HEAD that names nothing is no reason to keep a slot
        policy.warn(f"the hooks of {slot.slot} are skipped: {error.sentence}")
        return None


def has_any(pool: Pool, slot: Slot, policy: Policy | None) -> bool:
    """Whether hooks of a slot's HEAD, or the user's own, may run; nothing is said."""
    quiet = replaced(policy, warn=_nothing) if policy is not None else None
    return at_head(pool, slot, quiet, "look") is not None


def _nothing(_sentence: str) -> None:
    return


def _head(pool: Pool, slot: Slot) -> tuple[str | None, bool]:
    """Return the commit of a slot's HEAD, and whether it is known to have no hooks file."""
    from wt.pool import keep

    head = keep.head_commit(slot, pool.common)
    held = slot.lock
    return head, held is not None and held.hooks == NONE and head == held.full_sha


def post_acquire(
    due_: Due | None, slot: Slot, policy: Policy | None, pool: Pool, *, fresh: bool, otherwise: str = ""
) -> None:
    """Before `held`: a function that fails, or that takes the slot away, fails the acquire.

    `otherwise` says what becomes of it then; else the slot goes back.
    """
    if policy is not None and not policy.off and os.path.isdir(f"{slot.path}/.wt-hooks.sh"):
        from wt import hooks

        hooks.at_commit(pool.git(), slot.held.full_sha)  # a submodule of that name, to step 1 no file at all
    if due_ is None:
        return
    fails = otherwise or f"{slot.slot} goes back to idle"
    _gate(due_, "wt_post_acquire", slot, {"WT_FRESH": str(int(fresh))}, fails)
    if layout.read_link(slot.directory) != slot.admin:
        gone = otherwise or f"{slot.slot} goes back to the pool"
        raise WtError(
            f"The hook wt_post_acquire has taken {slot.directory} away; {gone}.",
            _way_to_look(due_, due_.files[-1]),
        )


def pre_go(due_: Due | None, slot: Slot, *, fresh: bool, resumed: bool) -> str:
    """Before the launcher; WtError stops the launch. Returns what the files set WT_LAUNCHER to, empty if they do not."""
    if due_ is None:
        return ""
    more = {"WT_FRESH": str(int(fresh)), "WT_RESUMED": str(int(resumed))}
    return _gate(due_, "wt_pre_go", slot, more, "nothing was launched")


def pre_land(due_: Due | None, slot: Slot) -> None:
    """Before the base moves; WtError stops the land."""
    if due_ is not None:
        _gate(due_, "wt_pre_land", slot, {}, f"`{due_.pool.config.base}` is where it was")


def pre_release(due_: Due | None, slot: Slot) -> Slot:
    """In the slot, before it is given back; returns the slot, without a directory where a hook has taken it away."""
    notify(due_, "wt_pre_release", slot)
    if due_ is not None and layout.read_link(slot.directory) != slot.admin:
        due_.policy.warn(f"the hook wt_pre_release has taken {slot.path} away.")
        return replaced(slot, path=None)
    return slot


def post_release(due_: Due | None, slot: Slot) -> None:
    """In the pool root, the slot idle again under its id; `slot` says what it was."""
    if due_ is None:
        return
    from wt.pool import survey

    now = survey.at_admin(due_.pool, slot)
    at = replaced(slot, path=now.path if now is not None and now.path else due_.pool.real)
    notify(due_, "wt_post_release", at, cwd=due_.pool.real)


def notify(
    due_: Due | None, function: str, slot: Slot, more: Mapping[str, str] | None = None, cwd: str | None = None
) -> None:
    """Run a function whose failure is warned of and ignored: wt_post_land, wt_pre_release and their like."""
    if due_ is None:
        return
    for one in due_.files:
        ran = _call(due_, one, function, slot, more or {}, cwd)
        if ran.status:
            due_.policy.warn(
                f"the hook {function} of {one.origin} ended with status {ran.status}; which is ignored."
            )


def _gate(due_: Due, function: str, slot: Slot, more: Mapping[str, str], otherwise: str) -> str:
    launcher = ""
    for one in due_.files:
        ran = _call(due_, one, function, slot, more, None)
        if ran.status:
            raise WtError(
                f"The hook {function} of {one.origin} ended with status {ran.status}; {otherwise}.",
                _way_to_look(due_, one),
                again("to go on without hooks", {"--no-hooks": None}, without=("--trust-hooks",)),
            )
        launcher = ran.launcher or launcher
    return launcher


def _way_to_look(due_: Due, one: HooksFile) -> str:
    if os.path.isabs(one.origin):
        return f"to look at it: cat {quoted(one.origin)}"
    commit = one.origin.rpartition(" ")[2]
    return f"to look at it: git -C {quoted(due_.pool.config.source)} show {commit}:.wt-hooks.sh"


def _call(
    due_: Due, one: HooksFile, function: str, slot: Slot, more: Mapping[str, str], cwd: str | None
) -> Ran:
    """Run one function, its process group recorded in the lock where there is one.

    Half acquired it stays there: it says that the checkout had come to its end.
    """
    from wt import hooks

    recorded = slot.lock is not None and slot.admin is not None and lock.exists(slot.admin)
    started = _recorder(slot) if recorded else None
    variables = {**_variables(due_, slot), **more}
    ours = f"{slot.admin_dir}/worktree-pool"
    scratch = ours if os.path.isdir(ours) else f"{due_.pool.real}/.meta"  # a hook may have removed it
    ran = hooks.run(one, function, cwd or slot.directory, due_.policy, variables, scratch, started)
    if recorded and slot.held.state == "held":
        lock.write(slot.admin_dir, slot.held)
    return ran


def _recorder(slot: Slot) -> Callable[[int], None]:
    def started(group: int) -> None:
        from wt.pool import hookgroup

        lock.write(slot.admin_dir, replaced(slot.held, hook_group=hookgroup.identity(group)))

    return started


def _variables(due_: Due, slot: Slot) -> dict[str, str]:
    pool = due_.pool
    inside = due_.policy.env.get("WT_OP", "").split()
    return {
        "WT_KEY": pool.key, "WT_NAME": slot.name or "", "WT_PATH": slot.directory, "WT_SLOT": slot.slot,
        "WT_GROUP": slot.group or "", "WT_SOURCE": pool.config.source, "WT_BASE": pool.config.base,
        "WT_FRESH": "0", "WT_RESUMED": "0",
        "WT_OP": " ".join([*inside, f"{due_.op}:{pool.key}:{slot.slot}:{os.getpid()}"]),
    }  # fmt: skip


def refuse_inside(pool: Pool, env: Mapping[str, str], verb: str, name: str | None) -> None:
    """Raise ContendedError in a hook that wants to change the very slot that it runs for, or to land within a land.

    Whoever ran the hook waits for it, and would be waited for by what it starts.
    """
    for op, key, slot_id, pid in _around(env):
        slot = _named(pool, name) if key == pool.key else None
        lands = verb == "land" and op == "land" and _landing(pool) == pid
        if lands or (slot is not None and slot.slot == slot_id):
            raise ContendedError(
                f"`wt {verb}` inside a hook of `{op}` on {slot_id} of `{key}`, which waits for that hook; nothing was done.",
                "to do it once that is over, in a shell of your own: wt ls",
            )


def _named(pool: Pool, name: str | None) -> Slot | None:
    from wt.pool import survey

    seen = survey.take(pool)
    return (seen.named(name) or seen.by_id(name)) if name is not None else None


def _landing(pool: Pool) -> str:
    """Return the pid that the note of the source's land lock names."""
    return lock.fields(files.read_text(f"{pool.common}/worktree-pool/land.lock") or "").get("pid", "")


def _around(env: Mapping[str, str]) -> list[list[str]]:
    """Return the operations (verb, pool, slot, pid) whose hook this process runs in: those of our ancestors.

    A daemon that a hook left keeps its WT_OP for ever, and is inside of nothing.
    """
    words = [word.split(":") for word in env.get("WT_OP", "").split()]
    named = [word for word in words if len(word) == 4]
    if not named:
        return []
    import psutil

    try:
        above = {str(process.pid) for process in psutil.Process().parents()}
    except psutil.Error:  # it cannot be told: then it is inside
        return named
    return [word for word in named if word[3] in above]
