"""acquire, contract section 7. Step 1 is here; steps 2 to 5 are claim.py, 6 and 7 are bring_up.py.

What those import is loaded after git was asked about the commit: it answers while Python reads.
"""

from __future__ import annotations

import time

from wt.errors import CapacityError, ContendedError, SameShaError, UsageError, again
from wt.git import refs
from wt.git.layout import is_object_id
from wt.model import record
from wt.pool import hooking, lock, names, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.trust import Policy

_POLL = 0.2


@record
class Restoring:
    """What was set aside and is to be there again before the slot counts as held: HEAD, where the branch is to be, and
    the snapshot of what was not committed (each empty: there is none).

    `name`, `moment` and `hold` say under what it is kept; `replayed` gets the refs of submodules that were put back.
    """

    head: str
    branch: str
    snapshot: str
    name: str
    moment: str
    hold: str
    replayed: set[str]


@record
class Request:
    """What the caller asks for; `commit` None means the pool's default_commit, `hooks` None that none are run.

    `holder` and `alias` go into the lock (an alias is held once, whatever its name); `prefer` is the slot to take if it
    is idle.
    `exclude` are tags (worktreePoolTag in .gitmodules): submodules that have one of them are left out. `more` is asked
    where the group is full; it returns whether a slot may be free now.
    """

    name: str
    commit: str | None = None
    group: str | None = None
    unique_sha: bool = False
    adopt: bool = False
    wait: float = 0.0
    holder: str = ""
    alias: str = ""
    prefer: str = ""
    exclude: tuple[str, ...] = ()
    restoring: Restoring | None = None
    hooks: Policy | None = None
    more: Callable[[Pool, Callable[[str], None]], bool] | None = None


@record
class Acquired:
    """A held slot: `path` is the physical directory, `fresh` means that its caches are cold, `made` that its files are new."""

    path: str
    slot: str
    name: str
    sha: str
    fresh: bool
    made: bool = False


def acquire(pool: Pool, request: Request, tell: Callable[[str], None]) -> Acquired:
    """Hold a slot under a name. ContendedError, CapacityError and SameShaError after `wait` seconds."""
    deadline = time.monotonic() + request.wait
    tell = _once(tell)
    while True:
        try:
            return _attempt(pool, request, tell)
        except (ContendedError, CapacityError, SameShaError) as error:
            if isinstance(error, CapacityError) and request.more is not None and request.more(pool, tell):
                continue
            if time.monotonic() >= deadline:
                raise
            tell(f"waiting: {error.sentence}")
            time.sleep(min(_POLL, max(0.0, deadline - time.monotonic())))


def _once(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Say each sentence once, however many attempts come to it."""
    told: set[str] = set()

    def once(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            tell(sentence)

    return once


def _attempt(pool: Pool, request: Request, tell: Callable[[str], None]) -> Acquired:
    group = checked(pool, request, tell)
    asked = resolve.ask(pool, request.name, request.commit, adopt=request.adopt)
    from wt.pool import reserve

    with reserve.likely(pool, group, _guess(pool, request), request.prefer) as reserved:
        from wt.pool import bring_up, claim
        from wt.pool import look as looking

        target = claim.resolved(pool, request, asked, tell)
        due = hooking.at_acquire(pool, request.hooks, target)
        slot, held, look = claim.claim(pool, request, group, target, reserved, tell)
        with held:
            fresh, made = looking.is_cold(slot), looking.is_fresh(slot)
            slot = bring_up.bring_up(
                pool, slot, held, target, tell, look,
                lambda now: hooking.post_acquire(due, now, request.hooks, pool, fresh=fresh),
            )  # fmt: skip
    return Acquired(slot.directory, slot.slot, request.name, target.sha, fresh, made)


def _guess(pool: Pool, request: Request) -> str | None:
    """Where the commit will most likely be: worth a file, not a process."""
    base = f"refs/heads/{pool.config.base}"
    if request.commit is not None:
        return request.commit if is_object_id(request.commit) else None
    if pool.config.default_commit != "auto":
        return None
    return refs.read_file(pool.common, base)


def foresee(pool: Pool, request: Request, tell: Callable[[str], None]) -> None:
    """Refuse, with nothing touched, what `take_over` would refuse later."""
    checked(pool, request, tell)
    asked = resolve.ask(pool, request.name, request.commit, adopt=request.adopt)
    from wt.pool import claim, survey

    hooking.at_acquire(pool, request.hooks, claim.resolved(pool, request, asked, tell))
    claim.refuse_taken(pool, survey.take(pool), request.name)


def take_over(pool: Pool, request: Request, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> Acquired:
    """Acquire the very slot whose mutex the caller holds and which it just gave back: `land --next`."""
    checked(pool, request, tell)
    asked = resolve.ask(pool, request.name, request.commit, adopt=request.adopt)
    from wt.pool import bring_up, claim

    target = claim.resolved(pool, request, asked, tell)
    due = hooking.at_acquire(pool, request.hooks, target)
    now = claim.claim_again(pool, request, slot, held, target, tell)
    now = bring_up.bring_up(
        pool, now, held, target, tell, None,
        lambda ready: hooking.post_acquire(due, ready, request.hooks, pool, fresh=False),
    )  # fmt: skip
    return Acquired(now.directory, now.slot, request.name, target.sha, fresh=False)


def checked(pool: Pool, request: Request, tell: Callable[[str], None]) -> str | None:
    """Step 1: the name and the group."""
    if not request.adopt:
        names.check_name(request.name, pool.config)
    elif not lock.is_safe_name(request.name) or names.is_ours(request.name, pool.config):
        raise UsageError(
            f"The branch `{request.name}` cannot be taken up in a slot.",
            again("to begin one", words={request.name: "feature-x"}, without=("--adopt",)),
        )
    groups = pool.config.groups
    if request.group is None and groups:
        tell(f"group {groups[0]} (the first configured).")
        return groups[0]
    if request.group is not None and request.group not in groups:
        listed = f"its groups are {', '.join(groups)}" if groups else "it has no groups"
        raise UsageError(
            f"The pool `{pool.key}` has no group `{request.group}`; {listed}.",
            again("e.g.", {"--group": groups[0]}) if groups else again("e.g.", without=("--group",)),
        )
    return request.group
