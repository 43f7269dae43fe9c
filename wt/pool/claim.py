"""acquire, steps 2 to 5: under the pool mutex, only what takes milliseconds, until a slot bears our lock."""

from __future__ import annotations

import os
import time

from wt import times
from wt.errors import ContendedError, NameHeldError, SameShaError, WtError, again, operand, quoted
from wt.model import LockRecord, Slot, replaced
from wt.pool import choose, create, in_use, lock, mutex, names, reclaim, resolve, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.acquire import Request
    from wt.pool.location import Pool
    from wt.pool.look import Look
    from wt.pool.mutex import Mutex
    from wt.pool.reserve import Reservation
    from wt.pool.resolve import Question, Target
    from wt.pool.survey import Survey


def resolved(pool: Pool, request: Request, asked: Question, tell: Callable[[str], None]) -> Target:
    """Step 1: the commit. A name that is held answers as such, not as a branch that exists; one that is only left over
    from a process that died is recovered first.
    """
    try:
        return _target(pool, request, asked, tell)
    except WtError:
        slot = survey.take(pool).named(request.name)
        if slot is not None and slot.transitional:
            reclaim.recover(pool, "acquire", tell)
        _refuse_held(survey.take(pool), request.name)
    # asked anew: here or elsewhere it may have been recovered since
    again = resolve.ask(pool, request.name, request.commit, adopt=request.adopt)
    return _target(pool, request, again, tell)


def _target(pool: Pool, request: Request, asked: Question, tell: Callable[[str], None]) -> Target:
    found = resolve.target(pool, asked, tell)
    if request.restoring is not None:
        found = resolve.restored(found, request.restoring)
    if found.adopted:
        in_use.refuse(pool, request.name)
    return replaced(found, exclude=request.exclude) if request.exclude else found


def claim(
    pool: Pool,
    request: Request,
    group: str | None,
    target: Target,
    reserved: Reservation,
    tell: Callable[[str], None],
) -> tuple[Slot, Mutex, Look | None]:
    """Steps 2 to 5, under the pool mutex; what recovery has to finish is finished outside it, then all is looked at anew."""
    unfinished: set[str] = set()
    while True:
        astray = reclaim.astray_inside(pool)
        with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
            pool_mutex.note("acquire")
            seen = survey.take(pool)
            claims = reclaim.claim(pool, seen, besides=unfinished, astray=astray)
            if not claims:
                reclaim.drop_dead_links(pool, seen)
                _refuse_alias(seen, request.alias)
                refuse_taken(pool, seen, request.name)
                if request.unique_sha:
                    _refuse_same_sha(seen, target.sha)
                _say_what_is_left(pool, seen, tell)
                return _take_slot(pool, request, group, target, seen, reserved)
        unfinished |= reclaim.finish(pool, claims, tell)


def _say_what_is_left(pool: Pool, seen: Survey, tell: Callable[[str], None]) -> None:
    """What recovery leaves to others, or to the user: a land that died, and directories that are not ours."""
    land = f"{pool.common}/worktree-pool/land"
    if os.path.lexists(land) and not mutex.is_held(f"{land}.lock"):
        tell(f"a land died while it moved `{pool.config.base}`; to finish it: wt doctor --fix")
    if seen.foreign or os.path.lexists(f"{pool.real}/.meta/foreign"):
        from wt.pool import foreign

        foreign.name_once(pool, seen.foreign, tell)


def claim_again(
    pool: Pool, request: Request, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None]
) -> Slot:
    """Claim the very slot whose mutex the caller holds and which it just gave back."""
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
        pool_mutex.note("land")
        seen = survey.take(pool)
        refuse_taken(pool, seen, request.name)
        now = next(one for one in seen.slots if one.admin == slot.admin)
        return _begin(pool, now, held, request, target)


def refuse_taken(pool: Pool, seen: Survey, name: str) -> None:
    """Step 2: a name that is held, or whose directory is somebody's."""
    _refuse_held(seen, name)
    _refuse_taken_directory(pool, seen, name)


