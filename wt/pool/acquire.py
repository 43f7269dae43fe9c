"""acquire, contract section 7: the steps are its numbered steps, in its order and by its names."""

from __future__ import annotations

import os
import time

from wt import times
from wt.errors import CapacityError, ContendedError, NameHeldError, SameShaError, UsageError, WtError
from wt.git import refs, worktrees
from wt.git.run import Git
from wt.model import LockRecord, Slot, record, replaced
from wt.pool import create, giveback, lock, materialise, mutex, names, reclaim, rename, resolve, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex
    from wt.pool.resolve import Target
    from wt.pool.survey import Survey

_POLL = 0.2


@record
class Request:
    """What the caller asks for; `commit` None means the pool's default_commit."""

    name: str
    commit: str | None = None
    group: str | None = None
    unique_sha: bool = False
    adopt: bool = False
    wait: float = 0.0


@record
class Acquired:
    """A held slot: `path` is the physical directory, `fresh` means that its caches are cold."""

    path: str
    slot: str
    name: str
    sha: str
    fresh: bool


def acquire(pool: Pool, request: Request, tell: Callable[[str], None]) -> Acquired:
    """Hold a slot under a name. ContendedError, CapacityError and SameShaError after `wait` seconds."""
    deadline = time.monotonic() + request.wait
    told = ""
    while True:
        try:
            return _attempt(pool, request, tell)
        except (ContendedError, CapacityError, SameShaError) as error:
            if time.monotonic() >= deadline:
                raise
            if error.sentence != told:
                tell(f"waiting: {error.sentence}")
                told = error.sentence
            time.sleep(min(_POLL, max(0.0, deadline - time.monotonic())))


def _attempt(pool: Pool, request: Request, tell: Callable[[str], None]) -> Acquired:
    group = _checked(pool, request, tell)
    target = _resolved(pool, request, tell)
    slot, held = _claim(pool, request, group, target, tell)
    with held:
        return _brought_up(pool, slot, held, target, tell)


def take_over(pool: Pool, request: Request, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> Acquired:
    """Acquire the very slot whose mutex the caller holds and which it just gave back: `land --next`."""
    _checked(pool, request, tell)
    target = _resolved(pool, request, tell)
    with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
        pool_mutex.note("land")
        seen = survey.take(pool)
        _refuse_held(seen, request.name)
        _refuse_taken_directory(pool, seen, request.name)
        now = next(one for one in seen.slots if one.admin == slot.admin)
        now = _begin(pool, now, held, request, target)
    return _brought_up(pool, now, held, target, tell)


def _brought_up(pool: Pool, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None]) -> Acquired:
    """Steps 6 and 7 under the slot's mutex."""
    fresh = materialise.is_fresh(slot)
    try:
        slot = _materialise(pool, slot, held, target, tell)
    except BaseException:
        _give_up(pool, slot, held, tell)
        raise
    return Acquired(slot.directory, slot.slot, slot.name or "", target.sha, fresh)


def _checked(pool: Pool, request: Request, tell: Callable[[str], None]) -> str | None:
    """Step 1: the name and the group."""
    if not request.adopt:
        names.check_name(request.name, pool.config)
    elif request.name == pool.config.base or not lock.is_safe_name(request.name):
        raise UsageError(
            f"The branch `{request.name}` cannot be taken up in a slot.", "to begin one: wt new feature-x"
        )
    groups = pool.config.groups
    if request.group is None and groups:
        tell(f"group {groups[0]} (the first configured).")
        return groups[0]
    if request.group is not None and request.group not in groups:
        listed = f"its groups are {', '.join(groups)}" if groups else "it has no groups"
        raise UsageError(
            f"The pool `{pool.key}` has no group `{request.group}`; {listed}.", "leave --group out"
        )
    return request.group


def _resolved(pool: Pool, request: Request, tell: Callable[[str], None]) -> Target:
    """Step 1: the commit. A name that is held answers as such, not as a branch that exists; one that is only left over
    from a process that died is recovered first.
    """
    try:
        return _target(pool, request, tell)
    except WtError:
        seen = survey.take(pool)
        slot = seen.named(request.name)
        left_over = slot is not None and slot.transitional and reclaim.recover(pool, "acquire", tell)
        _refuse_held(survey.take(pool) if left_over else seen, request.name)
        if not left_over:
            raise
    return _target(pool, request, tell)


def _target(pool: Pool, request: Request, tell: Callable[[str], None]) -> Target:
    found = resolve.target(pool, request.name, request.commit, adopt=request.adopt, tell=tell)
    if found.adopted and (users := worktrees.holders_of(pool.common, request.name)):
        raise WtError(
            f"The branch `{request.name}` is checked out in {users[0].path or pool.common}; nothing was touched."
        )
    return found


def _claim(
    pool: Pool, request: Request, group: str | None, target: Target, tell: Callable[[str], None]
) -> tuple[Slot, Mutex]:
    """Steps 2 to 5, under the pool mutex; what recovery has to finish is finished outside it, then all is looked at anew."""
    unfinished: set[str] = set()
    while True:
        with mutex.take(pool.mutex_path, tell, what=f"the pool `{pool.key}`") as pool_mutex:
            pool_mutex.note("acquire")
            seen = survey.take(pool)
            claims = reclaim.claim(pool, seen, besides=unfinished)
            if not claims:
                reclaim.drop_dead_links(pool, seen)
                _refuse_held(seen, request.name)
                _refuse_taken_directory(pool, seen, request.name)
                if request.unique_sha:
                    _refuse_same_sha(seen, target.sha)
                return _take_slot(pool, request, group, target, seen)
        unfinished |= reclaim.finish(pool, claims, tell)


