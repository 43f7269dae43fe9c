"""What was set aside, listed, put back into a slot of its own, and dropped in the end (contract section 13)."""

from __future__ import annotations

import time

from wt.errors import NameHeldError, UsageError, WtError, quoted
from wt.git import changes
from wt.git.run import Git
from wt.model import record
from wt.pool import acquire, keep, kept, names, reclaim, survey
from wt.pool.kept import Entry, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.acquire import Acquired
    from wt.pool.location import Pool
    from wt.pool.submodules.kept import Kept
    from wt.trust import Policy


@record
class Content:
    """What one entry holds: numbers of commits that the base does not have, and of files; what is more, in words.

    `at` is when it was set aside.
    """

    entry: Entry
    at: float
    commits: int
    staged: int
    modified: int
    untracked: int
    more: tuple[str, ...] = ()
    submodules: tuple[Kept, ...] = ()


@record
class Wish:
    """Under which name it is to be there again, in which group, what is wanted of hooks, how long a slot is waited for, and
    who frees one (see `acquire.Request`).
    """

    name: str
    group: str | None = None
    hooks: Policy | None = None
    wait: float = 0.0
    more: Callable[[Pool, Callable[[str], None]], bool] | None = None


@record
class Restored:
    """The slot that has it again; `more` are the commands that get what is not replayed."""

    acquired: Acquired
    entry: Entry
    more: tuple[str, ...]


def contents(pool: Pool, entries: list[Entry]) -> list[Content]:
    """Count what is in each entry, git asked about all of them side by side, and in what is kept of submodules alone; what
    was set aside last comes first."""
    git = pool.git()
    base = f"refs/heads/{pool.config.base}"
    counts = [git.start("rev-list", "--count", entry.head, "--not", base) for entry in entries]
    inside = _of_submodules(pool)
    found = [
        _content(pool, git, entry, int(count.answer()), inside.get((entry.name, entry.moment), []))
        for entry, count in zip(entries, counts, strict=True)
    ]
    known = {(entry.name, entry.moment) for entry in entries}
    found += [_alone(pool, *key, inside[key]) for key in sorted(inside) if key not in known]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _made_at(pool: Pool, entry: Entry) -> float:
    return keep.made_at(pool.common, entry.ref, entry.moment)


def _of_submodules(pool: Pool) -> dict[tuple[str, str], list[Kept]]:
    """Return what was set aside in submodules, by name and moment."""
    from wt.pool import submodules

    found: dict[tuple[str, str], list[Kept]] = {}
    if submodules.is_any_kept(pool):
        from wt.pool.submodules import kept as of_submodules

        for one in of_submodules.list_all(pool):
            found.setdefault((one.label, one.moment), []).append(one)
    return found


def _alone(pool: Pool, name: str, moment: str, inside: list[Kept]) -> Content:
    from wt.pool.submodules import kept as of_submodules

    at = max(of_submodules.made_at(pool, one) for one in inside)
    entry = Entry(f"{keep.PREFIX}{name}/{moment}", "", name, moment)
    return Content(entry, at, 0, 0, 0, 0, _in_words(Record(), inside), tuple(inside))


def _content(pool: Pool, git: Git, entry: Entry, commits: int, inside: list[Kept]) -> Content:
    if not entry.is_snapshot:
        return Content(
            entry, _made_at(pool, entry), commits, 0, 0, 0, _in_words(Record(), inside), tuple(inside)
        )
    head, index, *rest = entry.parents
    staged, modified = changes.between(git, head, index), changes.between(git, index, entry.sha)
    untracked = changes.all_of(git, rest[0]) if rest else []
    there = {one.path for one in untracked}
    still = [one for one in modified if not (one.removed and one.path in there)]
    return Content(
        entry,
        _made_at(pool, entry),
        commits,
        len(staged),
        len(still),
        len(untracked),
        _in_words(kept.read_record(git, entry), inside),
        tuple(inside),
    )


def _in_words(found: Record, inside: list[Kept]) -> tuple[str, ...]:
    words = [f"{len(found.conflicts)} conflicted"] if found.conflicts else []
    words += [f"a {found.operation} in progress"] if found.operation else []
    words += [f"{len(found.nested)} nested"] if found.nested else []
    count = len({one.path for one in inside})
    words += [f"{count} submodule{'' if count == 1 else 's'}"] if count else []
    return tuple(words)