def _refuse_held(seen: Survey, name: str) -> None:
    """Step 2: a held, or half-acquired, name."""
    slot = seen.named(name)
    if slot is None or slot.lock is None or slot.admin is None:
        return
    if slot.state == "releasing":
        raise ContendedError(
            f"`{name}` is being given back by {slot.slot} at this moment.",
            again("to wait for it", {"--wait": "60"}),
        )
    age = times.in_words(time.time() - lock.since(slot))
    raise NameHeldError(
        f"`{name}` is held by {slot.slot} since {age}."
        if age != "now"
        else f"`{name}` is held by {slot.slot}.",
        f"to go there: wt cd {operand(name)}",
        f"to give it back: wt release {operand(name)}",
    )


def _refuse_alias(seen: Survey, alias: str) -> None:
    """An id of the library's is held once, under whichever name."""
    for slot in seen.slots if alias else ():
        if slot.lock is not None and slot.lock.alias == alias:
            _refuse_held(seen, slot.lock.name)


def _refuse_taken_directory(pool: Pool, seen: Survey, name: str) -> None:
    folded = names.fold(names.slug(name))
    for slot in seen.slots:
        if slot.lock is not None and names.fold(names.slug(slot.lock.name)) == folded:
            raise WtError(f"The directory of `{name}` would be that of `{slot.lock.name}`, which {slot.slot} holds.",
                          again("to choose another", words={name: f"{name}-2"}))  # fmt: skip
    for entry in os.listdir(pool.real):
        if names.fold(entry) == folded:
            path = f"{pool.real}/{entry}"
            error = WtError(f"{path} is in the way of `{name}`.")
            if not any(slot.path == path for slot in seen.slots):  # nor a slot that somebody renamed
                error.hint(f"to move it away: mv {quoted(path)} ~/")
            raise error.hint(again("to choose another name", words={name: f"{name}-2"}))


def _refuse_same_sha(seen: Survey, sha: str) -> None:
    """Step 2: exact; it compares what each holder recorded when it acquired, and fails closed on what it cannot read."""
    for slot in seen.slots:
        if slot.unreadable:
            raise SameShaError(f"The lock of {slot.slot} cannot be read, so `--unique-sha` cannot be granted.",
                               "to see why: wt doctor")  # fmt: skip
        if (
            slot.lock is not None
            and slot.lock.full_sha == sha
            and slot.state in ("held", "acquiring", "broken")
        ):
            age = times.in_words(time.time() - lock.since(slot))
            raise SameShaError(f"{slot.slot} holds {sha[:12]} as `{slot.lock.name}` ({age}).",
                               again("to wait for it", {"--wait": "600"}))  # fmt: skip


def _take_slot(
    pool: Pool, request: Request, group: str | None, target: Target, seen: Survey, reserved: Reservation
) -> tuple[Slot, Mutex, Look | None]:
    """Steps 3 to 5: choose, take the slot's mutex, make a fresh one's entry, write the lock."""
    busy = False
    for candidate in choose.candidates(pool, seen, group, target.sha, request.prefer):
        redeemed = reserved.redeem(candidate)
        held, look = redeemed or (mutex.try_take(pool.slot_mutex_path(candidate.slot)), None)
        if held is None:
            busy = True
            continue
        try:
            # now that nobody else may move it: it may have changed hands since the survey
            slot = candidate if candidate.state == "fresh" else survey.at_admin(pool, candidate)
            if slot is not None and slot.state in ("fresh", "idle"):
                return _begin(pool, slot, held, request, target), held, look
        except BaseException:
            held.release()
            raise
        held.release()
    raise choose.exhausted(pool, seen, group, busy=busy)


def _begin(pool: Pool, slot: Slot, held: Mutex, request: Request, target: Target) -> Slot:
    """Step 5: from here on the slot is ours, whatever happens to us."""
    held.note("acquire")
    if slot.state == "fresh":
        slot = create.fresh_slot(pool, slot.group, slot.number, held, target.sha)
    marker = LockRecord(
        started_at=times.now_text(), full_sha=target.sha, name=request.name, slot=slot.slot, group=slot.group,
        layout=pool.config.layout, state="acquiring", pid=os.getpid(), host=os.uname().nodename, nonce=create.nonce(),
        holder=request.holder, alias=request.alias, hooks=target.hooks,
        restores=request.restoring.snapshot if request.restoring else "",
    )  # fmt: skip
    lock.write(slot.admin_dir, marker)
    return replaced(slot, lock=marker, state="acquiring")