def _refuse_held(seen: Survey, name: str) -> None:
    """Step 2: a held, or half-acquired, name."""
    slot = seen.named(name)
    if slot is None or slot.lock is None or slot.admin is None:
        return
    age = times.in_words(time.time() - times.started(slot.lock.started_at, lock.path_of(slot.admin)))
    raise NameHeldError(
        f"`{name}` is held by {slot.slot} since {age}."
        if age != "now"
        else f"`{name}` is held by {slot.slot}.",
        f"to go there: wt cd {name}",
        f"to give it back: wt release {name}",
    )


def _refuse_taken_directory(pool: Pool, seen: Survey, name: str) -> None:
    folded = names.fold(names.slug(name))
    for slot in seen.slots:
        if slot.lock is not None and names.fold(names.slug(slot.lock.name)) == folded:
            raise WtError(f"The directory of `{name}` would be that of `{slot.lock.name}`, which {slot.slot} holds.",
                          "choose another name")  # fmt: skip
    for entry in os.listdir(pool.real):
        if names.fold(entry) == folded:
            raise WtError(
                f"{pool.real}/{entry} is in the way of `{name}`.", "choose another name, or move it away"
            )


def _refuse_same_sha(seen: Survey, sha: str) -> None:
    """Step 2: exact; it compares what each holder recorded when it acquired, and fails closed on what it cannot read."""
    for slot in seen.slots:
        if slot.unreadable:
            raise SameShaError(f"The lock of {slot.slot} cannot be read, so `--unique-sha` cannot be granted.",
                               "to see why: wt doctor")  # fmt: skip
        if slot.lock is not None and slot.lock.full_sha == sha and slot.admin is not None:
            age = times.in_words(time.time() - times.started(slot.lock.started_at, lock.path_of(slot.admin)))
            raise SameShaError(f"{slot.slot} holds {sha[:12]} as `{slot.lock.name}` ({age}).",
                               "to wait for it: --wait 600")  # fmt: skip


def _take_slot(
    pool: Pool, request: Request, group: str | None, target: Target, seen: Survey
) -> tuple[Slot, Mutex]:
    """Steps 3 to 5: choose, take the slot's mutex, make a fresh one's entry, write the lock."""
    from wt.pool import choose

    for candidate in choose.candidates(pool, seen, group, target.sha):
        held = mutex.try_take(pool.slot_mutex_path(candidate.slot))
        if held is None:
            continue
        try:
            # now that nobody else may move it: it may have changed hands since the survey
            slot = candidate if candidate.state == "fresh" else survey.at_admin(pool, candidate)
            if slot is not None and slot.state in ("fresh", "idle"):
                return _begin(pool, slot, held, request, target), held
        except BaseException:
            held.release()
            raise
        held.release()
    raise choose.exhausted(pool, seen, group)


def _begin(pool: Pool, slot: Slot, held: Mutex, request: Request, target: Target) -> Slot:
    """Step 5: from here on the slot is ours, whatever happens to us."""
    held.note("acquire")
    if slot.state == "fresh":
        slot = create.fresh_slot(pool, slot.group, slot.number, held, target.sha)
    marker = LockRecord(
        started_at=times.now_text(), full_sha=target.sha, name=request.name, slot=slot.slot, group=slot.group,
        layout=pool.config.layout, state="acquiring", pid=os.getpid(), host=os.uname().nodename, nonce=create.nonce(),
    )  # fmt: skip
    lock.write(slot.admin_dir, marker)
    return replaced(slot, lock=marker, state="acquiring")


def _materialise(pool: Pool, slot: Slot, held: Mutex, target: Target, tell: Callable[[str], None]) -> Slot:
    """Step 6, under the slot's mutex alone."""
    marker = slot.held
    materialise.checkout(pool, slot, held, target.sha, tell)
    if marker.layout == "rename":
        slot = rename.move(slot, f"{pool.real}/{names.slug(marker.name)}")
    else:
        rename.link(pool.real, names.slug(marker.name), os.path.basename(slot.directory))
    git = Git(slot.directory, (held.descriptor,))
    if not target.adopted:
        refs.create(
            pool.git(git.keep), f"refs/heads/{marker.name}", target.sha, f"wt: acquire {marker.nonce}"
        )
    refs.attach_head(git, slot.admin_dir, marker.name)
    done = replaced(marker, state="held", branch="adopted" if target.adopted else "created")
    lock.write(slot.admin_dir, done)
    return replaced(slot, lock=done, state="held")


def _give_up(pool: Pool, slot: Slot, held: Mutex, tell: Callable[[str], None]) -> None:
    """Step 7: before `held`, the slot goes back to idle, and nothing of the attempt remains but warmth."""
    now = survey.at_admin(pool, slot)
    if now is not None:
        giveback.to_idle(pool, now, held, tell)