def restore(pool: Pool, entry: Entry, wish: Wish, tell: Callable[[str], None]) -> Restored:
    """Acquire a slot under a name and put everything back in it before it counts as held; what is kept stays kept."""
    name = wish.name
    slot = survey.take(pool).named(name)
    if (
        slot is not None and slot.transitional
    ):  # a branch that a dead one made is not one that was there before
        reclaim.recover(pool, "restore", tell)
    found = kept.read_record(pool.git(), entry)
    branch = found.commit_of("branch") or entry.head
    there = keep.branch_tip(pool.common, f"refs/heads/{name}")
    _refuse_name(pool, entry, name, branch, there)
    snapshot = entry.sha if entry.is_snapshot else ""
    putting = acquire.Restoring(entry.head, branch, snapshot, entry.name, entry.moment, entry.hold, set())
    adopt = bool(branch) and there == branch
    request = acquire.Request(
        name,
        None if adopt else branch or None,
        wish.group,
        adopt=adopt,
        wait=wish.wait,
        restoring=putting,
        hooks=wish.hooks,
        more=wish.more,
    )
    try:
        taken = acquire.acquire(pool, request, tell)
    except NameHeldError as error:
        raise error.hint(_as_another(pool, entry)) from None
    more = _more(pool.config.source, entry, found)
    return Restored(taken, entry, (*more, *_more_inside(pool, entry, name, putting.replayed)))


def _more_inside(pool: Pool, entry: Entry, name: str, replayed: set[str]) -> list[str]:
    """Say how to get what was not put back in submodules. One is kept under its name, which its directory need not have."""
    from wt.pool import submodules

    lines = []
    if replayed:
        from wt.pool.submodules import kept as inside

        where = inside.repository(pool)
        for one in _of_submodules(pool).get((entry.name, entry.moment), []):
            if one.ref in replayed and one.parents:
                there = Entry(one.ref, one.sha, one.label, one.moment, one.parents)
                found = kept.read_record(Git(where), there)
                lines += [f"submodule {one.path}: {line}" for line in _more(where, there, found)]
    rest = submodules.ways_back(pool, entry.name, entry.moment, survey.take(pool).named(name), replayed)
    return [*lines, *rest]


def _refuse_name(pool: Pool, entry: Entry, name: str, branch: str, there: str | None) -> None:
    if branch and there not in (None, branch) and survey.take(pool).named(name) is None:
        raise WtError(
            f"The branch `{name}` exists and is not where it was ({branch[:9]}); nothing was touched.",
            _as_another(pool, entry),
        )
    try:
        if there is None:
            names.check_name(name, pool.config)
    except UsageError as error:
        raise error.hint(_as_another(pool, entry)) from None


def new_name(pool: Pool, entry: Entry) -> str | None:
    """Return what an entry has to be called that is under a slot's id; None for one whose name is a name."""
    return f"from-{entry.name}" if names.is_ours(entry.name, pool.config) else None


def _as_another(pool: Pool, entry: Entry) -> str:
    new = new_name(pool, entry) or f"{entry.name}-2"
    again = f"wt restore {quoted(kept.word_of(entry.ref))} --as {quoted(new)}"
    return f"to have it under another name: {again}"


def _more(repository: str, entry: Entry, found: Record) -> list[str]:
    """Say how to get what is not replayed: conflicts, an operation in progress, other commits, nested repositories."""
    source = f"git -C {quoted(repository)}"
    record_ = entry.parents[3] if len(entry.parents) > 3 else ""
    lines = [f"a conflict was open in {path}; its sides: {source} show {quoted(f'{record_}:stages/2/{path}')} (1 base, 2 ours, 3 theirs)"
             for path in found.conflicts[:20]]  # fmt: skip
    if found.operation:
        lines.append(
            f"a {found.operation} was in progress; its files: {source} ls-tree -r {record_[:12]}:operation"
        )
    here = {entry.head, found.commit_of("branch") or entry.head}
    others: dict[str, list[str]] = {}
    for role, sha in found.roles:
        if sha not in here:
            others.setdefault(sha, []).append(role)
    for sha, of in others.items():
        verb = "stash apply --index" if any("autostash" in role.lower() for role in of) else "log"
        lines.append(f"{', '.join(of)}: {source} {verb} {sha[:12]}")
    lines += [f"a repository was in {path}: cp -a {quoted(place)} ." for place, path in found.nested]
    return lines


def prune(pool: Pool, seconds: float, name: str | None = None) -> list[str]:
    """Drop what is older; returns what was dropped as the words that meant it."""
    before = time.time() - seconds
    old = [entry for entry in kept.entries(pool, name) if _made_at(pool, entry) < before]
    from wt.pool import expiry, submodules

    expiry.drop(pool, [(entry.ref, entry.sha) for entry in old])
    words = [kept.word_of(entry.ref) for entry in old]
    if submodules.is_any_kept(pool):
        from wt.pool.submodules import kept as of_submodules

        gone = of_submodules.prune(pool, before, name)
        known = {(entry.name, entry.moment) for entry in old}
        words += [f"{label}@{moment}" for label, moment in gone if (label, moment) not in known]
    return words
