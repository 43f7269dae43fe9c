"""What is wrong, as a list of checks; one broken pool never hides another's findings (contract section 3)."""

from __future__ import annotations

import os

from wt import trust
from wt.errors import WtError, quoted
from wt.git import refs
from wt.git.run import Git
from wt.model import record
from wt.pool import holder, hookgroup, location, lock, mending, missing, mutex, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.survey import Survey

_OLDEST_GIT = (2, 38)


@record
class Check:
    """`level` is ok, warn or error; `hint` ends in a command, None where there is nothing to do."""

    id: str
    level: str
    message: str
    hint: str | None = None


def examine(env: Mapping[str, str], cwd: str, warn: Callable[[str], None]) -> list[Check]:
    """Look at this host and every pool on it; changes nothing."""
    checks = [_git(cwd)]
    try:
        root = location.worktree_root(env)
        location.check_root(root)
    except WtError as error:
        return [*checks, Check("worktree-root", "error", error.sentence, error.hints[0])]
    checks.append(Check("worktree-root", "ok", f"WORKTREE_ROOT is {root}."))
    for key in location.keys(root):
        checks.extend(_pool(root, key, env, warn))
    return checks


def _git(cwd: str) -> Check:
    try:
        words = Git(cwd).ask("version").split(" ")
    except WtError as error:
        return Check("git", "error", error.sentence, error.hints[0])
    numbers = tuple(int(part) for part in words[2].split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_GIT:
        return Check(
            "git", "error", f"git {words[2]} is older than 2.38.", "install a newer git, then: git --version"
        )
    return Check("git", "ok", f"git {words[2]}.")


def _pool(root: str, key: str, env: Mapping[str, str], warn: Callable[[str], None]) -> list[Check]:
    name = f"pool:{key}"
    try:
        pool = location.open_pool(root, key, warn)
        seen = survey.take(pool)
    except (WtError, OSError) as error:
        hints = error.hints if isinstance(error, WtError) else []
        return [
            Check(name, "error", str(error), hints[0] if hints else f"ls -la {quoted(f'{root}/{key}/.meta')}")
        ]
    found = [*_old_git(pool), *_broken(pool, seen), *_twins(pool, seen), *_unfinished(pool, seen), *_of_the_dead(pool, seen),
             *_dead_lands(pool, seen), *_git_locks(pool, seen),
             *_foreign(pool, seen), *_mirror_pushes(pool), *_hooks(pool, env, warn)]  # fmt: skip
    many = "1 slot" if len(seen.slots) == 1 else f"{len(seen.slots)} slots"
    return found or [Check(name, "ok", f"pool `{key}`: {many} over {pool.config.source}.")]


def _old_git(pool: Pool) -> list[Check]:
    try:
        refs.refuse_old_git(pool.common)
    except WtError as error:
        return [Check(f"pool:{pool.key}:git", "error", error.sentence, error.hints[0])]
    return []


def _broken(pool: Pool, seen: Survey) -> list[Check]:
    hint = f"to look at it: ls -la {quoted(pool.real)} && git -C {quoted(pool.config.source)} worktree list"
    broken = [
        Check(
            f"pool:{pool.key}:{slot.slot}",
            "error",
            f"{slot.slot} of `{pool.key}` is broken: {slot.problem}.",
            _way_out(pool, slot) or hint,
        )
        for slot in seen.slots
        if slot.state == "broken"
    ]
    unreadable = [
        Check(
            f"pool:{pool.key}:{slot.slot}",
            "error",
            f"the lock of {slot.slot} of `{pool.key}` cannot be read; it counts as held.",
            f"to look at it: cat {quoted(lock.path_of(slot.admin_dir))}",
        )
        for slot in seen.slots
        if slot.unreadable and slot.state != "broken"
    ]
    return broken + unreadable


def _twins(pool: Pool, seen: Survey) -> list[Check]:
    """No command of ours makes two slots of a name; somebody's copy of a lock does."""
    by_name: dict[str, list[str]] = {}
    for slot in seen.slots:
        if slot.lock is not None:
            by_name.setdefault(slot.lock.name, []).append(slot.slot)
    return [
        Check(
            f"pool:{pool.key}:{name}",
            "error",
            f"{' and '.join(ids)} of `{pool.key}` both have a lock that says `{name}`.",
            f"to see what each is on: git -C {quoted(pool.config.source)} worktree list",
        )
        for name, ids in by_name.items()
        if len(ids) > 1
    ]


def _way_out(pool: Pool, slot: Slot) -> str | None:
    """What a person does about a slot whose directory is gone, or elsewhere, or is no worktree any more."""
    if slot.admin is None or slot.path is not None:
        return None
    if (back := missing.way_back(pool, slot)) is not None:
        return back
    if slot.lock is None:
        return None
    words = f"{quoted(slot.lock.name)} --pool {quoted(pool.key)} --force"
    return f"to give it up (what its entry knows is set aside first): wt release {words}"


def _unfinished(pool: Pool, seen: Survey) -> list[Check]:
    return [
        Check(
            f"pool:{pool.key}:{slot.slot}",
            "warn",
            f"{slot.slot} of `{pool.key}` was left {slot.state} by a process that died{_why_left(slot)}.",
            _group_at_work(slot) or "wt doctor --fix",
        )
        for slot in seen.slots
        if slot.transitional and not mutex.is_held(pool.slot_mutex_path(slot.slot))
    ]


def _of_the_dead(pool: Pool, seen: Survey) -> list[Check]:
    return [
        Check(
            f"pool:{pool.key}:{slot.slot}",
            "warn",
            f"{slot.slot} of `{pool.key}` is held as `{slot.held.name}` by process {slot.held.pid}, which is gone.",
            "wt doctor --fix",
        )
        for slot in seen.slots
        if slot.state == "held" and slot.lock and slot.lock.holder
        if holder.is_alive(pool.real, slot.lock.holder) is False
    ]


def _dead_lands(pool: Pool, seen: Survey) -> list[Check]:
    """Journals of lands that died in the middle: the next land finishes them, or doctor --fix."""
    if mutex.is_held(f"{pool.common}/worktree-pool/land.lock"):
        return []
    journals = {f"`{pool.config.base}`": f"{pool.common}/worktree-pool/land"}
    journals |= {slot.slot: f"{slot.admin}/worktree-pool/merging" for slot in seen.slots if slot.admin}
    return [
        Check(
            f"pool:{pool.key}:land",
            "warn",
            f"a land died while it moved {what} of `{pool.key}`.",
            "wt doctor --fix",
        )
        for what, path in journals.items()
        if os.path.lexists(path)
    ]


def _git_locks(pool: Pool, seen: Survey) -> list[Check]:
    return [
        Check(
            f"pool:{pool.key}:{slot.slot}",
            "warn",
            f"{path} lies in a held slot; where no git is at work there, one has died.",
            "wt doctor --fix",
        )
        for slot in seen.slots
        if slot.state == "held" and not mutex.is_held(pool.slot_mutex_path(slot.slot))
        for path in mending.git_locks(slot)
    ]


def _mirror_pushes(pool: Pool) -> list[Check]:
    """A push that mirrors publishes what was set aside, too."""
    out = pool.git().ask("config", "--null", "--get-regexp", r"^remote\..*\.(mirror|push)$", allowed=(0, 1))
    found = []
    for entry in out.split("\0"):
        name, _, value = entry.partition("\n")
        remote, _, kind = name.removeprefix("remote.").rpartition(".")
        if (kind == "mirror" and value in ("true", "yes", "on", "1", "")) or (
            kind == "push" and value.lstrip("+").startswith("refs/*:")
        ):
            where = quoted(pool.config.source)
            found.append(
                Check(
                    f"pool:{pool.key}:mirror", "warn",
                    f"a push to {remote} publishes all refs of {pool.config.source}, what was set aside included.",
                    f"to push branches alone: git -C {where} config --unset-all {quoted(name)}",
                )
            )  # fmt: skip
    return found


def _group_at_work(slot: Slot) -> str | None:
    """Return the way to look at a hook that outlives its command, None where there is none."""
    if not hookgroup.of_slot(slot):
        return None
    return f"to look at it: ps -o pid,pgid,command -g {slot.held.hook_group.partition('/')[0]}"


def _why_left(slot: Slot) -> str:
    return "; a hook of it still runs, and is left to end" if _group_at_work(slot) else ""


def _hooks(pool: Pool, env: Mapping[str, str], warn: Callable[[str], None]) -> list[Check]:
    """What was said once for all hooks of a source should not be forgotten."""
    known = trust.approvals(trust.store_path(env), warn)
    if not any(one.common == pool.common and one.sha256 == trust.ANY for one in known):
        return []
    return [
        Check(
            f"pool:{pool.key}:trust",
            "warn",
            f"every hooks file of {pool.config.source} runs, whatever it holds (wt trust --all).",
            f"to take that back: wt untrust --pool {quoted(pool.key)}",
        )
    ]


def _foreign(pool: Pool, seen: Survey) -> list[Check]:
    return [
        Check(
            f"pool:{pool.key}:{name}",
            "warn",
            f"{pool.real}/{name} is no slot of this pool; it is left alone.",
            f"ls -la {quoted(f'{pool.real}/{name}')}",
        )
        for name in seen.foreign
    ]


def worst(checks: list[Check]) -> str:
    levels = {check.level for check in checks}
    return next(level for level in ("error", "warn", "ok") if level in levels)


def other_program(env: Mapping[str, str], mine: str) -> str | None:
    """Return another `wt` that PATH finds before this one, None where there is none."""
    for directory in env.get("PATH", "").split(":"):
        path = f"{directory}/wt"
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return None if os.path.realpath(path) == os.path.realpath(mine) else path
    return None
