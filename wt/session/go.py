"""A supervised session, contract section 15: acquire or resume, launch, and clean up whatever ends it."""

from __future__ import annotations

import os
import time

from wt.errors import UsageError, WtError, operand
from wt.git import refs
from wt.model import record, replaced
from wt.pool import hooking, keep
from wt.session import command, verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.verdict import Verdict
    from wt.trust import Policy

MARK = "WT_GO"  # `key:slot:pid` of the session that a process runs in
_ALLOW = "WT_GO_ALLOW_NOTTY"
_QUICK = 3.0  # seconds: who is gone by then has not worked


@record
class Session:
    """A slot under supervision; `fresh` means that its caches are cold, `resumed` that it was held already."""

    slot: Slot
    fresh: bool
    resumed: bool
    hooks: Policy

    @property
    def name(self) -> str:
        return self.slot.held.name


def refuse(env: Mapping[str, str], name: str | None) -> None:
    """Raise UsageError without a terminal, and inside of another session."""
    shown = operand(name) if name else "feature-x"
    if not (os.isatty(0) and os.isatty(2)) and env.get(_ALLOW, "") in ("", "0"):
        raise UsageError(
            "`wt go` needs a terminal; nothing was done.",
            f"to run a command in a new slot without one: wt new {shown} -- make test",
            f"to do it all the same: export {_ALLOW}=1 && wt go {shown}",
        )
    around = env.get(MARK, "").split(":")
    if len(around) == 3 and _is_above(around[2]):
        raise UsageError(
            f"This is inside a `wt go` of {around[1]} in the pool `{around[0]}` already; sessions do not nest.",
            f"to go to another slot in this shell: wt new {shown}",
        )


def _is_above(pid: str) -> bool:
    """Whether a process is an ancestor of ours; a terminal multiplexer that was begun in a session outlives it."""
    import psutil

    try:
        return pid in {str(process.pid) for process in psutil.Process().parents()}
    except psutil.Error:  # it cannot be told: then it is
        return True


def is_there(pool: Pool, name: str) -> bool:
    """Whether a branch is there to be taken up: a local one, or one of a remote's."""
    git = pool.git()
    wanted = {f"refs/remotes/{remote}/{name}" for remote in git.ask("remote").split("\n") if remote}
    wanted.add(f"refs/heads/{name}")
    return any(ref.name in wanted for ref in refs.list_refs(git, *wanted))


def approved(pool: Pool, slot: Slot, policy: Policy) -> Policy:
    """Return the policy, if what would run in a slot is approved; else UntrustedError, before anything is touched."""
    head = keep.head_commit(slot, pool.common)
    if head is not None:
        hooking.due(pool, policy, head, "go")
    return policy


def prepare(pool: Pool, session: Session) -> str:
    """Run wt_pre_go in the slot; WtError stops the launch. Returns the launcher that a hooks file sets, empty if none."""
    from wt.session import release

    head = keep.head_commit(session.slot, pool.common)
    due = hooking.due(pool, session.hooks, head, "go") if head is not None else None
    if due is None:
        return ""
    with release.take_mutex(pool, session.slot, "go"):
        return hooking.pre_go(due, session.slot, fresh=session.fresh, resumed=session.resumed)


def launch(
    pool: Pool, session: Session, given: Sequence[str], launcher: str, env: Mapping[str, str]
) -> tuple[int, float]:
    """Run the command given, else the launcher that was configured, else the user's shell; returns status and seconds."""
    argv = tuple(given)
    if not argv:
        launcher = launcher or env.get("WT_LAUNCHER", "")
        argv = ("sh", "-c", launcher) if launcher else (env.get("SHELL") or "/bin/sh",)
    began = time.monotonic()
    mark = {MARK: f"{pool.key}:{session.slot.slot}:{os.getpid()}"}
    status = command.run_there(argv, session.slot.directory, env, mark, cleans_up=True)
    return status, time.monotonic() - began


def misfire(pool: Pool, session: Session, seconds: float | None) -> Verdict | None:
    """Return the verdict of section 11's row of that name, None where it is none: then cleanup looks for itself.

    `seconds` is how long it ran, None where nothing came to run.
    """
    if (
        seconds is None
        or not session.fresh
        or session.resumed
        or seconds >= _QUICK
        or not is_still_ours(pool, session)
    ):
        return None
    found = verdict.judge(pool, session.slot)
    if not found.green or found.evidence.moved or found.evidence.ahead:
        return None
    why = f"what was launched was gone after {seconds:.1f} s, and the slot is new"
    return replaced(found, mark="yellow", reason="misfire", why=why, next=f"wt go {operand(session.name)}")


def is_still_ours(pool: Pool, session: Session) -> bool:
    """Whether the slot is held by the very acquire that this session began with: it may have landed meanwhile."""
    from wt.session.release import require_held

    try:
        now = require_held(pool, session.name)
    except WtError:
        return False
    return now.admin == session.slot.admin and now.held.nonce == session.slot.held.nonce
